import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("TLS between ourselves")
struct TLSTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  private func request(
    _ port: Int, host: String = "127.0.0.1", _ security: ConnectionSecurity?
  ) async throws
    -> Association
  {
    var parameters = AssociationParameters.local(port, [.verification, .ct])
    parameters.host = host
    parameters.security = security
    return try await Association.request(parameters, deadlines: deadlines)
  }

  @Test("mutual certificates: both sides know what was agreed and whom they speak to")
  func mutual() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, security: TestCertificates.security("pacs", .client)) { acceptor in
      let association = try await request(acceptor.port, TestCertificates.security("fluoro", .server))
      let tls = try #require(association.peer.tls)
      #expect(tls.version == "TLS 1.3")
      #expect(tls.cipherSuite == "TLS_AES_128_GCM_SHA256" || tls.cipherSuite == "TLS_AES_256_GCM_SHA384")
      #expect(tls.certificate?.subject == "CN=pacs, O=Fluoro tests")
      #expect(tls.certificate?.issuer == "CN=Test Authority, O=Fluoro tests")
      #expect(tls.certificate?.names == ["pacs.test", "localhost", "127.0.0.1"])
      #expect(association.phases.connect != nil && association.phases.tls != nil)
      let seen = try #require(acceptor.associations.first?.tls)
      #expect(seen.certificate?.subject == "CN=fluoro, O=Fluoro tests")
      #expect(seen.cipherSuite == tls.cipherSuite && seen.version == tls.version)

      let instance = ByteBuffer(repeating: 7, count: 3_000_000)
      let source = StoreSource(
        content: .bytes(instance), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      #expect(try await association.store(source).isSuccess)
      #expect(delegate.stored.map(\.bytes) == [instance])
      await association.release()
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.released])
    }
  }

  @Test("the fingerprint is the one that openssl prints")
  func fingerprint() throws {
    let path = try TestCertificates.path("pacs.pem")
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"]
    process.standardOutput = pipe
    try process.run()
    let printed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let ours = try TransportSecurity(
      CertificateFiles(certificate: path, privateKey: TestCertificates.path("pacs.key"))
    ).certificate?.fingerprint
    #expect(printed.split(whereSeparator: { "=\n".contains($0) }).last.map(String.init) == ours)
  }

  /// What the acceptor shows, how the requestor looks at it, and what it says then; nil: it is content.
  static let servers: [(String, trusted: String, TransportSecurity.Demand, host: String, [String]?)] = [
    ("rsa", "ca.pem", .server, "127.0.0.1", nil),
    ("elsewhere", "ca.pem", .server, "127.0.0.1", nil),
    ("pacs", "both.pem", .namedServer, "127.0.0.1", nil),
    ("pacs", "ca.pem", .namedServer, "localhost", nil),
    ("alone", "alone.pem", .server, "127.0.0.1", nil),
    ("expired", "ca.pem", .server, "127.0.0.1", ["CN=expired", "expired on 20", "SHA-256", "renewed"]),
    ("tomorrow", "ca.pem", .server, "127.0.0.1", ["CN=tomorrow", "not valid before 2090-01-01", "the clocks"]),
    ("stranger", "ca.pem", .server, "127.0.0.1", ["CN=stranger", "issuer CN=Other Authority", "/ca.pem", "Add that"]),
    ("impostor", "ca.pem", .server, "127.0.0.1", ["CN=impostor", "not signed with that one's key"]),
    ("alone", "ca.pem", .server, "127.0.0.1", ["CN=Alone", "signed by itself and not trusted"]),
    ("pacs", "expired-ca.pem", .server, "127.0.0.1", ["CN=pacs", "its issuer's certificate", "expired on 20"]),
    ("elsewhere", "ca.pem", .namedServer, "localhost", ["not made out for localhost but for elsewhere.test"]),
    ("elsewhere", "ca.pem", .namedServer, "127.0.0.1", ["not made out for 127.0.0.1 but for elsewhere.test"]),
  ]

  @Test("a server's certificate is always verified, and what is wrong with it is said", arguments: servers)
  func server(
    _ name: String, trusted: String, _ demand: TransportSecurity.Demand, host: String, _ words: [String]?
  ) async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, security: TestCertificates.security(name, .anonymousClient)) { acceptor in
      let security = try TestCertificates.security(nil, trusting: trusted, demand)
      guard let words else {
        let association = try await request(acceptor.port, host: host, security)
        #expect(try await association.echo().isSuccess)
        return await association.release()
      }
      let error = await #expect(throws: AssociationError.self) {
        try await request(acceptor.port, host: host, security)
      }
      #expect(error?.phase == .tls)
      let said = error?.description ?? ""
      #expect(said.hasPrefix("TLS with \(host):\(acceptor.port) failed: its certificate "))
      for word in words { #expect(said.contains(word), "\(said)") }
      await delegate.untilEnded(1)
      // Host names are compared after the handshake: the acceptor does not learn of that.
      switch delegate.state.withLockedValue({ $0.failures.first }) {
      case .tls?: #expect(demand == .server)
      case .closed?: #expect(demand == .namedServer)
      case let other: Issue.record("\(other.map(String.init(describing:)) ?? "nothing")")
      }
    }
  }

  /// What the requestor shows, what the acceptor thinks of it, and what each of them says.
  static let clients: [(String?, TransportSecurity.Demand, acceptor: String?, requestor: String?)] = [
    ("fluoro", .client, nil, nil),
    ("fluoro", .anonymousClient, nil, nil),
    (nil, .anonymousClient, nil, nil),
    (nil, .client, "it showed no certificate", "it wants a certificate of us, and none is set"),
    ("stranger", .client, "CN=stranger", "it refused our certificate CN=stranger"),
    ("stranger", .anonymousClient, "issuer CN=Other Authority", "must be among those it trusts"),
    ("expired", .client, "expired on 20", "it has expired"),
    ("tomorrow", .client, "not valid before 2090-01-01", "it refused our certificate CN=tomorrow"),
    ("alone", .client, "signed by itself", "Our certificate must be among those it trusts"),
  ]

  @Test("a client's certificate is verified as demanded, and both sides say what is wrong", arguments: clients)
  func client(
    _ name: String?, _ demand: TransportSecurity.Demand, acceptor words: String?, requestor answer: String?
  ) async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, security: TestCertificates.security("pacs", demand)) { acceptor in
      let security = try TestCertificates.security(name, .server)
      guard let words, let answer else {
        let association = try await request(acceptor.port, security)
        #expect((acceptor.associations.first?.tls?.certificate == nil) == (name == nil))
        return await association.release()
      }
      let error = await #expect(throws: AssociationError.self) { try await request(acceptor.port, security) }
      #expect(error?.phase == .tls)
      #expect(error?.description.contains(answer) == true, "\(error?.description ?? "")")
      await delegate.untilEnded(1)
      let seen = delegate.state.withLockedValue { $0.failures.map(\.description) }
      #expect(seen.first?.contains(words) == true, "\(seen)")
    }
  }

  @Test("TLS spoken to a plain port, and plain DICOM to a TLS port")
  func mixed() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let error = await #expect(throws: AssociationError.self) {
        try await request(acceptor.port, TestCertificates.security("fluoro", .server))
      }
      #expect(error?.phase == .tls)
      #expect(error?.description.contains("this is not a TLS port: it answered with plain DICOM (A-ABORT)") == true)
      await delegate.untilEnded(1)
      let seen = delegate.state.withLockedValue { $0.failures.map(\.description) }
      #expect(seen.first?.hasPrefix("not DICOM but TLS") == true)
    }
    let secured = SampleDelegate()
    try await withAcceptor(secured, security: TestCertificates.security("pacs", .client)) { acceptor in
      let error = await #expect(throws: AssociationError.self) { try await request(acceptor.port, nil) }
      #expect(error?.phase == .associate)
      #expect(error?.description.contains("TLS") == true, "\(error?.description ?? "")")
      await secured.untilEnded(1)
      let seen = secured.state.withLockedValue { $0.failures.map(\.description) }
      #expect(seen.first?.contains("it sent plain DICOM (A-ASSOCIATE-RQ), and this port expects TLS") == true)
    }
  }

  @Test("a peer that never answers the handshake: the wait is seen, named, and ends in time")
  func silentServer() async throws {
    let clock = ManualClock()
    let deadlines = Deadlines(Timeouts(all: .seconds(3)), clock: clock)
    let peer = try await ScriptedPeer { _, _ in }
    var parameters = AssociationParameters.local(peer.port)
    parameters.security = try TestCertificates.security("fluoro", .server)
    let attempt = Task { [parameters] in try await Association.request(parameters, deadlines: deadlines) }
    await deadlines.untilWaiting(for: .negotiatingTLS)
    #expect(deadlines.current?.words == "negotiating TLS")
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(3))
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .timeout(.negotiatingTLS, .seconds(3)))
    #expect(error?.phase == .tls)
    await peer.stop()
  }

  @Test("a cancel during the handshake ends it at once")
  func cancelled() async throws {
    let deadlines = Deadlines(Timeouts(all: nil))
    let peer = try await ScriptedPeer { _, _ in }
    var parameters = AssociationParameters.local(peer.port)
    parameters.security = try TestCertificates.security("fluoro", .server)
    let attempt = Task { [parameters] in try await Association.request(parameters, deadlines: deadlines) }
    await deadlines.untilWaiting(for: .negotiatingTLS)
    attempt.cancel()
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .cancelled && error?.phase == .tls)
    await peer.stop()
  }

  @Test(
    "what is no TLS, or stops amid it, ends in time, and others are served meanwhile",
    arguments: [
      "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", "GET / HTTP/1.1\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}", "x", "",
    ])
  func garbage(_ text: String) async throws {
    let clock = ManualClock()
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, clock: clock, security: TestCertificates.security("pacs", .client)) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      try await client.send(ByteBuffer(string: text))
      let association = try await request(acceptor.port, TestCertificates.security("fluoro", .server))
      #expect(try await association.echo().isSuccess)
      await association.release()
      await delegate.untilEnded(1)
      // Nothing came, or too little to be wrong: that ends by the clock.
      clock.advance(by: .seconds(30))
      await delegate.untilEnded(2)
      #expect(delegate.ends == [.released])
      let failures = delegate.state.withLockedValue { $0.failures }
      guard failures.count == 1, case .tls = failures[0] else {
        Issue.record("\(failures)")
        return
      }
      try? await client.channel.close().get()
    }
  }
}

