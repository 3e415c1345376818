import NIOConcurrencyHelpers

/// The deadlines of one operation: the clock, the limits, and what is waited for now.
///
/// Whoever does the waiting says so with `begin`, and `restart` at every sign of life. Others look at `current`, which
/// is cheap and safe from any thread, and may change the limits while it runs. The timer behind it is armed lazily: a
/// restart only moves the deadline, and the timer that fires too early is armed again for the rest.
public final class Deadlines: Sendable {
  public let clock: any DeadlineClock

  private struct State {
    var timeouts: Timeouts
    var wait: Wait?
    var onExpiry: (@Sendable (Wait) -> Void)?
    var timer: (any ScheduledWork)?
    var timerDue: ContinuousClock.Instant?
    var observers: [@Sendable () -> Void] = []
    var holds = 0
    var branches: [Branch] = []
  }

  private struct Branch {
    weak var deadlines: Deadlines?
  }

  private let state: NIOLockedValueBox<State>
  private let trunk: Deadlines?

  public init(_ timeouts: Timeouts, clock: any DeadlineClock = SystemDeadlineClock()) {
    self.clock = clock
    trunk = nil
    state = NIOLockedValueBox(State(timeouts: timeouts))
  }

  private init(_ state: State, branching trunk: Deadlines) {
    clock = trunk.clock
    self.trunk = trunk
    self.state = NIOLockedValueBox(state)
  }

  /// Deadlines for one of several associations that work for the operation at once, each of which waits for itself. Limits
  /// and signs of life that the whole is told of go to all of them; what the whole waits for is what ends first among them.
  public func branch() -> Deadlines {
    state.withLockedValue { state in
      var own = State(timeouts: state.timeouts)
      own.holds = state.holds
      let branch = Deadlines(own, branching: self)
      state.branches.removeAll { $0.deadlines == nil }
      state.branches.append(Branch(deadlines: branch))
      return branch
    }
  }

  /// What is waited for now; nil when nothing is.
  public var current: Wait? {
    let (own, branches) = state.withLockedValue { ($0.wait, $0.branches) }
    return branches.reduce(own) { first, branch in
      guard let wait = branch.deadlines?.current else { return first }
      guard let first else { return wait }
      guard let deadline = wait.deadline else { return first }
      return first.deadline.map { $0 <= deadline } == true ? first : wait
    }
  }

  public var timeouts: Timeouts { state.withLockedValue { $0.timeouts } }

  /// Calls `observer` whenever the kind of wait or its limit changes, not at every restart. On any thread.
  public func onChange(_ observer: @escaping @Sendable () -> Void) {
    state.withLockedValue { $0.observers.append(observer) }
  }

  /// Starts to wait. Until `end` or the next `begin`, `onExpiry` is called, once and on any thread, when the deadline
  /// has passed without a restart.
  public func begin(_ kind: Wait.Kind, onExpiry: @escaping @Sendable (Wait) -> Void) {
    let now = clock.now
    let isNew = state.withLockedValue { state in
      let isNew = state.wait?.kind != kind
      state.wait = Wait(kind: kind, since: now, restarted: now, limit: state.timeouts.limit(for: kind))
      state.onExpiry = onExpiry
      return isNew
    }
    arm()
    if isNew { notify() }
  }

  /// The wait is over. The timer stays armed: the next wait, which usually follows at once, makes use of it.
  public func end() {
    let wasWaiting = state.withLockedValue { state in
      defer {
        state.wait = nil
        state.onExpiry = nil
      }
      return state.wait != nil
    }
    if wasWaiting { notify() }
  }

  /// A sign of life: the deadline is counted from now again.
  public func restart() { restart(isAnother: false) }

  /// - Parameter isAnother: it is another wait of the same kind, of whoever began the one before.
  func restart(isAnother: Bool) {
    let now = clock.now
    let needsTimer = state.withLockedValue { state in
      // To ask first whether there is a wait would copy it, several times for each message.
      state.wait?.restarted = now
      if isAnother { state.wait?.since = now }
      return state.timerDue == nil
    }
    if needsTimer { arm() }
  }

