import Foundation
import Testing

extension Interop {
  /// Retrieves from peers that do not do their part: what fluoro says, and how it comes to the end all the same.
  @Suite("Faults of a retrieve")
  struct FaultStories {
    let workshop: Workshop
    let files: [String]
    static let study = "StudyInstanceUID=2.25.4711.20.64"

    init() async throws {
      workshop = try Workshop()
      files = try await Python.series(of: 20, in: workshop)
    }

    /// A row of the table: it is printed, so that whoever runs the tests sees what people read.
    private func tell(_ fault: String, _ said: Subprocess.Finished, _ recovery: String) {
      let words = said.errors.split(separator: "\n").filter { !$0.contains("  missing: ") }.joined(separator: " ")
      print("FAULT | \(fault) | exit \(said.status): \(words) | \(recovery)")
    }

    private func result(_ finished: Subprocess.Finished) throws -> [String: Any] {
      try #require(try finished.objects().last { $0.keys.contains("status") })
    }

    /// Nothing is missing, and no instance was sent twice.
    private func isWhole(_ fluoro: Installation, _ pacs: PynetdicomPACS? = nil) async throws {
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      guard let pacs else { return }
      let sent = pacs.process.output.split(separator: "\n").filter { $0.hasPrefix("sends ") }
      #expect(sent.count == files.count && Set(sent).count == files.count, "nothing was fetched twice")
    }

