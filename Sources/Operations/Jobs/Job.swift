import Dicom
import Foundation
import LocalIndex
import Synchronization

/// One thing a person asked for: its state, progress, deadline and outcome. Safe from any thread.
public final class Job: Sendable, Identifiable {
  public let id: Int
  public let request: JobRequest
  public var kind: JobKind { request.kind }
  /// What it does, without patient data: `echo PACS1`, `move 1 study from PACS1`.
  public let title: String
  /// The modality's name.
  public let modality: String?
  public let created = Date()
  /// The clock and the limits of all its waits.
  let deadlines: Deadlines
  /// `host:port` of the modality.
  let address: String?
  /// At most so many jobs with this key run at once.
  let lane: Lane?
  /// The job that this is a part of: a row of many.
  public let parent: Job?
  private let retryAction: (@Sendable () -> Job)?

  struct Lane: Sendable, Hashable {
    var key: String
    var limit: Int
  }

  private struct State {
    /// What it is apart from what its wait says: queued, paused, or running.
    var phase = Phase.queued
    var started: ContinuousClock.Instant?
    var startedDate: Date?
    var ended: ContinuousClock.Instant?
    var progress = JobProgress()
    var meter = RateMeter()
    /// Nil until what runs now has counted something.
    var pace: JobPace?
    var outcome: Outcome?
    var remarks: [String] = []
    var connections: [Int] = []
    var isCancelRequested = false
    /// It is to be paused as soon as it can.
    var isBreakRequested = false
    /// It was broken off, and goes on with what is left.
    var isResumed = false
    var leftover: LeftoverJob?
    var cancelAction: (@Sendable () -> Void)?
    var onChange: (@Sendable (Job) -> Void)?
    /// The part of it that runs now.
    var child: Job?
  }

  enum Phase: Sendable { case queued, paused, running, ended }

  private let state = Mutex(State())

  init(
    id: Int, request: JobRequest, title: String, modality: Modality?, lane: Lane?, deadlines: Deadlines,
    parent: Job? = nil, retry: (@Sendable () -> Job)?
  ) {
    self.id = id
    self.request = request
    self.title = title
    self.modality = modality?.name
    address = modality?.address
    self.parent = parent
    self.lane = lane
    self.deadlines = deadlines
    retryAction = retry
    deadlines.onChange { [weak self] in self?.changed() }
  }

  public var snapshot: JobSnapshot {
    var snapshot = ownSnapshot
    guard let child = state.withLock({ $0.child }), snapshot.state == .waiting else { return snapshot }
    // What is waited for is what the part of it that runs waits for.
    let part = child.snapshot
    guard !part.state.hasEnded else { return snapshot }
    (snapshot.wait, snapshot.rate, snapshot.responseTimeout) = (part.wait, part.rate, part.responseTimeout)
    snapshot.part = part.progress
    // In a queue it is for the place of the whole.
    if part.state != .queued { snapshot.state = part.state }
    return snapshot
  }

  private var ownSnapshot: JobSnapshot {
    let now = deadlines.clock.now
    let wait = deadlines.current
    let limit = deadlines.timeouts.response
    return state.withLock { state in
      JobSnapshot(
        id: id, kind: kind, title: title, modality: modality, state: words(for: state, wait), created: created,
        started: state.started, ended: state.ended, wait: state.phase == .running ? wait : nil,
        progress: state.progress, pace: state.phase == .running ? state.pace : nil,
        rate: state.phase == .running ? state.meter.rate(total: state.progress.bytes, at: now) : 0,
        outcome: state.outcome, responseTimeout: limit, remarks: state.remarks,
        leftover: state.leftover)
    }
  }

  private func words(for state: State, _ wait: Wait?) -> JobState {
    switch state.phase {
    case .queued: return .queued
    case .paused: return .paused
    case .ended: return state.outcome?.state ?? .done
    case .running:
      if state.isCancelRequested { return .cancelling }
      guard let wait else { return .waiting }
      guard case .response = wait.kind, state.progress.received > 0 || state.progress.bytes > 0 else {
        return JobState(wait)
      }
      // Between two instances the response is what is waited for; the person sees them come, or go.
      return kind == .store ? .sending : .receiving
    }
  }

