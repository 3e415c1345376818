import Dicom
import Glibc

/// Dates as people type them, as the ranges DICOM matches (PS3.4 §C.2.2.2.5).
public enum DateInput {
  /// `today`, `yesterday`, `-7d`, `2024-01-15`, `2024-01`, `2024`, and two of them with `..` between; what DICOM itself
  /// understands (`20240101-20240131`) passes. nil: not a date, or a range whose end comes before its beginning.
  ///
  /// - Parameter today: seconds since 1970.
  public static func range(_ text: String, today: Int) -> String? {
    let text = text.lowercased().filter { $0 != " " }
    if text.isEmpty { return "" }
    if let ends = text.firstRange(of: "..") {
      return between(text[..<ends.lowerBound], text[ends.upperBound...], today)
    }
    if let days = ago(text) { return "\(day(today - days * 86400))-" }
    if let (start, end) = span(text, today) { return start == end ? start : "\(start)-\(end)" }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 ? between(parts[0], parts[1], today) : nil
  }

  /// From the first day that one thing means to the last of another; where one says nothing, open at that end.
  private static func between(_ first: Substring, _ last: Substring, _ today: Int) -> String? {
    guard !first.isEmpty || !last.isEmpty,
      let start = first.isEmpty ? "" : span(String(first), today)?.0,
      let end = last.isEmpty ? "" : span(String(last), today)?.1,
      start.isEmpty || end.isEmpty || start <= end
    else { return nil }
    return "\(start)-\(end)"
  }

  /// The value to match a date by: what people type as its range; what DICOM itself understands as it is written, also
  /// several dates, wildcards (which some peers take), nothing and `""` (PS3.4 §C.2.2.2).
  ///
  /// - Returns: nil: not a date.
  static func key(_ text: String, today: Int) -> String? {
    if text == "\"\"" || text.contains(where: { $0 == "*" || $0 == "?" }) { return text }
    var values: [String] = []
    for part in text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init) {
      // `2024.01.15` of ACR-NEMA (PS3.5 §6.2) is left to the peer.
      let isOld = part.contains(".") && DateRange(part) != nil
      guard let value = isOld ? part : range(part, today: today) else { return nil }
      values.append(value)
    }
    return values.joined(separator: "\\")
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
    guard parts.allSatisfy({ !$0.isEmpty && isDigits($0) }), let year = parts.first, year.count == 4
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

  /// The day, or the month, before or after the one something means; without a date, counted from today.
  public static func turned(_ text: String, by step: Int, isMonth: Bool, today: Int) -> String {
    let start = range(text, today: today)?.split(separator: "-").first.flatMap { Int($0) }
    let now = start ?? Int(day(today)) ?? 20_000_101
    var (year, month, date) = (now / 10000, now / 100 % 100, now % 100)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    guard isMonth else {
      // Without a date the first step goes to today.
      if start == nil { return "\(year)-\(two(month))-\(two(date))" }
      date += step
      if date < 1 {
        (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1)
        date = days(year, month)
      } else if date > days(year, month) {
        (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
        date = 1
      }
      return "\(year)-\(two(month))-\(two(date))"
    }
    if start != nil {
      month += step
      if month < 1 { (year, month) = (year - 1, 12) } else if month > 12 { (year, month) = (year + 1, 1) }
    }
    return "\(year)-\(two(month))"
  }

  /// How many days a month has.
  public static func days(_ year: Int, _ month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][max(1, min(12, month)) - 1]
  }

  /// 0 for Monday (Zeller's congruence).
  public static func weekday(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let (y, m) = month < 3 ? (year - 1, month + 12) : (year, month)
    return (day + 13 * (m + 1) / 5 + y + y / 4 - y / 100 + y / 400 + 5) % 7
  }

  /// The day at a moment, here, as `20240115`.
  public static func day(_ secondsSince1970: Int) -> String {
    var time = time_t(secondsSince1970)
    var parts = tm()
    localtime_r(&time, &parts)
    return String(Int(parts.tm_year + 1900) * 10000 + Int(parts.tm_mon + 1) * 100 + Int(parts.tm_mday))
  }

  /// Those that DICOM writes dates with: no sign, and no digit of another script.
  private static func isDigits(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func valid(_ text: String) -> String? {
    guard isDigits(text), let number = Int(text), text.count == 8 else { return nil }
    let (year, month, day) = (number / 10000, number / 100 % 100, number % 100)
    guard (1...12).contains(month) else { return nil }
    return (1...days(year, month)).contains(day) ? text : nil
  }
}
