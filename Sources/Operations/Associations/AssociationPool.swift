import Dicom
import Synchronization

/// An association on loan from the pool; it counts among its station's until it is given back, or let go.
final class Lease: Sendable {
  let association: Association
  /// It was used before: the peer may have ended it without our knowing.
  let isReused: Bool
  fileprivate let place: Place

  fileprivate init(_ association: Association, isReused: Bool, _ place: Place) {
    self.association = association
    self.isReused = isReused
    self.place = place
  }
}

/// One association of a station in use.
private final class Place: Sendable {
  let station: String
  private let isGuest: Bool
  private let pool: AssociationPool

  init(_ station: String, isGuest: Bool, _ pool: AssociationPool) {
    self.station = station
    self.isGuest = isGuest
    self.pool = pool
  }

  deinit { pool.returned(station, isGuest: isGuest) }
}

/// The associations of a station's operations: one that is given back stays open for some seconds, and serves whoever
/// asks for the same with the same parameters. Idle ones give way where a station takes no more associations.
final class AssociationPool: Sendable {
  static let keepingTime: Duration = .seconds(5)
  /// A peer that says nothing to our release is not waited for longer.
  private static let releaseTimeouts = Timeouts(all: .seconds(3))

  private struct Idle {
    let id: Int
    let association: Association
    let station: String
    var timer: (any ScheduledWork)?
  }

  private struct State {
    var lastID = 0
    /// In the order they were given back.
    var idle: [Idle] = []
    /// On loan, by station; and those of them that are guests'.
    var lent: [String: Int] = [:]
    var guests: [String: Int] = [:]
    /// For a place at a station, in their order.
    var waiting: [(id: Int, station: String, goOn: AsyncStream<Void>.Continuation)] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let clock: any DeadlineClock
  private let trace: (any TraceObserver)?

  init(clock: any DeadlineClock, trace: (any TraceObserver)?) {
    self.clock = clock
    self.trace = trace
  }

  /// How many associations wait for work.
  var idleCount: Int { state.withLock { $0.idle.count { $0.association.isOpen } } }

  private static func station(_ parameters: AssociationParameters) -> String {
    "\(parameters.calledAETitle)@\(parameters.host):\(parameters.port)"
  }

  /// How many wait for a place.
  var waitingCount: Int { state.withLock { $0.waiting.count } }
  /// How many places guests have.
  var guestCount: Int { state.withLock { $0.guests.values.reduce(0, +) } }

  /// An association with these parameters: an idle one, or a new one, for which idle ones are released until the station
  /// has no more than `limit` with it.
  ///
  /// The queue of jobs sees to it that jobs keep to the limit. What comes without a place in the queue, a guest, waits until
  /// fewer than `limit` are on loan; and where guests have taken the last places, jobs wait for them.
  ///
  /// - Throws: `AssociationError`; `CancellationError` while it waits.
  func lease(
    _ parameters: AssociationParameters, limit: Int, deadlines: Deadlines, isFresh: Bool = false, isGuest: Bool = false
  ) async throws -> Lease {
    let station = Self.station(parameters)
    var found: Idle?
    var surplus: [Idle] = []
    while true {
      let (places, goOn) = AsyncStream.makeStream(of: Void.self)
      let turn = state.withLock { state -> Int? in
        let lent = state.lent[station, default: 0]
        if lent >= limit, isGuest || state.guests[station, default: 0] > 0 {
          state.lastID += 1
          state.waiting.append((state.lastID, station, goOn))
          return state.lastID
        }
        state.lent[station] = lent + 1
        if isGuest { state.guests[station, default: 0] += 1 }
        (found, surplus) = Self.take(parameters, station, limit, isFresh: isFresh, &state)
        return nil
      }
      guard let turn else { break }
      for await _ in places { break }
      state.withLock { $0.waiting.removeAll { $0.id == turn } }
      try Task.checkCancellation()
    }
    let place = Place(station, isGuest: isGuest, self)
    for idle in surplus { await release(idle) }
    if let found {
      found.timer?.cancel()
      found.association.use(deadlines)
      return Lease(found.association, isReused: true, place)
    }
    let association = try await Association.request(parameters, deadlines: deadlines, trace: trace)
    return Lease(association, isReused: false, place)
  }

