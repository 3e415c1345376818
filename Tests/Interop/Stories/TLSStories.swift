import Testing

extension Interop {
  @Suite("TLS")
  struct TLSStories {
    let workshop: Workshop
    let certificates: TestCertificates

    init() async throws {
      workshop = try Workshop()
      certificates = try await TestCertificates(in: workshop)
    }

    /// Us, with our certificate, knowing one modality by the name of PACS.
    private func fluoro(
      _ pacs: [String: Any], port: Int? = nil, trusting trusted: String = "ca.pem", _ more: [String: Any] = [:]
    ) throws -> Installation {
      var settings = certificates.settings("fluoro", trusting: trusted)
      settings["DicomModalities"] = ["PACS": pacs]
      return try Installation(in: workshop, port: port, settings: settings.merging(more) { $1 })
    }

    // MARK: DCMTK

    @Test("storescp: echo says what was agreed and whose certificate it is; what we store is what it writes")
    func storing() async throws {
      let storescp = try await StoreSCP(in: workshop, certificates.toolkit("pacs") + ["+xa"])
      let fluoro = try fluoro(TestCertificates.modality(storescp.aeTitle, storescp.port))
      let echo = try await fluoro.run("echo", "PACS", "--json")
      #expect(echo.status == 0, "\(echo.errors)")
      let answer = try #require(try echo.objects().first)
      let tls = try #require(answer["tls"] as? [String: Any])
      #expect(tls["version"] as? String == "TLS 1.3")
      #expect((tls["cipherSuite"] as? String)?.hasPrefix("TLS_AES_") == true)
      let own = try #require(try await fluoro.run("whoami", "--json").objects().first)
      #expect((own["certificate"] as? String)?.hasPrefix("CN=fluoro") == true)
      #expect((own["sopClasses"] as? [String])?.contains("1.2.840.10008.5.1.4.1.1.2") == true)
      let certificate = try #require(tls["certificate"] as? [String: Any])
      #expect(certificate["subject"] as? String == "CN=pacs, O=Fluoro tests")
      #expect(certificate["changed"] as? Bool == false)
      #expect((answer["phases"] as? [String: Any])?["tls"] is Double)

      let text = try await fluoro.run("echo", "PACS").output
      #expect(text.contains("TLS 1.3, TLS_AES_"))
      #expect(text.contains("certificate CN=pacs, O=Fluoro tests (SHA-256 \(certificate["sha256"] as? String ?? "?"))"))

      let slices = try await Python.series(of: 20, in: workshop)
      let store = try await fluoro.start(["store", "PACS"] + slices).finished()
      #expect(store.status == 0, "\(store.errors)")
      #expect(try await Python.differences(between: slices, and: storescp.files, in: workshop) == [])
    }

