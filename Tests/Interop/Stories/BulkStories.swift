import Foundation
import Testing

extension Interop {
  /// A row each: migrations, re-sends, pulls for research.
  @Suite("In bulk")
  struct BulkStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("find, move and store by rows; what is done is not done again; then the two sides are the same")
    func rows() async throws {
      let port = try Ports.free()
      let (orthanc, other) = (
        try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)]), try await Orthanc(in: workshop)
      )
      let (five, six) = (try await Python.series(of: 5, in: workshop), try await Python.series(of: 6, in: workshop))
      try await orthanc.upload(five + six)
      let fluoro = try Installation(
        in: workshop, port: port,
        modalities: ["PACS": (orthanc.aeTitle, orthanc.port), "OTHER": (other.aeTitle, other.port)])
      let studies = ["2.25.4711.5.64", "2.25.4711.6.64"]
      let list = try workshop.write(
        "Note,StudyInstanceUID\nfirst,\(studies[0])\nnone,1.2.3.4\nsecond,\(studies[1])\n", to: "list.csv")
      let result = workshop.path("result.csv")

      let found = try await fluoro.run("find", "PACS", "--from", list, "--json")
      #expect(try found.objects().compactMap { $0["StudyInstanceUID"] as? String } == studies)

      let stopped = try await fluoro.run(
        "move", "PACS", "--from", list, "--result", result, "--stop-after", "1", "--json")
      #expect(stopped.status == 3, "\(stopped.output)\(stopped.errors)")
      #expect(try stopped.objects().map { $0["outcome"] as? String } == ["done", "failed"])
      let again = try await fluoro.run("move", "PACS", "--from", list, "--result", result, "--json")
      #expect(again.status == 3)
      #expect(try again.objects().map { $0["row"] as? Int } == [2, 3], "the first is done")
      #expect(try await Python.differences(between: five + six, and: fluoro, in: workshop) == [])
      let wrong = try await fluoro.run("move", "PACS", "--from", workshop.path("nothing.csv"))
      #expect(wrong.status == 2)

      let accession = try workshop.write("AccessionNumber\nA1\n", to: "accession.csv")
      let sent = try await fluoro.run("store", "OTHER", "--from", accession, "--json")
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(try sent.objects().last?["instances"] as? Int == 11)
      let same = try await fluoro.run("compare", "PACS", "OTHER", "--level", "instance", "--json")
      #expect(same.status == 0, "\(same.output)\(same.errors)")
      #expect(same.output.isEmpty)
    }

    @Test(
      ":compare on the keyboard: what one PACS has and the other has not goes from there to there, and nothing twice")
    func comparingByKeys() async throws {
      let other = try await Orthanc(in: workshop)
      let orthanc = try await Orthanc(in: workshop, modalities: ["other": (other.aeTitle, other.port)])
      let (five, six) = (try await Python.series(of: 5, in: workshop), try await Python.series(of: 6, in: workshop))
      try await orthanc.upload(five + six)
      try await other.upload(Array(six.dropFirst(2)))
      let fluoro = try Installation(
        in: workshop, port: try Ports.free(),
        modalities: ["PACS": (orthanc.aeTitle, orthanc.port), "OTHER": (other.aeTitle, other.port)])
      let terminal = try await Tmux(in: workshop, columns: 140, environment: Installation.home(in: workshop))
      try await terminal.type("\(Workshop.fluoro) --config \(fluoro.configurationPath)")
      try await terminal.wait(for: "receiving")
      try await terminal.keys(":")
      try await terminal.type("compare PACS OTHER")
      try await terminal.wait(for: "2 studies compared, 2 different")
      try await terminal.wait(for: "5 +– +missing on OTHER(.|\n)*6 +4 +OTHER lacks 2")
      try await terminal.keys("G", "Enter")
      try await terminal.wait(for: "2 images differ(.|\n)*2.25.4711.6.64.2.1")
      try await terminal.keys("Escape", "s")
      try await terminal.wait(for: "✓ brought")
      #expect(try await other.identifiers("instances").count == 6)
      try await terminal.keys("r")
      try await terminal.wait(for: "2 studies compared, 1 different")
      try await terminal.keys("S")
      try await terminal.wait(for: "1 study to OTHER: 5 images from PACS")
      try await terminal.keys("y")
      try await terminal.wait(for: "✓ brought")
      try await terminal.keys("r")
      try await terminal.wait(for: "PACS and OTHER have the same")
      let folder = try workshop.makeFolder("theirs")
      try await other.download(into: folder)
      #expect(
        try await Python.differences(between: five + six, and: Workshop.files(below: folder), in: workshop) == [])
      // Each C-STORE that OTHER got is in its log of changes, once.
      let changes = try await other.request("GET", "/changes?limit=1000")
      let new = try #require(try JSONSerialization.jsonObject(with: changes) as? [String: Any])["Changes"]
      #expect((new as? [[String: Any]])?.count { $0["ChangeType"] as? String == "NewInstance" } == 11)
      try await terminal.keys("q", "q", "q")
    }

    @Test("compare names what one side lacks, down to instances, and --send brings it")
    func comparing() async throws {
      let port = try Ports.free()
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      let (five, six) = (try await Python.series(of: 5, in: workshop), try await Python.series(of: 6, in: workshop))
      try await orthanc.upload(five + six)
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      #expect(try await fluoro.start(["local", "import"] + five.dropLast(2)).finished().status == 0)

      let counts = try await fluoro.run("compare", "PACS", "local", "-q", "StudyDate=20260102", "--json")
      #expect(counts.status == 3, "\(counts.output)\(counts.errors)")
      let differences = try counts.objects()
      #expect(differences.map { $0["a"] as? Int } == [5, 6] && differences.map { $0["b"] as? Int } == [3, 0])
      #expect(differences[1]["difference"] as? String == "missing on local")
      #expect(
        differences.allSatisfy { $0["StudyDate"] as? String == "20260102" && ($0["PatientName"] as? String) != "" })
      let lines = try await fluoro.run("compare", "PACS", "local", "-q", "StudyDate=2026-01")
      let rows = lines.output.split(separator: "\n")
      #expect(rows.count == 3 && rows[0].hasPrefix("  PACS   local  Difference"), "\(lines.output)")
      for (title, value) in [("Date", "20260102"), ("StudyInstanceUID", "2.25.4711.5.64")] {
        let (head, cell) = (rows[0].firstRange(of: title), rows[1].firstRange(of: value))
        #expect(
          head.map { rows[0].distance(from: rows[0].startIndex, to: $0.lowerBound) }
            == cell.map { rows[1].distance(from: rows[1].startIndex, to: $0.lowerBound) }, "\(lines.output)")
      }
      #expect(lines.errors.ranges(of: "2 different").count == 1, "\(lines.errors)")
      let table = try await fluoro.run("compare", "PACS", "local", "--level", "instance", "--csv")
      #expect(table.output.contains("2.25.4711.5.64,2.25.4711.5.64.2.4,,,missing on local,,,"))

      let sent = try await fluoro.run("compare", "PACS", "local", "--send")
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      #expect(try await Python.differences(between: five + six, and: fluoro, in: workshop) == [])
      #expect(try await fluoro.run("compare", "PACS", "local", "--level", "instance").status == 0)
      for name in ["local", "PACS"] {
        let same = try await fluoro.run("compare", name, name)
        #expect(same.status == 2 && same.errors.contains("\(name) is named twice"), "\(same.errors)")
      }
    }
  }
}