    private func installation(
      _ options: [String], knowsUs: Bool = true
    ) async throws -> (fluoro: Installation, pacs: PynetdicomPACS) {
      let port = try Ports.free()
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: knowsUs ? ["FLUORO": port] : [:], options)
      return (try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)]), pacs)
    }

    @Test("drops the association after 7 of 20", arguments: ["move", "get"])
    func drops(method: String) async throws {
      let (fluoro, pacs) = try await installation(["--drop-after", "7"])
      let broken = try await fluoro.run(method, "PACS", "-q", Self.study, "--json")
      #expect(broken.status == 3, "\(broken.output)\(broken.errors)")
      let first = try result(broken)
      #expect(first["received"] as? Int == 7)
      #expect((first["failedInstances"] as? [String])?.count == 13)
      #expect(broken.errors.contains("13 of the 20 instances"))
      let again = try await fluoro.run(method, "PACS", "-q", Self.study, "--missing", "--json")
      #expect(again.status == 0, "\(again.errors)\(again.output)")
      #expect(try result(again)["received"] as? Int == 13)
      try await isWhole(fluoro, pacs)
      tell("\(method): drops after 7 of 20", broken, "--missing fetched 13")
      let third = try await fluoro.run(method, "PACS", "-q", Self.study, "--missing", "--json")
      #expect(third.status == 0 && third.errors.isEmpty)
      #expect(try result(third)["received"] as? Int == 0, "all is here already")
      try await isWhole(fluoro, pacs)
    }

    @Test("reports success and sends nothing")
    func sendsNothing() async throws {
      let (fluoro, pacs) = try await installation(["--send-nothing"])
      let nothing = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(nothing.status == 1, "\(nothing.output)\(nothing.errors)")
      #expect(nothing.errors.contains("20 of the 20 instances that PACS lists are not here"))
      #expect((try result(nothing)["failedInstances"] as? [String])?.count == 20)
      let again = try await fluoro.run("move", "PACS", "-q", Self.study, "--missing", "--json")
      #expect(again.status == 0, "\(again.errors)")
      try await isWhole(fluoro, pacs)
      tell("move: success, nothing sent", nothing, "--missing fetched 20")
    }

    @Test("refuses queries and retrieves: the refusal is what is said, not that nothing matched")
    func refusesAll() async throws {
      let (fluoro, pacs) = try await installation(["--find-status", "0x0124", "--get-status", "0x0124"])
      let got = try await fluoro.run("get", "PACS", "-q", Self.study, "--json")
      #expect(got.status == 1)
      #expect(got.errors.contains("PACS refused: 0x0124") && !got.errors.contains("matched"), "\(got.errors)")
      #expect((try result(got)["error"] as? String)?.contains("0x0124") == true)
      let found = try await fluoro.run("find", "PACS", "-q", Self.study)
      #expect(found.status == 1 && found.errors.contains("PACS refused the query: 0x0124"), "\(found.errors)")
      withExtendedLifetime(pacs) {}
    }

    @Test("ends the association in the middle, when all was here before: it is done, and what happened is said")
    func dropsWhenAllIsHere() async throws {
      let (fluoro, pacs) = try await installation(["--drop-after", "7"])
      #expect(try await fluoro.run("local", "import", workshop.path("series-20")).status == 0)
      let moved = try await fluoro.run("move", "PACS", "-q", Self.study)
      #expect(moved.status == 0, "\(moved.output)\(moved.errors)")
      #expect(moved.errors.contains("all 20 instances are here, although: "), "\(moved.errors)")
      withExtendedLifetime(pacs) {}
    }

    @Test("another fluoro receives: what was here before does not count as received")
    func otherReceiver() async throws {
      let (fluoro, pacs) = try await installation([])
      let server = try await fluoro.serve()
      let first = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(first.status == 0, "\(first.output)\(first.errors)")
      #expect(try result(first)["received"] as? Int == 20)
      #expect(try #require(result(first)["bytes"] as? Int) > 0)
      let again = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(again.status == 0, "\(again.output)\(again.errors)")
      #expect(try result(again)["received"] as? Int == 0)
      let unknown = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.1", "--json")
      #expect(unknown.status == 1 && unknown.errors.contains("nothing matched"), "\(unknown.errors)")
      await server.stop()
      try await isWhole(fluoro)
      withExtendedLifetime(pacs) {}
    }

    @Test("another fluoro receives, and the peer only says that it has sent")
    func otherReceiverOfNothing() async throws {
      let (fluoro, pacs) = try await installation(["--find-status", "0xC000", "--drop-after", "3"])
      #expect(try await fluoro.run("local", "import", workshop.path("series-20")).status == 0)
      let server = try await fluoro.serve()
      let broken = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(broken.status == 1, "\(broken.output)\(broken.errors)")
      #expect(try result(broken)["received"] as? Int == 0)
      await server.stop()
      withExtendedLifetime(pacs) {}
    }

    @Test("has another port for us: what it sends arrives elsewhere, and that is said long before the end")
    func wrongPort() async throws {
      let elsewhere = try await StoreSCP(in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: ["FLUORO": elsewhere.port], ["--slow-move", "0.5"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let move = try fluoro.start(["move", "PACS", "-q", Self.study, "--timeout", "3", "--json"])
      _ = try await eventually("it is said while the peer still sends") {
        move.errors.contains("none arrived here: check the address and port it has for FLUORO") ? true : nil
      }
      #expect(pacs.process.output.components(separatedBy: "sends").count < 19)
      let ended = try await move.finished()
      #expect(ended.status == 1)
      #expect((try result(ended)["failedInstances"] as? [String])?.count == 20)
      let got = try await fluoro.run("get", "PACS", "-q", Self.study, "--missing", "--json")
      #expect(got.status == 0, "\(got.errors)")
      try await isWhole(fluoro)
      tell("move: another port registered for us", ended, "C-GET needs no address: 20 fetched")
    }

    @Test("refuses to move one SOP class")
    func refusesClass() async throws {
      let mixed = try await Python.mixedStudy(in: workshop)
      let port = try Ports.free()
      let pacs = try await PynetdicomPACS(
        in: workshop, files: mixed, destinations: ["FLUORO": port], ["--refuse-move", "1.2.840.10008.5.1.4.1.1.88.11"])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let moved = try await fluoro.run("move", "PACS", "-q", GetStories.mixed, "--json")
      #expect(moved.status == 3, "\(moved.output)\(moved.errors)")
      #expect(try result(moved)["failedInstances"] as? [String] == ["2.25.4712.9.7"])
      let got = try await fluoro.run("get", "PACS", "-q", GetStories.mixed, "--missing", "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(try result(got)["received"] as? Int == 1)
      #expect(try await Python.differences(between: mixed, and: fluoro, in: workshop) == [])
      tell("move: one SOP class refused", moved, "get --missing fetched it")
    }

    @Test("does not know us: A801, and C-GET where one lets it", arguments: ["pynetdicom", "dcmqrscp"])
    func unknownDestination(peer: String) async throws {
      let modality: (String, Int)
      let process: Subprocess
      if peer == "dcmqrscp" {
        let pacs = try await QueryRetrieveSCP(in: workshop, hosts: [:], files: files)
        (modality, process) = ((pacs.aeTitle, pacs.port), pacs.process)
      } else {
        let pacs = try await PynetdicomPACS(in: workshop, files: files)
        (modality, process) = ((pacs.aeTitle, pacs.port), pacs.process)
      }
      defer { withExtendedLifetime(process) {} }
      let fluoro = try Installation(in: workshop, modalities: ["PACS": modality])
      let refused = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(refused.status == 1)
      #expect(refused.errors.contains("A801") && refused.errors.contains("it does not know the AE title FLUORO"))
      let got = try await fluoro.run("move", "PACS", "-q", Self.study, "--any-method", "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(got.errors.contains("PACS refuses C-MOVE, so it is asked by C-GET"))
      #expect(try result(got)["received"] as? Int == 20)
      try await isWhole(fluoro)
      tell("move: \(peer) does not know us", refused, "--any-method fetched 20 by C-GET")
    }

    @Test("takes one association at a time, and has it in use")
    func associationLimit() async throws {
      let (fluoro, pacs) = try await installation(["--maximum", "1", "--slow-move", "0.2"])
      let first = try fluoro.start(["move", "PACS", "-q", Self.study, "--json"])
      _ = try await eventually("the first has begun") { pacs.process.output.contains("sends") ? true : nil }
      let echo = try await fluoro.run("echo", "PACS")
      #expect(echo.status == 1, "an echo tells how it is now")
      let second = try await fluoro.run("find", "PACS", "--json")
      #expect(second.status == 0, "\(second.errors)")
      #expect(second.errors.contains("no association to spare now; it is asked again"))
      #expect(try await first.finished().status == 0)
      try await isWhole(fluoro, pacs)
      tell("at its association limit", second, "asked again until there was one")
    }

    @Test("is slow: nothing is given up as long as something arrives")
    func slow() async throws {
      let (fluoro, pacs) = try await installation(["--slow-move", "0.4"])
      let moved = try await fluoro.run("move", "PACS", "-q", Self.study, "--timeout", "2", "--json")
      #expect(moved.status == 0, "\(moved.errors)")
      try await isWhole(fluoro, pacs)
      tell("an instance every 0.4 s, timeout 2 s", moved, "not needed")
    }

    @Test("Orthanc has a port for us where nobody listens, then the right one")
    func orthanc() async throws {
      let (wrong, port) = (try Ports.free(), try Ports.free())
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", wrong)])
      try await orthanc.upload(files)
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      let refused = try await fluoro.run("move", "PACS", "-q", Self.study, "--json")
      #expect(refused.status == 1, "\(refused.output)")
      let got = try await fluoro.run("get", "PACS", "-q", Self.study, "--missing", "--json")
      #expect(got.status == 0, "\(got.errors)")
      #expect(try result(got)["received"] as? Int == 20)
      try await isWhole(fluoro)
      tell("move: Orthanc reaches nobody at our address", refused, "get --missing fetched 20")
    }
  }
}

extension Interop {
  /// As large as they come.
  @Suite("Large retrieves")
  struct LargeStories {
    @Test("a study of 5,000 instances, then ten studies at once, from Orthanc: nothing is missing")
    func large() async throws {
      let workshop = try Workshop()
      let port = try Ports.free()
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      let source = try Installation(
        in: workshop, aeTitle: "SOURCE", modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      var studies: [String] = []
      for count in [5000] + Array(21...30) {
        let files = try await Python.series(of: count, rows: 8, in: workshop)
        let folder = try #require(files.first.map { ($0 as NSString).deletingLastPathComponent })
        let sent = try await source.start(["store", "PACS", folder]).finished(within: .seconds(120))
        #expect(sent.status == 0, "\(sent.errors)")
        studies.append("StudyInstanceUID=2.25.4711.\(count).8")
      }
      let moved = try await fluoro.start(["move", "PACS", "-q", studies[0], "--json"]).finished(within: .seconds(120))
      #expect(moved.status == 0, "\(moved.errors)")
      #expect(try moved.objects().last?["received"] as? Int == 5000)

      let server = try await fluoro.serve()
      let moves = try studies.dropFirst().map { try fluoro.start(["move", "PACS", "-q", $0, "--json"]) }
      for (move, count) in zip(moves, 21...30) {
        let ended = try await move.finished(within: .seconds(60))
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try ended.objects().last?["received"] as? Int == count)
      }
      withExtendedLifetime(server) {}
      #expect(fluoro.files.count == 5000 + (21...30).reduce(0, +))
    }
  }
}
