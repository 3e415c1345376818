import Testing

extension Interop {
  @Suite("DCMTK")
  struct ToolkitStories {
    let workshop: Workshop
    let files: [String]

    init() async throws {
      workshop = try Workshop()
      files = try await Python.testFiles(in: workshop)
    }

    @Test("what storescu sends to serve is stored as it was")
    func receiving() async throws {
      let fluoro = try Installation(in: workshop, settings: ["DicomAlwaysAllowStore": true])
      let server = try await fluoro.serve()
      let slices = try await Python.series(of: 20, in: workshop)
      let echo = try await Toolkit.run("echoscu", ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)"], in: workshop)
      #expect(echo.status == 0, "\(echo.errors)")
      let sent = try await Toolkit.run(
        "storescu", ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)"] + slices, in: workshop)
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])

      server.signal(15)
      #expect(try await server.finished().status == 0)
    }

    @Test("nobody stores unless allowed")
    func refusing() async throws {
      let fluoro = try Installation(in: workshop)
      let server = try await fluoro.serve()
      let sent = try await Toolkit.run(
        "storescu", ["-aet", "STRANGER", "-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)", files[0]], in: workshop)
      #expect(sent.status != 0)
      #expect(fluoro.files.isEmpty)
      await server.stop()
    }

    @Test("what we store is what storescp writes")
    func storing() async throws {
      let storescp = try await StoreSCP(in: workshop, ["+xa"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (storescp.aeTitle, storescp.port)])
      let store = try await fluoro.start(["store", "PACS", "--json"] + files).finished()
      #expect(store.status == 0, "\(store.output)\(store.errors)")
      #expect(try await Python.differences(between: files, and: storescp.files, in: workshop) == [])
    }

    @Test("findscu and movescu are answered from our index, where allowed")
    func answering() async throws {
      let storescp = try await StoreSCP(in: workshop, ["+xa"])
      let fluoro = try Installation(
        in: workshop, modalities: ["SINK": (storescp.aeTitle, storescp.port)],
        settings: ["DicomAlwaysAllowFind": true, "DicomAlwaysAllowMove": true])
      let slices = try await Python.series(of: 4, in: workshop)
      #expect(try await fluoro.start(["local", "import"] + slices).finished().status == 0)
      let server = try await fluoro.serve()
      let address = ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)", "-S"]

      let found = try await Toolkit.run(
        "findscu", address + ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=ball*", "-k", "StudyInstanceUID"],
        in: workshop)
      #expect(found.status == 0, "\(found.errors)")
      #expect((found.output + found.errors).contains("2.25.4711.4.64"))

      let moved = try await Toolkit.run(
        "movescu",
        address + ["-aem", "STORESCP", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.4711.4.64"],
        in: workshop)
      #expect(moved.status == 0, "\(moved.errors)")
      #expect(try await Python.differences(between: slices, and: storescp.files, in: workshop) == [])
      await server.stop()
    }

    @Test("what Vitrea asks and does not mean is forgiven it, and a move that names no level or no UID")
    func forgiving() async throws {
      let storescp = try await StoreSCP(in: workshop)
      let fluoro = try Installation(
        in: workshop,
        settings: [
          "DicomAlwaysAllowFind": true, "DicomAlwaysAllowMove": true,
          "DicomModalities": [
            "SINK": [storescp.aeTitle, "127.0.0.1", storescp.port] as [Any],
            "VIEWER": ["AET": "VITREA", "Host": "127.0.0.1", "Port": 104, "Manufacturer": "Vitrea"] as [String: Any],
          ],
        ])
      let slices = try await Python.series(of: 2, in: workshop)
      #expect(try await fluoro.start(["local", "import"] + slices).finished().status == 0)
      let server = try await fluoro.serve()
      let address = ["-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)", "-S"]
      func found(by title: String) async throws -> Bool {
        let keys = ["QueryRetrieveLevel=STUDY", "StudyInstanceUID", "5653,0010=Vital Images SW 3.4"]
        let result = try await Toolkit.run(
          "findscu", ["-v", "-aet", title] + address + keys.flatMap { ["-k", $0] }, in: workshop)
        return (result.output + result.errors).contains("2.25.4711.2.64")
      }
      #expect(try await found(by: "VITREA"))
      #expect(try await !found(by: "OTHER"))
      for keys in [["StudyInstanceUID=2.25.4711.2.64"], ["QueryRetrieveLevel=STUDY", "AccessionNumber=A1"]] {
        let moved = try await Toolkit.run(
          "movescu", address + ["-aem", "STORESCP"] + keys.flatMap { ["-k", $0] }, in: workshop)
        #expect(moved.status == 0, "\(moved.errors)")
      }
      #expect(storescp.files.count == 2)
      await server.stop()
    }

    @Test("findscu is refused unless allowed")
    func refusingQueries() async throws {
      let fluoro = try Installation(in: workshop)
      let server = try await fluoro.serve()
      let found = try await Toolkit.run(
        "findscu",
        [
          "-v", "-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k",
          "PatientName",
        ],
        in: workshop)
      #expect(!found.errors.contains("Pending"))
      await server.stop()
    }

    @Test("dcmqrscp is queried and moved from")
    func dcmqrscp() async throws {
      let port = try Ports.free()
      let slices = try await Python.series(of: 6, in: workshop)
      let pacs = try await QueryRetrieveSCP(in: workshop, hosts: ["us": ("FLUORO", port)], files: slices)
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let found = try await fluoro.run("find", "PACS", "-q", "PatientID=BALL", "--json")
      #expect(found.status == 0, "\(found.errors)")
      #expect(try found.objects().first?["PatientName"] as? String == "Ball^Große")
      let moved = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.4711.6.64", "--json")
      #expect(moved.status == 0, "\(moved.errors)")
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])

      let diagnosis = try await fluoro.run("diagnose", "PACS", "--move")
      #expect(diagnosis.status == 0, "\(diagnosis.output)\(diagnosis.errors)")
    }

    @Test("dcmqrscp ignores keys it does not know: that is said, and nothing is moved by them")
    func ignoredKeys() async throws {
      let storescp = try await StoreSCP(in: workshop)
      let slices = try await Python.series(of: 2, in: workshop)
      let pacs = try await QueryRetrieveSCP(
        in: workshop, hosts: ["sink": (storescp.aeTitle, storescp.port)], files: slices)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let found = try await fluoro.run("find", "PACS", "-q", "InstitutionName=NOWHERE", "-q", "PatientID=BALL")
      #expect(found.status == 0)
      #expect(found.errors.contains("PACS answered without regard to InstitutionName"), "\(found.errors)")
      #expect(!found.errors.contains("PatientID"))
      let rows = try workshop.write("InstitutionName\nNOWHERE\n", to: "rows.csv")
      let moved = try await fluoro.run("move", "PACS", "--from", rows, "--target", storescp.aeTitle)
      #expect(moved.status == 1, "\(moved.output)\(moved.errors)")
      let said = moved.output + moved.errors
      #expect(said.contains("Nothing was retrieved for this row"), "\(said)")
      #expect(storescp.files.isEmpty)
    }
  }
}
