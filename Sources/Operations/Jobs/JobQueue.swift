import Dicom
import LocalIndex
import Synchronization

/// Runs jobs, at most so many at once to one modality, and keeps them for the screen of jobs.
public final class JobQueue: Sendable {
  private struct State {
    var lastID = 0
    var jobs: [Job] = []
    /// Places taken, by lane.
    var running: [String: Int] = [:]
    /// Places of each running job, by its id.
    var places: [Int: Int] = [:]
    /// In the order they will start.
    var waiting: [Waiter] = []
  }

  private struct Waiter {
    let job: Job
    let lane: Job.Lane
    /// How many places it can use; one is enough to start.
    let wanted: Int
    var isPaused: Bool
    /// Nil until its task has come to where it waits.
    var resume: CheckedContinuation<Void, any Error>?
  }

  private let state = Mutex(State())
  private let observers = Observers<Job>()
  /// Where unfinished jobs outlast the process; nil: nowhere.
  private let keeper = Mutex<JobKeeper?>(nil)
  /// Ended jobs beyond this many are forgotten, oldest first.
  private static let remembered = 500

  /// Called with every job that ends, before anybody else hears of it.
  private let record: @Sendable (Job, Outcome) async -> Void

  init(record: @escaping @Sendable (Job, Outcome) async -> Void = { _, _ in }) { self.record = record }

  /// Oldest first.
  public var jobs: [Job] { state.withLock { $0.jobs } }
  public func job(_ id: Int) -> Job? { state.withLock { $0.jobs.first { $0.id == id } } }
  public var active: [Job] { jobs.filter { !$0.snapshot.state.hasEnded } }

  /// Calls `observer` at every change of a job, on any thread, until the result is let go or cancelled. It must be quick.
  public func observe(_ observer: @escaping @Sendable (Job) -> Void) -> Observation { observers.add(observer) }

  /// Forgets the jobs that have ended.
  public func clearEnded() {
    state.withLock { $0.jobs.removeAll { $0.snapshot.state.hasEnded } }
  }

  /// A queued job waits until it is resumed. A running retrieve or send is broken off, and waits; resumed, it does what is
  /// left. False where it is neither.
  @discardableResult
  public func pause(_ job: Job) -> Bool { setPaused(true, job) || job.breakOff() }

  @discardableResult
  public func resume(_ job: Job) -> Bool { setPaused(false, job) }

  private func setPaused(_ isPaused: Bool, _ job: Job) -> Bool {
    guard change(job, { $0.isPaused = isPaused }) != nil else { return false }
    job.enter(isPaused ? .paused : .queued)
    admit()
    return true
  }

  /// Moves a queued job before (or after) its neighbour among those that wait for the same station; the others run by
  /// their own limits. False where it is not queued, or there is no neighbour on that side.
  @discardableResult
  public func move(_ job: Job, sooner: Bool) -> Bool {
    let moved = state.withLock { state -> [Job] in
      guard let index = state.waiting.firstIndex(where: { $0.job.id == job.id }) else { return [] }
      let lane = state.waiting[index].lane
      let others = state.waiting.indices.filter { state.waiting[$0].lane.key == lane.key }
      guard let neighbour = sooner ? others.last(where: { $0 < index }) : others.first(where: { $0 > index }) else {
        return []
      }
      state.waiting.swapAt(index, neighbour)
      return [state.waiting[index].job, state.waiting[neighbour].job]
    }
    if moved.count == 2 { keeper.withLock { $0 }?.exchange(moved[0], moved[1]) }
    for job in moved { observers.tell(job) }
    return !moved.isEmpty
  }

  /// Which of those that wait for its station a queued job is, from 1; nil where it is not queued.
  public func place(of job: Job) -> Int? {
    state.withLock { state in
      guard let lane = job.lane, state.waiting.contains(where: { $0.job.id == job.id }) else { return nil }
      let line = state.waiting.filter { $0.lane.key == lane.key }
      return line.firstIndex { $0.job.id == job.id }.map { $0 + 1 }
    }
  }

