import Dicom
import Synchronization

extension Station {
  /// C-STORE of local instances or files. `onInstance` gets the fate of each as it becomes known.
  public func store(
    _ modality: Modality, _ request: SendRequest, timeout: TimeoutChoice = .inherited,
    onInstance: @escaping @Sendable (SentInstance) -> Void = { _ in }
  ) -> Operation<StoreResult> {
    let what = Words.count(request.sources.count, "item")
    let retry: @Sendable () -> Job = { [self] in store(modality, request, timeout: timeout, onInstance: onInstance).job
    }
    return run(
      .store(request), "send \(what) to \(modality.name)", modality, timeout,
      associations: request.associations, retry: retry
    ) { [self] job in
      let originator = try check(request, modality)
      let list = try SendList(request.sources) { try index }
      let start = clock.now
      let progress = SendProgress(total: list.instances.count, job: job)
      var sender = InstanceSender(
        pool: pool,
        lease: { [self] contexts, isFresh in
          try await lease(modality, as: request.localAET, contexts, job, isFresh: isFresh)
        }, moveOriginator: originator)
      sender.associations = jobs.places(of: job)
      let associations = AssociationCount()
      sender.onAssociation = { associations.note($0, $1) }
      sender.isAnotherWaiting = { [jobs] in jobs.isPlaceWanted(by: job) }
      sender.onFewer = { [jobs] in jobs.giveUpPlace(of: job) }
      sender.isCancelled = { job.isCancelled }
      sender.onBytes = { progress.sent($1, of: $0) }
      sender.onInstance = { number, instance in
        progress.ended(instance, number)
        onInstance(instance)
      }
      let (results, failure) = await sender.send(list.instances)
      let useful = min(request.associations, list.instances.count)
      if let words = associations.words(asked: useful, tried: sender.associations, modality) { job.remark(words) }
      if let failure, !(failure is AssociationError), !(failure is CancellationError) { throw failure }
      var result = StoreResult(instances: results, seconds: seconds(since: start), outcome: Outcome(.done, ""))
      if request.associations > 1 { result.associations = associations.granted }
      result.outcome = Self.outcome(result, failure, list, job)
      if request.storageCommitment ?? modality.storageCommitment, !job.isCancelled {
        try await commit(list.instances, &result, modality, request.localAET, job)
      }
      return result
    }
  }

  /// Asks the modality to keep what it has taken.
  private func commit(
    _ instances: [OutgoingInstance], _ result: inout StoreResult, _ modality: Modality, _ localAET: String?, _ job: Job
  ) async throws {
    let stored = Set(result.instances.filter(\.isStored).map(\.sopInstanceUID))
    let references = instances.map(\.reference).filter { stored.contains($0.sopInstanceUID.rawValue) }
    if references.isEmpty { return }
    let commitment = try await commit(references, modality, localAET, job)
    let states = Dictionary(
      commitment.instances.map { ($0.sopInstanceUID, $0.state) }, uniquingKeysWith: { first, _ in first })
    for index in result.instances.indices {
      result.instances[index].commitment = states[result.instances[index].sopInstanceUID]
    }
    result.commitment = commitment
    // Stored, and not known to be kept: done in part.
    let asked = commitment.outcome
    let state = result.outcome.state == .done && asked.state != .done ? .partial : result.outcome.state
    result.outcome = Outcome(
      asked.state == .cancelled ? .cancelled : state, "\(result.outcome.words); \(asked.words)",
      details: result.outcome.details + asked.details)
  }

  /// What must not be sent.
  private func check(_ request: SendRequest, _ modality: Modality) throws(OperationError) -> MoveOriginator? {
    if configuration.readOnly { throw OperationError("ReadOnly is set: nothing is sent to other stations") }
    try check(request.confirmation, against: nameToConfirm(storingTo: modality))
    guard let id = request.moveOriginatorID else {
      if request.moveOriginatorAET != nil {
        throw OperationError("a move originator's AE title needs the message id of its C-MOVE, 1 to 65535")
      }
      return nil
    }
    guard id > 0 else { throw OperationError("0 is no message id; expected 1 to 65535") }
    let title = request.moveOriginatorAET ?? configuration.callingAETitle(for: modality, override: request.localAET)
    if let complaint = Modality.complaint(aboutAETitle: title) { throw OperationError(complaint) }
    return MoveOriginator(aeTitle: title, messageID: id)
  }