    @Test("echoscu and storescu: served with a certificate we trust, refused with another, with none, and in the clear")
    func receiving() async throws {
      let fluoro = try fluoro(TestCertificates.modality("NOBODY", 1), ["DicomAlwaysAllowStore": true])
      let server = try await fluoro.serve()
      let slices = try await Python.series(of: 20, in: workshop)
      let address = ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)"]
      let echo = try await Toolkit.run("echoscu", certificates.toolkit("pacs") + address, in: workshop)
      #expect(echo.status == 0, "\(echo.errors)")
      let sent = try await Toolkit.run("storescu", certificates.toolkit("pacs") + address + slices, in: workshop)
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])

      let refusals: [([String], String)] = [
        (certificates.toolkit("stranger"), "its certificate CN=stranger"),
        (certificates.toolkit("expired"), "expired on 20"),
        (["+tla", "-ic"], "it showed no certificate, and one is required here"),
        ([], "it sent plain DICOM (A-ASSOCIATE-RQ), and this port expects TLS"),
      ]
      for (options, words) in refusals {
        #expect(try await Toolkit.run("echoscu", options + address, in: workshop).status != 0, "\(options)")
        _ = try await eventually("the log says: \(words)") { server.errors.contains(words) ? true : nil }
      }
      // One that does not trust us refuses ours.
      let strict = try await Toolkit.run(
        "echoscu", certificates.toolkit("pacs", trusting: "other-ca.pem") + address, in: workshop)
      #expect(strict.status != 0)
      _ = try await eventually("our certificate is refused") {
        server.errors.contains("it refused our certificate CN=fluoro") ? true : nil
      }
      await server.stop()
    }

    @Test("peers may come without a certificate where none is required, but not with one that is not trusted")
    func anonymous() async throws {
      let fluoro = try fluoro(
        TestCertificates.modality("NOBODY", 1), ["DicomTlsRemoteCertificateRequired": false])
      let server = try await fluoro.serve()
      let address = ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)"]
      let echo = try await Toolkit.run(
        "echoscu", ["+tla", "+cf", certificates.path("ca.pem")] + address, in: workshop)
      #expect(echo.status == 0, "\(echo.errors)")
      let stranger = try await Toolkit.run("echoscu", certificates.toolkit("stranger") + address, in: workshop)
      #expect(stranger.status != 0)
      await server.stop()
    }

    /// What storescp shows and whom it trusts, whether we compare the host name, and what we say.
    static let refusals: [(String, trusts: String, comparesHost: Bool, String)] = [
      ("expired", "ca.pem", false, "CN=expired, O=Fluoro tests (SHA-256 "),
      ("tomorrow", "ca.pem", false, "is not valid before 2090-01-01"),
      ("stranger", "both.pem", false, "its issuer CN=Other Authority, O=Fluoro tests is not in "),
      ("alone", "ca.pem", false, "is signed by itself and not trusted"),
      ("impostor", "ca.pem", false, "was not signed with that one's key"),
      (
        "elsewhere", "ca.pem", true,
        "is not made out for localhost but for elsewhere.test"
      ),
      ("pacs", "other-ca.pem", false, "it refused our certificate CN=fluoro"),
    ]

    @Test("a connection that must not be is none, and the certificate and the fault are named", arguments: refusals)
    func refused(_ name: String, trusts: String, comparesHost: Bool, _ words: String) async throws {
      let storescp = try await StoreSCP(in: workshop, certificates.toolkit(name, trusting: trusts))
      let fluoro = try fluoro(
        TestCertificates.modality(
          storescp.aeTitle, storescp.port, ["TlsVerifyHost": comparesHost, "Host": "localhost"]))
      let echo = try await fluoro.run("echo", "PACS", "--json", "--timeout", "5")
      #expect(echo.status == 1)
      #expect(try echo.objects().first?["failedPhase"] as? String == "tls")
      #expect(echo.errors.contains(words), "\(echo.errors)")
      #expect(storescp.files.isEmpty)
    }

    @Test("storescp wants a certificate and we have none: that is said, with what to set")
    func noCertificate() async throws {
      let storescp = try await StoreSCP(in: workshop, certificates.toolkit("pacs"))
      var settings: [String: Any] = ["DicomTlsTrustedCertificates": certificates.path("ca.pem")]
      settings["DicomModalities"] = ["PACS": TestCertificates.modality(storescp.aeTitle, storescp.port)]
      let echo = try await Installation(in: workshop, settings: settings).run("echo", "PACS", "--json")
      #expect(echo.status == 1)
      #expect(try echo.objects().first?["failedPhase"] as? String == "tls", "\(echo.output)")
      #expect(echo.errors.contains("it wants a certificate of us, and none is set"), "\(echo.errors)")
    }

    @Test("a peer with other versions and suites than BCP 195 has is told apart from one that does not trust us")
    func nothingInCommon() async throws {
      let port = try Ports.free()
      let own = ["-cert", certificates.path("rsa.pem"), "-key", certificates.path("rsa.key")]
      let old = ["-tls1_2", "-cipher", "AES256-SHA"]
      let server = try Subprocess(
        "/usr/bin/openssl", ["s_server", "-quiet", "-accept", "\(port)"] + own + old, in: workshop)
      try await Ports.awaitListening(port, server)
      let echo = try await fluoro(TestCertificates.modality("OLD", port)).run("echo", "PACS", "--json")
      #expect(try echo.objects().first?["failedPhase"] as? String == "tls", "\(echo.output)")
      #expect(echo.errors.contains("cipher suite"), "\(echo.errors)")
      await server.stop()

      let receiving = try fluoro(TestCertificates.modality("NOBODY", 1))
      let serving = try await receiving.serve()
      for (options, words) in [
        (old, "no cipher suite in common"), (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "no version of TLS in common"),
      ] {
        let client = try await Subprocess.run(
          "/usr/bin/openssl", ["s_client", "-connect", "127.0.0.1:\(receiving.port)"] + own + options, in: workshop)
        #expect(client.status != 0)
        _ = try await eventually("the log says: \(words)") { serving.errors.contains(words) ? true : nil }
      }
      await serving.stop()
    }

    @Test("the host of a certificate counts only with TlsVerifyHost")
    func host() async throws {
      let storescp = try await StoreSCP(in: workshop, certificates.toolkit("elsewhere"))
      let fluoro = try fluoro(TestCertificates.modality(storescp.aeTitle, storescp.port))
      #expect(try await fluoro.run("echo", "PACS").status == 0)
      let named = try await StoreSCP(in: workshop, certificates.toolkit("pacs"))
      for host in ["localhost", "127.0.0.1"] {
        let strict = try self.fluoro(
          TestCertificates.modality(named.aeTitle, named.port, ["TlsVerifyHost": true, "Host": host]))
        let echo = try await strict.run("echo", "PACS")
        #expect(echo.status == 0, "\(host): \(echo.errors)")
      }
    }

    @Test("TLS spoken to a plain port, and plain DICOM to a TLS port, are told apart from other failures")
    func mixed() async throws {
      let plain = try await StoreSCP(in: workshop)
      let toPlain = try await fluoro(TestCertificates.modality(plain.aeTitle, plain.port)).run("echo", "PACS")
      #expect(toPlain.status == 1)
      #expect(toPlain.errors.contains("during the TLS handshake. A port that does not speak TLS often hangs up"))
      let secured = try await StoreSCP(in: workshop, certificates.toolkit("pacs"))
      let inClear = try await Installation(in: workshop, modalities: ["PACS": (secured.aeTitle, secured.port)])
        .run("echo", "PACS")
      #expect(inClear.status == 1)
      #expect(inClear.errors.contains("expects TLS on this port"))
      let server = try BadPeer(.garbage)
      let web = try await fluoro(TestCertificates.modality("WEB", server.port)).run("echo", "PACS")
      #expect(web.errors.contains("this is not a TLS port: it answered with HTTP"))
    }

    @Test("another certificate than last time is reported, once, whatever the operation")
    func changed() async throws {
      let port = try Ports.free()
      let first = try await StoreSCP(in: workshop, port: port, certificates.toolkit("pacs"))
      let fluoro = try fluoro(TestCertificates.modality(first.aeTitle, port))
      let echo = try await fluoro.run("echo", "PACS")
      #expect(echo.status == 0 && !echo.errors.contains("changed"))
      await first.process.stop()
      let second = try await StoreSCP(in: workshop, port: port, certificates.toolkit("rsa"))
      let changed = try await fluoro.run("echo", "PACS", "--json")
      #expect(changed.status == 0)
      #expect(changed.errors.contains("warning: the certificate of PACS has changed: since 20"))
      #expect(changed.errors.contains("it was CN=pacs") && changed.errors.contains("now it is CN=rsa"))
      let tls = try changed.objects().first?["tls"] as? [String: Any]
      #expect((tls?["certificate"] as? [String: Any])?["changed"] as? Bool == true)
      #expect(try await !fluoro.run("echo", "PACS").errors.contains("changed"))
      await second.process.stop()
    }

    // MARK: pynetdicom

    @Test("pynetdicom as a server: echo, find, move and store")
    func pynetdicomServer() async throws {
      let slices = try await Python.series(of: 5, in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: slices,
        ["--tls", certificates.path("pacs.pem"), certificates.path("pacs.key"), certificates.path("ca.pem")])
      let fluoro = try fluoro(TestCertificates.modality(pacs.aeTitle, pacs.port))
      #expect(try await fluoro.run("echo", "PACS").status == 0)
      let found = try await fluoro.run("find", "PACS", "--json").objects()
      #expect(found.map { $0["PatientName"] as? String } == ["Ball^Große"])
      let others = try await Python.series(of: 2, in: workshop)
      let stored = try await fluoro.start(["store", "PACS"] + others).finished()
      #expect(stored.status == 0, "\(stored.errors)")
      #expect(pacs.process.output.components(separatedBy: "store 2.25.4711.2.64").count == 3)
    }

    @Test("pynetdicom as a client, by each version of TLS", arguments: ["1.2", "1.3"])
    func pynetdicomClient(version: String) async throws {
      let fluoro = try fluoro(TestCertificates.modality("NOBODY", 1), ["DicomAlwaysAllowStore": true])
      let server = try await fluoro.serve()
      let slices = try await Python.series(of: 4, in: workshop)
      let credentials = ["pacs.pem", "pacs.key", "ca.pem"].map(certificates.path)
      let sent = try await Python.run(
        "secure_scu.py", ["\(fluoro.port)", "FLUORO"] + credentials + [version] + slices, in: workshop)
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(sent.output.hasPrefix("TLSv\(version) "))
      #expect(sent.output.components(separatedBy: "store 0x0").count == 5)
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])
      await server.stop()
    }

    // MARK: Orthanc

    @Test("Orthanc, with the same keys of the configuration: moved from and stored to, by TLS in both directions")
    func orthanc() async throws {
      let port = try Ports.free()
      let files = try await Python.series(of: 6, in: workshop)
      let orthanc = try await Orthanc(
        in: workshop,
        settings: certificates.settings("pacs").merging(
          ["DicomModalities": ["fluoro": TestCertificates.modality("FLUORO", port)]]) { $1 })
      try await orthanc.upload(files)
      let fluoro = try fluoro(TestCertificates.modality(orthanc.aeTitle, orthanc.port), port: port)
      let move = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.4711.6.64", "--json")
      #expect(move.status == 0, "\(move.errors)")
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      let others = try await Python.series(of: 3, in: workshop)
      let stored = try await fluoro.start(["store", "PACS"] + others).finished()
      #expect(stored.status == 0, "\(stored.errors)")
      #expect(try await orthanc.identifiers("instances").count == 9)
    }
  }
}
