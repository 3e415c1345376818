import Testing

extension Interop {
  /// Orthanc as Debian ships it, loaded with pydicom's CT and MR files.
  @Suite("Orthanc")
  struct OrthancStories {
    let workshop: Workshop
    let files: [String]
    let orthanc: Orthanc
    let fluoro: Installation

    init() async throws {
      workshop = try Workshop()
      files = try await Python.testFiles(in: workshop)
      let port = try Ports.free()
      orthanc = try await Orthanc(
        in: workshop, modalities: ["fluoro": ("FLUORO", port)], settings: ["DefaultEncoding": "Utf8"])
      try await orthanc.upload(files)
      fluoro = try Installation(in: workshop, port: port, modalities: ["PACS1": (orthanc.aeTitle, orthanc.port)])
    }

    @Test("echo says that it is there, and how long each step took")
    func echo() async throws {
      let echo = try await fluoro.run("echo", "PACS1", "--json")
      #expect(echo.status == 0, "\(echo.errors)")
      let answer = try #require(try echo.objects().first)
      #expect(answer["ok"] as? Bool == true)
      #expect(answer["modality"] as? String == "PACS1")
      #expect(answer["port"] as? Int == orthanc.port)
      let phases = try #require(answer["phases"] as? [String: Any])
      for phase in ["connect", "associate", "echo", "release"] { #expect(phases[phase] is Double, "\(phase)") }
      let peer = try #require(answer["peer"] as? [String: Any])
      #expect((peer["implementationVersionName"] as? String)?.contains("OFFIS_DCMTK") == true)
      #expect(try await fluoro.run("echo", "\(orthanc.aeTitle)@127.0.0.1:\(orthanc.port)", "--count", "3").status == 0)
    }

    @Test("diagnose says what works, proves by an instance that we are reached, and names no patient")
    func diagnose() async throws {
      let asked = try await fluoro.run("diagnose", "PACS1", "--json")
      #expect(asked.status == 0, "\(asked.errors)")
      let diagnosis = try #require(try asked.objects().first)
      #expect(diagnosis["cause"] as? String == "notProven" && diagnosis["ok"] as? Bool == true)
      let steps = try #require(diagnosis["steps"] as? [[String: Any]])
      #expect(
        steps.map { $0["layer"] as? String } == ["resolve", "connect", "tls", "association", "echo", "find", "reach"])

      let report = workshop.path("report.txt")
      let moved = try await fluoro.run("diagnose", "PACS1", "--move", "--save", report)
      #expect(moved.status == 0, "\(moved.output)\(moved.errors)")
      #expect(moved.output.contains("Everything works"))
      let text = try String(contentsOfFile: report, encoding: .utf8)
      #expect(text.contains("Study Root") && text.contains("OFFIS_DCMTK"))
      for name in ["CompressedSamples", "1CT1", "1.3.6.1.4.1.5962"] { #expect(!text.contains(name)) }
      #expect(try await fluoro.run("local", "find", "--level", "instance", "--json").objects().count == 1)
      #expect(try await fluoro.run("diagnose", "PACS1", "--save", report).status == 2, "nothing is overwritten")
    }

    @Test("find lists what was loaded")
    func find() async throws {
      let all = try await fluoro.run("find", "PACS1", "--json")
      #expect(all.status == 0, "\(all.errors)")
      #expect(try all.objects().count == (try await orthanc.identifiers("studies").count))

      let one = try await fluoro.run("find", "PACS1", "-q", "PatientName=CompressedSamples^CT*", "--json")
      let study = try #require(try one.objects().first)
      #expect(study["PatientID"] as? String == "1CT1")
      #expect(study["StudyDate"] as? String == "20040119")
      #expect(try one.objects().count == 1)

      let uid = try #require(study["StudyInstanceUID"] as? String)
      let series = try await fluoro.run("find", "PACS1", "--level", "series", "-q", "StudyInstanceUID=\(uid)", "--json")
      #expect(try series.objects().first?["Modality"] as? String == "CT")

      let none = try await fluoro.run("find", "PACS1", "-q", "PatientName=NOBODY", "--json")
      #expect(none.status == 0)
      #expect(none.output.isEmpty)
    }

    @Test("a query can be read from standard input or a file, for a person or as CSV")
    func findForms() async throws {
      let typed = try await fluoro.run("find", "PACS1", "-q", "-", input: "# one study\nPatientID=1CT1\n")
      #expect(typed.output.contains("CompressedSamples^CT1"))
      let path = try workshop.write("PatientID=1CT1\n", to: "keys")
      let table = try await fluoro.run("find", "PACS1", "-q", "@\(path)", "--csv").output.split(separator: "\n")
      #expect(table.count == 2)
      #expect(table.first?.contains("PatientName") == true)
    }

    @Test("every moved instance is what was loaded, element by element, as pydicom compares them")
    func move() async throws {
      let studies = try await fluoro.run("find", "PACS1", "--json").objects().compactMap {
        $0["StudyInstanceUID"] as? String
      }
      let arguments = ["move", "PACS1", "--json"] + studies.flatMap { ["-q", "StudyInstanceUID=\($0)"] }
      let move = try await fluoro.start(arguments).finished()
      #expect(move.status == 0, "\(move.errors)")
      let results = try move.objects().filter { $0.keys.contains("status") }
      #expect(results.count == studies.count)
      #expect(results.allSatisfy { $0["status"] as? String == "0x0000" && $0["failed"] as? Int == 0 })
      #expect(results.reduce(0) { $0 + ($1["received"] as? Int ?? 0) } == files.count)
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])