  /// An idle association that will do; and those that must go.
  private static func take(
    _ parameters: AssociationParameters, _ station: String, _ limit: Int, isFresh: Bool, _ state: inout State
  ) -> (found: Idle?, surplus: [Idle]) {
    var surplus = state.idle.filter { !$0.association.isOpen }
    state.idle.removeAll { !$0.association.isOpen }
    if !isFresh, let index = state.idle.lastIndex(where: { $0.association.parameters == parameters }) {
      return (state.idle.remove(at: index), surplus)
    }
    var others = state.idle.count { $0.station == station }
    while others > 0, others + state.lent[station, default: 0] > limit,
      let index = state.idle.firstIndex(where: { $0.station == station })
    {
      surplus.append(state.idle.remove(at: index))
      others -= 1
    }
    return (nil, surplus)
  }

  /// Takes an association back on which nothing runs any more. One that is not to be kept, or has ended, is released, or
  /// aborted.
  ///
  /// - Parameter closes: with the association, its connection; else that ends with this process.
  func giveBack(_ lease: Lease, keeps: Bool = true, closes: Bool = true) async {
    let association = lease.association
    association.use(Deadlines(Self.releaseTimeouts, clock: clock))
    guard keeps, association.isOpen else { return await association.release(closes: closes) }
    let id = state.withLock { state -> Int? in
      guard !state.isClosed else { return nil }
      state.lastID += 1
      state.idle.append(Idle(id: state.lastID, association: association, station: lease.place.station))
      return state.lastID
    }
    guard let id else { return await association.release() }
    let timer = clock.schedule(at: clock.now + Self.keepingTime) { [weak self] in self?.expired(id) }
    let isTooLate = state.withLock { state in
      guard let index = state.idle.firstIndex(where: { $0.id == id }) else { return true }
      state.idle[index].timer = timer
      return false
    }
    if isTooLate { timer.cancel() }
  }

  /// Aborts an association that something went wrong on.
  func discard(_ lease: Lease) { lease.association.abort() }

  fileprivate func returned(_ station: String, isGuest: Bool) {
    state.withLock { state in
      func lessen(_ count: inout Int?) { count = count.flatMap { $0 > 1 ? $0 - 1 : nil } }
      lessen(&state.lent[station])
      if isGuest { lessen(&state.guests[station]) }
      for waiter in state.waiting where waiter.station == station { waiter.goOn.yield() }
    }
  }

  private func expired(_ id: Int) {
    let idle = state.withLock { state -> Idle? in
      guard let index = state.idle.firstIndex(where: { $0.id == id }) else { return nil }
      return state.idle.remove(at: index)
    }
    if let idle { Task { await release(idle) } }
  }

  private func release(_ idle: Idle) async {
    idle.timer?.cancel()
    if idle.association.isOpen { await idle.association.release() }
  }

  /// Releases all that wait; from now on none is kept.
  func close() async {
    let idle = state.withLock { state in
      state.isClosed = true
      defer { state.idle = [] }
      return state.idle
    }
    await withTaskGroup(of: Void.self) { group in
      for one in idle { group.addTask { await self.release(one) } }
    }
  }
}

extension AssociationError {
  /// The peer, or the network, has ended the association.
  var isEndByPeer: Bool {
    switch reason {
    case .closed, .reset, .aborted, .notEstablished: true
    default: false
    }
  }
}

extension Lease {
  /// The peer had ended it before it did anything of what was asked now: doing that again does nothing twice.
  func wasDead(_ error: any Error) -> Bool {
    guard isReused, !association.hasBeenHeard, let error = error as? AssociationError else { return false }
    return error.isEndByPeer
  }
}
