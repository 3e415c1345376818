import Dicom
import Foundation
import LocalIndex
import Synchronization

extension Station {
  /// One operation for each row of a file, one after the other, at the pace that is wanted. Each row's operation is a job of
  /// its own inside of this one. Paused, the row under way is broken off, and goes on with what is left of it; retried, what
  /// is done is not done again, nor what the file of results says is done.
  ///
  /// - Parameters:
  ///   - onMatch: each match of a find.
  ///   - onRow: each row with what became of it; an error it throws ends the job.
  ///   - date: the time on the wall.
  /// - Throws: ``OperationError``: the file of results cannot be used.
  public func bulk(
    _ modality: Modality, _ request: BulkRequest, timeout: TimeoutChoice = .inherited,
    date: @escaping @Sendable () -> Date = { Date() },
    onMatch: @escaping @Sendable (DataSet) -> Void = { _ in },
    onRow: @escaping @Sendable (BulkRow, BulkOutcome) throws -> Void = { _, _ in }
  ) throws -> Operation<BulkResult> {
    let results = try request.source.openResults()
    var run = BulkRun(
      station: self, modality: modality, request: request, timeout: timeout, ledger: BulkLedger(), results: results)
    (run.date, run.onMatch, run.onRow) = (date, onMatch, onRow)
    return bulk(run)
  }

  /// What another process has left of one: `done` holds the numbers of its rows that were done, and the SOP Instance UIDs
  /// that were acknowledged.
  func bulk(_ modality: Modality, _ request: BulkRequest, done: Set<String>) throws -> Operation<BulkResult> {
    bulk(
      BulkRun(
        station: self, modality: modality, request: request, timeout: .inherited, ledger: BulkLedger(done),
        results: try request.source.openResults()))
  }

  private func bulk(_ run: BulkRun) -> Operation<BulkResult> {
    let (modality, source) = (run.modality, run.request.source)
    let direction = if case .store = run.request.verb { "to" } else { "from" }
    let retry: @Sendable () -> Job = { [self] in
      var next = run
      next.ledger = run.ledger.next
      return bulk(next).job
    }
    return jobs.run(
      .bulk(run.request),
      title: "\(run.request.verb.words) \(Words.count(source.rows.count, "row")) \(direction) \(modality.name)",
      modality: modality,
      // Its rows need the places of the modality, and it none.
      lane: Job.Lane(key: "rows \(modality.address)", limit: .max), timeouts: timeouts(modality, run.timeout),
      clock: clock, retry: retry
    ) { job in try await run.perform(job) }
  }
}

/// What is known of rows, over pauses and retries.
private final class BulkLedger: Sendable {
  struct State {
    /// Numbers of rows.
    var done: Set<Int> = []
    var failed: Set<Int> = []
    /// How many were done before the job began.
    var earlier: Int?
    /// When the last row began.
    var lastBegin: Date?
    /// Rows that were broken off.
    var begun: Set<Int> = []
    /// SOP Instance UIDs that a send has had acknowledged.
    var acknowledged: Set<String> = []
  }

  let state = Mutex(State())

  init() {}

  /// - Parameter done: numbers of rows, and UIDs, which have a point.
  init(_ done: Set<String>) {
    state.withLock { state in
      state.done = Set(done.compactMap { Int($0) })
      state.acknowledged = done.filter { $0.contains(".") }
    }
  }

  /// For the same once more: what failed is tried again.
  var next: BulkLedger {
    let next = BulkLedger()
    state.withLock { state in
      let (done, acknowledged) = (state.done, state.acknowledged)
      next.state.withLock { ($0.done, $0.acknowledged) = (done, acknowledged) }
    }
    return next
  }

  func noteDone(_ rows: [BulkRow]) { state.withLock { $0.done.formUnion(rows.map(\.number)) } }

  /// What is done by now was done before.
  func begin() {
    state.withLock { state in
      if state.earlier == nil { state.earlier = state.done.count }
    }
  }

  func isToBeDone(_ row: BulkRow) -> Bool {
    state.withLock { !$0.done.contains(row.number) && !$0.failed.contains(row.number) }
  }
}

/// The rows of one job.
private struct BulkRun: Sendable {
  let station: Station
  let modality: Modality
  let request: BulkRequest
  let timeout: TimeoutChoice
  var ledger: BulkLedger
  let results: BulkResults?
  var date: @Sendable () -> Date = { Date() }
  var onMatch: @Sendable (DataSet) -> Void = { _ in }
  var onRow: @Sendable (BulkRow, BulkOutcome) throws -> Void = { _, _ in }

  func perform(_ job: Job) async throws -> BulkResult {
    let rows = request.source.rows
    if let results { ledger.noteDone(rows.filter(results.isDone)) }
    let todo = rows.filter(ledger.isToBeDone)
    ledger.begin()
    tell(job)
    // A row that was broken off may have brought something: what another process has left cannot say which.
    var mayBeBegun = job.isResumed
    for row in todo {
      try await wait(row, job)
      let outcome = try await outcome(of: row, job, onlyRest: mayBeBegun)
      mayBeBegun = false
      // What was interrupted is to be done again.
      if outcome.state == .cancelled { break }
      try results?.add(row, outcome)
      ledger.state.withLock { state in
        _ = outcome.state == .done ? state.done.insert(row.number) : state.failed.insert(row.number)
      }
      if outcome.state == .done { station.jobs.note("\(row.number)", of: job) }
      try onRow(row, outcome)
      tell(job)
      if let limit = request.source.stopAfter, ledger.state.withLock({ $0.failed.count }) >= limit {
        return result(job, isStopped: true)
      }
    }
    return result(job)
  }

