import Foundation
import Testing

extension Interop {
  /// Peers that do not behave: one sentence, naming the step, within the timeout.
  @Suite("Peers that fail")
  struct FailureStories {
    let workshop: Workshop

    init() throws {
      workshop = try Workshop()
    }

    private func echo(port: Int, title: String = "PACS", timeout: String = "3") async throws -> Subprocess.Finished {
      try await Installation(in: workshop, modalities: ["PACS": (title, port)])
        .run("echo", "PACS", "--timeout", timeout, "--json")
    }

    /// The failed phase, after checking the shape every failure has.
    private func failedPhase(_ result: Subprocess.Finished) throws -> String {
      #expect(result.status == 1)
      let answer = try #require(try result.objects().first)
      #expect(answer["ok"] as? Bool == false)
      let error = try #require(answer["error"] as? String)
      #expect(!error.contains("\n"))
      #expect(result.errors.contains(error))
      return try #require(answer["failedPhase"] as? String)
    }

    @Test("a peer that says nothing is given up after the timeout, naming the step")
    func silent() async throws {
      let peer = try BadPeer(.silent)
      let result = try await echo(port: peer.port)
      #expect(try failedPhase(result) == "associate")
      #expect(result.duration >= .seconds(3))
      #expect(result.errors.contains("did not answer the association request within 3 s"))
    }

    @Test("the countdown of a silent peer is on the terminal while it runs")
    func countdown() async throws {
      let peer = try BadPeer(.silent)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": ("PACS", peer.port)])
      let terminal = try await Tmux(in: workshop, columns: 120, environment: fluoro.environment)
      try await terminal.type(
        "\(Workshop.fluoro) --config \(fluoro.configurationPath) echo PACS --timeout 3; echo status=$?")
      try await terminal.wait(for: #"association[^\n]* 2\.\d s \[#+-*\]"#)
      try await terminal.wait(for: #"association[^\n]* 1\.\d s \[#+-+\]"#)
      let last = try await terminal.wait(for: "status=1")
      #expect(!last.contains("[#"))
    }

    @Test("a port nobody listens on is refused at the connect")
    func refused() async throws {
      #expect(try failedPhase(try await echo(port: try Ports.free())) == "connect")
    }

    @Test("a host name that does not exist fails at the resolve")
    func unresolved() async throws {
      let fluoro = try Installation(in: workshop)
      let result = try await fluoro.run("echo", "PACS@no-such-host.invalid:104", "--timeout", "5", "--json")
      #expect(try failedPhase(result) == "resolve")
    }

    @Test("a peer that breaks off, or answers with something else", arguments: [BadPeer.Behaviour.resetting, .garbage])
    func broken(behaviour: BadPeer.Behaviour) async throws {
      let peer = try BadPeer(behaviour)
      let result = try await echo(port: peer.port)
      // A reset right after the connection may be seen while it is still being made.
      #expect(["connect", "associate"].contains(try failedPhase(result)))
      #expect(!result.errors.contains("within 3 s"), "nobody waits for one that is gone")
    }

    @Test("a rejection says why")
    func rejected() async throws {
      let pacs = try await PynetdicomPACS(in: workshop, ["--require-called-aet"])
      let result = try await echo(port: pacs.port, title: "WRONG")
      #expect(try failedPhase(result) == "associate")
      #expect(result.errors.lowercased().contains("called ae title"))
    }

    @Test("a peer that ends while we wait is noticed at once")
    func dying() async throws {
      let files = try await Python.testFiles(in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: files, ["--slow-find", "60"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let find = try fluoro.start(["find", "PACS", "--json", "--timeout", "20"])
      _ = try await eventually("the first match") { find.output.contains("PatientName") ? true : nil }
      pacs.process.signal(15)
      let result = try await find.finished(within: .seconds(10))
      #expect(result.status == 1 || result.status == 3)
      #expect(!result.errors.isEmpty)
    }
  }
}
