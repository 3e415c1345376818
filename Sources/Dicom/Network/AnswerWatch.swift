import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Watches for the answer to a request, or the request that follows an answer, instead of sleeping until it comes, for a
/// moment, where the last one came that fast: on one machine, or to the next rack, falling asleep and being woken takes as
/// long as all the rest. Lives on the event loop, which does nothing else in that moment.
final class AnswerWatch {
  /// A peer that answers within this is near; nobody further away does.
  private static let near: TimeAmount = .microseconds(250)
  /// What a near peer needs for a small message, twice.
  private static let limit: TimeAmount = .microseconds(100)
  /// Of the machine, or the part of it that we may use.
  private static let processors = System.coreCount
  /// How many requests of this process wait for their answers.
  private static let awaited = Atomic(0)

  private let channel: any Channel
  /// An answer is sure to come, or the association ends; another request is not.
  private let isSure: Bool
  /// Asking the channel for it each time takes longer than some answers do.
  private lazy var socket = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { (socket: CInt) in
    socket
  }
  private var isAwaiting = false
  /// Nil: there is nobody to watch meanwhile, so what time it is does not matter either.
  private var sent: NIODeadline?
  private var isNear = false
  private var willWatch = false

  /// - Parameter isSure: whether it is answers that are awaited.
  init(_ channel: any Channel, isSure: Bool = true) {
    self.channel = channel
    self.isSure = isSure
  }

  /// A message has left; the one that follows from it is awaited.
  func begin() {
    guard !isAwaiting else { return }
    isAwaiting = true
    if isSure { Self.awaited.add(1, ordering: .relaxed) }
    guard hasProcessors else { return }
    sent = .now()
    guard isNear, !willWatch else { return }
    willWatch = true
    // When all else that there is to do now is done.
    channel.eventLoop.assumeIsolated().execute { self.watch() }
  }

  /// It is here, or is not awaited any more.
  func end() {
    guard isAwaiting else { return }
    isAwaiting = false
    if isSure { Self.awaited.subtract(1, ordering: .relaxed) }
    guard let sent else { return }
    self.sent = nil
    isNear = .now() - sent < Self.near
  }

  /// Returns when something can be read, which the event loop then does. Whoever else wants this processor goes first: it
  /// may be the peer.
  private func watch() {
    willWatch = false
    guard let sent, channel.isActive, let socket else { return }
    var readable = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    while hasProcessors, .now() - sent < Self.limit, poll(&readable, 1, 0) == 0 { sched_yield() }
  }

  /// Each association at work has a processor for us, and one for a near peer.
  private var hasProcessors: Bool { (Self.awaited.load(ordering: .relaxed) + (isSure ? 0 : 1)) * 2 <= Self.processors }
}
