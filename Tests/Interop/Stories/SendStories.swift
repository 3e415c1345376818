import Foundation
import Testing

extension Interop {
  /// Sending to peers that do not make it easy: nothing is lost, and nothing acknowledged goes twice.
  @Suite("Sending that comes to its end")
  struct SendStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    private func installation(
      _ options: [String], modality: [String: Any] = [:]
    ) async throws -> (fluoro: Installation, pacs: PynetdicomPACS, folder: String) {
      let folder = try workshop.makeFolder("taken")
      let pacs = try await PynetdicomPACS(in: workshop, ["--folder", folder] + options)
      let entry: [String: Any] = ["AET": pacs.aeTitle, "Host": "127.0.0.1", "Port": pacs.port]
      let fluoro = try Installation(
        in: workshop, settings: ["DicomModalities": ["PACS": entry.merging(modality) { $1 }]])
      return (fluoro, pacs, folder)
    }

    private func stored(_ pacs: PynetdicomPACS) -> [String] {
      pacs.process.output.split(separator: "\n").filter { $0.hasPrefix("store ") }.map(String.init)
    }

    @Test("a peer that drops the association after 7 of 20, twice, gets all 20, none of them twice")
    func drops() async throws {
      let files = try await Python.series(of: 20, in: workshop)
      let (fluoro, pacs, folder) = try await installation(["--drop-store", "7", "--drop-times", "2"])
      let sent = try await fluoro.start(["store", "PACS", "--json"] + files).finished()
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      #expect(sent.errors.contains("7 of 20 instances were acknowledged when this came"))
      #expect(sent.errors.contains("over another association, attempt 2 of 5"))
      #expect(try sent.objects().last?["completed"] as? Int == 20)
      #expect(stored(pacs).count == 20 && Set(stored(pacs)).count == 20)
      #expect(try await Python.differences(between: files, and: Workshop.files(below: folder), in: workshop) == [])
    }

    @Test("one that drops every association is given up, and what it has of 20 is said")
    func dropsAlways() async throws {
      let files = try await Python.series(of: 20, in: workshop)
      let (fluoro, pacs, _) = try await installation(["--drop-store", "2", "--drop-times", "100"])
      let sent = try await fluoro.start(["store", "PACS", "--json"] + files).finished()
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      // Six associations of two each.
      #expect(sent.errors.contains("12 of 20 instances"), "\(sent.errors)")
      #expect(try sent.objects().last?["completed"] as? Int == 12 && stored(pacs).count == 12)
      #expect((try sent.objects().last?["failedInstances"] as? [String])?.count == 8)
    }

    @Test("four associations at once, each dropped: all 40, none twice")
    func dropsSeveral() async throws {
      let files = try await Python.series(of: 40, in: workshop)
      let (fluoro, pacs, _) = try await installation(
        ["--drop-store", "6", "--drop-times", "4"], modality: ["MaximumAssociations": 4])
      let sent = try await fluoro.start(["store", "PACS", "--associations", "4", "--json"] + files).finished()
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      #expect(stored(pacs).count == 40 && Set(stored(pacs)).count == 40, "\(pacs.process.output)")
    }

    @Test("two hundred small instances over three associations arrive bit for bit, each once")
    func manySmall() async throws {
      let files = try await Python.series(of: 200, in: workshop)
      let (fluoro, pacs, folder) = try await installation([], modality: ["MaximumAssociations": 3])
      let sent = try await fluoro.start(["store", "PACS", "--associations", "3", "--json"] + files).finished()
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      #expect(stored(pacs).count == 200 && Set(stored(pacs)).count == 200)
      #expect(try await Python.differences(between: files, and: Workshop.files(below: folder), in: workshop) == [])
    }

    @Test(
      "a file that was not copied as a whole is neither sent nor imported, and is named; the others are",
      arguments: [3, 70])
    func cutOff(count: Int) async throws {
      let files = try await Python.series(of: count, in: workshop)
      try #require(FileHandle(forUpdatingAtPath: files[1])).truncate(atOffset: 4000)
      let (fluoro, pacs, _) = try await installation([])
      let sent = try await fluoro.run("store", "PACS", workshop.path("series-\(count)"), "--json")
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      #expect(try sent.objects().last?["completed"] as? Int == count - 1 && stored(pacs).count == count - 1)
      let failed = try #require(try sent.objects().first { $0["path"] != nil })
      #expect(failed["path"] as? String == files[1])
      #expect((failed["error"] as? String)?.contains("cut off: The value of element (7FE0,0010) at byte ") == true)
      let imported = try await fluoro.run("local", "import", workshop.path("series-\(count)"))
      #expect(imported.status == 3 && imported.errors.contains("\(files[1]): it is cut off"), "\(imported.errors)")
      #expect(imported.output.hasPrefix("\(count - 1) instances imported; 1 failed"), "\(imported.output)")
    }

