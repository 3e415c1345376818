import Dicom
import Synchronization

/// The certificates of the configuration, read when the first connection needs them.
final class Certificates: Sendable {
  private let loaded = Mutex<TransportSecurity?>(nil)

  /// - Throws: ``OperationError`` that names the key of the configuration, the file, and what is wrong with it.
  func transport(_ tls: Configuration.TLS) throws(OperationError) -> TransportSecurity {
    let files = CertificateFiles(
      certificate: tls.certificate, privateKey: tls.privateKey, trustedCertificates: tls.trustedCertificates)
    if let known = loaded.withLock({ $0 }), known.files == files { return known }
    do {
      let transport = try TransportSecurity(files)
      loaded.withLock { $0 = transport }
      return transport
    } catch {
      throw OperationError("\(Self.key(error.role))\(error.path.map { " \($0)" } ?? ""): \(error.problem)")
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
