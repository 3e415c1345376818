import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds out, after BoringSSL has refused a connection, what a person needs to know of it. It decides nothing.
struct TLSDiagnosis {
  let transport: TransportSecurity
  let host: String?
  let watcher: HandshakeWatcher

  func failure(_ reason: TLSFailure.Reason, certificate: CertificateInformation? = nil) -> TLSFailure {
    TLSFailure(
      reason: reason, certificate: certificate, ownCertificate: transport.certificate, files: transport.files,
      isRequestor: !watcher.isServer)
  }

  func information(_ handler: NIOSSLHandler) -> TLSInformation {
    let version =
      switch handler.tlsVersion {
      case .tlsv13?: "TLS 1.3"
      case .tlsv12?: "TLS 1.2"
      case let other: other.map { "\($0)" } ?? "TLS"
      }
    return TLSInformation(
      version: version, cipherSuite: watcher.cipherSuite?.name,
      certificate: handler.peerCertificate.map(CertificateInformation.init))
  }

  func failure(_ error: any Error, _ handler: NIOSSLHandler) -> TLSFailure {
    if let foreign { return failure(.notTLS(foreign)) }
    let certificate = handler.peerCertificate
    let described = certificate.map(CertificateInformation.init)
    if error as? NIOSSLExtraError == .failedToValidateHostname {
      return failure(.otherHost(host ?? "?"), certificate: described)
    }
    let words = Self.words(error)
    if words.contains("CERTIFICATE_VERIFY_FAILED") {
      return failure(certificate.map(complaint) ?? .other("its certificate was refused"), certificate: described)
    }
    if words.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") { return failure(.noCertificate) }
    if words.contains("EOF during handshake") { return failure(.closed) }
    if let alert = Self.alert(in: words) ?? watcher.alert.flatMap({ Self.alerts[$0] }) {
      return failure(Self.reason(alert: alert), certificate: described)
    }
    for (symptom, what) in Self.lacks where words.contains(symptom) { return failure(.nothingInCommon(what)) }
    return failure(.other(Self.token(words)), certificate: described)
  }

  /// What came, when it does not begin like a TLS record: RFC 8446 §5.1.
  private var foreign: String? {
    guard let first = watcher.firstBytes.first, !(20...24).contains(first) else { return nil }
    switch ForeignProtocol(watcher.firstBytes) {
    case .http?: return "HTTP"
    case .ssh?: return "SSH"
    case .tls?: return nil
    case nil:
      if let type = PDUType(rawValue: first), watcher.firstBytes.dropFirst().first ?? 0 == 0 {
        return "plain DICOM (\(type))"
      }
      return "bytes that are neither TLS nor DICOM, the first being \(hexadecimal(first))"
    }
  }

  /// Why a certificate was not accepted, as far as it can be told from itself and from those that are trusted.
  private func complaint(_ certificate: NIOSSLCertificate) -> TLSFailure.Reason {
    let now = time(nil)
    if certificate.notValidAfter < now { return .expired }
    if certificate.notValidBefore > now { return .notYetValid }
    let issuers = transport.trusted.filter { $0.subjectName == certificate.issuerName }
    if certificate.subjectName == certificate.issuerName, !issuers.contains(certificate) { return .selfSigned }
    guard !issuers.isEmpty else {
      return .unknownIssuer(trusted: transport.trusted.map { CertificateInformation($0).subject })
    }
    if issuers.allSatisfy({ $0.notValidAfter < now }) {
      return .issuerExpired(Int(issuers.map(\.notValidAfter).max() ?? 0))
    }
    return .notFollowed
  }

  private static func words(_ error: any Error) -> String {
    var stack: NIOBoringSSLErrorStack = []
    func take(_ error: BoringSSLError) {
      switch error {
      case .sslError(let errors), .unknownError(let errors), .invalidSNIName(let errors), .failedToSetALPN(let errors):
        stack = errors
      default: break
      }
    }
    switch error {
    case NIOSSLError.handshakeFailed(let error), NIOSSLError.shutdownFailed(let error): take(error)
    case let error as BoringSSLError: take(error)
    default: break
    }
    return stack.isEmpty ? "\(error)" : stack.map(\.description).joined(separator: "; ")
  }

  /// The other side's alert among BoringSSL's words, such as `TLSV1_ALERT_UNKNOWN_CA`.
  private static func alert(in words: String) -> String? {
    words.firstRange(of: "_ALERT_").map { String(words[$0.upperBound...].prefix { $0.isLetter || $0 == "_" }) }
  }

  private static func reason(alert: String) -> TLSFailure.Reason {
    let words = alert.lowercased().replacing("_", with: " ")
    switch alert {
    case "UNKNOWN_CA": return .refused(alert: "it does not know who issued it")
    case "CERTIFICATE_EXPIRED": return .refused(alert: "it has expired")
    case "BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_REVOKED", "CERTIFICATE_UNKNOWN",
      "CERTIFICATE_REQUIRED", "NO_CERTIFICATE", "ACCESS_DENIED":
      return .refused(alert: words)
    case "PROTOCOL_VERSION": return .nothingInCommon("version of TLS")
    case "INSUFFICIENT_SECURITY": return .nothingInCommon("cipher suite")
    case "HANDSHAKE_FAILURE":
      return .alert("\(words); most often it wants a cipher suite or a certificate that we do not have")
    default: return .alert(words)
    }
  }

  /// RFC 8446 §6, those a handshake may end with.
  private static let alerts: [UInt8: String] = [
    10: "UNEXPECTED_MESSAGE", 40: "HANDSHAKE_FAILURE", 42: "BAD_CERTIFICATE", 43: "UNSUPPORTED_CERTIFICATE",
    44: "CERTIFICATE_REVOKED", 45: "CERTIFICATE_EXPIRED", 46: "CERTIFICATE_UNKNOWN", 47: "ILLEGAL_PARAMETER",
    48: "UNKNOWN_CA", 49: "ACCESS_DENIED", 50: "DECODE_ERROR", 51: "DECRYPT_ERROR", 70: "PROTOCOL_VERSION",
    71: "INSUFFICIENT_SECURITY", 80: "INTERNAL_ERROR", 109: "MISSING_EXTENSION", 112: "UNRECOGNIZED_NAME",
    116: "CERTIFICATE_REQUIRED",
  ]

  /// The last word of BoringSSL's `error:10000070:SSL routines:OPENSSL_internal:BAD_PACKET_LENGTH at FILE:LINE`.
  private static func token(_ words: String) -> String {
    guard let range = words.firstRange(of: "OPENSSL_internal:") else { return words }
    let token = words[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return "what it sent is no valid TLS (\(token.lowercased().replacing("_", with: " ")))"
  }

  private static let lacks = [
    // A client of before elliptic curves names none, and that is what BoringSSL misses first.
    ("NO_SHARED_CIPHER", "cipher suite"), ("WRONG_CURVE", "cipher suite"), ("UNSUPPORTED_PROTOCOL", "version of TLS"),
    ("WRONG_VERSION_NUMBER", "version of TLS"), ("NO_SHARED_GROUP", "key exchange"),
    ("NO_COMMON_SIGNATURE_ALGORITHMS", "signature algorithm"),
  ]
}
