import Dicom
import Glibc
import Synchronization

/// The certificates of the configuration, read when the first connection needs them, and again when the files have
/// changed: a renewed certificate serves from the next connection on.
final class Certificates: Sendable {
  /// What tells a file from another that took its place.
  private struct Stamp: Hashable {
    var file: UInt64
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
      var information = stat()
      guard stat(path, &information) == 0 else { return nil }
      file = UInt64(information.st_ino)
      seconds = information.st_mtim.tv_sec
      nanoseconds = information.st_mtim.tv_nsec
    }
  }

  private struct State {
    var transport: TransportSecurity?
    var stamps: [Stamp?] = []
    var problem: String?
  }

  private let state = Mutex(State())
  /// Told what happens to certificates that serve already.
  private let onNews: @Sendable (String) -> Void

  init(onNews: @escaping @Sendable (String) -> Void) { self.onNews = onNews }

  /// Files that have changed and cannot be used, as amid a renewal, leave those in use that were read before.
  ///
  /// - Throws: ``OperationError`` that names the key of the configuration, the file, and what is wrong with it.
  func transport(_ tls: Configuration.TLS) throws(OperationError) -> TransportSecurity {
    let files = CertificateFiles(
      certificate: tls.certificate, privateKey: tls.privateKey, trustedCertificates: tls.trustedCertificates)
    let stamps = [tls.certificate, tls.privateKey, tls.trustedCertificates].map { $0.flatMap(Stamp.init) }
    let known = state.withLock { state in
      state.transport?.files == files ? state.transport.map { ($0, isCurrent: state.stamps == stamps) } : nil
    }
    if let known, known.isCurrent { return known.0 }
    do {
      let transport = try TransportSecurity(files)
      state.withLock { $0 = State(transport: transport, stamps: stamps) }
      if known != nil {
        onNews("the certificates were read again" + (transport.certificate.map { "; ours is \($0)" } ?? ""))
      }
      return transport
    } catch {
      let words = "\(Self.key(error.role))\(error.path.map { " \($0)" } ?? ""): \(error.problem)"
      guard let known else { throw OperationError(words) }
      // Once, however many connections ask.
      let isNews = state.withLock { state in
        defer { state.problem = words }
        return state.problem != words
      }
      if isNews { onNews("\(words); what was read before serves on") }
      return known.0
    }
  }

  private static func key(_ role: CertificateFileError.Role) -> String {
    switch role {
    case .certificate: "DicomTlsCertificate"
    case .privateKey: "DicomTlsPrivateKey"
    case .trustedCertificates: "DicomTlsTrustedCertificates"
    }
  }
}

extension PeerDirectory {
  /// How a connection to a modality is to be secured; nil: not at all.
  func security(to modality: Modality) throws(OperationError) -> ConnectionSecurity? {
    guard modality.useDicomTLS else { return nil }
    let tls = configuration.tls
    guard tls.trustedCertificates != nil else {
      throw OperationError(
        "\(modality.name) is to be reached by TLS (UseDicomTls), and DicomTlsTrustedCertificates names no certificates to "
          + "know it by; nothing was sent")
    }
    return ConnectionSecurity(try certificates.transport(tls), modality.tlsVerifyHost ? .namedServer : .server)
  }

  /// How connections to us are to be secured; nil: not at all.
  func incomingSecurity() throws(OperationError) -> ConnectionSecurity? {
    let tls = configuration.tls
    guard tls.isEnabled else { return nil }
    guard tls.certificate != nil else {
      throw OperationError("DicomTlsEnabled is set, and DicomTlsCertificate names no certificate of ours")
    }
    if tls.remoteCertificateRequired, tls.trustedCertificates == nil {
      throw OperationError(
        "DicomTlsEnabled is set, and DicomTlsTrustedCertificates names no certificates to know others by; "
          + "DicomTlsRemoteCertificateRequired false lets them come without one")
    }
    return ConnectionSecurity(
      try certificates.transport(tls), tls.remoteCertificateRequired ? .client : .anonymousClient)
  }
}
