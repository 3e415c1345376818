import Dicom
import Testing

extension Interop {
  /// What single options of the commands do, seen from the other side where it concerns that.
  @Suite("Options of the commands")
  struct OptionStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    private struct Peers {
      let pacs: PynetdicomPACS
      let fluoro: Installation
    }

    /// A PACS, and a fluoro that knows it.
    private func peers(holding files: [String] = [], _ destinations: [String: Int] = [:]) async throws -> Peers {
      let pacs = try await PynetdicomPACS(in: workshop, files: files, destinations: destinations)
      return Peers(
        pacs: pacs, fluoro: try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)]))
    }

    @Test("echo --check is one line, as monitoring wants it, and --local-aet the title that we call with")
    func check() async throws {
      let peers = try await peers()
      let up = try await peers.fluoro.run("echo", "PACS", "--check", "--local-aet", "WARD7")
      #expect(up.status == 0 && up.output.hasPrefix("OK - PACS answered in "), "\(up.output)")
      #expect(up.output.wholeMatch(of: /[^\n]* \| time=[0-9.]+ms\n/) != nil, "\(up.output)")
      #expect(peers.pacs.process.output.contains("called by WARD7"))
      let down = try await peers.fluoro.run("echo", "PACS@127.0.0.1:1", "--check")
      #expect(down.status == 1 && down.output.hasPrefix("CRITICAL - PACS@127.0.0.1:1: "), "\(down.output)")
    }

    @Test("watch --interval --count: a line for each echo, what they come to, and status 1 where nobody answers")
    func watch() async throws {
      let peers = try await peers()
      let seen = try await peers.fluoro.run("watch", "PACS", "--interval", "0.2", "--count", "3", "--json")
      #expect(seen.status == 0, "\(seen.errors)")
      #expect(try seen.objects().count == 4)
      #expect(try await peers.fluoro.run("watch", "PACS@127.0.0.1:1", "--count", "1").status == 1)
    }

    @Test("find --return says what comes, and --no-normalize lets keys of other levels out as well")
    func returned() async throws {
      let peers = try await peers(holding: try await Python.series(of: 2, in: workshop))
      let two = ["find", "PACS", "--return", "PatientName", "--return", "StudyDescription", "--json"]
      let found = try await peers.fluoro.start(two).finished().objects()
      let keys = try #require(found.first).keys.filter { !$0.isEmpty }
      #expect(Set(keys).isSuperset(of: ["PatientName", "StudyDescription", "StudyInstanceUID"]))
      #expect(!keys.contains("AccessionNumber") && !keys.contains("StudyDate"), "\(keys)")

      func asked(_ options: String...) async throws -> [String] {
        #expect(
          try await peers.fluoro.start(["find", "PACS", "-q", "SeriesDescription="] + options).finished().status == 0)
        let lines = peers.pacs.process.output.split(separator: "\n").filter { $0.hasPrefix("keys ") }
        return try #require(lines.last).split(separator: " ").map(String.init)
      }
      #expect(try await !asked().contains("SeriesDescription"))
      #expect(try await asked("--no-normalize").contains("SeriesDescription"))
    }

    @Test("find --empty-values, --all-values and --date-time, asked of another fluoro: agreed on, and as they say")
    func capabilities() async throws {
      let files = try workshop.studies(4) { number, dataSet in
        dataSet.set(.studyDate, "2018010\(number)")
        dataSet.set(.studyTime, "1\(number)0000")
        if number > 2 { dataSet.set(.institutionName, "Clinic") }
      }
      let archive = try Installation(in: workshop, aeTitle: "ARCHIVE", settings: ["DicomAlwaysAllowFind": true])
      #expect(try await archive.start(["local", "import"] + files).finished().status == 0)
      let server = try await archive.serve()
      let fluoro = try Installation(in: workshop, modalities: ["ARCHIVE": ("ARCHIVE", archive.port)])
      func found(_ options: String...) async throws -> [String] {
        let result = try await fluoro.start(["find", "ARCHIVE", "--json"] + options).finished()
        #expect(result.status == 0, "\(result.errors)")
        return try result.objects().compactMap { $0["PatientID"] as? String }.sorted()
      }
      #expect(try await found("-q", #"InstitutionName="""#) == [], "without it, a value of two quotation marks")
      #expect(try await found("-q", #"InstitutionName="""#, "--empty-values") == ["P1", "P2"])
      let both = #"ModalitiesInStudy=CT\MR"#
      #expect(try await found("-q", both) == ["P1", "P2", "P3", "P4"])
      #expect(try await found("-q", both, "--all-values") == [])
      let moment = ["-q", "StudyDate=20180102-20180104", "-q", "StudyTime=1300-1200"]
      #expect(try await found(moment[0], moment[1], moment[2], moment[3], "--date-time") == ["P3"])
      await server.stop()
    }

    @Test("store --move-originator-aet and -id reach the other side")
    func originator() async throws {
      let peers = try await peers()
      let files = try await Python.series(of: 1, in: workshop)
      let store = ["store", "PACS", "--move-originator-aet", "WARD7", "--move-originator-id", "42"]
      #expect(try await peers.fluoro.start(store + files).finished().status == 0)
      #expect(peers.pacs.process.output.contains("moved for WARD7 42"), "\(peers.pacs.process.output)")
      #expect(try await peers.fluoro.start(store.dropLast(2) + files).finished().status == 2, "both or none")
    }

    @Test("move --target sends to another station, whose title the peer has to know")
    func target() async throws {
      let files = try await Python.series(of: 2, in: workshop)
      let sink = try await StoreSCP(in: workshop)
      let peers = try await peers(holding: files, [sink.aeTitle: sink.port])
      let study = "StudyInstanceUID=2.25.4711.2.64"
      #expect(try await peers.fluoro.run("move", "PACS", "-q", study, "--target", sink.aeTitle).status == 0)
      #expect(try await Python.differences(between: files, and: sink.files, in: workshop) == [])
      #expect(peers.fluoro.files == [])
      let unknown = try await peers.fluoro.run("move", "PACS", "-q", study, "--target", "NOBODY")
      #expect(unknown.status == 1 && unknown.errors.contains("NOBODY"), "\(unknown.errors)")
    }

    @Test("history --outcome and --search leave the rest out, and explain --service the other services")
    func narrowing() async throws {
      let peers = try await peers()
      #expect(try await peers.fluoro.run("echo", "PACS").status == 0)
      #expect(try await peers.fluoro.run("echo", "OTHER@127.0.0.1:1").status == 1)
      func told(_ options: String...) async throws -> [String] {
        try await peers.fluoro.start(["history", "--json"] + options).finished().objects()
          .compactMap { $0["peer"] as? String }
      }
      #expect(try await told() == ["PACS", "OTHER@127.0.0.1:1"])
      #expect(try await told("--outcome", "failed") == ["OTHER@127.0.0.1:1"])
      #expect(try await told("--search", "refused") == ["OTHER@127.0.0.1:1"])
      #expect(try await told("--search", "nowhere") == [])

      func services(_ options: String...) async throws -> [[String]] {
        try await peers.fluoro.start(["explain", "A700", "--json"] + options).finished().objects()
          .compactMap { $0["services"] as? [String] }
      }
      #expect(try await services() == [["storage"], ["find", "worklist", "procedureStep", "relevantPatient"]])
      #expect(try await services("--service", "C-STORE") == [["storage"]])
      #expect(try await peers.fluoro.run("explain", "A700", "--service", "C-NOTHING").status == 2)
    }

    @Test("local protect keeps a study listed until unprotect")
    func protection() async throws {
      let peers = try await peers()
      #expect(
        try await peers.fluoro.start(["local", "import"] + Python.series(of: 1, in: workshop)).finished().status == 0)
      let held = try await peers.fluoro.run("local", "find", "--json").objects()
      let id = try #require(held.first?["ID"] as? String)
      func protected() async throws -> [String] {
        try await peers.fluoro.run("local", "protect", "--json").objects().compactMap { $0["ID"] as? String }
      }
      #expect(try await protected() == [])
      #expect(try await peers.fluoro.run("local", "find").errors == "1 study\n")
      #expect(try await peers.fluoro.run("local", "protect", id).errors.contains("1 study kept"))
      let twice = try await peers.fluoro.run("local", "protect", id, id.uppercased())
      #expect(twice.errors.contains("1 study kept"), "one that is named twice is one: \(twice.errors)")
      #expect(try await protected() == [id])
      #expect(try await peers.fluoro.run("local", "unprotect", id).status == 0)
      #expect(try await protected() == [])
      #expect(try await peers.fluoro.run("local", "unprotect", id, id).errors == "1 study may be recycled again\n")
      let series = try await peers.fluoro.run("local", "find", "--json", "--level", "series").objects()
      for unknown in ["0123", try #require(series.first?["ID"] as? String)] {
        for command in ["protect", "unprotect"] {
          let refused = try await peers.fluoro.run("local", command, unknown)
          #expect(refused.status == 1)
          #expect(refused.errors == "fluoro: \(unknown): there is no local study with this identifier\n")
        }
      }
      // One that is gone may be let go of too.
      #expect(try await peers.fluoro.run("local", "protect", id).status == 0)
      #expect(try await peers.fluoro.run("local", "delete", id, "--yes").status == 0)
      #expect(try await peers.fluoro.run("local", "unprotect", id).status == 0)
      #expect(try await peers.fluoro.run("local", "unprotect", id).status == 1)
    }
  }
}
