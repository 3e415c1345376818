import Dicom

extension Station {
  /// The `response` timeout and those of the steps before it: a person who says 3 seconds means any step without an
  /// answer.
  func timeouts(_ modality: Modality, _ choice: TimeoutChoice) -> Timeouts {
    Timeouts(all: configuration.responseTimeout(for: modality, choice))
  }

  /// Runs a job towards a modality and tells the activity log how it ended.
  func run<Value: OperationResult>(
    _ request: JobRequest, _ title: String, _ modality: Modality, _ timeout: TimeoutChoice,
    associations: Int = 1, retry: @escaping @Sendable () -> Job,
    _ body: @escaping @Sendable (Job) async throws -> Value
  ) -> Operation<Value> {
    let activity = activity
    return jobs.run(
      request, title: title, modality: modality, associations: associations, timeouts: timeouts(modality, timeout),
      clock: clock, retry: retry
    ) { job in
      do {
        let value = try await body(job)
        Self.log(value.outcome, of: job, modality, activity)
        return value
      } catch {
        Self.log(Outcome(error), of: job, modality, activity)
        throw error
      }
    }
  }

  private static func log(_ outcome: Outcome, of job: Job, _ modality: Modality, _ activity: ActivityLog) {
    let kindOfEntry: ActivityEntry.Kind = outcome.state == .rejected ? .rejection : .result
    activity.add(
      kindOfEntry, peer: modality.name, "\(job.kind.words) \(outcome.sentence)",
      details: outcome.details, connections: job.connections)
  }

  /// Orthanc's name of the character set for text that names none.
  func encoding(of modality: Modality) -> String { modality.defaultEncoding ?? configuration.defaultEncoding }

  /// An association to a modality: one that waits for work, unless it is to be `isFresh`, or a new one. To be given back to
  /// the pool. `storing` are SOP classes whose instances we are to receive on it; `deadlines` a branch of the job's, where
  /// others work for it at the same time.
  ///
  /// - Throws: `AssociationError`, or ``OperationError`` when it may or can not be opened at all.
  func lease(
    _ modality: Modality, as localAET: String? = nil, _ contexts: [PresentationContextProposal], storing: [UID] = [],
    negotiating extendedNegotiations: [ExtendedNegotiation] = [], _ job: Job, _ deadlines: Deadlines? = nil,
    isFresh: Bool = false, isLogged: Bool = true
  ) async throws -> Lease {
    var parameters = try Self.parameters(
      modality, callingAETitle: configuration.callingAETitle(for: modality, override: localAET), contexts,
      maximumPDULength: configuration.maximumPDULength, security: peers.security(to: modality))
    parameters.roleSelections = storing.map { RoleSelection(sopClassUID: $0, isSCU: false, isSCP: true) }
    parameters.extendedNegotiations = extendedNegotiations
    let lease: Lease
    do {
      lease = try await patiently(modality, job) { [parameters] in
        try await pool.lease(
          parameters, limit: modality.maximumAssociations, deadlines: deadlines ?? job.deadlines, isFresh: isFresh)
      }
    } catch let error as AssociationError {
      job.note(connection: error.connection)
      throw error
    }
    job.note(connection: lease.association.peer.connection)
    guard !lease.isReused else { return lease }
    var words = "association as \(parameters.callingAETitle)"
    if let name = lease.association.peer.implementationVersionName { words += " with \(name)" }
    if let identity = lease.association.identityWords { words += "; \(identity)" }
    let tls = lease.association.peer.tls
    note(tls, of: modality, job)
    guard isLogged else { return lease }
    activity.add(
      .outgoing, peer: "\(modality.name) \(lease.association.peer.address)", words,
      details: tls.map { ["\($0)"] } ?? [], connections: [lease.association.peer.connection].compactMap { $0 })
    return lease
  }

  /// A peer that has no association to spare (PS3.8 §9.3.4: rejected-transient) is asked again, some seconds later each
  /// time. An echo tells how it is now.
  private func patiently(
    _ modality: Modality, _ job: Job, _ lease: @Sendable () async throws -> Lease
  ) async throws -> Lease {
    var pause = Duration.seconds(1)
    while true {
      do {
        return try await lease()
      } catch let error as AssociationError {
        guard case .rejected(let rejection) = error.reason, rejection.result == 2, pause <= .seconds(16),
          job.kind != .echo, job.kind != .watch, !job.isCancelled
        else { throw error }
        if pause == .seconds(1) {
          job.remark("\(modality.name) has no association to spare now; it is asked again, for half a minute")
        }
        try await clock.sleep(for: pause)
        pause = pause * 2
      }
    }
  }

  /// Does something on an association to a modality. One that had waited for work and turns out to be dead is replaced,
  /// once, and `body` called again: nothing had begun on it.
  func withAssociation<Value: Sendable>(
    _ modality: Modality, _ contexts: [PresentationContextProposal], negotiating: [ExtendedNegotiation] = [],
    _ job: Job, _ body: (Association) async throws -> Value
  ) async throws -> Value {
    var lease = try await lease(modality, contexts, negotiating: negotiating, job)
    while true {
      do {
        let value = try await body(lease.association)
        await pool.giveBack(lease)
        return value
      } catch {
        pool.discard(lease)
        guard lease.wasDead(error), !job.isCancelled else { throw error }
        lease = try await self.lease(modality, contexts, negotiating: negotiating, job, isFresh: true)
      }
    }
  }

  static func parameters(
    _ modality: Modality, callingAETitle: String, _ contexts: [PresentationContextProposal], maximumPDULength: Int,
    security: ConnectionSecurity?
  ) throws(OperationError) -> AssociationParameters {
    if let complaint = Modality.complaint(aboutAETitle: callingAETitle) { throw OperationError(complaint) }
    var parameters = AssociationParameters(
      host: modality.host, port: modality.port, callingAETitle: callingAETitle, calledAETitle: modality.aeTitle,
      presentationContexts: contexts)
    parameters.maximumPDULength = UInt32(maximumPDULength)
    parameters.security = security
    parameters.commonExtendedNegotiations = commonExtendedNegotiations(contexts)
    parameters.userIdentity = try modality.userIdentity()
    return parameters
  }

  /// What every peer understands, ours first.
  static let uncompressed: [UID] = [.explicitVRLittleEndian, .implicitVRLittleEndian]

  func seconds(since start: ContinuousClock.Instant) -> Double { start.duration(to: clock.now).inSeconds }
}
