import Testing

extension Interop {
  /// Other programs fetch from us by C-GET.
  @Suite("C-GET, as provider")
  struct GetProviderStories {
    let workshop: Workshop
    let files: [String]

    init() async throws {
      workshop = try Workshop()
      files = try await Python.mixedStudy(in: workshop)
    }

    private func serving(
      _ settings: [String: Any] = ["DicomAlwaysAllowGet": true]
    ) async throws
      -> (Installation, Subprocess)
    {
      let fluoro = try Installation(in: workshop, settings: settings)
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      return (fluoro, try await fluoro.serve())
    }

    private func getscu(
      _ fluoro: Installation, _ options: [String] = []
    ) async throws -> (
      result: Subprocess.Finished, files: [String]
    ) {
      let folder = try workshop.makeFolder("getscu")
      let arguments = ["-v", "-aec", "FLUORO", "-S", "-od", folder, "-k", "QueryRetrieveLevel=STUDY"]
      let result = try await Toolkit.run(
        "getscu", options + arguments + ["-k", "StudyInstanceUID=2.25.4712", "127.0.0.1", "\(fluoro.port)"],
        in: workshop)
      return (result, Workshop.files(below: folder))
    }

    @Test("getscu gets what is uncompressed, and hears what failed")
    func toolkit() async throws {
      let (fluoro, server) = try await serving()
      let (result, got) = try await getscu(fluoro)
      #expect(result.errors.contains("Number of Completed Suboperations : 6"), "\(result.output)\(result.errors)")
      #expect(result.errors.contains("Number of Failed Suboperations    : 3"))
      let uncompressed = files.filter { name in !["03-", "04-", "05-"].contains { name.contains($0) } }
      #expect(try await Python.differences(between: uncompressed, and: got, in: workshop) == [])
      await server.stop()
    }

    @Test("nobody gets anything unless allowed")
    func refused() async throws {
      let (fluoro, server) = try await serving([:])
      let (result, got) = try await getscu(fluoro)
      #expect(got.isEmpty)
      #expect(result.errors.contains("0x124"), "\(result.errors)")
      await server.stop()
    }

    @Test("pynetdicom gets every transfer syntax it proposes, with counters that add up")
    func everySyntax() async throws {
      let (fluoro, server) = try await serving()
      let folder = try workshop.makeFolder("got")
      let syntaxes = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5"]
      let got = try await Python.run(
        "scu.py",
        ["get", "\(fluoro.port)", "FLUORO", "2.25.4712", folder] + syntaxes.flatMap { ["--syntax", $0] },
        in: workshop)
      #expect(got.status == 0, "\(got.errors)")
      let responses = got.output.split(separator: "\n")
      #expect(responses.count == files.count)
      #expect(responses.first == "0xFF00 8 1 0 0")
      #expect(responses.last == "0x0000 None 9 0 0")
      #expect(Workshop.files(below: folder).count == files.count)
      await server.stop()
    }

    @Test("a cancel ends it between two instances")
    func cancelled() async throws {
      let (fluoro, server) = try await serving()
      let slices = try await Python.series(of: 200, in: workshop)
      #expect(try await fluoro.start(["local", "import"] + slices).finished().status == 0)
      let folder = try workshop.makeFolder("some")
      let got = try await Python.run(
        "scu.py", ["get", "\(fluoro.port)", "FLUORO", "2.25.4711.200.64", folder, "--cancel-after", "3"],
        in: workshop)
      let final = try #require(got.output.split(separator: "\n").last?.split(separator: " "))
      #expect(final.first == "0xFE00", "\(got.output)\(got.errors)")
      let remaining = try #require(Int(final[1]))
      let completed = try #require(Int(final[2]))
      #expect(remaining + completed == 200)
      #expect(completed < 200)
      #expect(Workshop.files(below: folder).count == completed)
      await server.stop()
    }

    @Test("one fluoro gets from another, compressed or not")
    func ourselves() async throws {
      let (fluoro, server) = try await serving()
      let other = try Installation(in: workshop, aeTitle: "OTHER", modalities: ["PACS": ("FLUORO", fluoro.port)])
      // Ours does not answer queries here: the commonest classes are proposed.
      let got = try await other.run("get", "PACS", "-q", "StudyInstanceUID=2.25.4712", "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(try await Python.differences(between: files, and: other.files, in: workshop) == [])
      let series = try await other.run(
        "get", "PACS", "--level", "series", "-q", "SeriesInstanceUID=2.25.4712.1", "--relational", "--json")
      #expect(try series.objects().last?["received"] as? Int == 5, "\(series.errors)")
      await server.stop()
    }
  }
}
