import Dicom
import LocalIndex
import Synchronization

extension Station {
  /// Storage commitment for local patients, studies, series or instances that were sent before: asks the modality to keep
  /// them, and waits, as long as the `response` timeout, for its report, be it over the same association or over one that
  /// it opens to the fluoro that listens on this storage.
  public func commit(
    _ modality: Modality, ids: [String], localAET: String? = nil, timeout: TimeoutChoice = .inherited
  ) -> Operation<CommitResult> {
    let retry: @Sendable () -> Job = { [self] in
      commit(modality, ids: ids, localAET: localAET, timeout: timeout).job
    }
    return run(
      .commit(ids), "ask \(modality.name) to commit to \(Words.count(ids.count, "item"))", modality, timeout,
      retry: retry
    ) { [self] job in
      let list = try SendList(ids.map { .id($0) }) { try index }
      return try await commit(list.instances.map(\.reference), modality, localAET, job)
    }
  }

  /// - Throws: ``OperationError`` when the request cannot be kept, hence was not made.
  func commit(
    _ references: [SOPReference], _ modality: Modality, _ localAET: String?, _ job: Job
  ) async throws -> CommitResult {
    let request = CommitmentRequest(
      station: self, modality: modality, references: references, localAET: localAET, job: job)
    return try await request.result()
  }
}

/// One request for storage commitment and the wait for its report.
private struct CommitmentRequest {
  let station: Station
  let modality: Modality
  let references: [SOPReference]
  let localAET: String?
  let job: Job
  let transactionUID = UID.generate()

  func result() async throws -> CommitResult {
    let start = station.clock.now
    // Before the request: a report may come faster than its answer.
    let receiving = await station.startReceiving(
      as: station.configuration.callingAETitle(for: modality, override: localAET))
    do {
      try station.index.addCommitment(transactionUID, askedOf: modality.aeTitle, references)
    } catch {
      throw OperationError("the request cannot be kept, so nothing was asked: \(error)")
    }
    var status: Status?
    var failure: (any Error)?
    /// Whether the modality may have heard of it.
    var isMade = false
    do {
      let lease = try await station.lease(
        modality, as: localAET,
        [
          PresentationContextProposal(
            abstractSyntax: .storageCommitmentPushModel, transferSyntaxes: Station.uncompressed)
        ], job, isFresh: true)
      let association = lease.association
      let (index, activity, name) = (try station.index, station.activity, modality.name)
      association.onCommitmentReport { await EmbeddedSCP.take($0, index, activity, peer: name) }
      isMade = !association.contexts(for: .storageCommitmentPushModel).isEmpty
      status = try await association.requestCommitment(references, transactionUID: transactionUID)
      // The wait for the report outlives the association, where the peer ends that.
      await association.giveBack(job.deadlines)
      if status?.isSuccess == true { await awaitReport() }
      await station.pool.giveBack(lease, keeps: false)
    } catch {
      failure = error
    }
    var result = CommitResult(
      instances: [], status: status, transactionUID: transactionUID.rawValue, isReported: false,
      seconds: station.seconds(since: start), outcome: Outcome(.done, ""))
    let transaction = try station.index.commitment(transactionUID)
    result.isReported = transaction?.reported != nil
    let states = Dictionary(
      (transaction?.instances ?? []).map { ($0.reference.sopInstanceUID, $0.state) },
      uniquingKeysWith: { first, _ in first })
    result.instances = references.map { reference in
      let state: CommitmentState =
        switch states[reference.sopInstanceUID] ?? nil {
        case nil: .unknown
        case let status? where status.isSuccess: .committed
        case let status?: .refused(status)
        }
      return CommittedInstance(sopInstanceUID: reference.sopInstanceUID.rawValue, state: state)
    }
    // What the peer said counts, whether that can be noted or not.
    if !isMade || status?.isSuccess == false { try? station.index.forgetCommitment(transactionUID) }
    result.outcome = outcome(result, failure, receiving)
    return result
  }

  /// Returns when there is a report, when none came in time, or when the job is cancelled.
  private func awaitReport() async {
    let isOver = Mutex(false)
    job.deadlines.begin(.report) { _ in isOver.withLock { $0 = true } }
    // The report may come to another process; only the storage tells.
    while !isOver.withLock({ $0 }), !job.isCancelled {
      if let transaction = try? station.index.commitment(transactionUID), transaction.reported != nil { break }
      try? await Task.sleep(for: .milliseconds(100))
    }
    job.deadlines.end()
  }

  private func outcome(_ result: CommitResult, _ failure: (any Error)?, _ receiving: SCPState) -> Outcome {
    let count = Words.count(result.committed, "instance")
    let details = result.instances.compactMap { instance in
      instance.state.reason.map { "\(instance.sopInstanceUID): \($0)" }
    }
    if result.isReported {
      if result.committed == result.instances.count { return Outcome(.done, "\(modality.name) committed to \(count)") }
      return Outcome(
        result.committed > 0 ? .partial : .failed,
        "\(modality.name) committed to \(Words.grouped(result.committed)) of "
          + Words.count(result.instances.count, "instance"), details: details)
    }
    if job.isCancelled { return Outcome(.cancelled, "cancelled; \(modality.name) may report all the same") }
    if let failure { return Outcome(failure) }
    guard let status = result.status else { return Outcome(.failed, "no answer came") }
    guard status.isSuccess else { return Outcome(.failed, "\(modality.name) does not commit: \(status)") }
    let words = "\(modality.name) took the request and has not reported within the timeout; "
    switch receiving {
    case .off(let reason):
      return Outcome(
        .timedOut, words + "if it reports over an association of its own, nobody here receives that: \(reason)")
    case .listening, .elsewhere:
      return Outcome(
        .timedOut,
        words
          + "a longer --timeout waits longer, and a report that comes later to \(receiving.titles.first ?? "us"), port "
          + "\(receiving.port ?? 0), is noted")
    }
  }
}
