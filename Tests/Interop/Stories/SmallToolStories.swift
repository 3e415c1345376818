import Foundation
import Testing

extension Interop {
  /// What staff reach for: each tool run as it is, against peers as they are.
  @Suite("Small tools")
  struct SmallToolStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("echo --check: one line and an exit status for monitoring, when it answers and when it does not")
    func check() async throws {
      let orthanc = try await Orthanc(in: workshop)
      let fluoro = try Installation(
        in: workshop,
        modalities: ["PACS": (orthanc.aeTitle, orthanc.port), "DOWN": ("NOBODY", try Ports.free())])
      let up = try await fluoro.run("echo", "PACS", "--check")
      #expect(up.status == 0 && up.errors.isEmpty)
      #expect(up.output.contains(/^OK - PACS answered in \d+\.\d ms \| time=\d+\.\dms\n$/), "\(up.output)")
      let down = try await fluoro.run("echo", "DOWN", "--check")
      #expect(down.status == 1)
      #expect(down.output.contains(/^CRITICAL - DOWN: .*refused.*\n$/), "\(down.output)")
      // Over half of its time is a warning: a peer that takes 0.6 of a second.
      let slow = try await PynetdicomPACS(in: workshop, files: [], ["--slow-echo", "0.6"])
      let late = try Installation(in: workshop, modalities: ["SLOW": (slow.aeTitle, slow.port)])
      let warned = try await late.run("echo", "SLOW", "--check", "--timeout", "1")
      #expect(warned.output.hasPrefix("WARNING - SLOW answered in "), "\(warned.output)\(warned.errors)")
      #expect(warned.status == 0)
    }

    @Test(
      "teststore: the instance is stored, found again, and unmistakably synthetic; refused where nothing may be sent")
    func testStore() async throws {
      let orthanc = try await Orthanc(in: workshop)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      let stored = try await fluoro.run("teststore", "PACS", "--json")
      #expect(stored.status == 0, "\(stored.output)\(stored.errors)")
      let result = try #require(try stored.objects().first)
      #expect(result["found"] as? Bool == true, "\(stored.output)")
      let identifiers = try await orthanc.identifiers("studies")
      #expect(identifiers.count == 1)
      let study =
        try JSONSerialization.jsonObject(
          with: try await orthanc.request("GET", "/studies/\(identifiers.first ?? "")")) as? [String: Any]
      #expect((study?["PatientMainDicomTags"] as? [String: String])?["PatientName"] == "FLUORO^TEST")
      let text = try await fluoro.run("teststore", "PACS")
      #expect(text.output.contains("found again") && text.output.contains("Study Instance UID"))
      let storescp = try await StoreSCP(in: workshop)
      let blind = try Installation(
        in: workshop, modalities: ["SCP": (storescp.aeTitle, storescp.port)])
      let unfound = try await blind.run("teststore", "SCP")
      #expect(unfound.status == 0 && unfound.output.contains("it accepts no C-FIND"), "\(unfound.output)")
      let careful = try Installation(
        in: workshop, aeTitle: "CAREFUL", modalities: ["PACS": (orthanc.aeTitle, orthanc.port)],
        settings: ["ReadOnly": true])
      let refused = try await careful.run("teststore", "PACS")
      #expect(refused.status == 1 && refused.errors.contains("ReadOnly"))
      #expect(try await orthanc.identifiers("instances").count == 2)
    }

    @Test("explain: statuses, rejections and aborts in words, with cause and remedy; what is no code is refused")
    func explain() async throws {
      let fluoro = try Installation(in: workshop)
      let status = try await fluoro.run("explain", "A801")
      #expect(status.status == 0)
      #expect(status.output.contains("move destination unknown") && status.output.contains("PS3.4 §C.4.2.1.5"))
      #expect(status.output.contains("  usually: ") && status.output.contains("  try: "), "\(status.output)")
      let narrowed = try await fluoro.run("explain", "A700", "--service", "C-STORE", "--json")
      let objects = try narrowed.objects()
      #expect(objects.count == 1 && objects.first?["code"] as? String == "0xA700", "\(narrowed.output)")
      #expect(try await fluoro.run("explain", "1/1/7").output.contains("AE title"))
      #expect(try await fluoro.run("explain", "abort", "2/6").status == 0)
      let unknown = try await fluoro.run("explain", "no-code")
      #expect(unknown.status == 2 && unknown.output.isEmpty && !unknown.errors.isEmpty)
    }

    @Test("whoami: what a PACS administrator needs; Orthanc configured by it reaches us")
    func whoAmI() async throws {
      let fluoro = try Installation(in: workshop, aeTitle: "WHOAMI")
      let own = try #require(try await fluoro.run("whoami", "--json").objects().first)
      #expect(own["aet"] as? String == "WHOAMI" && own["port"] as? Int == fluoro.port)
      #expect(own["addresses"] as? [String] == ["127.0.0.1"])
      #expect((own["sopClasses"] as? [String])?.contains("1.2.840.10008.1.1") == true)
      #expect(own["certificate"] is NSNull)
      let text = try await fluoro.run("whoami").output
      for word in ["AE title       WHOAMI", "Certificate    none: TLS is off", "storage classes", "dcmqrscp.cfg"] {
        #expect(text.contains(word), "\(text)")
      }
      let line = try #require(text.firstMatch(of: /"fluoro": (\[.*\])/)?.1)
      let modality = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
      let orthanc = try await Orthanc(in: workshop, settings: ["DicomModalities": ["fluoro": modality]])
      let server = try await fluoro.serve()
      _ = try await orthanc.request("POST", "/modalities/fluoro/echo", body: Data("{}".utf8))
      withExtendedLifetime(server) {}
    }
  }
}
