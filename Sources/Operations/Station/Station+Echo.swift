import Dicom

extension Station {
  /// C-ECHO: whether the modality answers, and how fast.
  public func echo(_ modality: Modality, timeout: TimeoutChoice = .inherited) -> Operation<EchoResult> {
    let retry: @Sendable () -> Job = { [self] in echo(modality, timeout: timeout).job }
    return run(
      .echo, "echo \(modality.name)", modality, timeout,
      retry: retry
    ) { [self] job in try await echoOnce(modality, job) }
  }

  /// One C-ECHO on an association of its own: a peer that fails is a result too.
  ///
  /// - Parameter isLogged: whether the association gets its line in the activity; one of a thousand does not.
  func echoOnce(_ modality: Modality, _ job: Job, isLogged: Bool = true) async throws -> EchoResult {
    var result = EchoResult(
      modality: modality.name, aeTitle: modality.aeTitle, host: modality.host, port: modality.port, milliseconds: 0,
      outcome: Outcome(.done, ""))
    let start = clock.now
    do {
      try await echo(modality, job, start, isLogged, &result)
    } catch let error as AssociationError {
      if result.milliseconds == 0 { result.milliseconds = seconds(since: start) * 1000 }
      result.failedPhase = error.phase.rawValue
      result.phases.take(error.phases)
      result.outcome = Outcome(error)
    }
    return result
  }

  private func echo(
    _ modality: Modality, _ job: Job, _ start: ContinuousClock.Instant, _ isLogged: Bool, _ result: inout EchoResult
  ) async throws {
    // Whether an association can be opened is what an echo is to tell.
    let lease = try await lease(
      modality, [PresentationContextProposal(abstractSyntax: .verification, transferSyntaxes: Self.uncompressed)], job,
      isFresh: true, isLogged: isLogged)
    let association = lease.association
    result.phases.take(association.phases)
    result.peerImplementationClassUID = association.peer.implementationClassUID?.rawValue
    result.peerImplementationVersionName = association.peer.implementationVersionName
    result.peerMaximumPDULength = association.peer.maximumPDULength.map(Int.init)
    result.tls = association.peer.tls
    result.isCertificateNew = !job.snapshot.remarks.isEmpty
    result.identity = association.parameters.userIdentity?.description
    result.isIdentityConfirmed = association.peer.userIdentityResponse != nil
    let sent = clock.now
    let status = try await association.echo()
    let answered = clock.now
    result.phases.echo = sent.duration(to: answered).inMilliseconds
    result.milliseconds = start.duration(to: answered).inMilliseconds
    await pool.giveBack(lease, keeps: false)
    result.phases.release = answered.duration(to: clock.now).inMilliseconds
    if status.isSuccess {
      result.outcome = Outcome(.done, "answered in \(Words.milliseconds(result.milliseconds))")
    } else {
      result.failedPhase = "echo"
      result.outcome = Outcome(.failed, "\(modality.name) answered C-ECHO with \(status.advised)")
    }
  }
}
