import Foundation
import Glibc
import Testing

@testable import Dicom

extension Interop {
  /// Disks that are full, refuse large files or cannot be written.
  @Suite("When the disk will not take any more")
  struct FullDiskStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    /// Sends some on one association. - Returns: the statuses, in order; what was acknowledged is in the ledger.
    private func send(_ instances: [NumberedInstance], _ ledger: Ledger, to port: Int) async throws -> [Status] {
      let context = PresentationContextProposal(
        abstractSyntax: .ctImageStorage, transferSyntaxes: [.explicitVRLittleEndian])
      let association = try await Association.request(
        .local(port, called: "FLUORO", [context]), deadlines: Deadlines(Timeouts(all: .seconds(30))))
      var statuses: [Status] = []
      for instance in instances {
        let status = try await association.store(try instance.source())
        ledger.note(instance, isAcknowledged: status.isSuccess)
        statuses.append(status)
      }
      await association.release()
      return statuses
    }

    private func instances(_ round: Int, _ count: Int, size: Int) -> [NumberedInstance] {
      (1...count).map { NumberedInstance(round: round, stream: 1, number: $0, size: size) }
    }

    private func partialFiles(_ fluoro: Installation) -> [String] {
      Workshop.files(below: fluoro.storage + "/incoming").filter { $0.hasSuffix(".part") }
    }

    /// Each kind fills the disk, is refused, and is taken again by the same process when there is space.
    @Test(
      "A700 with a reason, nothing left of what was refused, and on it goes when there is space",
      arguments: [(20_000, "fsync"), (300_000, "fsync"), (1_500_000, "fsync"), (300_000, "none"), (1_500_000, "none")])
    func full(size: Int, durability: String) async throws {
      guard let disk = try await SmallDisk.mount(in: workshop, megabytes: 24) else { return }
      let fluoro = try Installation(
        in: workshop,
        settings: [
          "DicomAlwaysAllowStore": true, "StorageDirectory": disk.path + "/storage", "Durability": durability,
        ])
      let ballast = disk.path + "/ballast"
      try Data(count: 12 << 20).write(to: URL(filePath: ballast))
      let ledger = Ledger()
      let server = try await fluoro.serve()
      let count = (24 << 20) / size
      let first = try await send(instances(1, count, size: size), ledger, to: fluoro.port)
      let refused = first.filter { !$0.isSuccess }
      #expect(!refused.isEmpty && refused.count < count, "\(refused.count) of \(count) were refused")
      #expect(Set(refused.map(\.code)) == [0xA700])
      #expect(Set(refused.map(\.errorComment)) == ["the disk is full"])
      // What is in the journal only gets its file when there is space.
      let problems = try ledger.problems(in: disk.path + "/storage", round: 1)
      #expect(problems.filter { !$0.hasSuffix("has no file") } == [])
      #expect(partialFiles(fluoro) == [])

      try FileManager.default.removeItem(atPath: ballast)
      let second = try await send(instances(2, 3, size: size), ledger, to: fluoro.port)
      #expect(second.map(\.code) == [0, 0, 0])
      await server.stop()
      for round in 1...2 { #expect(try ledger.problems(in: disk.path + "/storage", round: round) == []) }
      let verified = try await fluoro.run("local", "verify", "--json")
      #expect(verified.status == 0, "\(verified.errors)")
      #expect(try verified.objects().first?["files"] as? Int == ledger.acknowledged.count)
    }

    /// As above where nothing may be mounted: whatever the program writes to its disk fails for a while, the index too.
    @Test(
      "writes that fail for a while: A700 meanwhile, everything acknowledged is kept", arguments: [20_000, 1_500_000])
    func failing(size: Int) async throws {
      let disk = try await FaultyDisk(in: workshop)
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "StorageDirectory": disk.path + "/storage"])
      let ledger = Ledger()
      let server = try fluoro.start(["serve"], under: disk.tracer)
      try await Ports.awaitListening(fluoro.port, server)
      let codes = { (round: Int) async throws -> [Status] in
        try await send(instances(round, 4, size: size), ledger, to: fluoro.port)
      }
      #expect(try await codes(1).map(\.code) == [0, 0, 0, 0])
      try disk.set(.full, true)
      let refused = try await codes(2)
      #expect(refused.map(\.code) == [0xA700, 0xA700, 0xA700, 0xA700])
      #expect(Set(refused.map(\.errorComment)) == ["the disk is full"])
      #expect(partialFiles(fluoro) == [])
      try disk.set(.full, false)
      #expect(try await codes(3).map(\.code) == [0, 0, 0, 0])
      await server.stop()
      for round in 1...3 { #expect(try ledger.problems(in: disk.path + "/storage", round: round) == []) }
      let verified = try await fluoro.run("local", "verify", "--json")
      #expect(verified.status == 0, "\(verified.errors)")
      #expect(try verified.objects().first?["files"] as? Int == ledger.acknowledged.count)
    }