    @Test("a warning is no failure, and is told apart from one")
    func warnings() async throws {
      let files = try await Python.series(of: 4, in: workshop)
      let uids = (1...4).map { "2.25.4711.4.64.2.\($0)" }
      let (fluoro, pacs, _) = try await installation(["--warn-store", uids[1], "--refuse-store", uids[2]])
      let sent = try await fluoro.start(["store", "PACS", "--json"] + files).finished()
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      let lines = try sent.objects()
      #expect(lines.prefix(4).map { $0["status"] as? String } == ["0x0000", "0xB000", "0xA700", "0x0000"])
      #expect(lines.last?["warning"] as? Int == 1 && lines.last?["failedInstances"] as? [String] == [uids[2]])
      #expect(lines.map { $0["path"] as? String } == [nil, files[1], files[2], nil, nil])
      #expect(sent.errors.contains("stored with a warning: \(files[1]) (\(uids[1]))"))
      #expect(stored(pacs).count == 3)
      let warned = try await fluoro.run("store", "PACS", files[1])
      #expect(warned.status == 0 && warned.output.hasPrefix("1 instance stored on PACS, 1 with a warning. "))
      #expect(warned.errors.contains("1 instance stored with 0xB000 Warning: coercion of data elements"))
    }

    @Test(
      "what a peer does not take as it is stored goes in another uncompressed transfer syntax",
      arguments: [
        "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2",
      ])
    func conversion(taken: String) async throws {
      let slices = try await Python.series(of: 1, in: workshop)
      let kinds = [
        ("implicit", "implicit"), ("big-endian", "big"), ("deflated", "deflated"), ("explicit", "explicit"),
      ]
      let (fluoro, pacs, folder) = try await installation(["--only-syntax", taken])
      for (syntax, name) in kinds {
        let file = workshop.path("\(name).dcm")
        let made = try await fluoro.run("convert", slices[0], file, "--transfer-syntax", syntax)
        #expect(made.status == 0, "\(made.errors)")
        let sent = try await fluoro.run("store", "PACS", file, "--json")
        #expect(sent.status == 0, "\(syntax): \(sent.output)\(sent.errors)")
        // pydicom compares the pixels as bytes, so another toolkit puts them in one order first.
        let came = try #require(Workshop.files(below: folder).first)
        _ = try await Toolkit.run("dcmconv", ["+te", came, came], in: workshop)
        #expect(try await Python.differences(between: slices, and: [came], in: workshop) == [])
        try Workshop.files(below: folder).forEach(FileManager.default.removeItem(atPath:))
      }
      let sent = try await fluoro.run("store", "PACS", workshop.path("deflated.dcm"))
      #expect(
        sent.errors.contains("1 instance sent in ") && sent.errors.contains("does not take what they are stored in"))
      #expect(stored(pacs).count == 5)
    }

    @Test("where AllowTranscoding is false nothing is converted, and that is said")
    func noTranscoding() async throws {
      let slices = try await Python.series(of: 1, in: workshop)
      let (fluoro, pacs, _) = try await installation(
        ["--only-syntax", "1.2.840.10008.1.2"], modality: ["AllowTranscoding": false])
      let sent = try await fluoro.start(["store", "PACS"] + slices).finished()
      #expect(sent.status == 1 && sent.errors.contains("AllowTranscoding is false"), "\(sent.errors)")
      #expect(stored(pacs).isEmpty)
    }

    @Test("of a compressed instance that a peer does not take, what it takes and what to do is said; the others go")
    func compressed() async throws {
      let mixed = try await Python.mixedStudy(in: workshop)
      let storescp = try await StoreSCP(in: workshop)
      let fluoro = try Installation(in: workshop, modalities: ["SINK": (storescp.aeTitle, storescp.port)])
      let sent = try await fluoro.start(["store", "SINK", "--json"] + mixed).finished()
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      #expect(sent.errors.contains("the peer accepts CT Image Storage only in Explicit VR"))
      #expect(sent.errors.contains("this instance is JPEG 2000 Image Compression (Lossless Only)"))
      #expect(sent.errors.contains("which is not decompressed here: allow it there, or convert it where it comes from"))
      #expect(storescp.files.count == 6)
    }
  }
}
