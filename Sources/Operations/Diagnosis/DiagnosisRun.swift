import Dicom
import Foundation
import Synchronization

/// One diagnosis: goes up the layers until one fails. What the layers below the services came to is told by one
/// association, as an operation would open it.
final class DiagnosisRun: Sendable {
  let station: Station
  let modality: Modality
  let job: Job
  let title: String
  private let onChange: @Sendable (Diagnosis) -> Void
  private let state: Mutex<Diagnosis>

  init(_ station: Station, _ modality: Modality, _ job: Job, _ onChange: @escaping @Sendable (Diagnosis) -> Void) {
    self.station = station
    self.modality = modality
    self.job = job
    self.onChange = onChange
    title = station.configuration.callingAETitle(for: modality)
    state = Mutex(
      Diagnosis(
        modality: modality.name, aeTitle: modality.aeTitle, host: modality.host, port: modality.port,
        callingAETitle: title, started: Date()))
  }

  /// - Throws: ``OperationError`` when the configuration here does not let us begin.
  func result(moves: Bool) async throws -> Diagnosis {
    job.deadlines.onChange { [weak self] in self?.follow() }
    let lease: Lease
    do {
      lease = try await station.lease(modality, Self.contexts, job, isFresh: true)
    } catch let error as AssociationError {
      await opening(failed: error)
      return end(Outcome(error).state)
    }
    opened(lease.association)
    await services(on: lease.association)
    await station.pool.giveBack(lease, keeps: false)
    if job.isCancelled { return end(.cancelled) }
    if self[.find].verdict != .skipped { await reach(lease.association, moves: moves) }
    return end(nil)
  }

  // MARK: What it comes to

  subscript(_ layer: Diagnosis.Layer) -> Diagnosis.Step { state.withLock { $0[layer] } }

  func set(_ layer: Diagnosis.Layer, _ change: (inout Diagnosis.Step) -> Void) {
    let diagnosis = state.withLock { diagnosis in
      change(&diagnosis[layer])
      return diagnosis
    }
    onChange(diagnosis)
  }

  func begin(_ layer: Diagnosis.Layer) { set(layer) { $0.verdict = .running } }

  func pass(_ layer: Diagnosis.Layer, _ words: String, _ time: Duration? = nil, _ details: [String] = []) {
    set(layer) { step in
      step.verdict = .passed
      step.words = words
      step.milliseconds = time?.inMilliseconds
      step.details = details
    }
  }

  func fail(
    _ layer: Diagnosis.Layer, _ cause: DiagnosisCause, _ words: String, _ verdict: Diagnosis.Verdict = .failed,
    _ time: Duration? = nil
  ) {
    set(layer) { step in
      step.verdict = verdict
      step.cause = cause
      step.words = words
      step.milliseconds = time?.inMilliseconds ?? step.milliseconds
    }
  }

  private func skip(_ layer: Diagnosis.Layer, _ words: String) {
    set(layer) { step in
      step.verdict = .skipped
      step.words = words
    }
  }

  /// - Parameter failure: how the layers below the services ended it; nil: they did not.
  private func end(_ failure: JobState?) -> Diagnosis {
    let diagnosis = state.withLock { diagnosis in
      for layer in Diagnosis.Layer.allCases where [.pending, .running].contains(diagnosis[layer].verdict) {
        diagnosis[layer].verdict = .skipped
        diagnosis[layer].words = "not reached"
      }
      let isServed = diagnosis[.echo].verdict != .failed
      let isWhole = !diagnosis.steps.contains { $0.verdict == .failed || $0.cause == .notOffered }
      let state = failure ?? (isWhole ? .done : isServed ? .partial : .failed)
      diagnosis.outcome = Outcome(state, state == .cancelled ? "cancelled" : diagnosis.conclusion)
      return diagnosis
    }
    onChange(diagnosis)
    return diagnosis
  }

  // MARK: Connection, TLS, association