    /// The journal and the files have room, the index alone has none.
    @Test(
      "an index that cannot be written: serve says so, takes nothing more, and goes on by itself, saying that too",
      arguments: [false, true])
    func fullIndex(json: Bool) async throws {
      let disk = try await FaultyDisk(in: workshop, database: "index.sqlite")
      let storage = URL(filePath: disk.path).deletingLastPathComponent().path
      let fluoro = try Installation(
        in: workshop,
        settings: ["DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true, "StorageDirectory": storage])
      let ledger = Ledger()
      let server = try fluoro.start(["serve"] + (json ? ["--json"] : []), under: disk.tracer)
      func said() -> String { json ? server.output : server.errors }
      try await Ports.awaitListening(fluoro.port, server)
      #expect(try await send(instances(1, 3, size: 700), ledger, to: fluoro.port).map(\.code) == [0, 0, 0])
      try await eventually("they are found") { try await Ledger.found(round: 1, at: fluoro.port).count == 3 ? () : nil }
      try disk.set(.full, true)
      #expect(try await send(instances(2, 1, size: 700), ledger, to: fluoro.port).map(\.code) == [0], "it is safe")
      try await eventually("that the index is full is said") {
        said().contains("the index cannot be written: The disk that holds \(disk.path) is full") ? () : nil
      }
      let refused = try await send(instances(3, 2, size: 700), ledger, to: fluoro.port)
      #expect(refused.map(\.code) == [0xA700, 0xA700])
      #expect(Set(refused.map(\.errorComment)) == ["the disk is full"])
      try disk.set(.full, false)
      try await eventually("the index is written again, with nothing coming in") {
        said().contains("the index is written again") ? () : nil
      }
      #expect(try await Ledger.found(round: 2, at: fluoro.port).count == 1)
      #expect(try await send(instances(4, 2, size: 700), ledger, to: fluoro.port).map(\.code) == [0, 0])
      #expect(said().components(separatedBy: "the index cannot be written").count == 2, "said once")
      let logged = server.errors.components(separatedBy: "could not be written").count - 1
      #expect(logged == (json ? 1 : 0), "logged beside JSON only")
      await server.stop()
      for round in 1...4 { #expect(try ledger.problems(in: storage, round: round) == []) }
    }

    /// Needs no rights at all: the limit of one process on the size of its files, which is lifted while it runs.
    @Test("a file that is too large for the system is refused, and taken when it is not")
    func limited() async throws {
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true])
      let server = try fluoro.start(["serve"], under: ["/usr/bin/prlimit", "--fsize=4194304:"])
      try await Ports.awaitListening(fluoro.port, server)
      let ledger = Ledger()
      let sizes = [500, 8_000_000, 600]
      let mixed = sizes.enumerated().map { NumberedInstance(round: 1, stream: 1, number: $0 + 1, size: $1) }
      let statuses = try await send(mixed, ledger, to: fluoro.port)
      #expect(statuses.map(\.code) == [0, 0xA700, 0])
      #expect(statuses[1].errorComment == "the disk failed: File too large")
      // Who asks is told of what is a file.
      #expect(try await Ledger.found(round: 1, at: fluoro.port).count == 2)
      #expect(partialFiles(fluoro) == [])
      let lifted = try await Subprocess.run(
        "/usr/bin/prlimit", ["--fsize=unlimited:", "--pid", "\(try await server.program)"], in: workshop)
      #expect(lifted.status == 0, "\(lifted.errors)")
      let again = try await send([mixed[1]], ledger, to: fluoro.port)
      #expect(again.map(\.code) == [0])
      await server.stop()
      #expect(try ledger.problems(in: fluoro.storage, round: 1) == [])
    }

    @Test("a storage that refuses to be written: one sentence and status 2, and on it goes when it no longer does")
    func refusing() async throws {
      let disk = try await FaultyDisk(in: workshop)
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "StorageDirectory": disk.path + "/storage"])
      let ledger = Ledger()
      let server = try await fluoro.serve()
      #expect(try await send(instances(1, 3, size: 700), ledger, to: fluoro.port).map(\.code) == [0, 0, 0])
      await server.stop()
      try disk.set(.readonly, true)
      for command in [["serve"], ["local", "find"], ["local", "import", "/etc"]] {
        let refused = try await fluoro.start(command, under: disk.tracer).finished()
        #expect(refused.status == 2 && refused.errors.contains("read-only"), "\(command): \(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
      }
      try disk.set(.readonly, false)
      #expect(try await fluoro.start(["local", "verify"], under: disk.tracer).finished().status == 0)
      #expect(try ledger.problems(in: disk.path + "/storage", round: 1) == [])
    }

    /// Another owner's file, in a folder that may be written: SQLite alone would open it and fail when it comes to write.
    @Test(
      "a database that alone cannot be written: one sentence and status 2, and nothing is lost",
      arguments: ["index.sqlite", "state.sqlite"])
    func readOnlyDatabase(name: String) async throws {
      let fluoro = try Installation(in: workshop, settings: ["DicomAlwaysAllowStore": true])
      let ledger = Ledger()
      let server = try await fluoro.serve()
      #expect(try await send(instances(1, 3, size: 700), ledger, to: fluoro.port).map(\.code) == [0, 0, 0])
      await server.stop()
      let path = "\(fluoro.storage)/\(name)"
      // Nothing stops a superuser, so it becomes somebody else.
      let nobody = 65_534
      var tracer: [String] = []
      if geteuid() == 0 {
        tracer = ["/usr/bin/setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups"]
        let owned = try await Subprocess.run(
          "/usr/bin/chown", ["-R", "\(nobody):\(nobody)", workshop.folder.path], in: workshop)
        #expect(owned.status == 0, "\(owned.errors)")
        #expect(chown(path, 0, 0) == 0)
      }
      #expect(chmod(path, 0o444) == 0)
      for command in [["serve"], ["local", "find"], ["local", "import", "/etc"], ["local", "reindex"]] {
        let refused = try await fluoro.start(command, under: tracer).finished()
        #expect(refused.status == 2 && refused.errors.contains("write to \(path)"), "\(command): \(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
      }
      #expect(chmod(path, 0o666) == 0)
      #expect(try await fluoro.start(["local", "verify"], under: tracer).finished().status == 0)
      #expect(try ledger.problems(in: fluoro.storage, round: 1) == [])
    }

    @Test("a storage that cannot be written: one sentence and status 2, and nothing is harmed")
    func readOnly() async throws {
      guard let disk = try await SmallDisk.mount(in: workshop, megabytes: 80) else { return }
      let fluoro = try Installation(
        in: workshop, settings: ["DicomAlwaysAllowStore": true, "StorageDirectory": disk.path + "/storage"])
      let ledger = Ledger()
      let server = try await fluoro.serve()
      let stored = try await send(instances(1, 3, size: 700), ledger, to: fluoro.port)
      #expect(stored.map(\.code) == [0, 0, 0])
      await server.stop()
      try await disk.setReadOnly(true, in: workshop)
      for command in [["serve"], ["local", "find"], ["local", "import", "/etc"]] {
        let refused = try await fluoro.start(command).finished()
        #expect(refused.status == 2, "\(command): \(refused.errors)")
        let lines = refused.errors.split(separator: "\n")
        #expect(lines.count == 1 && refused.errors.contains("read-only"), "\(command): \(refused.errors)")
      }
      try await disk.setReadOnly(false, in: workshop)
      #expect(try await fluoro.run("local", "verify").status == 0)
    }
  }
}