@Suite("Files for TLS")
struct CertificateFileTests {
  /// certificate, key, trusted; whose fault it is, and what is said.
  static let faults: [(String?, String?, String?, CertificateFileError.Role, String)] = [
    ("none.pem", "pacs.key", nil, .certificate, "there is no such file"),
    ("pacs.pem", nil, nil, .privateKey, "it is missing; the certificate needs it"),
    (nil, "pacs.key", nil, .certificate, "it is missing, and the private key is there"),
    ("pacs.pem", "none.key", nil, .privateKey, "there is no such file"),
    ("pacs.pem", "fluoro.key", nil, .privateKey, "does not belong to the certificate"),
    ("pacs.key", "pacs.key", nil, .certificate, "it holds a private key and no certificate"),
    ("pacs.pem", "pacs.pem", nil, .privateKey, "it holds a certificate and no private key"),
    ("pacs.csr", "pacs.key", nil, .certificate, "a request for a certificate"),
    ("pacs.der", "pacs.key", nil, .certificate, "it is DER; make PEM of it: openssl x509 -inform der"),
    ("openssl.log", "pacs.key", nil, .certificate, "it is not PEM"),
    ("damaged.pem", "pacs.key", nil, .certificate, "damaged"),
    ("pacs.pem", "locked.key", nil, .privateKey, "encrypted with a passphrase"),
    ("pacs.pem", "openssl.log", nil, .privateKey, "it is not PEM"),
    ("pacs.pem", "pacs.key", "none.pem", .trustedCertificates, "there is no such file"),
    ("pacs.pem", "pacs.key", ".", .trustedCertificates, "it is not a file"),
    ("pacs.pem", "pacs.key", "pacs.key", .trustedCertificates, "it holds a private key and no certificate"),
  ]

  @Test("a file that cannot be used is named, with what is wrong with it", arguments: faults)
  func fault(
    _ certificate: String?, _ key: String?, _ trusted: String?, _ role: CertificateFileError.Role, _ words: String
  ) throws {
    func path(_ name: String?) throws -> String? { try name.map(TestCertificates.path) }
    let files = try CertificateFiles(
      certificate: path(certificate), privateKey: path(key), trustedCertificates: path(trusted))
    let error = #expect(throws: CertificateFileError.self) { try TransportSecurity(files) }
    #expect(error?.role == role)
    #expect(error?.problem.contains(words) == true, "\(error?.description ?? "")")
    if let path = error?.path { #expect(error?.description.contains(path) == true) }
  }
}