  /// Which layer the opening of the association is at.
  private func follow() {
    guard let kind = job.deadlines.current?.kind else { return }
    let layers: [Diagnosis.Layer]
    switch kind {
    case .resolving: layers = [.resolve]
    case .connecting: layers = [.resolve, .connect]
    case .negotiatingTLS: layers = [.resolve, .connect, .tls]
    case .associating: layers = [.resolve, .connect, .tls, .association]
    default: return
    }
    guard let last = layers.last, self[last].verdict == .pending else { return }
    for layer in layers.dropLast() where [.pending, .running].contains(self[layer].verdict) {
      settle(layer, PhaseTimes())
    }
    begin(last)
  }

  /// A layer that has been passed on the way to the next.
  private func settle(_ layer: Diagnosis.Layer, _ times: PhaseTimes) {
    switch layer {
    case .resolve:
      pass(.resolve, times.resolve == nil ? "\(modality.host)" : "\(modality.host) has an address", times.resolve)
    case .connect: pass(.connect, "port \(modality.port) takes connections", times.connect)
    case .tls where modality.useDicomTLS: pass(.tls, "secured", times.tls)
    case .tls: skip(.tls, "not used")
    default: break
    }
  }

  private func opening(failed error: AssociationError) async {
    let layer: Diagnosis.Layer =
      switch error.phase {
      case .resolve: .resolve
      case .connect: .connect
      case .tls: .tls
      default: .association
      }
    for below in Diagnosis.Layer.allCases.prefix(while: { $0 != layer }) { settle(below, error.phases) }
    fail(layer, DiagnosisCause(error), error.description)
    guard layer == .association, !modality.useDicomTLS else { return }
    switch error.reason {
    case .reset, .closed, .notDicom, .protocolViolation, .aborted:
      guard let words = await TLSProbe(station, modality, job).words() else { return }
      fail(
        .association, .expectsTLS,
        "\(modality.host):\(modality.port) expects TLS (\(words)): set UseDicomTls for \(modality.name) here, or switch "
          + "TLS off there.")
    default: break
    }
  }

  private func opened(_ association: Association) {
    let (peer, times) = (association.peer, association.phases)
    settle(.resolve, times)
    settle(.connect, times)
    set(.connect) { step in
      step.words = "\(peer.address) takes connections"
      step.details = peer.localAddress.map { ["our address there is \($0)"] } ?? []
    }
    secured(peer.tls, times)
    let software = peer.implementationVersionName ?? peer.implementationClassUID?.rawValue ?? "it"
    var details = [
      "implementation \(peer.implementationVersionName ?? "?"), \(peer.implementationClassUID?.rawValue ?? "?")",
      "it takes PDUs of \(peer.maximumPDULength.map { $0 == 0 ? "any length" : "\($0) bytes" } ?? "any length")",
    ]
    if let identity = association.identityWords { details.append(identity) }
    pass(
      .association,
      "accepted by \(software), \(peer.contextResults.count { $0.result == .acceptance }) of "
        + Words.count(peer.contextResults.count, "presentation context"), times.associate,
      details + Self.words(of: peer.contextResults))
  }

  private func secured(_ tls: TLSInformation?, _ times: PhaseTimes) {
    settle(.tls, times)
    guard let tls, let certificate = tls.certificate else { return }
    let days = Int((Double(certificate.notAfter) - Date().timeIntervalSince1970) / 86_400)
    set(.tls) { step in
      step.words = ([tls.version] + [tls.cipherSuite].compactMap { $0 }).joined(separator: ", ")
      step.details = [
        "its certificate is \(certificate)", "issued by \(certificate.issuer)",
        "made out for \(certificate.names.isEmpty ? "no host name" : certificate.names.joined(separator: ", "))",
        "valid until \(certificate.expiry)",
      ]
      // What `lease` has noticed about it.
      let remarks = job.snapshot.remarks
      if days < 30 {
        step.words += "; its certificate expires on \(certificate.expiry) and must be renewed there"
        step.cause = .certificateExpiring
      }
      if days < 30 || !remarks.isEmpty { step.verdict = .warning }
      step.details += remarks
    }
  }
}
