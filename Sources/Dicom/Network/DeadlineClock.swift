import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The clock every deadline is measured by; injected, so that tests need no waiting.
public protocol DeadlineClock: Sendable {
  var now: ContinuousClock.Instant { get }

  /// Calls `work` once, on any thread, when `instant` has come.
  func schedule(at instant: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork
}

public protocol ScheduledWork: Sendable {
  /// The work is not called any more, unless it is being called already.
  func cancel()
}

/// Real time.
public struct SystemDeadlineClock: DeadlineClock {
  /// Of threads that are no event loop. A loop asked for each time would take the turn of the next connection, so that
  /// several opened at once could all come to lie on the same one.
  private static let loop = MultiThreadedEventLoopGroup.singleton.next()

  public init() {}

  public var now: ContinuousClock.Instant { .now }

  public func schedule(
    at instant: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    let (seconds, attoseconds) = now.duration(to: instant).components
    // A wait of more than a year would overflow on the way to nanoseconds.
    let nanoseconds = min(max(seconds, 0), 31_536_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? Self.loop
    return LoopWork(task: loop.scheduleTask(in: .nanoseconds(max(nanoseconds, 0)), work))
  }

  private struct LoopWork: ScheduledWork {
    let task: Scheduled<Void>
    func cancel() { task.cancel() }
  }
}

/// A clock that stands still until it is told to go on: for tests.
public final class ManualClock: DeadlineClock {
  private struct State {
    var now: ContinuousClock.Instant = .now
    var nextID = 0
    var pending: [Int: (at: ContinuousClock.Instant, work: @Sendable () -> Void)] = [:]
  }

  private let state = NIOLockedValueBox(State())

  public init() {}

  public var now: ContinuousClock.Instant { state.withLockedValue { $0.now } }

  public func schedule(
    at instant: ContinuousClock.Instant, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    let id = state.withLockedValue { state in
      state.nextID += 1
      state.pending[state.nextID] = (instant, work)
      return state.nextID
    }
    return ManualWork(clock: self, id: id)
  }

  /// Moves time on, and does what has become due, in order of time.
  public func advance(by duration: Duration) {
    let target = now + duration
    while let work = nextDue(until: target) { work() }
    state.withLockedValue { $0.now = target }
  }

  private func nextDue(until target: ContinuousClock.Instant) -> (@Sendable () -> Void)? {
    state.withLockedValue { state in
      guard let (id, due) = state.pending.min(by: { $0.value.at < $1.value.at }), due.at <= target else { return nil }
      state.pending[id] = nil
      state.now = max(state.now, due.at)
      return due.work
    }
  }

  /// Number of works that wait for their time.
  public var pendingCount: Int { state.withLockedValue { $0.pending.count } }

  private struct ManualWork: ScheduledWork {
    let clock: ManualClock
    let id: Int
    func cancel() { clock.state.withLockedValue { $0.pending[id] = nil } }
  }
}
