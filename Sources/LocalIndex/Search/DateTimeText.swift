import Dicom

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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

  /// The bounds of a range of dates or times; nil when the text is none. An upper bound counts to the end of what it names:
  /// `-1200` includes 12:00:59.
  static func range(_ text: String, _ kind: ValueMatcher.Kind) -> (from: String?, through: String?)? {
    guard let bounds = bounds(text, text.firstIndex(of: "-")) else { return nil }
    let from = bounds.lower.isEmpty ? nil : normalise(bounds.lower, kind)
    guard !bounds.upper.isEmpty else { return (from, nil) }
    guard kind == .time else { return (from, normalise(bounds.upper, kind)) }
    return (from, fill(bounds.upper.filter { $0 != ":" }, with: "235959.999999"))
  }

  private static func bounds(_ text: String, _ hyphen: String.Index?) -> (lower: String, upper: String)? {
    guard let hyphen else { return nil }
    let lower = ValueMatcher.trim(String(text[..<hyphen]))
    let upper = ValueMatcher.trim(String(text[text.index(after: hyphen)...]))
    return lower.isEmpty && upper.isEmpty ? nil : (lower, upper)
  }

  // MARK: DT

  /// The moments that a range of DT covers (PS3.4 §C.2.2.2.5.3); nil when the text is none, or a bound is no date and time.
  static func momentRange(_ text: String, zone: Int?) -> (from: Int?, through: Int?)? {
    guard let bounds = bounds(text, hyphen(ofDateTime: text)) else { return nil }
    let (from, through) = (moments(bounds.lower, zone: zone), moments(bounds.upper, zone: zone))
    guard bounds.lower.isEmpty || from != nil, bounds.upper.isEmpty || through != nil else { return nil }
    return (from?.lowerBound, through?.upperBound)
  }

  /// The hyphen between two bounds: `-0500` after four or more digits is an offset from UTC.
  private static func hyphen(ofDateTime text: String) -> String.Index? {
    text.indices.first { index in
      guard text[index] == "-" else { return false }
      let after = text[text.index(after: index)...]
      let digits = after.prefix(4)
      let isOffset =
        digits.count == 4 && digits.allSatisfy(\.isNumber) && digits <= "1200"
        && (after.count == 4 || after.dropFirst(4).first == "-") && index != text.startIndex
      return !isOffset
    }
  }

  /// What a DT names, from its first microsecond since 1970 in UTC through its last: `2018` is a whole year (PS3.5 §6.2). Nil
  /// when it is no DT.
  /// - Parameter zone: minutes from UTC, of a text that says none itself; nil: this machine's zone.
  static func moments(_ text: String, zone: Int?) -> ClosedRange<Int>? {
    guard let value = DicomDateTime(dicomText: ValueMatcher.trim(text)) else { return nil }
    let zone = value.offset ?? zone
    let (date, time) = (value.date, value.time)
    var parts = tm()
    parts.tm_year = Int32(date.year - 1900)
    parts.tm_mon = Int32((date.month ?? 1) - 1)
    parts.tm_mday = Int32(date.day ?? 1)
    parts.tm_hour = Int32(time?.hour ?? 0)
    parts.tm_min = Int32(time?.minute ?? 0)
    parts.tm_sec = Int32(time?.second ?? 0)
    let first = seconds(parts, zone) * 1_000_000 + (time?.microsecond ?? 0)
    if let time, !time.fraction.isEmpty {
      var length = 1
      for _ in time.fraction.utf8.count..<6 { length *= 10 }
      return first...first + length - 1
    }
    // The least that it says, once more: what follows begins there, also where a day has 23 hours.
    if time?.second != nil {
      parts.tm_sec += 1
    } else if time?.minute != nil {
      parts.tm_min += 1
    } else if time != nil {
      parts.tm_hour += 1
    } else if date.day != nil {
      parts.tm_mday += 1
    } else if date.month != nil {
      parts.tm_mon += 1
    } else {
      parts.tm_year += 1
    }
    return first...max(first, seconds(parts, zone) * 1_000_000 - 1)
  }

  private static func seconds(_ parts: tm, _ zone: Int?) -> Int {
    var parts = parts
    if let zone { return Int(timegm(&parts)) - zone * 60 }
    // Whether it is summer there is for the zone to say.
    parts.tm_isdst = -1
    return Int(mktime(&parts))
  }

  /// Minutes from UTC, of a Timezone Offset From UTC (PS3.3 §C.12.1.1.8): written as at the end of a DT.
  static func zone(_ offset: String?) -> Int? {
    offset.flatMap { DicomDateTime(dicomText: "1970" + ValueMatcher.trim($0))?.offset }
  }

  // MARK: Text

  private static func fill(_ text: String, with template: String) -> String {
    guard text.count < template.count, text.allSatisfy({ $0.isNumber || $0 == "." }) else { return text }
    return text + template.dropFirst(text.count)
  }
}
