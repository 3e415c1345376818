import Dicom

/// One key of a query, taken apart: the matching of PS3.4 §C.2.2.2 as Orthanc's `tools/find` reads it, over text.
///
/// A key is a list of alternatives divided by backslashes. Each is a range where the VR has ranges (`DA`, `TM`, `DT` with
/// a hyphen), a pattern where it holds `*` or `?`, else a single value. Empty keys and `*` match everything.
/// Letters compare folded (``FoldedText``); a person name matches when any of its component groups does.
public struct ValueMatcher: Sendable {
  enum Alternative: Hashable, Sendable {
    case exact(String)
    /// `*` and `?` as in the key, everything else literal.
    case pattern(String)
    /// Bounds as normalised by ``DateTimeText``; both count.
    case range(from: String?, through: String?)
    /// Moments as ``DateTimeText`` counts them; both count. It is met by when a value begins.
    case moments(from: Int?, through: Int?)
    /// The component groups of a name, each exact or a pattern; an empty one matches anything.
    case name([String])
    /// No value at all (PS3.4 §C.2.2.2.7).
    case absent
  }

  enum Kind: Hashable, Sendable { case identifier, text, name, date, time, dateTime, number }

  public let tag: Tag
  let kind: Kind
  private let isSingle: Bool
  private let isExact: Bool
  /// Empty: everything matches.
  let alternatives: [Alternative]

  public var isUniversal: Bool { alternatives.isEmpty }

  /// - Parameters:
  ///   - isExact: letters of text, other than of names, compare as they are (PS3.4 §C.2.2.2.1).
  ///   - zone: of the dates and times in the key that name none (PS3.4 §C.2.2.2.5.3), in minutes from UTC; nil: this machine's.
  public init(_ tag: Tag, _ key: String, isExact: Bool = false, zone: Int? = nil) {
    let kind = Self.kind(of: tag)
    let isSingle = kind == .text && Self.keepsBackslash(tag)
    let parts = !isSingle ? key.split(separator: "\\", omittingEmptySubsequences: false).map(String.init) : [key]
    let trimmed = parts.map(Self.trim)
    // An empty alternative, or a lone star, lets everything through, and with it the whole list.
    let everything = trimmed.contains { part in part.allSatisfy { $0 == "*" } }
    self.init(
      tag, everything ? [] : trimmed.map { Self.alternative($0, kind, isExact, zone) }, isSingle: isSingle,
      isExact: isExact)
  }

  init(_ key: LocalQuery.Key, isExact: Bool = false, zone: Int? = nil) {
    if key.isAbsence {
      self.init(key.tag, [.absent], isSingle: true, isExact: isExact)
    } else {
      self.init(key.tag, key.value, isExact: isExact, zone: zone)
    }
  }

  private init(_ tag: Tag, _ alternatives: [Alternative], isSingle: Bool, isExact: Bool) {
    (self.tag, self.alternatives) = (tag, alternatives)
    (self.isSingle, self.isExact) = (isSingle, isExact)
    kind = Self.kind(of: tag)
  }

  static func kind(of tag: Tag) -> Kind {
    switch tag.dictionaryVR {
    case .UI: .identifier
    case .PN: .name
    case .DA: .date
    case .TM: .time
    case .DT: .dateTime
    case .IS, .DS, .US, .UL, .SS, .SL: .number
    default: .text
    }
  }

  /// Texts in which a backslash is a character (PS3.5 §6.2).
  private static func keepsBackslash(_ tag: Tag) -> Bool {
    switch tag.dictionaryVR {
    case .LT, .ST, .UT, .UR: true
    default: false
    }
  }

  static func trim(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, first == " " || first == "\0" { scalars.removeFirst() }
    while let last = scalars.last, last == " " || last == "\0" { scalars.removeLast() }
    return String(scalars)
  }

