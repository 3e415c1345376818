import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Knows whether a peer answers that soon that whoever waits for it had better watch the connection for a moment than
/// sleep: on one machine, or to the next rack, falling asleep and being woken takes as long as all the rest.
struct NearPeer {
  /// What the answer to a message may take.
  private struct Bounds {
    /// A peer that answers within this is near; nobody further away does.
    let near: TimeAmount
    /// How long it is watched for at most.
    let limit: TimeAmount

    /// A near peer needs half of the limit.
    static let small = Bounds(near: .microseconds(250), limit: .microseconds(100))
    /// What our system has taken of a large message the peer has still to read, and all of it to keep.
    static let large = Bounds(near: .milliseconds(1), limit: .milliseconds(1))
  }

  /// Of the machine, or the part of it that we may use.
  private static let processors = System.coreCount
  /// How many requests of this process wait for their answers.
  private static let awaited = Atomic(0)

  /// An answer is sure to come, or the association ends; another request is not.
  private let isSure: Bool
  private var isAwaiting = false
  /// Nil: there is nobody to watch meanwhile, so what time it is does not matter either.
  private var sent: NIODeadline?
  private var isNear = false
  private var bounds = Bounds.small

  /// - Parameter isSure: whether it is answers that are awaited.
  init(isSure: Bool = true) { self.isSure = isSure }

  /// A message has left; the one that follows from it is awaited.
  ///
  /// - Parameter isLarge: whether the message that left was.
  /// - Returns: whether to watch for it.
  mutating func begin(isLarge: Bool = false) -> Bool {
    guard !isAwaiting else { return false }
    isAwaiting = true
    bounds = isLarge ? .large : .small
    if isSure { Self.awaited.add(1, ordering: .relaxed) }
    guard hasProcessors else { return false }
    sent = .now()
    return isNear
  }

  /// It is here, or is not awaited any more.
  mutating func end() {
    guard isAwaiting else { return }
    isAwaiting = false
    if isSure { Self.awaited.subtract(1, ordering: .relaxed) }
    guard let sent else { return }
    self.sent = nil
    isNear = .now() - sent < bounds.near
  }

  /// Returns when something can be read, or the moment is over. Whoever else wants this processor goes first: it may be
  /// the peer.
  func watch(_ socket: CInt) {
    guard let sent else { return }
    var readable = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while hasProcessors, .now() - sent < bounds.limit, poll(&readable, 1, 0) == 0 { sched_yield() }
  }

  /// Each association at work has a processor for us, and one for a near peer.
  private var hasProcessors: Bool { (Self.awaited.load(ordering: .relaxed) + (isSure ? 0 : 1)) * 2 <= Self.processors }
}
