import Dicom
import Synchronization

extension Station {
  /// C-ECHO: whether the modality answers, and how fast. Several go over one association, one after the other, until one
  /// fails; the last is the result, and `onAnswer` gets those before it, on an event loop.
  public func echo(
    _ modality: Modality, count: Int = 1, timeout: TimeoutChoice = .inherited,
    onAnswer: @escaping @Sendable (EchoResult) -> Void = { _ in }
  ) -> Operation<EchoResult> {
    let retry: @Sendable () -> Job = { [self] in
      echo(modality, count: count, timeout: timeout, onAnswer: onAnswer).job
    }
    return run(
      .echo(count: count), "echo \(modality.name)", modality, timeout,
      retry: retry
    ) { [self] job in try await echo(modality, count, job, onAnswer) }
  }

  /// One C-ECHO on an association of its own: a peer that fails is a result too.
  ///
  /// - Parameter isLogged: whether the association gets its line in the activity; one of a thousand does not.
  func echoOnce(_ modality: Modality, _ job: Job, isLogged: Bool = true) async throws -> EchoResult {
    try await echo(modality, 1, job, isLogged: isLogged)
  }

  private func echo(
    _ modality: Modality, _ count: Int, _ job: Job, isLogged: Bool = true,
    _ onAnswer: @escaping @Sendable (EchoResult) -> Void = { _ in }
  ) async throws -> EchoResult {
    var result = EchoResult(
      modality: modality.name, aeTitle: modality.aeTitle, host: modality.host, port: modality.port, milliseconds: 0,
      outcome: Outcome(.done, ""))
    let start = clock.now
    do {
      try await echo(modality, count, job, start, isLogged, &result, onAnswer)
    } catch let error as AssociationError {
      if result.milliseconds == 0 { result.milliseconds = seconds(since: start) * 1000 }
      result.failedPhase = error.phase.rawValue
      result.phases.take(error.phases)
      result.outcome = Outcome(error)
    }
    return result
  }

  private func echo(
    _ modality: Modality, _ count: Int, _ job: Job, _ start: ContinuousClock.Instant, _ isLogged: Bool,
    _ result: inout EchoResult, _ onAnswer: @escaping @Sendable (EchoResult) -> Void
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
    let answers = Answers(result, opening: start.duration(to: clock.now), onAnswer)
    do {
      try await association.echo(times: count) { answers.take($0, $1) }
    } catch {
      if let last = answers.last { onAnswer(last) }
      throw error
    }
    result = answers.last ?? result
    let answered = clock.now
    await pool.giveBack(lease, keeps: false)
    result.phases.release = answered.duration(to: clock.now).inMilliseconds
  }
}

/// Turns the answers to a row of C-ECHOs into results; all but the last are told as they come.
private final class Answers: Sendable {
  private let state: Mutex<(next: EchoResult, last: EchoResult?)>
  private let onAnswer: @Sendable (EchoResult) -> Void

  /// - Parameter opening: what the association took; it counts for the first.
  init(_ result: EchoResult, opening: Duration, _ onAnswer: @escaping @Sendable (EchoResult) -> Void) {
    var result = result
    result.milliseconds = opening.inMilliseconds
    state = Mutex((result, nil))
    self.onAnswer = onAnswer
  }

  func take(_ status: Status, _ time: Duration) {
    let before = state.withLock { state in
      let before = state.last
      var result = state.next
      result.phases.echo = time.inMilliseconds
      result.milliseconds += time.inMilliseconds
      if status.isSuccess {
        result.outcome = Outcome(.done, "answered in \(Words.milliseconds(result.milliseconds))")
      } else {
        result.failedPhase = "echo"
        result.outcome = Outcome(.failed, "\(result.modality) answered C-ECHO with \(status.advised)")
      }
      state.last = result
      // Only the first waits for the association.
      state.next.phases = EchoPhases()
      state.next.milliseconds = 0
      return before
    }
    if let before { onAnswer(before) }
  }

  var last: EchoResult? { state.withLock { $0.last } }
}
