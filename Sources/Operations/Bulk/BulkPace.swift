import Foundation

/// How fast, and when, a long row of operations goes.
public struct BulkPace: Sendable, Hashable, Codable {
  /// At most so many an hour; nil: as fast as they go.
  public var perHour: Double?
  /// Minutes of the day from and to, here: only between them something begins. From 19:00 to 06:00 is through the night.
  public var window: (from: Int, to: Int)? {
    get { from.flatMap { from in to.map { (from, $0) } } }
    set { (from, to) = (newValue?.from, newValue?.to) }
  }
  private var from: Int?
  private var to: Int?

  public init() {}

  /// `120/h`, `2/m`; nil: not understood.
  public static func perHour(parsing text: String) -> Double? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Double(parts[0]), number > 0, number.isFinite,
      let factor = ["h": 1.0, "m": 60, "min": 60, "s": 3600][parts[1]]
    else { return nil }
    return number * factor
  }

  /// `19:00-06:00`; nil: not understood.
  public static func window(parsing text: String) -> (from: Int, to: Int)? {
    let times = text.split(separator: "-", omittingEmptySubsequences: false).map(minutes)
    guard times.count == 2, let from = times[0], let to = times[1], from != to else { return nil }
    return (from, to)
  }

  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let hour = parts[0], let minute = parts[1], (0...24).contains(hour),
      (0..<60).contains(minute), hour * 60 + minute <= 1440
    else { return nil }
    return hour * 60 + minute
  }

  /// When the next may begin.
  ///
  /// - Parameter last: when the one before began; nil: there was none.
  public func next(after last: Date?, now: Date, _ calendar: Calendar = .current) -> Date {
    var time = now
    if let last, let perHour { time = max(time, last.addingTimeInterval(3600 / perHour)) }
    guard let window else { return time }
    let parts = calendar.dateComponents([.hour, .minute], from: time)
    let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
    let isInside =
      window.from < window.to
      ? (window.from..<window.to).contains(minute) : minute >= window.from || minute < window.to
    if isInside { return time }
    return calendar.nextDate(
      after: time, matching: DateComponents(hour: window.from / 60 % 24, minute: window.from % 60),
      matchingPolicy: .nextTime) ?? time
  }
}
