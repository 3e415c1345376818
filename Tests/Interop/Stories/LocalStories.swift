import Foundation
import Testing

extension Interop {
  /// The studies on this machine, by the command; no peer but pydicom's files.
  @Suite("The local studies")
  struct LocalStories {
    let workshop: Workshop
    let files: [String]
    let fluoro: Installation

    init() async throws {
      workshop = try Workshop()
      files = try await Python.testFiles(in: workshop)
      fluoro = try Installation(in: workshop)
      let imported = try await fluoro.start(["local", "import", "--json"] + files).finished()
      #expect(try imported.objects().first?["imported"] as? Int == files.count)
    }

    private func studies(_ arguments: String...) async throws -> [[String: Any]] {
      try await fluoro.start(["local", "find", "--json"] + arguments).finished().objects()
    }

    @Test("they are found, sorted, limited and expanded")
    func finding() async throws {
      let dates = try await studies("--order-by", "-StudyDate").compactMap { $0["StudyDate"] as? String }
      #expect(dates == dates.sorted().reversed())
      #expect(try await studies("--limit", "2", "--since", "1").count == 2)
      let expanded = try await studies("-q", "PatientID=1CT1", "--expand")
      #expect((expanded.first?["MainDicomTags"] as? [String: Any])?["StudyDate"] as? String == "20040119")
      #expect(expanded.first?["Type"] as? String == "Study")
    }

    @Test("how long it took is said on standard error, whatever the form of the results")
    func timings() async throws {
      for form in [[], ["--json"], ["--csv"], ["--expand"]] {
        let plain = try await fluoro.start(["local", "find"] + form).finished()
        let timed = try await fluoro.start(["local", "find", "--timings"] + form).finished()
        #expect(timed.status == 0 && timed.output == plain.output)
        #expect(timed.errors.hasPrefix(plain.errors))
        let words = timed.errors.dropFirst(plain.errors.count)
        #expect(words.wholeMatch(of: /opened in [0-9]+\.[0-9] ms, searched in [0-9]+\.[0-9] ms\n/) != nil, "\(words)")
      }
    }

    @Test("a damaged database is named by whatever needs it, with status 2; searching does without")
    func damaged() async throws {
      let study = try #require(try await studies().first?["ID"] as? String)
      let path = fluoro.storage + "/state.sqlite"
      for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
      try Data(repeating: 7, count: 50_000).write(to: URL(filePath: path))
      for command in ["local delete --yes \(study)", "local protect \(study)", "local protect", "history"] {
        let refused = try await fluoro.start(command.split(separator: " ").map(String.init)).finished()
        #expect(refused.status == 2 && refused.output.isEmpty, "\(command): \(refused.output)")
        #expect(refused.errors.hasPrefix("fluoro: \(path) is damaged; "), "\(command): \(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
      }
      #expect(try await studies().contains { $0["ID"] as? String == study })
    }

    @Test("what is exported is what was imported")
    func exporting() async throws {
      let ids = try await studies().compactMap { $0["ID"] as? String }
      let folder = workshop.path("out")
      let exported = try await fluoro.start(["local", "export"] + ids + ["--to", folder]).finished()
      #expect(exported.status == 0, "\(exported.errors)")
      let found = Workshop.files(below: folder).filter { !$0.hasSuffix("/DICOMDIR") }
      #expect(try await Python.differences(between: files, and: found, in: workshop) == [])
      #expect(try await fluoro.start(["local", "export"] + ids + ["--to", folder]).finished().status == 1)
    }

    @Test("importing again changes nothing, and reindexing finds the same")
    func again() async throws {
      let before = try await studies().compactMap { $0["ID"] as? String }
      let imported = try await fluoro.start(["local", "import", "--json"] + files).finished()
      #expect(try imported.objects().first?["duplicates"] as? Int == files.count)
      let told = try await fluoro.start(["local", "import"] + files).finished()
      #expect(told.output.contains("0 instances imported; \(files.count) here already; "), "\(told.output)")
      #expect(try await fluoro.run("local", "reindex").status == 0)
      let verified = try await fluoro.run("local", "verify", "--json")
      #expect(verified.status == 0)
      #expect(try verified.objects().first?["files"] as? Int == files.count)
      #expect(try await Set(studies().compactMap { $0["ID"] as? String }) == Set(before))
    }

