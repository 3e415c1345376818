import Crypto
import NIOCore
import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a person wants to know of a certificate. All text is safe to print, whoever wrote it.
public struct CertificateInformation: Hashable, Sendable, CustomStringConvertible {
  /// Such as `CN=pacs.example, O=Hospital`.
  public var subject: String
  public var issuer: String
  /// The host names and addresses it is made out for: its subject alternative names.
  public var names: [String]
  /// Seconds since 1970.
  public var notBefore: Int
  public var notAfter: Int
  /// SHA-256 of its DER form, `AB:CD:...`, as `openssl x509 -fingerprint -sha256` prints it.
  public var fingerprint: String

  /// Its subject and its fingerprint, which tell it from every other.
  public var description: String { "\(subject) (SHA-256 \(fingerprint))" }

  /// Whether its subject is its issuer too.
  public var isSelfIssued: Bool { subject == issuer }

  /// `2031-02-28 12:00 UTC`
  public var expiry: String { Self.date(notAfter) }

  init(_ certificate: NIOSSLCertificate) {
    subject = Self.words(certificate.subjectName)
    issuer = Self.words(certificate.issuerName)
    names = certificate._subjectAlternativeNames().compactMap(Self.words)
    notBefore = Int(certificate.notValidBefore)
    notAfter = Int(certificate.notValidAfter)
    let digest = SHA256.hash(data: (try? certificate.toDERBytes()) ?? [])
    fingerprint = digest.map { hexadecimal($0).dropFirst(2) }.joined(separator: ":")
  }

  private static func words(_ name: [SSLCertificateName]) -> String {
    let types: [SSLCertificateNameType: String] = [
      .commonName: "CN", .organization: "O", .organizationalUnit: "OU", .city: "L", .state: "ST", .country: "C",
      .emailAddress: "emailAddress",
    ]
    let parts = name.map { part in (types[part.type] ?? "?") + "=" + VisibleText.of(part.value) }
    // The common name first: it says most.
    let sorted = parts.filter { $0.hasPrefix("CN=") } + parts.filter { !$0.hasPrefix("CN=") }
    return sorted.isEmpty ? "without a name" : sorted.joined(separator: ", ")
  }

  private static func words(_ name: _SubjectAlternativeName) -> String? {
    let bytes = Array(name.contents)
    switch name.nameType {
    case .dnsName: return VisibleText.of(String(decoding: bytes, as: UTF8.self))
    case .ipAddress:
      return (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress
    default: return nil
    }
  }

  static func date(_ seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
  }
}

/// What a TLS connection came to.
public struct TLSInformation: Hashable, Sendable, CustomStringConvertible {
  /// `TLS 1.2`, `TLS 1.3`
  public var version: String
  /// By its name in the IANA registry; nil in the event that it was not seen.
  public var cipherSuite: String?
  /// The other side's; nil when it showed none, which only those that connect to us may do.
  public var certificate: CertificateInformation?

  /// `TLS 1.3, TLS_AES_256_GCM_SHA384, certificate CN=pacs (SHA-256 AB:CD:...)`
  public var description: String {
    ([version] + [cipherSuite].compactMap { $0 }
      + [certificate.map { "certificate \($0)" } ?? "no certificate of the other side"]).joined(separator: ", ")
  }
}

extension NIOTLSCipher {
  /// What we offer and accept where TLS 1.2 is spoken: RFC 9325 §4.2, which PS3.15 §B.12 refers to. All have forward
  /// secrecy and authenticated encryption. The suites of TLS 1.3 cannot be chosen, and all have both.
  static let recommended: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  ]

  /// By its name in the IANA registry.
  var name: String {
    switch self {
    case .TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256"
    case .TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384"
    case .TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256"
    case .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    default: hexadecimal(rawValue)
    }
  }
}
