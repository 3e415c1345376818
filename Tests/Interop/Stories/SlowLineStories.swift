import Foundation
import Testing

extension Interop {
  /// Transfers that take several times the timeout, and are healthy.
  @Suite("Slow lines")
  struct SlowLineStories {
    let workshop: Workshop
    /// One instance of 2 MB, for which the line needs 7 s; the timeout is 2 s.
    let files: [String]
    static let study = "StudyInstanceUID=2.25.4711.1.1024"

    init() async throws {
      workshop = try Workshop()
      files = try await Python.series(of: 1, rows: 1024, in: workshop)
    }

    /// A line of 300 kB/s to a port, and its own port.
    private func line(to port: Int) async throws -> (process: Subprocess, port: Int) {
      let own = try Ports.free()
      let process = try Subprocess(
        Workshop.python, ["\(Workshop.scripts)/throttle.py", String(own), String(port), "300000"], in: workshop)
      try await Ports.awaitListening(own, process)
      return (process, own)
    }

    private func took(_ begun: ContinuousClock.Instant) -> Bool { ContinuousClock.now - begun > .seconds(5) }

    @Test("an instance goes to storescp although all of it takes longer than the timeout")
    func storing() async throws {
      let storescp = try await StoreSCP(in: workshop)
      let line = try await line(to: storescp.port)
      let fluoro = try Installation(in: workshop, modalities: ["SINK": (storescp.aeTitle, line.port)])
      let begun = ContinuousClock.now
      let sent = try await fluoro.start(["store", "SINK", "--timeout", "2"] + files).finished()
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(took(begun), "the line was slow")
      #expect(try await Python.differences(between: files, and: storescp.files, in: workshop) == [])
      await line.process.stop()
    }

    @Test(
      "an instance comes by C-GET from dcmqrscp, and by C-MOVE, which says nothing meanwhile",
      arguments: ["get", "move"])
    func retrieving(_ method: String) async throws {
      let port = try Ports.free()
      // A move comes back over a line of its own; a get over that of the request.
      let back = method == "move" ? try await line(to: port) : nil
      let pacs = try await QueryRetrieveSCP(in: workshop, hosts: ["us": ("FLUORO", back?.port ?? port)], files: files)
      let there = method == "get" ? try await line(to: pacs.port) : nil
      let fluoro = try Installation(
        in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, there?.port ?? pacs.port)])
      let begun = ContinuousClock.now
      let got = try await fluoro.run(method, "PACS", "-q", Self.study, "--timeout", "2", "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(took(begun), "the line was slow")
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      await back?.process.stop()
      await there?.process.stop()
    }

    @Test("a line that goes dead amid an instance is no slow one: the timeout ends it")
    func dead() async throws {
      let storescp = try await StoreSCP(in: workshop, ["--verbose"])
      let line = try await line(to: storescp.port)
      let fluoro = try Installation(in: workshop, modalities: ["SINK": (storescp.aeTitle, line.port)])
      let sending = try fluoro.start(["store", "SINK", "--timeout", "2", "--json"] + files)
      _ = try await eventually("it is under way") {
        (storescp.process.output + storescp.process.errors).contains("Received Store Request") ? true : nil
      }
      let relay = try await line.process.program
      kill(relay, SIGSTOP)
      let ended = try await sending.finished(within: .seconds(30))
      kill(relay, SIGCONT)
      #expect(ended.status != 0)
      #expect(ended.errors.contains("within 2 s"), "\(ended.errors)")
      await line.process.stop()
    }
  }
}