  private func tell(_ job: Job) {
    let (done, failed) = ledger.state.withLock { ($0.done.count, $0.failed.count) }
    let total = request.source.rows.count
    job.update { progress in
      (progress.total, progress.completed, progress.failed) = (total, done, failed)
      progress.current = ""
    }
  }

  private func result(_ job: Job, isStopped: Bool = false) -> BulkResult {
    let rows = request.source.rows.count
    let (done, failed, earlier) = ledger.state.withLock { ($0.done.count, $0.failed.count, $0.earlier ?? 0) }
    var result = BulkResult(
      rows: rows, earlier: earlier, done: done - earlier, failed: failed, outcome: Outcome(.done, ""))
    if job.isCancelled {
      result.outcome = Outcome(.cancelled, "cancelled after \(Words.count(done - earlier + failed, "row"))")
    } else if isStopped {
      result.outcome = Outcome(.partial, "stopped: \(failed) of the rows failed; \(rows - earlier) were to be done")
    } else if failed > 0 {
      result.outcome = Outcome(
        failed < rows ? .partial : .failed, "\(failed) of \(rows) rows failed, or are not whole")
    } else {
      result.outcome = Outcome(
        .done, "\(Words.count(rows, "row")) done" + (earlier > 0 ? ", \(Words.grouped(earlier)) of them before" : ""))
    }
    return result
  }

  // MARK: The pace

  /// Returns when a row may begin.
  private func wait(_ row: BulkRow, _ job: Job) async throws {
    let pace = request.source.pace
    let time = pace.next(after: ledger.state.withLock { $0.lastBegin }, now: date())
    while true {
      try Task.checkCancellation()
      let left = time.timeIntervalSince(date())
      if left <= 0 { break }
      if left > 1 {
        let clock = time.formatted(date: .omitted, time: .standard)
        job.update { $0.current = "row \(row.number) waits until \(clock)" }
      }
      // The clock on the wall may be set meanwhile.
      try await station.clock.sleep(for: .seconds(min(left, 10)))
    }
    ledger.state.withLock { $0.lastBegin = date() }
    job.update { $0.current = "row \(row.number): \(row.words)" }
  }

  // MARK: One row

  private func outcome(of row: BulkRow, _ job: Job, onlyRest: Bool) async throws -> BulkOutcome {
    let wasBegun = ledger.state.withLock { !$0.begun.insert(row.number).inserted } || onlyRest
    do {
      return try await JobQueue.$parent.withValue(job) { try await operation(for: row, job, wasBegun) }
    } catch let error as OperationError {
      return BulkOutcome(.failed, "\(error)")
    }
  }

  private func operation(for row: BulkRow, _ job: Job, _ wasBegun: Bool) async throws -> BulkOutcome {
    switch request.verb {
    case .find(var query):
      query.keys += row.keys
      let result = try await value(station.find(modality, query, timeout: timeout, onMatch: onMatch), row, job)
      return BulkOutcome(result.outcome.state, result.outcome.words, instances: result.matches)
    case .move(let template):
      guard let named = try await station.retrieveRequest(of: row, from: modality, timeout: timeout) else {
        return BulkOutcome(.failed, "nothing matches on \(modality.name)")
      }
      var request = template
      (request.level, request.items) = (named.level, named.items)
      if wasBegun { request = request.again }
      let result = try await value(station.move(modality, request, timeout: timeout), row, job)
      return BulkOutcome(
        result.outcome.state, result.outcome.words,
        instances: request.target == nil ? result.received : result.items.reduce(0) { $0 + ($1.completed ?? 0) })
    case .store(let template):
      let ids = try station.localIDs(of: row)
      if ids.isEmpty { return BulkOutcome(.failed, "nothing here matches") }
      var request = template
      request.sources = ids.map { .id($0) }
      if wasBegun { request.acknowledged = ledger.state.withLock { $0.acknowledged } }
      let (ledger, jobs) = (ledger, station.jobs)
      let operation = station.store(modality, request, timeout: timeout) { instance in
        guard instance.isStored else { return }
        ledger.state.withLock { _ = $0.acknowledged.insert(instance.sopInstanceUID) }
        jobs.note(instance.sopInstanceUID, of: job)
      }
      let result = try await value(operation, row, job)
      if result.outcome.state != .cancelled {
        let sent = result.instances.map(\.sopInstanceUID)
        ledger.state.withLock { $0.acknowledged.subtract(sent) }
      }
      return BulkOutcome(
        result.outcome.state, result.outcome.words, instances: result.completed + result.warning + result.earlier)
    }
  }

  /// Waits for the end; what the row's own job remarks is said of the row.
  private func value<Value: Sendable>(_ operation: Operation<Value>, _ row: BulkRow, _ job: Job) async throws -> Value {
    let value = try await operation.value()
    for remark in operation.job.snapshot.remarks { job.remark("row \(row.number): \(remark)") }
    return value
  }
}
