import Dicom

/// Whether a port speaks TLS: a handshake that trusts nobody and ends there. Nothing is said above it.
struct TLSProbe {
  private let station: Station
  private let modality: Modality
  private let job: Job

  init(_ station: Station, _ modality: Modality, _ job: Job) {
    self.station = station
    self.modality = modality
    self.job = job
  }

  /// What it was seen by; nil where it speaks no TLS, as far as one can see.
  func words() async -> String? {
    do {
      let transport = try TransportSecurity(CertificateFiles())
      var parameters = AssociationParameters(
        host: modality.host, port: modality.port, callingAETitle: station.configuration.callingAETitle(for: modality),
        calledAETitle: modality.aeTitle, presentationContexts: [])
      parameters.security = ConnectionSecurity(transport, .server)
      let association = try await Association.request(
        parameters, deadlines: Deadlines(job.deadlines.timeouts, clock: station.clock), trace: station.trace)
      await association.release()
      return nil
    } catch let error as AssociationError {
      guard case .tls(let failure) = error.reason else { return nil }
      if let certificate = failure.certificate { return "its certificate is \(certificate)" }
      return switch failure.reason {
      case .alert(let name), .refused(let name): "it answered a TLS handshake: \(name)"
      case .nothingInCommon(let what): "it answered a TLS handshake, with no \(what) in common"
      default: nil
      }
    } catch {
      return nil
    }
  }
}
