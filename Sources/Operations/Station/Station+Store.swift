import Dicom

extension Station {
  /// How often an association that was lost is asked for again before a person is.
  static let reconnections = 5

  /// C-STORE of local instances or files. `onInstance` gets the fate of each as it becomes known. When an association is
  /// lost, what had no answer goes over another one. Retried, it sends what was not acknowledged. `endsProcess`
  /// says that nothing else follows that associations could be of use for.
  public func store(
    _ modality: Modality, _ request: SendRequest, timeout: TimeoutChoice = .inherited, endsProcess: Bool = false,
    onInstance: @escaping @Sendable (SentInstance) -> Void = { _ in }
  ) -> Operation<StoreResult> {
    let ledger = SendLedger(request)
    let retry: @Sendable () -> Job = { [self] in
      store(
        modality, ledger.next, timeout: timeout, endsProcess: endsProcess, onInstance: onInstance
      ).job
    }
    let what = Words.count(request.sources.count, "item")
    let title = request.acknowledged.isEmpty ? "send \(what)" : "send the rest of \(what)"
    return run(
      .store(request), "\(title) to \(modality.name)", modality, timeout,
      associations: request.associations, retry: retry
    ) { [self] job in
      let originator = try check(request, modality)
      let list = try SendList(request.sources) { try index }
      let isKeeping = jobs.isKeeping
      let instances = ledger.begin(list.instances, isAsked: isKeeping)
      let start = clock.now
      let progress = SendProgress(instances, after: ledger.earlier(list.instances, of: job), job: job)
      let associations = AssociationCount()
      var sender = sender(to: modality, request, originator, job, associations)
      // What is recorded has the ends of connections in it; and a peer with one process may serve others before we end.
      sender.keepsAssociations = !endsProcess
      sender.closesConnections = request.associations == 1 || trace != nil
      sender.onBytes = { progress.sent($1, of: $0) }
      sender.onReconnection = { number, loss, pause in
        job.remark(
          "\(progress.words) when this came: \(loss) What has no answer goes over another association"
            + (pause > .zero ? " in \(pause.inWords)" : "") + ", attempt \(number) of \(Self.reconnections)")
      }
      sender.onInstance = { [jobs] number, instance in
        let uid = instance.sopInstanceUID
        if instance.isStored, isKeeping, !ledger.isRepeated(uid) { jobs.note(uid, of: job) }
        progress.ended(instance, number)
        onInstance(instance)
      }
      let conversions = ConversionCount()
      sender.onConversion = { conversions.note($0, $1) }
      let (results, failure) = await sender.send(instances)
      progress.publish()
      ledger.note(results)
      let useful = min(request.associations, instances.count)
      if let words = associations.words(asked: useful, tried: sender.associations, modality) { job.remark(words) }
      if let words = conversions.words(modality) { job.remark(words) }
      if let failure, !(failure is AssociationError), !(failure is CancellationError) { throw failure }
      var result = StoreResult(instances: results, seconds: seconds(since: start), outcome: Outcome(.done, ""))
      result.earlier = list.instances.count - instances.count
      if request.associations > 1 { result.associations = associations.granted }
      result.outcome = Self.outcome(result, failure, list, job)
      for words in result.warnings { job.remark(words) }
      if request.storageCommitment ?? modality.storageCommitment, !job.isCancelled {
        try await commit(stored(list.instances, result, ledger), &result, modality, request.localAET, job)
      }
      if result.outcome.state == .done { ledger.noteWhole() }
      return result
    }
  }

  private func sender(
    to modality: Modality, _ request: SendRequest, _ originator: MoveOriginator?, _ job: Job,
    _ associations: AssociationCount
  ) -> InstanceSender {
    var sender = InstanceSender(
      pool: pool,
      lease: { [self] contexts, deadlines, isFresh in
        try await lease(modality, as: request.localAET, contexts, job, deadlines, isFresh: isFresh)
      }, moveOriginator: originator, deadlines: job.deadlines)
    sender.associations = jobs.places(of: job)
    sender.reconnections = Self.reconnections
    sender.converts = modality.allowTranscoding
    sender.onAssociation = { associations.note($0, $1) }
    sender.isAnotherWaiting = { [jobs] in jobs.isPlaceWanted(by: job) }
    sender.onFewer = { [jobs] in jobs.giveUpPlace(of: job) }
    sender.isCancelled = { job.isCancelled }
    return sender
  }

  /// What the station has of a list: it took it now, or before.
  private func stored(
    _ instances: [OutgoingInstance], _ result: StoreResult, _ ledger: SendLedger
  ) -> [OutgoingInstance] {
    let stored = ledger.acknowledged.union(result.instances.filter(\.isStored).map(\.sopInstanceUID))
    return instances.filter { stored.contains($0.sopInstanceUID.rawValue) }
  }

  /// Asks the modality to keep what it has taken, now or before.
  private func commit(
    _ instances: [OutgoingInstance], _ result: inout StoreResult, _ modality: Modality, _ localAET: String?, _ job: Job
  ) async throws {
    if instances.isEmpty { return }
    let commitment = try await commit(instances.map(\.reference), modality, localAET, job)
    let states = Dictionary(
      commitment.instances.map { ($0.sopInstanceUID, $0.state) }, uniquingKeysWith: { first, _ in first })
    for index in result.instances.indices where result.instances[index].isStored {
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
    let asked = result.instances.count
    let total = Words.count(asked, "instance")
    var words = stored == asked ? total : "\(Words.grouped(stored)) of \(total)"
    if asked == 0 { words = "nothing was left to send" }
    if result.warning > 0 { words += ", \(result.warning) with a warning" }
    if result.earlier > 0 { words += ", \(Words.grouped(result.earlier)) acknowledged before" }
    var details: [String] = []
    if result.failed > result.unsent {
      details += result.instances.filter { !$0.isStored && !$0.isUnsent }.map(\.sentence)
    }
    if result.warning > 0 {
      details += result.instances.filter { $0.isStored && $0.status?.isWarning == true }.map {
        "stored with a warning: \($0.sentence)"
      }
    }
    details += list.skipped
    if job.isCancelled { return Outcome(.cancelled, "cancelled after \(words)", details: details) }
    if let failure {
      let state = stored > 0 ? .partial : Outcome(failure).state
      return Outcome(state, "\(words): \(Outcome(failure).words)", details: details)
    }
    if result.failed == 0 {
      return Outcome(
        .done, asked == 0 ? words : "\(words), \(Words.bytes(result.bytes)) in \(Words.elapsed(result.seconds))",
        details: details)
    }
    let first = result.instances.first { !$0.isStored }
    let reason = first.flatMap { $0.problem ?? $0.status?.advised }.map { ": \($0)" } ?? ""
    return Outcome(stored > 0 ? .partial : .failed, words + reason, details: details)
  }
}