  /// Cancels everything and returns when all of it has ended.
  public func cancelAll() async {
    for job in active { job.cancel() }
    for job in active { await end(of: job) }
  }

  /// Returns when the job has ended.
  public func end(of job: Job) async {
    let stream = AsyncStream<Void> { continuation in
      let observation = observe { changed in
        if changed.id == job.id, changed.snapshot.state.hasEnded { continuation.finish() }
      }
      continuation.onTermination = { _ in observation.cancel() }
      if job.snapshot.state.hasEnded { continuation.finish() }
    }
    for await _ in stream {}
  }

  /// Keeps what the screens call a job where the job itself is kept, for whoever takes it over.
  public func keep(title: String, of job: Job) { keeper.withLock { $0 }?.keep(title: title, of: job) }

  // MARK: Running

  /// Makes a job of `body` and starts it as soon as its lane has room. It gets as many of the `associations` it wants as
  /// are free then: see ``places(of:)``.
  func run<Value: OperationResult>(
    _ request: JobRequest, title: String, modality: Modality? = nil, lane: Job.Lane? = nil, associations: Int = 1,
    timeouts: Timeouts, clock: any DeadlineClock, retry: (@Sendable () -> Job)? = nil,
    _ body: @escaping @Sendable (Job) async throws -> Value
  ) -> Operation<Value> {
    let job = Job(
      id: state.withLock { state in
        state.lastID += 1
        return state.lastID
      },
      request: request, title: title, modality: modality,
      lane: lane ?? modality.map { Job.Lane(key: $0.address, limit: $0.maximumAssociations) },
      deadlines: Deadlines(timeouts, clock: clock), parent: Self.parent, retry: retry)
    job.parent?.follow(job)
    job.onChange { [weak self] in self?.tell($0) }
    state.withLock { state in
      state.jobs.append(job)
      if state.jobs.count > Self.remembered, let index = state.jobs.firstIndex(where: { $0.snapshot.state.hasEnded }) {
        state.jobs.remove(at: index)
      }
    }
    tell(job)
    // A part is kept by the whole.
    let kept = job.parent == nil ? keeper.withLock { $0 } : nil
    if let leftover = Self.leftover {
      kept?.know(job, as: leftover.id)
      job.note(leftover)
    }
    // Tasks begin in any order; jobs start, and are kept, in the order in which they were asked for.
    lineUp(job, wanted: associations, isPaused: Self.leftover != nil)
    let isKept = kept?.keep(job) ?? false
    let task = Task.detached { [self] in
      if isKept { await kept?.settle() }
      do {
        while true {
          try await admission(of: job)
          let value = try await once(job, body)
          guard let value, !(value.outcome.state == .cancelled && job.takeBreak()) else {
            lineUp(job, wanted: associations, isPaused: true)
            continue
          }
          await end(job, value.outcome)
          return value
        }
      } catch {
        await end(job, job.isCancelled ? Outcome(.cancelled, "cancelled") : Outcome(error))
        throw error
      }
    }
    return Operation(job: job, task: task)
  }

  /// Lets a job run until it ends or is broken off. - Returns: nil when it was broken off without a result.
  private func once<Value: Sendable>(
    _ job: Job, _ body: @escaping @Sendable (Job) async throws -> Value
  ) async throws -> Value? {
    defer { leave(job) }
    job.enter(.running)
    let run = Task.detached { try await body(job) }
    job.onCancel { run.cancel() }
    do {
      return try await run.value
    } catch {
      if job.takeBreak() { return nil }
      throw error
    }
  }

  /// What is made of a job that was left over: it waits, paused, and is kept already.
  @TaskLocal static var leftover: KeptJob?

  /// What begins meanwhile is a part of this job.
  @TaskLocal static var parent: Job?

  /// From now on unfinished jobs are kept.
  func keep(by keeper: JobKeeper) { self.keeper.withLock { $0 = keeper } }

  /// Whether ``note(_:of:)`` does something.
  var isKeeping: Bool { keeper.withLock { $0 != nil } }

  /// Something of a job is done for good.
  func note(_ item: String, of job: Job) { keeper.withLock { $0 }?.note(item, of: job) }

