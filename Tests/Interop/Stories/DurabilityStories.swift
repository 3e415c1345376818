import Foundation
import Testing

extension Interop {
  /// What was acknowledged is there for good.
  @Suite("What has been acknowledged")
  struct DurabilityStories {
    /// 100 kills at random moments: while it starts, while it receives. `FLUORO_SEED` repeats a run.
    @Test("survives a hundred kills: found, readable, equal; and no torn file stands anywhere")
    func killed() async throws {
      let seed = ProcessInfo.processInfo.environment["FLUORO_SEED"].flatMap(UInt64.init) ?? .random(in: 0...999_999)
      print("kill test: FLUORO_SEED=\(seed)")
      var random = SeededRandom(seed: seed)
      // Of a killed process the system keeps what it was given: a file system in memory is as good here, and 100 starts
      // do not wait for a disk.
      let workshop = try Workshop(in: "/dev/shm")
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true])
      let ledger = Ledger()
      for round in 1...100 {
        let server = try fluoro.start(["serve"])
        // Now and then it does not come to listen: it is killed while it clears up behind the one before.
        if round % 10 == 0 {
          try await Task.sleep(for: .milliseconds(Int.random(in: 20...100, using: &random)))
          try await server.kill()
          continue
        }
        try await Ports.awaitListening(fluoro.port, server)
        try await check(ledger, fluoro, round: round - 1)
        let sending = Task { try await send(ledger, round: round, to: fluoro.port) }
        try await Task.sleep(for: .milliseconds(Int.random(in: 5...120, using: &random)))
        try await server.kill()
        _ = await sending.result
      }
      let server = try await fluoro.serve()
      for round in 1...100 { try await check(ledger, fluoro, round: round) }
      #expect(ledger.strangers(in: fluoro.storage) == [])
      #expect(ledger.acknowledged.count > 100, "hardly anything was sent")
      print("kill test: \(ledger.acknowledged.count) of \(ledger.sent.count) instances sent were acknowledged")
      await server.stop()
      #expect(server.errors.contains("listening"))
      #expect(Workshop.files(below: fluoro.storage + "/incoming") == [], "it ended in good order")
    }

    /// Small instances on three associations, and larger ones on a fourth: for the journal, and for files of their own.
    private func send(_ ledger: Ledger, round: Int, to port: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for stream in 1...4 {
          let instances = (1...1000).lazy.map { number in
            NumberedInstance(
              round: round, stream: stream, number: number,
              size: stream < 4 ? 500 * (number % 20 + 1) : number % 2 == 0 ? 1_300_000 : 300_000)
          }
          group.addTask { try await ledger.send(instances, to: port) }
        }
        while let result = await group.nextResult() {
          // An association that breaks off is what this is about; a refusal is not.
          if case .failure(let problem as PeerProblem) = result { throw problem }
        }
      }
    }

    private func check(_ ledger: Ledger, _ fluoro: Installation, round: Int) async throws {
      let acknowledged = ledger.acknowledged.filter { $0.round == round }.map(\.uid)
      if !acknowledged.isEmpty {
        let found = try await Ledger.found(round: round, at: fluoro.port)
        #expect(
          found.isSuperset(of: acknowledged), "round \(round): \(acknowledged.count) acknowledged, \(found.count) found"
        )
      }
      let problems = try ledger.problems(in: fluoro.storage, round: round)
      #expect(problems == [], "round \(round): \(problems)")
    }

    /// A kill spares what the system holds in memory, so it is looked at in which order the system is called.
    @Test("was synced before the answer left, and without Durability it was not", arguments: ["fsync", "none"])
    func order(durability: String) async throws {
      let workshop = try Workshop()
      guard try await Strace.mayTrace(in: workshop) else { return }
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "Durability": durability])
      let trace = workshop.path("trace")
      let server = try fluoro.start(["serve"], under: Strace.command(writing: trace))
      try await Ports.awaitListening(fluoro.port, server)
      let ledger = Ledger()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for stream in 1...4 {
          let instances = (1...15).map { number in
            NumberedInstance(
              round: 1, stream: stream, number: number,
              size: number % 5 == 0 ? 1_500_000 : number % 5 == 1 ? 300_000 : 700 * number)
          }
          group.addTask { try await ledger.send(instances, to: fluoro.port) }
        }
        try await group.waitForAll()
      }
      await server.stop()
      let judged = try await Python.run("durability.py", [trace], in: workshop)
      let count = durability == "fsync" ? 0 : 60
      #expect(judged.status == 0, "\(judged.errors)")
      #expect(judged.output.hasSuffix("60 \(count)\n"), "\(judged.output)")
      #expect(try ledger.problems(in: fluoro.storage, round: 1) == [])
    }
  }
}

/// strace, where this system lets a process trace its children.
enum Strace {
  /// Says so loudly where it may not.
  static func mayTrace(in workshop: Workshop) async throws -> Bool {
    let path = "/usr/bin/strace"
    if FileManager.default.isExecutableFile(atPath: path),
      try await Subprocess.run(path, ["-o", "/dev/null", "/bin/true"], in: workshop).status == 0
    {
      return true
    }
    print("SKIPPED: strace is missing or may not trace here; that answers wait for syncs was NOT checked")
    return false
  }

  /// With `-I 2` a signal to strace reaches the program as well; without, the program would live on.
  static func command(writing trace: String) -> [String] {
    [
      "/usr/bin/strace", "-I", "2", "-f", "-y", "-s", "5000", "-o", trace, "-e",
      "trace=write,pwrite64,writev,sendmsg,sendto,fsync,fdatasync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat",
    ]
  }
}
