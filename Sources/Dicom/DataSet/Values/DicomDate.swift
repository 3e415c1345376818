/// A date (DA, PS3.5 §6.2), or the date of a date and time, of which month and day may be unknown.
public struct DicomDate: DicomValue, Hashable, CustomStringConvertible {
  public static var expected: String { "a date, YYYYMMDD" }

  public let year: Int
  public let month: Int?
  public let day: Int?

  /// Nil when there is no such day.
  public init?(year: Int, month: Int? = nil, day: Int? = nil) {
    guard (0...9999).contains(year) else { return nil }
    if let month {
      guard (1...12).contains(month) else { return nil }
      if let day { guard (1...Self.days(in: month, of: year)).contains(day) else { return nil } }
    } else if day != nil {
      return nil
    }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// `20180323`, and `2018.03.23` as ACR-NEMA wrote it. A DA is a whole date: less than that is none.
  public init?(dicomText: String) {
    var text = dicomText[...]
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2] { text = Substring(parts.joined()) }
    guard text.utf8.count == 8 else { return nil }
    self.init(digits: text)
  }

  /// Four, six or eight digits.
  init?(digits: Substring) {
    guard [4, 6, 8].contains(digits.utf8.count), Digits.number(digits) != nil,
      let year = Digits.number(digits.prefix(4))
    else { return nil }
    self.init(
      year: year, month: Digits.number(digits.dropFirst(4).prefix(2)), day: Digits.number(digits.dropFirst(6)))
  }

  public var dicomText: String {
    Digits.padded(year, 4) + (month.map { Digits.padded($0, 2) } ?? "") + (day.map { Digits.padded($0, 2) } ?? "")
  }

  /// `2018-03-23` (ISO 8601).
  public var description: String {
    Digits.padded(year, 4) + (month.map { "-" + Digits.padded($0, 2) } ?? "")
      + (day.map { "-" + Digits.padded($0, 2) } ?? "")
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// A time of day (TM, PS3.5 §6.2), of which all but the hour may be unknown.
public struct DicomTime: DicomValue, Hashable, CustomStringConvertible {
  public static var expected: String { "a time, HHMMSS.FFFFFF" }

  public let hour: Int
  public let minute: Int?
  /// 60 is a leap second.
  public let second: Int?
  /// The digits behind the point, as many as were written: `120` is not `12`.
  public let fraction: String

  /// `101112.123456`, or less from the right; and `10:11:12` as ACR-NEMA wrote it.
  public init?(dicomText: String) {
    var text = dicomText[...]
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count > 1 {
      guard parts.count <= 3, parts[0].utf8.count == 2, parts[1].utf8.count == 2 else { return nil }
      text = Substring(parts.joined())
    }
    self.init(digits: text)
  }

  init?(digits: Substring) {
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, [2, 4, 6].contains(parts[0].utf8.count), Digits.number(parts[0]) != nil,
      let hour = Digits.number(parts[0].prefix(2)), hour < 24
    else { return nil }
    let minute = Digits.number(parts[0].dropFirst(2).prefix(2))
    let second = Digits.number(parts[0].dropFirst(4))
    guard minute ?? 0 < 60, second ?? 0 <= 60 else { return nil }
    if parts.count == 2 {
      guard second != nil, (1...6).contains(parts[1].utf8.count), Digits.number(parts[1]) != nil else { return nil }
    }
    (self.hour, self.minute, self.second) = (hour, minute, second)
    fraction = parts.count == 2 ? String(parts[1]) : ""
  }

  /// The fraction in millionths of a second.
  public var microsecond: Int {
    Int(fraction + String(repeating: "0", count: max(0, 6 - fraction.utf8.count))) ?? 0
  }

  public var dicomText: String { text(separator: "") }

  /// `10:11:12.5` (ISO 8601).
  public var description: String { text(separator: ":") }

  private func text(separator: String) -> String {
    Digits.padded(hour, 2) + (minute.map { separator + Digits.padded($0, 2) } ?? "")
      + (second.map { separator + Digits.padded($0, 2) } ?? "") + (fraction.isEmpty ? "" : "." + fraction)
  }
}

/// A date and time (DT, PS3.5 §6.2) as far as it is known, with the offset from UTC when it is.
public struct DicomDateTime: DicomValue, Hashable, CustomStringConvertible {
  public static var expected: String { "a date and time, YYYYMMDDHHMMSS.FFFFFF&ZZXX" }

  public let date: DicomDate
  public let time: DicomTime?
  /// From UTC, in minutes; nil when the text names none (then (0008,0201) may).
  public let offset: Int?

  public init?(dicomText: String) {
    var text = dicomText[...]
    var offset: Int?
    if let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      let digits = text[text.index(after: sign)...]
      guard digits.utf8.count == 4, let number = Digits.number(digits), number % 100 < 60 else { return nil }
      let minutes = number / 100 * 60 + number % 100
      // -0000 is not used, and the clocks of the world lie between -12 and +14 hours.
      guard text[sign] == "+" ? minutes <= 14 * 60 : (1...12 * 60).contains(minutes) else { return nil }
      offset = text[sign] == "+" ? minutes : -minutes
      text = text[..<sign]
    }
    guard let date = DicomDate(digits: text.prefix(8)) else { return nil }
    let rest = text.dropFirst(8)
    let time = DicomTime(digits: rest)
    guard rest.isEmpty || time != nil else { return nil }
    (self.date, self.time, self.offset) = (date, time, offset)
  }

  public var dicomText: String { date.dicomText + (time?.dicomText ?? "") + offsetText(separator: "") }

  /// `2018-03-23T10:11:12+01:00` (ISO 8601).
  public var description: String {
    date.description + (time.map { "T" + $0.description } ?? "") + offsetText(separator: ":")
  }

  private func offsetText(separator: String) -> String {
    guard let offset else { return "" }
    let (hours, minutes) = (abs(offset) / 60, abs(offset) % 60)
    return (offset < 0 ? "-" : "+") + Digits.padded(hours, 2) + separator + Digits.padded(minutes, 2)
  }
}
