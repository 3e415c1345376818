import Foundation

/// What many echoes, one after the other, say of a station and of the way to it. Times in milliseconds.
public struct EchoStatistics: Sendable, Hashable {
  /// A time in which the station did not answer.
  public struct Outage: Sendable, Hashable {
    public var start: Date
    /// nil: it lasts.
    public var end: Date?
    public var lost: Int
    /// Why the first one failed.
    public var reason: String
  }

  /// The last echoes that are kept one by one.
  public static let remembered = 240

  public private(set) var sent = 0
  public private(set) var answered = 0
  public private(set) var last: Double?
  public private(set) var minimum: Double?
  public private(set) var maximum: Double?
  /// How much one answer differs from the one before, on average.
  public var jitter: Double? { differences > 0 ? sumOfDifferences / Double(differences) : nil }
  public var mean: Double? { answered > 0 ? sum / Double(answered) : nil }
  public var lost: Int { sent - answered }
  /// Between 0 and 1.
  public var loss: Double { sent > 0 ? Double(lost) / Double(sent) : 0 }
  /// Oldest first; nil for one that was lost.
  public private(set) var recent: [Double?] = []
  /// Oldest first.
  public private(set) var outages: [Outage] = []

  private var sum = 0.0
  private var sumOfDifferences = 0.0
  private var differences = 0
  private var previous: Double?

  public init() {}

  /// What changed: the station has stopped answering, or answers again.
  public enum Turn: Sendable, Hashable {
    case lost(Outage)
    case back(Outage)
  }

  /// Takes one more echo.
  /// - Parameter milliseconds: nil: no answer, for this `reason`.
  @discardableResult
  public mutating func take(_ milliseconds: Double?, reason: String = "", at time: Date) -> Turn? {
    sent += 1
    last = milliseconds
    recent.append(milliseconds)
    if recent.count > Self.remembered { recent.removeFirst() }
    guard let milliseconds else {
      previous = nil
      return takeLoss(reason, time)
    }
    answered += 1
    sum += milliseconds
    minimum = min(minimum ?? milliseconds, milliseconds)
    maximum = max(maximum ?? milliseconds, milliseconds)
    if let previous {
      sumOfDifferences += abs(milliseconds - previous)
      differences += 1
    }
    previous = milliseconds
    guard let open = outages.indices.last, outages[open].end == nil else { return nil }
    outages[open].end = time
    return .back(outages[open])
  }

  private mutating func takeLoss(_ reason: String, _ time: Date) -> Turn? {
    if let open = outages.indices.last, outages[open].end == nil {
      outages[open].lost += 1
      return nil
    }
    let outage = Outage(start: time, end: nil, lost: 1, reason: reason)
    outages.append(outage)
    if outages.count > Self.remembered { outages.removeFirst() }
    return .lost(outage)
  }
}
