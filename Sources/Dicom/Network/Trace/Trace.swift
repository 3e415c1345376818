import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Watches what goes over the wire. Called on event loops: it must be quick and must not block.
public protocol TraceObserver: Sendable {
  func observe(_ event: TraceEvent)
  /// Whether it wants the bytes too (for a packet capture). False unless said otherwise.
  var wantsBytes: Bool { get }
}

extension TraceObserver {
  public var wantsBytes: Bool { false }
}

/// Something that happened on a connection. What TLS protects is seen as it was before and after.
public struct TraceEvent: Sendable {
  /// Counts connections of this process.
  public var connection: Int
  public var time: ContinuousClock.Instant
  public var direction: Direction
  /// Address and port of the other side.
  public var peer: String
  public var content: Content

  public enum Direction: String, Hashable, Sendable { case sent, received }

  public enum Content: Sendable {
    /// The connection is there; sent where we connected.
    case opened(local: SocketAddress?, remote: SocketAddress?)
    case secured(TLSInformation)
    case pdu(TracedPDU)
    /// Bytes as they were read or written, where an observer wants them; credentials of a user identity are masked.
    case bytes(ByteBuffer)
    /// Why there will be no more: a release, an abort, a violation, in words.
    case ended(String)
    case closed
  }
}

/// Several observers in one.
public struct TraceObservers: TraceObserver {
  private let observers: [any TraceObserver]
  public let wantsBytes: Bool

  /// Nil where there are none; the only one itself where there is one.
  public static func combining(_ observers: [(any TraceObserver)?]) -> (any TraceObserver)? {
    let observers = observers.compactMap { $0 }
    return observers.count > 1 ? TraceObservers(observers) : observers.first
  }

  private init(_ observers: [any TraceObserver]) {
    self.observers = observers
    wantsBytes = observers.contains { $0.wantsBytes }
  }

  public func observe(_ event: TraceEvent) {
    for observer in observers { observer.observe(event) }
  }
}

/// The time of day of instants.
struct WallClock: Sendable {
  private let instant = ContinuousClock.now
  private let nanoseconds: Int64

  init() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    nanoseconds = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }

  /// Nanoseconds since 1970.
  func time(of other: ContinuousClock.Instant) -> Int64 {
    let (seconds, attoseconds) = instant.duration(to: other).components
    return nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  /// `2031-02-28T12:00:00.123Z`
  func text(_ other: ContinuousClock.Instant) -> String {
    let time = time(of: other)
    var seconds = time_t(time / 1_000_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(parts.tm_year + 1900)-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))T"
      + "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))."
      + "\(digits(Int(time / 1_000_000 % 1000), 3))Z"
  }
}
