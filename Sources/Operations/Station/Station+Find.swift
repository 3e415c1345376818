import Dicom
import Synchronization

extension Station {
  /// C-FIND. `onMatch` gets each match as it arrives, on a thread that may block: the peer is held back meanwhile.
  ///
  /// Patient Root for patients, Study Root for the rest, the other where the peer refuses the context.
  public func find(
    _ modality: Modality, _ query: Query, timeout: TimeoutChoice = .inherited,
    onMatch: @escaping @Sendable (DataSet) -> Void
  ) -> Operation<FindResult> {
    let retry: @Sendable () -> Job = { [self] in find(modality, query, timeout: timeout, onMatch: onMatch).job }
    return run(
      .find(query), "find \(Words.many(query.level)) on \(modality.name)", modality, timeout,
      retry: retry
    ) { [self] job in
      let keys = try query.keys(for: modality)
      let search = Search(models: Self.findModels(query.level), capabilities: query.capabilities, text: query) {
        query.identifier(keys, characterSet: $0)
      }
      let unmet = UnmetKeys(keys)
      return try await find(modality, search, MatchCounter(limit: query.limit, unmet, job: job, onMatch), job)
    }
  }

  /// C-FIND on a worklist (PS3.4 §K.4.1); matches as in `find`.
  public func worklist(
    _ modality: Modality, _ query: WorklistQuery, timeout: TimeoutChoice = .inherited,
    onMatch: @escaping @Sendable (DataSet) -> Void
  ) -> Operation<FindResult> {
    let retry: @Sendable () -> Job = { [self] in worklist(modality, query, timeout: timeout, onMatch: onMatch).job }
    return run(
      .worklist(query), "worklist of \(modality.name)", modality, timeout,
      retry: retry
    ) { [self] job in
      let keys = try query.keys(for: modality)
      let search = Search(models: [.worklistFind], text: query.text) { query.identifier(keys, characterSet: $0) }
      let unmet = UnmetKeys(keys, value: WorklistQuery.value)
      return try await find(modality, search, MatchCounter(limit: query.limit, unmet, job: job, onMatch), job)
    }
  }

  /// What one C-FIND asks.
  private struct Search: Sendable {
    /// The first that the peer accepts.
    var models: [UID]
    var capabilities: QueryCapabilities = []
    /// Whose text decides about the character sets.
    var text: Query
    var identifier: @Sendable (CharacterSet) -> DataSet
  }

  private func find(
    _ modality: Modality, _ search: Search, _ matches: MatchCounter, _ job: Job
  ) async throws -> FindResult {
    let start = clock.now
    var end: Result<Status, any Error> = .success(.success)
    do {
      end = .success(try await status(of: search, modality, matches, job))
    } catch let error as AssociationError {
      end = .failure(error)
    }
    let result = Self.result(end, matches, modality, job, seconds: seconds(since: start))
    if let doubt = matches.unmet.doubt(modality) { job.remark(doubt) }
    return result
  }

  private func status(
    of search: Search, _ modality: Modality, _ matches: MatchCounter, _ job: Job
  ) async throws -> Status {
    let (models, capabilities) = (search.models, search.capabilities)
    let contexts = models.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Self.uncompressed) }
    let negotiations = capabilities.isEmpty ? [] : models.map { ExtendedNegotiation($0, capabilities) }
    return try await withAssociation(modality, contexts, negotiating: negotiations, job) { association in
      let model = models.first { association.acceptedTransferSyntax(for: $0) != nil } ?? models[0]
      matches.refusedCapabilities = capabilities.subtracting(association.queryCapabilities(for: model))
      let encoding = encoding(of: modality)
      var status = Status.success
      for characterSet in search.text.characterSets(default: encoding) {
        let identifier = search.identifier(characterSet)
        status = try await matches.counting {
          try await association.find(
            identifier, model: model, defaultCharacterSet: CharacterSet(orthancName: encoding) ?? .latin1,
            onMatch: matches.take)
        }
        // The peer may have understood the text only in the other character set.
        if matches.count > 0 || !status.isSuccess || job.isCancelled { break }
      }
      return status
    }
  }

  private static func result(
    _ end: Result<Status, any Error>, _ matches: MatchCounter, _ modality: Modality, _ job: Job, seconds: Double
  ) -> FindResult {
    let count = Words.count(matches.count, "match", "matches")
    var status: Status?
    let outcome: Outcome
    switch end {
    case _ where job.isCancelled: outcome = Outcome(.cancelled, "cancelled after \(count)")
    case _ where matches.isLimited: outcome = Outcome(.done, "first \(count); there are more")
    case .failure(let error) where matches.count > 0:
      outcome = Outcome(.partial, "\(count), and there may be more: \(error)")
    case .failure(let error):
      outcome = Outcome(error)
    case .success(let final) where final.isSuccess: outcome = Outcome(.done, count)
    case .success(let final) where matches.count > 0:
      outcome = Outcome(.partial, "\(count), then the peer ended it: \(final)")
    case .success(let final):
      outcome = Outcome(.failed, "\(modality.name) refused the query: \(final.advised)")
    }
    if case .success(let final) = end { status = final }
    return FindResult(
      status: status, matches: matches.count, isLimited: matches.isLimited,
      refusedCapabilities: matches.refusedCapabilities, unmetKeys: matches.unmet.tags, seconds: seconds,
      outcome: outcome)
  }
}

/// Counts matches and cancels the query when there is one more than wanted.
private final class MatchCounter: Sendable {
  private struct State {
    var count = 0
    var isLimited = false
    var refusedCapabilities: QueryCapabilities = []
    var cancel: (@Sendable () -> Void)?
  }

  let unmet: UnmetKeys
  private let limit: Int
  private let job: Job
  private let onMatch: @Sendable (DataSet) -> Void
  private let state = Mutex(State())

  init(limit: Int?, _ unmet: UnmetKeys, job: Job, _ onMatch: @escaping @Sendable (DataSet) -> Void) {
    self.limit = limit.map { $0 > 0 ? $0 : .max } ?? .max
    self.unmet = unmet
    self.job = job
    self.onMatch = onMatch
  }

  var count: Int { state.withLock { $0.count } }
  var isLimited: Bool { state.withLock { $0.isLimited } }
  /// What was wanted and the peer did not agree to.
  var refusedCapabilities: QueryCapabilities {
    get { state.withLock { $0.refusedCapabilities } }
    set { state.withLock { $0.refusedCapabilities = newValue } }
  }

  func take(_ match: DataSet) {
    let (count, cancel) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
      if state.count >= limit {
        state.isLimited = true
        return (nil, state.cancel)
      }
      state.count += 1
      return (state.count, nil)
    }
    cancel?()
    guard let count else { return }
    unmet.examine(match)
    onMatch(match)
    job.update { $0.received = count }
  }

  /// Runs the query so that reaching the limit cancels it, and only it.
  func counting(_ query: @escaping @Sendable () async throws -> Status) async throws -> Status {
    let task = Task { try await query() }
    state.withLock { $0.cancel = { task.cancel() } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
