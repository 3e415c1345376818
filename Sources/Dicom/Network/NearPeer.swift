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
  /// What the answer to messages of one size takes.
  private struct Answers {
    /// A peer that answers within this is near.
    let bound: TimeAmount
    /// How long the next one is watched for at most.
    let limit: TimeAmount
    /// Whether the last one came within the bound.
    var isNear = false
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
  /// Nobody further away answers that soon, and who is near needs half of the limit.
  private var small = Answers(bound: .microseconds(250), limit: .microseconds(100))
  /// What our system has taken of a large message the peer has still to read, and all of it to keep.
  private var large = Answers(bound: .milliseconds(1), limit: .milliseconds(1))
  private var isLarge = false

  /// - Parameter isSure: whether it is answers that are awaited.
  init(isSure: Bool = true) { self.isSure = isSure }

  /// A message has left; the one that follows from it is awaited.
  ///
  /// - Parameter isLarge: whether the message that left was.
  /// - Returns: whether to watch for it.
  mutating func begin(isLarge: Bool = false) -> Bool {
    guard !isAwaiting else { return false }
    isAwaiting = true
    self.isLarge = isLarge
    if isSure { Self.awaited.add(1, ordering: .relaxed) }
    guard hasProcessors else { return false }
    sent = .now()
    return answers.isNear
  }

  /// It is here, or is not awaited any more.
  mutating func end() {
    guard isAwaiting else { return }
    isAwaiting = false
    if isSure { Self.awaited.subtract(1, ordering: .relaxed) }
    guard let sent else { return }
    self.sent = nil
    answers.isNear = .now() - sent < answers.bound
  }

  /// Returns when something can be read, or the moment is over. Whoever else wants this processor goes first: it may be
  /// the peer.
  func watch(_ socket: CInt) {
    guard let sent else { return }
    var readable = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while hasProcessors, .now() - sent < answers.limit, poll(&readable, 1, 0) == 0 { sched_yield() }
  }

  /// To a message of the size of the one that left last.
  private var answers: Answers {
    get { isLarge ? large : small }
    set { if isLarge { large = newValue } else { small = newValue } }
  }

  /// Each association at work has a processor for us, and one for a near peer.
  private var hasProcessors: Bool { (Self.awaited.load(ordering: .relaxed) + (isSure ? 0 : 1)) * 2 <= Self.processors }
}
