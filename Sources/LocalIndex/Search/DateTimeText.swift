import Dicom

/// Dates and times as text that compares in the order of time (PS3.5 §6.2, PS3.4 §C.2.2.2.5).
enum DateTimeText {
  /// `2018.03.23` and `20180323`, `08:00` and `0800` are one; a time gets its missing digits, so that `08` is `080000`.
  static func normalise(_ text: String, _ kind: ValueMatcher.Kind) -> String {
    switch kind {
    case .date: text.filter { $0 != "." && $0 != " " }
    case .time: fill(text.filter { $0 != ":" && $0 != " " }, with: "000000.000000")
    default: ValueMatcher.trim(text)
    }
  }

  /// The bounds of a range; nil when the text is none. An upper bound counts to the end of what it names: `-1200`
  /// includes 12:00:59, and `-2018` in a DT the whole year.
  static func range(_ text: String, _ kind: ValueMatcher.Kind) -> (from: String?, through: String?)? {
    guard let hyphen = hyphen(of: text, kind) else { return nil }
    let lower = ValueMatcher.trim(String(text[..<hyphen]))
    let upper = ValueMatcher.trim(String(text[text.index(after: hyphen)...]))
    guard !(lower.isEmpty && upper.isEmpty) else { return nil }
    let from = lower.isEmpty ? nil : normalise(lower, kind)
    guard !upper.isEmpty else { return (from, nil) }
    switch kind {
    case .time: return (from, fill(upper.filter { $0 != ":" }, with: "235959.999999"))
    case .date: return (from, normalise(upper, kind))
    default: return (from, normalise(upper, kind) + "\u{7E}")
    }
  }

  /// The hyphen between two bounds; in a DT, `-0500` after four or more digits is an offset from UTC.
  private static func hyphen(of text: String, _ kind: ValueMatcher.Kind) -> String.Index? {
    let hyphens = text.indices.filter { text[$0] == "-" }
    guard kind == .dateTime else { return hyphens.first }
    return hyphens.first { index in
      let after = text[text.index(after: index)...]
      let isOffset =
        after.prefix(4).count == 4 && after.prefix(4).allSatisfy(\.isNumber)
        && (after.count == 4 || after.dropFirst(4).first == "-") && after.prefix(2) <= "14" && index != text.startIndex
      return !isOffset
    }
  }

  private static func fill(_ text: String, with template: String) -> String {
    guard text.count < template.count, text.allSatisfy({ $0.isNumber || $0 == "." }) else { return text }
    return text + template.dropFirst(text.count)
  }
}
