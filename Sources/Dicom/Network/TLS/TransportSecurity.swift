import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// Our certificate and those we trust, ready for connections in both directions. The profile is PS3.15 §B.12: TLS 1.3,
/// or 1.2 with the suites RFC 9325 recommends.
public final class TransportSecurity: Sendable {
  /// What is demanded of the other side beside a certificate that is trusted.
  public enum Demand: Hashable, Sendable {
    /// We connect; the host name may be anything.
    case server
    /// We connect, and the certificate must be made out for the host name or address we connect to.
    case namedServer
    /// It connects to us.
    case client
    /// It connects to us, and may come without a certificate.
    case anonymousClient
  }

  public let files: CertificateFiles
  /// Ours; nil when there is none.
  public let certificate: CertificateInformation?
  let trusted: [NIOSSLCertificate]
  private let chain: [NIOSSLCertificate]
  private let key: NIOSSLPrivateKey?
  private let contexts = NIOLockedValueBox<[Demand: NIOSSLContext]>([:])

  /// Reads the files, which blocks.
  /// - Throws: the first that cannot be used.
  public init(_ files: CertificateFiles) throws(CertificateFileError) {
    self.files = files
    if let path = files.certificate {
      chain = try CertificateFileError.certificates(path, .certificate)
      guard let keyPath = files.privateKey else {
        throw CertificateFileError(role: .privateKey, path: nil, problem: "it is missing; the certificate needs it")
      }
      key = try CertificateFileError.key(keyPath)
    } else {
      guard files.privateKey == nil else {
        throw CertificateFileError(
          role: .certificate, path: nil, problem: "it is missing, and the private key is there")
      }
      (chain, key) = ([], nil)
    }
    certificate = chain.first.map(CertificateInformation.init)
    trusted =
      try files.trustedCertificates.map { path throws(CertificateFileError) in
        try CertificateFileError.certificates(path, .trustedCertificates)
      } ?? []
    if certificate != nil { _ = try context(.server) }
  }

  /// Made once for each demand.
  func context(_ demand: Demand) throws(CertificateFileError) -> NIOSSLContext {
    if let made = contexts.withLockedValue({ $0[demand] }) { return made }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuiteValues = NIOTLSCipher.recommended
    configuration.certificateChain = chain.map { .certificate($0) }
    configuration.privateKey = key.map { .privateKey($0) }
    // Never those of the system: a medical device is not to be trusted because some web authority knows it.
    configuration.trustRoots = .certificates(trusted)
    configuration.certificateVerification =
      switch demand {
      case .server, .client: .noHostnameVerification
      case .namedServer: .fullVerification
      case .anonymousClient: .optionalVerification
      }
    // The other side's closing is worth no more than this: whoever waits for it has nothing to lose any more.
    configuration.shutdownTimeout = .seconds(2)
    do {
      let context = try NIOSSLContext(configuration: configuration)
      contexts.withLockedValue { $0[demand] = context }
      return context
    } catch {
      throw CertificateFileError(
        role: .privateKey, path: files.privateKey,
        problem: "it does not belong to the certificate \(files.certificate ?? "?"), which is "
          + "\(certificate?.subject ?? "none"), or TLS does not take them together: \(error)")
    }
  }
}

/// How a connection is to be secured. The same where the same transport security demands the same.
public struct ConnectionSecurity: Hashable, Sendable {
  public var transport: TransportSecurity
  public var demand: TransportSecurity.Demand

  public init(_ transport: TransportSecurity, _ demand: TransportSecurity.Demand) {
    self.transport = transport
    self.demand = demand
  }

  public static func == (a: ConnectionSecurity, b: ConnectionSecurity) -> Bool {
    a.transport === b.transport && a.demand == b.demand
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(transport))
    hasher.combine(demand)
  }

  /// Puts what TLS needs into the pipeline of a new connection, nearest to the network.
  ///
  /// - Parameter limit: how long the handshake may take; nil: somebody else looks after that.
  func install(
    in channel: any Channel, host: String?, clock: any DeadlineClock, limit: Duration?
  ) throws {
    let context = try transport.context(demand)
    let handler: NIOSSLHandler
    switch demand {
    case .server, .namedServer:
      // Addresses are not sent as a server name (RFC 6066 §3); they are compared all the same, with that of the socket.
      let name = host.flatMap { HostResolver.literal($0, port: 0) == nil ? $0 : nil }
      handler = try NIOSSLClientHandler(context: context, serverHostname: name)
    case .client, .anonymousClient: handler = NIOSSLServerHandler(context: context)
    }
    let watcher = HandshakeWatcher(isServer: demand == .client || demand == .anonymousClient)
    let diagnosis = TLSDiagnosis(transport: transport, host: host, watcher: watcher)
    try channel.pipeline.syncOperations.addHandlers([
      watcher, handler, TLSGate(handler: handler, diagnosis: diagnosis, clock: clock, limit: limit),
    ])
  }
}