  private static func outcome(_ result: StoreResult, _ failure: (any Error)?, _ list: SendList, _ job: Job) -> Outcome {
    let stored = result.completed + result.warning
    let total = Words.count(list.instances.count, "instance")
    var words = stored == list.instances.count ? total : "\(Words.grouped(stored)) of \(total)"
    if result.warning > 0 { words += ", \(result.warning) with a warning" }
    var details = result.instances.filter { !$0.isStored || $0.status?.isWarning == true }.map { instance in
      "\(instance.sopInstanceUID): \(instance.problem ?? instance.status.map { "\($0)" } ?? "no answer")"
    }
    details += list.skipped.map { "not a DICOM file, left out: \($0)" }
    if job.isCancelled { return Outcome(.cancelled, "cancelled after \(words)", details: details) }
    if let failure {
      let state = stored > 0 ? .partial : Outcome(failure).state
      return Outcome(state, "\(words): \(Outcome(failure).words)", details: details)
    }
    if result.failed == 0 {
      return Outcome(
        .done, "\(words), \(Words.bytes(result.bytes)) in \(Words.elapsed(result.seconds))", details: details)
    }
    let first = result.instances.first { !$0.isStored }
    let reason = first.flatMap { $0.problem ?? $0.status?.advised }.map { ": \($0)" } ?? ""
    return Outcome(stored > 0 ? .partial : .failed, words + reason, details: details)
  }
}

/// How many of the associations that were wanted at once were had.
private final class AssociationCount: Sendable {
  private let state = Mutex<(granted: Set<Int>, failure: (any Error)?)>(([], nil))

  var granted: Int { state.withLock { $0.granted.count } }

  func note(_ number: Int, _ failure: (any Error)?) {
    state.withLock { state in
      if failure == nil { state.granted.insert(number) }
      state.failure = state.failure ?? failure
    }
  }

  /// One line where there were fewer than asked for, although there was something to send; nil otherwise.
  func words(asked: Int, tried: Int, _ modality: Modality) -> String? {
    let (granted, failure) = state.withLock { ($0.granted.count, $0.failure) }
    guard granted > 0, granted < asked else { return nil }
    let had = "sent over \(Words.count(granted, "association")) instead of \(asked)"
    if granted < tried, let failure { return "\(had): \(Outcome(failure).words)" }
    guard tried < asked else { return nil }
    return "\(had): MaximumAssociations of \(modality.name) is \(modality.maximumAssociations), other jobs included"
  }
}

/// Sums up what has gone out.
private final class SendProgress: Sendable {
  private struct State {
    var completed = 0
    var failed = 0
    var warning = 0
    var bytes: Int64 = 0
    /// Bytes sent of instances that are not answered yet, by their number.
    var underWay: [Int: Int] = [:]
  }

  private let total: Int
  private let job: Job
  private let state = Mutex(State())

  init(total: Int, job: Job) {
    self.total = total
    self.job = job
    publish()
  }

  func sent(_ bytes: Int, of number: Int) {
    state.withLock { $0.underWay[number] = bytes }
    publish()
  }

  func ended(_ instance: SentInstance, _ number: Int) {
    state.withLock { state in
      state.underWay[number] = nil
      if !instance.isStored {
        state.failed += 1
      } else {
        if instance.status?.isWarning == true { state.warning += 1 } else { state.completed += 1 }
        state.bytes += Int64(instance.bytes)
      }
    }
    publish()
  }

  private func publish() {
    let now = state.withLock { $0 }
    job.update { [total] progress in
      progress.total = total
      progress.completed = now.completed
      progress.failed = now.failed
      progress.warning = now.warning
      progress.remaining = total - now.completed - now.failed - now.warning
      progress.bytes = now.underWay.values.reduce(now.bytes) { $0 + Int64($1) }
    }
  }
}