  private static func alternative(_ part: String, _ kind: Kind, _ isExact: Bool, _ zone: Int?) -> Alternative {
    switch kind {
    case .dateTime:
      if part.contains(where: isWildcard) { return .pattern(part) }
      if let range = DateTimeText.momentRange(part, zone: zone) {
        return .moments(from: range.from, through: range.through)
      }
      // What is left out from the right is the first of its kind, as in a TM.
      guard let moment = DateTimeText.moments(part, zone: zone)?.lowerBound else { return .exact(part) }
      return .moments(from: moment, through: moment)
    case .date, .time:
      if let range = DateTimeText.range(part, kind) { return .range(from: range.from, through: range.through) }
      if part.contains(where: isWildcard) { return .pattern(part) }
      return .exact(DateTimeText.normalise(part, kind))
    case .identifier:
      return part.contains(where: isWildcard) ? .pattern(part) : .exact(part)
    case .name:
      return .name(
        part.contains("=") ? FoldedText.nameGroups(part) : [FoldedText.normaliseGroup(FoldedText.fold(part))])
    case .number:
      return part.contains(where: isWildcard) ? .pattern(part) : .exact(normaliseNumber(part))
    case .text:
      let folded = isExact ? part : FoldedText.fold(part)
      return folded.contains(where: isWildcard) ? .pattern(folded) : .exact(folded)
    }
  }

  static func isWildcard(_ character: Character) -> Bool { character == "*" || character == "?" }

  /// `1`, `01` and `+1` are one number; what is no number stays as it is.
  static func normaliseNumber(_ text: String) -> String {
    if let integer = Int(text) { return String(integer) }
    return text
  }

  /// What the dictionary of the index holds of a stored value: each value of the attribute as it is compared, of a name each
  /// component group; those that are not empty.
  static func terms(_ stored: String, of tag: Tag) -> Set<String> {
    let kind = kind(of: tag)
    let values = keepsBackslash(tag) ? [stored[...]] : stored.split(separator: "\\", omittingEmptySubsequences: false)
    var result: Set<String> = []
    for value in values {
      let trimmed = trim(String(value))
      if kind == .name {
        result.formUnion(FoldedText.nameGroups(trimmed))
      } else {
        result.insert(prepare(trimmed, kind))
      }
    }
    result.remove("")
    return result
  }

  /// Whether a stored value matches: all values joined by backslashes, as the index keeps them; nil when the attribute is
  /// absent, which matches no key but a universal one, or one that asks for that.
  /// - Parameter zone: the data set's, Timezone Offset From UTC (0008,0201), in minutes; nil where it names none.
  public func matches(_ stored: String?, zone: Int? = nil) -> Bool {
    if isUniversal { return true }
    if alternatives == [.absent] { return stored.map(Self.trim)?.isEmpty ?? true }
    guard let stored else { return false }
    let values = isSingle ? [stored[...]] : stored.split(separator: "\\", omittingEmptySubsequences: false)
    return values.contains { value in
      let trimmed = Self.trim(String(value))
      let prepared = isExact && kind == .text ? trimmed : Self.prepare(trimmed, kind)
      return alternatives.contains { matches(prepared, $0, zone) }
    }
  }

  private static func prepare(_ value: String, _ kind: Kind) -> String {
    switch kind {
    case .identifier: value
    case .name: value
    case .date, .time, .dateTime: DateTimeText.normalise(value, kind)
    case .number: normaliseNumber(value)
    case .text: FoldedText.fold(value)
    }
  }

  private func matches(_ value: String, _ alternative: Alternative, _ zone: Int?) -> Bool {
    switch alternative {
    case .exact(let text): return value == text
    case .pattern(let pattern): return Self.matches(value, pattern: pattern)
    case .range(let from, let through):
      if value.isEmpty { return false }
      if let from, value < from { return false }
      if let through, value > through { return false }
      return true
    case .moments(let from, let through):
      guard let moment = DateTimeText.moments(value, zone: zone)?.lowerBound else { return false }
      return from ?? moment <= moment && moment <= through ?? moment
    case .name(let wanted):
      let groups = FoldedText.nameGroups(value)
      if wanted.count == 1 { return groups.contains { !$0.isEmpty && Self.matches($0, pattern: wanted[0]) } }
      return zip(wanted, groups).allSatisfy { $0.isEmpty || Self.matches($1, pattern: $0) }
    case .absent: return value.isEmpty
    }
  }

  /// Whether `*` (any characters, also none) and `?` (one character) of a pattern cover a text from end to end.
  public static func matches(_ text: String, pattern: String) -> Bool {
    let text = Array(text.unicodeScalars)
    let pattern = Array(pattern.unicodeScalars)
    var (t, p) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        t += 1
        p += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        t = last.text + 1
        p = last.pattern + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
