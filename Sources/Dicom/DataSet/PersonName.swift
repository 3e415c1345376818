/// A person name (PS3.5 §6.2.1): up to three component groups, each of five components.
public struct PersonName: Hashable, Sendable, CustomStringConvertible {
  /// The name as in the data set: groups separated by `=`, components by `^`.
  public let text: String

  public init(_ text: String) { self.text = text }

  /// The groups that are there.
  public var groups: [String] {
    text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
  }

  /// The name in a single-byte alphabet.
  public var alphabetic: String { group(0) }
  /// The name in ideographs.
  public var ideographic: String { group(1) }
  /// The name as it sounds: in kana or hangul.
  public var phonetic: String { group(2) }

  public var familyName: String { component(0) }
  public var givenName: String { component(1) }
  public var middleName: String { component(2) }
  public var prefix: String { component(3) }
  public var suffix: String { component(4) }

  public var description: String { text }

  private func group(_ index: Int) -> String {
    let groups = groups
    return index < groups.count ? groups[index] : ""
  }

  /// A component of the alphabetic group, or of the first one that is not empty.
  private func component(_ index: Int) -> String {
    let group = groups.first { !$0.isEmpty } ?? ""
    let components = group.split(separator: "^", omittingEmptySubsequences: false)
    return index < components.count ? String(components[index]) : ""
  }
}