    @Test("deleting is asked for twice")
    func deleting() async throws {
      let id = try #require(try await studies("-q", "PatientID=1CT1").first?["ID"] as? String)
      #expect(try await fluoro.run("local", "delete", id).status == 2)
      #expect(try await fluoro.run("local", "delete", id, "--yes").status == 0)
      #expect(try await studies("-q", "PatientID=1CT1").isEmpty)
      #expect(try await fluoro.run("local", "verify").status == 0)
      #expect(try await fluoro.run("local", "delete", id, "--yes").status == 1)
    }

    @Test("dump prints a file, or a local instance, for a person and as the DICOM JSON model")
    func dumping() async throws {
      let instances = try await studies("--level", "instance", "-q", "PatientID=1CT1")
      let id = try #require(instances.first?["ID"] as? String)
      let text = try await fluoro.run("dump", id)
      #expect(text.output.contains("CompressedSamples^CT1"))
      let json = try await fluoro.run("dump", id, "--json", "--tag", "Rows", "--tag", "(0010,0020)").objects()
      let model = try #require(json.first)
      #expect(Set(model.keys) == ["00280010", "00100020"])
      #expect((model["00280010"] as? [String: Any])?["vr"] as? String == "US")
      let file = try #require(files.first { $0.hasSuffix("CT_small.dcm") })
      #expect(try await fluoro.run("dump", file).status == 0)
      #expect(try await fluoro.run("dump", "/etc/hostname").status == 1)
      #expect(try await fluoro.run("dump", "nowhere").status == 2)
      let short = try await fluoro.run("dump", file, "--tag", "PatientName", "--width", "6").output
      #expect(short.contains("[Comp…") && !short.contains("Compressed"))
    }

    @Test("a report dumped as JSON becomes the file that it was")
    func fromJSON() async throws {
      let small = try #require(files.first { $0.hasSuffix("/CT_small.dcm") })
      let report = small.replacingOccurrences(of: "CT_small.dcm", with: "test-SR.dcm")
      let json = workshop.path("report.json")
      try await fluoro.run("dump", report, "--json").output.write(toFile: json, atomically: true, encoding: .utf8)
      let made = workshop.path("report.dcm")
      let converted = try await fluoro.run("convert", json, made, "--transfer-syntax", "explicit")
      #expect(converted.status == 0, "\(converted.errors)")
      #expect(try await Python.differences(between: [report], and: [made], in: workshop) == [])
      try "[1]".write(toFile: json, atomically: true, encoding: .utf8)
      #expect(try await fluoro.run("convert", json, made, "--transfer-syntax", "explicit").status == 1)
    }

    @Test("modalities are added, listed, imported and removed without touching the configuration")
    func modalities() async throws {
      let before = try String(contentsOfFile: fluoro.configurationPath, encoding: .utf8)
      #expect(try await fluoro.run("modalities", "add", "PACS9", "NINE", "localhost", "104").status == 0)
      #expect(
        try await fluoro.run("modalities", "add", "PACS9", "NINE", "localhost", "105").output.hasPrefix("changed PACS9")
      )
      #expect(try await fluoro.run("modalities", "add", "BAD", "SEVENTEEN_LETTERS", "localhost", "104").status == 2)
      let orthanc = try workshop.write(
        #"{ "DicomModalities": { /* theirs */ "xray": ["XRAY", "10.0.0.1", 4242], }, "HttpPort": 8042 }"#,
        to: "orthanc.json")
      #expect(try await fluoro.run("modalities", "import", orthanc).status == 0)
      #expect(try await fluoro.run("modalities", "remove", "PACS9").status == 0)
      let listed = try await fluoro.run("modalities", "list", "--json").objects()
      #expect(listed.compactMap { $0["name"] as? String } == ["xray"])
      #expect(try String(contentsOfFile: fluoro.configurationPath, encoding: .utf8) == before)
    }
  }
}
