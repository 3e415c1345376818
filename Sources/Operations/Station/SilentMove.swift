import Dicom
import Synchronization

/// Notices that a peer says it sends and nothing comes, while the move still runs: it most likely sends elsewhere, and a
/// person need not wait for the end to hear of it.
final class SilentMove: Sendable {
  /// What is on its way may take that long.
  private static let patience: Duration = .seconds(2)

  private struct State {
    var sent = 0
    var timer: (any ScheduledWork)?
    var hasEnded = false
  }

  private let clock: any DeadlineClock
  private let flight: MoveInFlight
  private let say: @Sendable (_ sent: Int) -> Void
  private let state = Mutex(State())

  init(_ flight: MoveInFlight, clock: any DeadlineClock, say: @escaping @Sendable (_ sent: Int) -> Void) {
    self.flight = flight
    self.clock = clock
    self.say = say
  }

  func note(_ counters: SubOperations) {
    let sent = (counters.completed ?? 0) + (counters.warning ?? 0)
    guard sent > 0, flight.isSilent else { return }
    let isFirst = state.withLock { state in
      defer { state.sent = sent }
      return state.sent == 0 && !state.hasEnded
    }
    guard isFirst else { return }
    let timer = clock.schedule(at: clock.now + Self.patience) { [weak self] in self?.look() }
    state.withLock { $0.timer = timer }
  }

  private func look() {
    let sent = state.withLock { $0.hasEnded ? 0 : $0.sent }
    if sent > 0, flight.isSilent { say(sent) }
  }

  func end() {
    state.withLock { state in
      state.hasEnded = true
      state.timer?.cancel()
    }
  }
}