  /// Something that belongs to this operation arrived elsewhere, such as an instance of a C-MOVE at our own acceptor:
  /// the wait for the response is started again.
  public func touch() {
    let (kind, branches) = state.withLockedValue { ($0.wait?.kind, $0.branches) }
    switch kind {
    case .response?, .receiving?: restart()
    default: break
    }
    for branch in branches { branch.deadlines?.touch() }
  }

  /// It is us who are waited for, our disk for instance: no deadline passes until `letGo`, to be called as often as this.
  public func hold() {
    let branches = state.withLockedValue { state in
      state.holds += 1
      return state.branches
    }
    for branch in branches { branch.deadlines?.hold() }
  }

  /// Whoever we wait for has all the time again.
  public func letGo() {
    let branches = state.withLockedValue { state in
      state.holds -= 1
      return state.branches
    }
    restart()
    for branch in branches { branch.deadlines?.letGo() }
  }

  /// Another limit for responses, for the running wait too; nil: none.
  public func setResponse(_ limit: Duration?) {
    let branches = state.withLockedValue { state in
      state.timeouts.response = limit
      switch state.wait?.kind {
      case .response?, .sending?, .receiving?, .report?: state.wait?.limit = limit
      default: break
      }
      return state.branches
    }
    arm()
    for branch in branches { branch.deadlines?.setResponse(limit) }
    notify()
  }

  /// Other limits altogether, for the running wait too.
  public func set(_ timeouts: Timeouts) {
    let branches = state.withLockedValue { state in
      state.timeouts = timeouts
      if let kind = state.wait?.kind { state.wait?.limit = timeouts.limit(for: kind) }
      return state.branches
    }
    arm()
    for branch in branches { branch.deadlines?.set(timeouts) }
    notify()
  }

  /// Lengthens the running wait, or shortens it; never below what has passed already. A wait without limit stays so.
  public func extend(by duration: Duration) {
    let now = clock.now
    let branches = state.withLockedValue { state in
      if let wait = state.wait, let limit = wait.limit {
        state.wait?.limit = max(limit + duration, wait.restarted.duration(to: now))
      }
      return state.branches
    }
    arm()
    for branch in branches { branch.deadlines?.extend(by: duration) }
    notify()
  }

  private func notify() {
    for observer in state.withLockedValue({ $0.observers }) { observer() }
    trunk?.notify()
  }

  /// Sees to it that a timer fires no later than the deadline.
  private func arm() {
    let (due, stale) = state.withLockedValue { state -> (ContinuousClock.Instant?, (any ScheduledWork)?) in
      guard let deadline = state.wait?.deadline else { return (nil, nil) }
      if let timerDue = state.timerDue, timerDue <= deadline { return (nil, nil) }
      let stale = state.timer
      state.timer = nil
      state.timerDue = deadline
      return (deadline, stale)
    }
    stale?.cancel()
    guard let due else { return }
    let timer = clock.schedule(at: due) { [weak self] in self?.fired(due) }
    let unused = state.withLockedValue { state -> (any ScheduledWork)? in
      guard state.timerDue == due, state.timer == nil else { return timer }
      state.timer = timer
      return nil
    }
    unused?.cancel()
  }

  private func fired(_ due: ContinuousClock.Instant) {
    let now = clock.now
    let expired = state.withLockedValue { state -> (Wait, @Sendable (Wait) -> Void)? in
      guard state.timerDue == due else { return nil }
      state.timer = nil
      state.timerDue = nil
      if state.holds > 0 { state.wait?.restarted = now }
      guard let wait = state.wait, let deadline = wait.deadline, deadline <= now, let handler = state.onExpiry else {
        return nil
      }
      return (wait, handler)
    }
    guard let (wait, handler) = expired else {
      arm()
      return
    }
    handler(wait)
  }
}
