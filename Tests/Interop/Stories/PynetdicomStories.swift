import Testing

extension Interop {
  @Suite("pynetdicom")
  struct PynetdicomStories {
    @Test("echo, find, move and store")
    func allServices() async throws {
      let workshop = try Workshop()
      let port = try Ports.free()
      let slices = try await Python.series(of: 7, in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: slices, destinations: ["FLUORO": port])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])

      #expect(try await fluoro.run("echo", "PACS").status == 0)
      let found = try await fluoro.run("find", "PACS", "--json").objects()
      #expect(found.map { $0["PatientName"] as? String } == ["Ball^Große"])
      let moved = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.4711.7.64", "--json")
      #expect(moved.status == 0, "\(moved.errors)")
      #expect(try await Python.differences(between: slices, and: fluoro, in: workshop) == [])

      let others = try await Python.series(of: 2, in: workshop)
      #expect(try await fluoro.start(["store", "PACS"] + others).finished().status == 0)
      #expect(pacs.process.output.components(separatedBy: "store 2.25.4711.2.64").count == 3)
    }

    @Test("Ctrl-C during a find cancels it at the peer and exits 130")
    func cancelling() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: files, ["--slow-find", "60"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let find = try fluoro.start(["find", "PACS", "--json", "--timeout", "0"])
      _ = try await eventually("the first match") { find.output.contains("PatientName") ? true : nil }
      find.signal(2)
      let ended = try await find.finished(within: .seconds(10))
      #expect(ended.status == 130)
      _ = try await eventually("the peer sees the cancel and the release") {
        pacs.process.output.contains("cancelled") && pacs.process.output.contains("released") ? true : nil
      }
    }

    @Test("a peer that does not know us says so, in words and with what to do")
    func unknownDestination() async throws {
      let workshop = try Workshop()
      let slices = try await Python.series(of: 1, in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: slices)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let moved = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.4711.1.64", "--json")
      #expect(moved.status == 1)
      #expect(try moved.objects().last?["status"] as? String == "0xA801")
      #expect(moved.errors.contains("FLUORO"))
    }

    @Test("a move the peer fails is reported with its status", arguments: ["0xA702", "0xC123"])
    func moveFailures(status: String) async throws {
      let workshop = try Workshop()
      let port = try Ports.free()
      let slices = try await Python.series(of: 1, in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: slices, destinations: ["FLUORO": port], ["--move-status", status])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let moved = try await fluoro.run("move", "PACS", "-q", "StudyInstanceUID=2.25.4711.1.64", "--json")
      #expect(moved.status == 1)
      #expect(try moved.objects().last?["status"] as? String == status)
      #expect(moved.errors.contains(status))
    }
  }
}
