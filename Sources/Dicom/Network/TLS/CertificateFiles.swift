import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The PEM files TLS needs.
public struct CertificateFiles: Hashable, Sendable {
  /// Ours, the issuers between it and a trusted one behind it; nil: none is shown.
  public var certificate: String?
  /// The key of our certificate.
  public var privateKey: String?
  /// Every certificate in it is trusted as an issuer, or as itself where it is self-signed.
  public var trustedCertificates: String?

  public init(certificate: String? = nil, privateKey: String? = nil, trustedCertificates: String? = nil) {
    self.certificate = certificate
    self.privateKey = privateKey
    self.trustedCertificates = trustedCertificates
  }
}

/// A file that TLS needs and that cannot be used: which, and why.
public struct CertificateFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Role: String, Hashable, Sendable {
    case certificate = "certificate"
    case privateKey = "private key"
    case trustedCertificates = "trusted certificates"
  }

  public var role: Role
  /// Nil: none was named where one is needed.
  public var path: String?
  /// What is wrong with it and what to do.
  public var problem: String

  public var description: String { "\(role.rawValue)\(path.map { " \($0)" } ?? ""): \(problem)" }
}

extension CertificateFileError {
  /// No certificate or key is larger; a file that is was meant for something else.
  private static let maximumLength = 1 << 20

  /// All certificates of a PEM file, at least one.
  static func certificates(_ path: String, _ role: Role) throws(CertificateFileError) -> [NIOSSLCertificate] {
    let bytes = try read(path, role)
    let text = String(decoding: bytes, as: UTF8.self)
    func failure(_ problem: String) -> CertificateFileError {
      CertificateFileError(role: role, path: path, problem: problem)
    }
    guard text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----") else {
      if text.contains("PRIVATE KEY-----") { throw failure("it holds a private key and no certificate") }
      if text.contains("-----BEGIN CERTIFICATE REQUEST-----") {
        throw failure("it holds a request for a certificate; what the issuer answers to that is needed")
      }
      throw failure(
        (try? NIOSSLCertificate(bytes: bytes, format: .der)) != nil
          ? "it is DER; make PEM of it: openssl x509 -inform der -in FILE -out FILE.pem"
          : "it is not PEM: it holds no \"-----BEGIN CERTIFICATE-----\"")
    }
    do {
      return try NIOSSLCertificate.fromPEMBytes(bytes)
    } catch {
      throw failure("a certificate in it is damaged; openssl x509 -in FILE -text says where")
    }
  }

  static func key(_ path: String) throws(CertificateFileError) -> NIOSSLPrivateKey {
    let bytes = try read(path, .privateKey)
    let text = String(decoding: bytes, as: UTF8.self)
    func failure(_ problem: String) -> CertificateFileError {
      CertificateFileError(role: .privateKey, path: path, problem: problem)
    }
    guard text.contains("PRIVATE KEY-----") else {
      if text.contains("-----BEGIN CERTIFICATE-----") { throw failure("it holds a certificate and no private key") }
      throw failure("it is not PEM: it holds no \"-----BEGIN PRIVATE KEY-----\"")
    }
    if text.contains("ENCRYPTED") {
      throw failure(
        "it is encrypted with a passphrase, which nobody could type here; keep it decrypted and readable by its owner "
          + "only: openssl pkey -in FILE -out FILE.decrypted")
    }
    do {
      return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
    } catch {
      throw failure("the private key in it is damaged, or of a kind that is not supported (RSA, ECDSA, Ed25519 are)")
    }
  }

  private static func read(_ path: String, _ role: Role) throws(CertificateFileError) -> [UInt8] {
    func failure(_ problem: String) -> CertificateFileError {
      CertificateFileError(role: role, path: path, problem: problem)
    }
    // Nonblocking, so that a fifo does not wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw failure(
        errno == ENOENT ? "there is no such file" : "it cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw failure("it is not a file")
    }
    guard information.st_size <= maximumLength else { throw failure("it is too large to hold certificates") }
    var bytes = [UInt8](repeating: 0, count: maximumLength)
    var count = 0
    while count < bytes.count {
      let taken = bytes.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count, off_t(count))
      }
      if taken < 0, errno == EINTR { continue }
      guard taken >= 0 else { throw failure("it cannot be read: \(String(cString: strerror(errno)))") }
      if taken == 0 { break }
      count += taken
    }
    return Array(bytes[..<count])
  }
}
