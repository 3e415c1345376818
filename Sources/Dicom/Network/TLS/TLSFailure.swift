/// Why a connection could not be secured: which certificate, what is wrong with it, what to try.
public struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// What came is no TLS; in words, what it looks like.
    case notTLS(String)
    /// The other side's certificate: not valid any more, not valid yet.
    case expired
    case notYetValid
    /// Its own issuer, and not among those we trust.
    case selfSigned
    /// Its issuer is not among those we trust, who are called this.
    case unknownIssuer(trusted: [String])
    /// Its issuer is trusted, but that one's own certificate expired then (seconds since 1970).
    case issuerExpired(Int)
    /// An issuer of that name is trusted, and yet it cannot be followed to that.
    case notFollowed
    /// Not made out for the host we connect to.
    case otherHost(String)
    /// It must show one, and did not.
    case noCertificate
    /// The other side does not accept ours, with its alert's name.
    case refused(alert: String)
    /// The other side ended the handshake with an alert that is about no certificate.
    case alert(String)
    /// No version, or no cipher suite, that both sides accept.
    case nothingInCommon(String)
    /// Closed amid the handshake without a word.
    case closed
    /// Not done within this.
    case timeout(Duration)
    case other(String)
  }

  public var reason: Reason
  /// The other side's, where it had come that far.
  public var certificate: CertificateInformation?
  /// Ours.
  public var ownCertificate: CertificateInformation?
  public var files: CertificateFiles
  /// We connected.
  public var isRequestor: Bool

  /// Without the peer's address.
  public var description: String {
    switch reason {
    case .notTLS(let words):
      isRequestor
        ? "this is not a TLS port: it answered with \(words). Check the port, or switch TLS off for this peer."
        : "it sent \(words), and this port expects TLS. Switch TLS on there, or off here."
    case .expired: "\(theirs) expired on \(certificate?.expiry ?? "?"). It must be renewed there."
    case .notYetValid:
      "\(theirs) is not valid before \(certificate.map { CertificateInformation.date($0.notBefore) } ?? "?"). "
        + "Check the clocks of both sides."
    case .selfSigned:
      "\(theirs) is signed by itself and not trusted. If the fingerprint is what its owner says it is, add it to "
        + "\(trustedFile)."
    case .unknownIssuer(let trusted):
      "\(theirs) is not trusted: its issuer \(certificate?.issuer ?? "?") is not in \(trustedFile)"
        + (trusted.isEmpty
          ? ", which holds none."
          : ", which holds \(trusted.prefix(3).joined(separator: "; "))\(trusted.count > 3 ? "; ..." : "").")
        + " Add that issuer's certificate there, or have the peer send it along."
    case .issuerExpired(let date):
      "\(theirs) is not trusted any more: its issuer's certificate in \(trustedFile) expired on "
        + "\(CertificateInformation.date(date))."
    case .notFollowed:
      "\(theirs) is not trusted: \(trustedFile) holds an issuer called \(certificate?.issuer ?? "?"), but this "
        + "certificate was not signed with that one's key, or may not be used for this."
    case .otherHost(let host):
      "\(theirs) is not made out for \(host) but for \(names). Use that name as the host, or TlsVerifyHost false."
    case .noCertificate: "it showed no certificate, and one is required here. Give it one, or require none."
    case .refused(let alert): "\(refusal) (\(alert)). \(refusalHint)"
    case .alert(let alert): "it ended the handshake: \(alert). Its log says why."
    case .nothingInCommon(let what):
      "both sides have no \(what) in common; we take TLS 1.3, and 1.2 with ECDHE and AES-GCM (BCP 195)."
    case .closed:
      "it closed the connection amid the handshake without a word. "
        + (isRequestor ? "Check that this is a TLS port; its log may say why." : "It may not trust our certificate.")
    case .timeout(let limit): "the handshake was not done within \(limit.inWords)."
    case .other(let words): words
    }
  }

  private var theirs: String { "its certificate \(certificate?.description ?? "")" }
  private var trustedFile: String { files.trustedCertificates ?? "the trusted certificates (no file is set)" }

  private var names: String {
    guard let certificate else { return "none" }
    return certificate.names.isEmpty ? certificate.subject : certificate.names.joined(separator: ", ")
  }

  private var refusal: String {
    ownCertificate.map { "it refused our certificate \($0)" } ?? "it wants a certificate of us, and none is set"
  }

  private var refusalHint: String {
    guard let ownCertificate else { return "Set the certificate and its private key." }
    return ownCertificate.isSelfIssued
      ? "Our certificate must be among those it trusts."
      : "The issuer \(ownCertificate.issuer) must be among those it trusts."
  }
}
