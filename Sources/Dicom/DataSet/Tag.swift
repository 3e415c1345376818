/// An attribute's tag: a group and an element number (PS3.5 §7.1).
public struct Tag: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Group in the upper, element in the lower half: tags order as numbers.
  public let rawValue: UInt32

  @inlinable public init(_ group: UInt16, _ element: UInt16) {
    rawValue = UInt32(group) << 16 | UInt32(element)
  }

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A tag as people write it: `PatientName` (upper and lower case are one), `00100010`, `0010,0010` or `(0010,0010)`.
  public init?(parsing text: String) {
    var digits = text[...]
    if digits.hasPrefix("("), digits.hasSuffix(")") { digits = digits.dropFirst().dropLast() }
    let parts = digits.split(separator: ",", omittingEmptySubsequences: false)
    if parts.count == 2, parts.allSatisfy({ $0.utf8.count == 4 }) {
      digits = parts[0] + parts[1]
    }
    if digits.utf8.count == 8, let value = UInt32(digits, radix: 16), !digits.hasPrefix("+") {
      self.init(rawValue: value)
    } else if let tag = DataDictionary.tag(keyword: text) {
      self = tag
    } else {
      return nil
    }
  }

  @inlinable public var group: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 16) }
  @inlinable public var element: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

  /// Whether the group is odd (PS3.5 §7.8).
  @inlinable public var isPrivate: Bool { rawValue & 0x1_0000 != 0 }

  /// Whether an element with this tag names who has reserved a private block: (gggg,0010) to (gggg,00FF).
  public var isPrivateCreator: Bool { isPrivate && (0x10...0xFF).contains(element) }

  /// Where the creator of this private attribute's block is written; nil for any other tag.
  public var privateCreatorTag: Tag? {
    isPrivate && element >= 0x1000 ? Tag(group, element >> 8) : nil
  }

  /// Whether this is a group length, (gggg,0000).
  @inlinable public var isGroupLength: Bool { element == 0 }

  /// The keyword of PS3.6, nil when the tag is not in the dictionary.
  public var keyword: String? {
    if let line = AttributeIndex.line(of: self) {
      let keyword = AttributeIndex.keyword(line: line)
      return keyword.isEmpty ? nil : keyword
    }
    return RepeatingAttributes.description(of: self)?.keyword
  }

  /// `00100010`.
  public var hexadecimal: String { Ascii.hexadecimal(rawValue, digits: 8) }

  /// `(0010,0010)`.
  public var description: String {
    "(\(Ascii.hexadecimal(rawValue >> 16, digits: 4)),\(Ascii.hexadecimal(rawValue & 0xFFFF, digits: 4)))"
  }

  @inlinable public static func < (a: Tag, b: Tag) -> Bool { a.rawValue < b.rawValue }
}
