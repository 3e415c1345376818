import Glibc

/// Dates as people type them, as the ranges DICOM matches (PS3.4 §C.2.2.2.5).
enum DateInput {
  /// `today`, `yesterday`, `-7d`, `2024-01-15`, `2024-01`, `2024`, and two of them with `..` between; what DICOM itself
  /// understands (`20240101-20240131`) passes. nil: not a date.
  static func range(_ text: String, today: Int) -> String? {
    let text = text.lowercased().filter { $0 != " " }
    if text.isEmpty { return "" }
    if let ends = text.firstRange(of: "..") {
      let (from, to) = (text[..<ends.lowerBound], text[ends.upperBound...])
      guard !from.isEmpty || !to.isEmpty else { return nil }
      guard let start = from.isEmpty ? ("", "") : span(String(from), today),
        let end = to.isEmpty ? ("", "") : span(String(to), today)
      else { return nil }
      return "\(start.0)-\(end.1)"
    }
    if let days = ago(text) { return "\(day(today - days * 86400))-" }
    if let (start, end) = span(text, today) { return start == end ? start : "\(start)-\(end)" }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.isEmpty || ($0.count == 8 && $0.allSatisfy(\.isWholeNumber)) }),
      parts.contains(where: { !$0.isEmpty })
    else { return nil }
    return text
  }

  /// The first and the last day something means.
  private static func span(_ text: String, _ today: Int) -> (String, String)? {
    switch text {
    case "today": return (day(today), day(today))
    case "yesterday": return (day(today - 86400), day(today - 86400))
    default: break
    }
    if let days = ago(text) { return (day(today - days * 86400), day(today - days * 86400)) }
    if text.count == 8, let plain = valid(text) { return (plain, plain) }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isWholeNumber) }), let year = parts.first, year.count == 4
    else { return nil }
    let rest = parts.dropFirst().map { $0.count == 1 ? "0\($0)" : String($0) }
    switch rest.count {
    case 0: return ("\(year)0101", "\(year)1231")
    case 1:
      guard let first = valid("\(year)\(rest[0])01") else { return nil }
      let last = (28...31).reversed().lazy.compactMap { valid("\(year)\(rest[0])\($0)") }.first
      return last.map { (first, $0) }
    case 2: return valid("\(year)\(rest[0])\(rest[1])").map { ($0, $0) }
    default: return nil
    }
  }

  private static func ago(_ text: String) -> Int? {
    guard text.hasPrefix("-"), let unit = text.last, let number = Int(text.dropFirst().dropLast()), number >= 0,
      number < 100_000
    else { return nil }
    switch unit {
    case "d": return number
    case "w": return number * 7
    case "m": return number * 30
    case "y": return number * 365
    default: return nil
    }
  }

  private static func day(_ secondsSince1970: Int) -> String {
    var time = time_t(secondsSince1970)
    var parts = tm()
    localtime_r(&time, &parts)
    return String(Int(parts.tm_year + 1900) * 10000 + Int(parts.tm_mon + 1) * 100 + Int(parts.tm_mday))
  }

  private static func valid(_ text: String) -> String? {
    guard let number = Int(text), text.count == 8 else { return nil }
    let (year, month, day) = (number / 10000, number / 100 % 100, number % 100)
    guard (1...12).contains(month) else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    return (1...days).contains(day) ? text : nil
  }
}
