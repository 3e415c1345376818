import Testing

extension Interop {
  /// C-GET from other programs: nothing of ours listens, and no peer knows our address.
  @Suite("C-GET")
  struct GetStories {
    let workshop: Workshop
    static let mixed = "StudyInstanceUID=2.25.4712"

    init() throws { workshop = try Workshop() }

    @Test("a study of many classes and transfer syntaxes comes from Orthanc as it is there")
    func orthanc() async throws {
      let files = try await Python.mixedStudy(in: workshop)
      let slices = try await Python.series(of: 30, in: workshop)
      let orthanc = try await Orthanc(in: workshop, settings: ["DicomAlwaysAllowGet": true])
      try await orthanc.upload(files + slices)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      let got = try await fluoro.run(
        "get", "PACS", "-q", Self.mixed, "-q", "StudyInstanceUID=2.25.4711.30.64", "--json")
      #expect(got.status == 0, "\(got.errors)")
      let results = try got.objects().filter { $0.keys.contains("status") }
      #expect(results.map { $0["received"] as? Int } == [files.count, 30])
      #expect(results.map { $0["status"] as? String } == ["0x0000", "0x0000"])
      #expect(try await Python.differences(between: files + slices, and: fluoro, in: workshop) == [])
      let series = try await fluoro.run(
        "get", "PACS", "--level", "series", "-q", Self.mixed, "-q", "SeriesInstanceUID=2.25.4712.3", "--json")
      #expect(try series.objects().last?["received"] as? Int == 1, "\(series.errors)")
      let nothing = try await fluoro.run("get", "PACS", "-q", "StudyInstanceUID=1.2.3.4.5")
      #expect(nothing.status == 1)
      #expect(nothing.errors.contains("nothing matched"))
    }

    @Test("dcmqrscp, which tells no classes, is asked for the commonest; what it does not send is named")
    func dcmqrscp() async throws {
      let files = try await Python.mixedStudy(in: workshop)
      // Of the compressed transfer syntaxes it agrees to one.
      let pacs = try await QueryRetrieveSCP(in: workshop, hosts: [:], files: files, ["--prefer-j2k-lossless"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let got = try await fluoro.run("get", "PACS", "-q", Self.mixed, "--json")
      #expect(got.status == 3, "\(got.output)\(got.errors)")
      let failed = try got.objects().last?["failedInstances"] as? [String]
      #expect(failed == ["2.25.4712.9.4", "2.25.4712.9.5"])
      let sent = files.filter { !$0.contains("04-CT") && !$0.contains("05-CT") }
      #expect(try await Python.differences(between: sent, and: fluoro, in: workshop) == [])
      let patient = try await fluoro.run("get", "PACS", "--level", "patient", "-q", "PatientID=MIXED", "--json")
      #expect(try patient.objects().last?["received"] as? Int == sent.count)
    }

    @Test("pynetdicom's private class comes too, in the contexts its SOPClassesInStudy ask for")
    func pynetdicom() async throws {
      let files = try await Python.mixedStudy(withPrivateClass: true, in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, ["--take-class", "1.2.826.0.1.3680043.10.9999.1"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let got = try await fluoro.run("get", "PACS", "-q", Self.mixed, "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      #expect(pacs.process.output.components(separatedBy: "get STUDY").count == 2)
      #expect(!pacs.process.output.contains("get IMAGE"))
    }

    @Test("what a study holds unannounced is fetched by SOP Instance UID on a second association")
    func unannounced() async throws {
      let files = try await Python.mixedStudy(in: workshop)
      let hidden = ["1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.88.59"]
      let pacs = try await PynetdicomPACS(in: workshop, files: files, hidden.flatMap { ["--hide-class", $0] })
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let got = try await fluoro.run("get", "PACS", "-q", Self.mixed, "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      let result = try #require(try got.objects().last)
      #expect(result["received"] as? Int == files.count)
      #expect(result["failed"] as? Int == 0)
      #expect(pacs.process.output.contains("get IMAGE"))
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
    }

    @Test("the last way is a C-MOVE, and what comes by no way is named")
    func rest() async throws {
      let port = try Ports.free()
      let files = try await Python.mixedStudy(withPrivateClass: true, in: workshop)
      let stubborn = ["--refuse-get", "1.2.840.10008.5.1.4.1.1.88.11", "--take-class", "1.2.826.0.1.3680043.10.9999.1"]
      let knowing = try await PynetdicomPACS(in: workshop, files: files, destinations: ["FLUORO": port], stubborn)
      let unknowing = try await PynetdicomPACS(in: workshop, files: files, stubborn)
      let fluoro = try Installation(
        in: workshop, port: port,
        modalities: ["PACS": (knowing.aeTitle, knowing.port), "OTHER": (unknowing.aeTitle, unknowing.port)])

      let named = try await fluoro.run("get", "OTHER", "-q", Self.mixed, "--json")
      #expect(named.status == 3, "\(named.output)\(named.errors)")
      let partial = try #require(try named.objects().last)
      #expect(partial["failedInstances"] as? [String] == ["2.25.4712.9.7"])
      #expect(partial["received"] as? Int == files.count - 1)
      #expect(named.errors.contains("2.25.4712.9.7 (Basic Text SR Storage)"))
      #expect(named.errors.contains("FLUORO"))

      let moved = try await fluoro.run("get", "PACS", "-q", Self.mixed, "--json")
      #expect(moved.status == 0, "\(moved.output)\(moved.errors)")
      #expect(try moved.objects().last?["received"] as? Int == files.count)
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
    }

    @Test("Ctrl-C cancels at the peer, keeps what came and exits 130")
    func cancelling() async throws {
      let slices = try await Python.series(of: 100, in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: slices, ["--slow-get", "0.2"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let get = try fluoro.start(["get", "PACS", "-q", "StudyInstanceUID=2.25.4711.100.64", "--json"])
      _ = try await eventually("some instances came") { fluoro.files.count > 2 ? true : nil }
      get.signal(2)
      let ended = try await get.finished(within: .seconds(10))
      #expect(ended.status == 130)
      _ = try await eventually("the peer sees the cancel and the release") {
        pacs.process.output.contains("cancelled") && pacs.process.output.contains("released") ? true : nil
      }
      #expect(fluoro.files.count < 100)
      #expect(try ended.objects().last?["received"] as? Int == fluoro.files.count)
    }

    @Test("a peer without C-GET says so")
    func notOffered() async throws {
      let storescp = try await StoreSCP(in: workshop)
      let fluoro = try Installation(in: workshop, modalities: ["SINK": (storescp.aeTitle, storescp.port)])
      let got = try await fluoro.run("get", "SINK", "-q", Self.mixed, "--json")
      #expect(got.status == 1)
      #expect(got.errors.contains("GET"))
    }
  }
}