  /// Ends it: C-CANCEL and release where it runs, out of the queue where it waits. Returns at once.
  public func cancel() {
    let action = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.phase != .ended, !state.isCancelRequested || state.isBreakRequested else { return nil }
      state.isBreakRequested = false
      state.isCancelRequested = true
      return state.cancelAction
    }
    action?()
    changed()
  }

  /// Breaks a running job off, to wait and go on later. False where it does not run, or where that has no meaning.
  func breakOff() -> Bool {
    guard [.move, .get, .store, .bulk].contains(kind) else { return false }
    let action = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.phase == .running, !state.isCancelRequested else { return nil }
      state.isBreakRequested = true
      state.isCancelRequested = true
      return state.cancelAction ?? {}
    }
    action?()
    changed()
    return action != nil
  }

  /// It has been broken off, as it should be: it can run again. False where it was not to be, or was cancelled since.
  func takeBreak() -> Bool {
    state.withLock { state in
      guard state.isBreakRequested else { return false }
      (state.isBreakRequested, state.isCancelRequested, state.isResumed) = (false, false, true)
      return true
    }
  }

  /// What it does has begun before: only what is left is to be done.
  var isResumed: Bool { state.withLock { $0.isResumed } }

  var isLeftover: Bool { state.withLock { $0.leftover != nil } }

  /// It is made of one that another process left.
  func note(_ kept: KeptJob) {
    let leftover = LeftoverJob(
      user: kept.user, created: kept.created, done: kept.done.count,
      title: KeptRequest.title(json: kept.request) ?? request.title)
    state.withLock { ($0.leftover, $0.isResumed) = (leftover, true) }
  }

  public var isCancelled: Bool { state.withLock { $0.isCancelRequested } }

  /// More time for the wait that runs now; less with a negative duration.
  public func extend(by duration: Duration) {
    deadlines.extend(by: duration)
    state.withLock { $0.child }?.extend(by: duration)
  }

  /// Another timeout for all its waits, the one that runs now too; nil: no limit.
  public func setTimeout(_ limit: Duration?) {
    deadlines.set(Timeouts(all: limit))
    state.withLock { $0.child }?.setTimeout(limit)
  }

  /// The same again as a new job; nil where that has no meaning.
  public func retry() -> Job? { retryAction?() }

  // MARK: For those that run it

  func onChange(_ observer: @escaping @Sendable (Job) -> Void) { state.withLock { $0.onChange = observer } }

  /// What ``cancel()`` does beside noting it; at once if it has been asked for already.
  func onCancel(_ action: @escaping @Sendable () -> Void) {
    let isTooLate = state.withLock { state in
      state.cancelAction = action
      return state.isCancelRequested
    }
    if isTooLate { action() }
  }

  func enter(_ phase: Phase) {
    let now = deadlines.clock.now
    state.withLock { state in
      guard state.phase != .ended else { return }
      state.phase = phase
      guard phase == .running else { return }
      // What it did before a pause says nothing of how fast it is now.
      (state.meter, state.pace) = (RateMeter(), nil)
      guard state.started == nil else { return }
      state.started = now
      state.startedDate = Date()
      if !state.isResumed { state.meter.note(total: 0, at: now) }
    }
    changed()
  }

  func update(_ change: (inout JobProgress) -> Void) {
    let now = deadlines.clock.now
    state.withLock { state in
      change(&state.progress)
      state.meter.note(total: state.progress.bytes, at: now)
      let done = state.progress.done
      if state.pace.map({ done < $0.done }) ?? true { state.pace = JobPace(since: now, done: done) }
    }
    changed()
  }

  /// A part of it has begun; nil: it has ended.
  func follow(_ child: Job?) { state.withLock { $0.child = child } }

  /// Says something that a person should know whatever the outcome is.
  func remark(_ words: String) {
    state.withLock { $0.remarks.append(words) }
    changed()
  }

  /// A connection it opened, or tried to, by the number traces know it by.
  func note(connection: Int?) {
    if let connection { state.withLock { $0.connections.append(connection) } }
  }

  /// When it left the queue, by the clock on the wall.
  var startedDate: Date? { state.withLock { $0.startedDate } }

  var connections: [Int] { state.withLock { $0.connections } }

  func end(_ outcome: Outcome) {
    let now = deadlines.clock.now
    state.withLock { state in
      guard state.phase != .ended else { return }
      state.phase = .ended
      state.outcome = outcome
      state.ended = now
      state.cancelAction = nil
    }
    changed()
  }

  private func changed() {
    let observer = state.withLock { $0.onChange }
    observer?(self)
  }
}

/// A job together with what it will give.
public struct Operation<Value: Sendable>: Sendable {
  public let job: Job
  private let task: Task<Value, any Error>

  init(job: Job, task: Task<Value, any Error>) {
    self.job = job
    self.task = task
  }

  /// Waits for the end. A peer that fails is a result that says so; if the waiting task is cancelled, so is the job.
  ///
  /// - Throws: ``OperationError`` when the operation was refused before it began.
  public func value() async throws -> Value {
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      job.cancel()
    }
  }
}