  private func end(_ job: Job, _ outcome: Outcome) async {
    await record(job, outcome)
    await keeper.withLock { $0 }?.end(job, outcome)
    job.parent?.follow(nil)
    job.end(outcome)
  }

  private func lineUp(_ job: Job, wanted: Int, isPaused: Bool) {
    guard let lane = job.lane else { return }
    state.withLock { $0.waiting.append(Waiter(job: job, lane: lane, wanted: wanted, isPaused: isPaused)) }
    job.enter(isPaused ? .paused : .queued)
    // Whoever was told may have asked for the other at once.
    if let isPausedNow = change(job, { $0.isPaused }), isPausedNow != isPaused {
      job.enter(isPausedNow ? .paused : .queued)
    }
  }

  private func admission(of job: Job) async throws {
    guard job.lane != nil else { return }
    job.onCancel { [weak self] in self?.withdraw(job) }
    try await withCheckedThrowingContinuation { continuation in
      guard change(job, { $0.resume = continuation }) != nil else {
        return continuation.resume(throwing: CancellationError())
      }
      if job.isCancelled { withdraw(job) } else { admit() }
    }
  }

  /// - Returns: nil where the job stands in no line.
  private func change<Result: Sendable>(_ job: Job, _ body: (inout Waiter) -> Result) -> Result? {
    state.withLock { state in
      guard let index = state.waiting.firstIndex(where: { $0.job.id == job.id }) else { return nil }
      return body(&state.waiting[index])
    }
  }

  private func admit() {
    let admitted = state.withLock { state in
      var admitted: [Waiter] = []
      var blocked: [Waiter] = []
      /// Lanes in which somebody is about to start.
      var starting: Set<String> = []
      for waiter in state.waiting {
        let running = state.running[waiter.lane.key, default: 0]
        if waiter.resume == nil, !waiter.isPaused { starting.insert(waiter.lane.key) }
        if waiter.isPaused || starting.contains(waiter.lane.key) || running >= waiter.lane.limit {
          blocked.append(waiter)
        } else {
          let places = max(1, min(waiter.wanted, waiter.lane.limit - running))
          state.running[waiter.lane.key] = running + places
          state.places[waiter.job.id] = places
          admitted.append(waiter)
        }
      }
      state.waiting = blocked
      return admitted
    }
    for waiter in admitted { waiter.resume?.resume() }
  }

  private func leave(_ job: Job) {
    state.withLock { Self.free($0.places[job.id] ?? 0, of: job, &$0) }
    admit()
  }

  private static func free(_ count: Int, of job: Job, _ state: inout State) {
    guard let lane = job.lane else { return }
    let running = (state.running[lane.key] ?? 0) - count
    state.running[lane.key] = running > 0 ? running : nil
    let rest = (state.places[job.id] ?? 0) - count
    state.places[job.id] = rest > 0 ? rest : nil
  }

  // MARK: Places

  /// How many associations a running job may have open at once.
  func places(of job: Job) -> Int { state.withLock { $0.places[job.id] ?? 1 } }

  /// Whether another job could start if this one gave up a place.
  func isPlaceWanted(by job: Job) -> Bool {
    state.withLock { state in
      guard let lane = job.lane else { return false }
      return state.waiting.contains { $0.lane.key == lane.key && !$0.isPaused }
    }
  }

  /// A running job needs one association fewer from now on; it keeps its last one until it ends.
  func giveUpPlace(of job: Job) {
    state.withLock { state in
      if state.places[job.id, default: 1] > 1 { Self.free(1, of: job, &state) }
    }
    admit()
  }

  private func withdraw(_ job: Job) {
    let waiter = state.withLock { state -> Waiter? in
      guard let index = state.waiting.firstIndex(where: { $0.job.id == job.id }) else { return nil }
      return state.waiting.remove(at: index)
    }
    waiter?.resume?.resume(throwing: CancellationError())
    admit()
  }

  /// A part changes the whole.
  private func tell(_ job: Job) {
    observers.tell(job)
    if let parent = job.parent { tell(parent) }
  }
}