      let local = try await fluoro.run("local", "find", "--json")
      #expect(try Set(local.objects().compactMap { $0["ID"] as? String }) == Set(await orthanc.identifiers("studies")))
    }

    @Test("a series of 250 slices arrives whole, and a move of nothing says so")
    func moveSeries() async throws {
      let slices = try await Python.series(of: 250, rows: 512, in: workshop)
      try await orthanc.upload(slices)
      let move = try await fluoro.run("move", "PACS1", "-q", "StudyInstanceUID=2.25.4711.250.512", "--json")
      #expect(move.status == 0, "\(move.errors)")
      #expect(try move.objects().last?["received"] as? Int == 250)
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])

      let nothing = try await fluoro.run("move", "PACS1", "-q", "StudyInstanceUID=1.2.3.4.5")
      #expect(nothing.status == 1)
      #expect(!nothing.errors.isEmpty)
    }

    @Test("what we store is what Orthanc holds")
    func store() async throws {
      let slices = try await Python.series(of: 5, in: workshop)
      let store = try await fluoro.start(["store", "PACS1", "--json"] + slices).finished()
      #expect(store.status == 0, "\(store.errors)")
      let lines = try store.objects()
      #expect(lines.count == 6)
      #expect(lines.last?["completed"] as? Int == 5)
      let folder = try workshop.makeFolder("downloaded")
      try await orthanc.download(into: folder)
      let held = Workshop.files(below: folder)
      #expect(try await Python.differences(between: files + slices, and: held, in: workshop) == [])
    }

    @Test("imported studies are sent by their identifier")
    func storeLocal() async throws {
      let slices = try await Python.series(of: 3, in: workshop)
      let imported = try await fluoro.start(["local", "import", "--json"] + slices).finished()
      #expect(imported.status == 0, "\(imported.errors)")
      #expect(try imported.objects().first?["imported"] as? Int == 3)
      let study = try await fluoro.run("local", "find", "-q", "PatientID=BALL", "--json").objects()
      let id = try #require(study.first?["ID"] as? String)
      #expect(try await fluoro.run("store", "PACS1", id).status == 0)
      #expect(try await orthanc.identifiers("studies").contains(id))
      let statistics = try await fluoro.run("local", "statistics", "--json").objects()
      #expect(statistics.first?["instances"] as? Int == 3)
    }
  }
}
