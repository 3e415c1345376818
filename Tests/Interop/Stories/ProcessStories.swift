import Foundation
import LocalIndex
import Operations
import Testing

@testable import Dicom

extension Interop {
  /// Several processes on one storage, and how each ends.
  @Suite("Several processes on one storage")
  struct ProcessStories {
    let workshop: Workshop
    let fluoro: Installation

    init() throws {
      workshop = try Workshop()
      fluoro = try Installation(in: workshop, settings: ["DicomAlwaysAllowStore": true])
    }

    /// Files to import, each a different instance of one study.
    private func makeFiles(_ count: Int, round: Int) throws -> String {
      let folder = try workshop.makeFolder("files-\(round)")
      for number in 1...count {
        let instance = NumberedInstance(round: round, stream: 1, number: number, size: 500)
        let meta = FileMetaInformation(
          mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: UID(instance.uid),
          transferSyntax: .explicitVRLittleEndian)
        let bytes = meta.encoded().readableBytesView + (try instance.encoded()).readableBytesView
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(number).dcm"))
      }
      return folder
    }

    private func count(_ arguments: String...) async throws -> Int {
      let found = try await fluoro.start(["local", "find", "--level", "instance", "--json"] + arguments).finished()
      #expect(found.status == 0, "\(found.errors)")
      return try found.objects().count
    }

    /// It must end whatever it does at that moment: opening, reading, writing the index, closing.
    @Test("a rebuild that is told to end does, at whatever moment, and leaves the index as it was")
    func ending() async throws {
      let folder = try makeFiles(1500, round: 1)
      #expect(try await fluoro.run("local", "import", folder).status == 0)
      var statuses: Set<Int32> = []
      for round in 0..<30 {
        let reindex = try fluoro.start(["local", "reindex"])
        // The program, and not what has started it.
        let program = try await reindex.program
        try await Task.sleep(for: .milliseconds(10 * round))
        kill(program, round % 2 == 0 ? SIGTERM : SIGINT)
        statuses.insert(try await reindex.finished(within: .seconds(10)).status)
      }
      // One that had not begun to listen ends by the signal itself; one that was done already had nothing to end.
      #expect(statuses.contains(130) && statuses.isSubset(of: [0, 130, 128 + SIGTERM, 128 + SIGINT]), "\(statuses)")
      #expect(try await count() == 1500)
      #expect(Workshop.files(below: fluoro.storage + "/incoming") == [])
    }

    /// Sends instances of a round, one after the other on one association.
    private func send(_ count: Int, round: Int) async throws {
      try await Ledger().send(
        (1...count).map { NumberedInstance(round: round, stream: 1, number: $0, size: 500) }, to: fluoro.port)
    }

    @Test("what one receives, the others hear of at once and find; and only one receives")
    func arrivals() async throws {
      let server = try await fluoro.serve()
      let beside = try Station(configuration: .load(path: fluoro.configurationPath, environment: fluoro.environment))
      guard case .elsewhere(let receiver) = await beside.startReceiving() else { throw PeerProblem("two receive") }
      #expect(receiver.port == fluoro.port)
      let (changes, change) = AsyncStream.makeStream(of: Void.self)
      let observation = try beside.index.observe { _ in change.yield() }
      var told = changes.makeAsyncIterator()
      for round in 1...5 {
        try await send(3, round: round)
        // Nothing but being told makes it look again.
        while try beside.index.statistics().instances < 3 * round { try #require(await told.next()) }
      }
      #expect(try await count() == 15, "a command beside them finds the same")
      observation.cancel()
      await beside.shutdown()
      await server.stop()
    }

    @Test("eight that start at the same moment on a new storage all find it whole, and what each brings is kept")
    func beginners() async throws {
      let folders = try (1...4).map { try makeFiles(5, round: $0) }
      for attempt in 1...5 {
        let storage = workshop.path("new-\(attempt)")
        let commands = folders.map { ["local", "import", $0] } + folders.map { _ in ["local", "statistics"] }
        let all = try commands.map { try fluoro.start($0 + ["--storage", storage]) }
        for one in all {
          let ended = try await one.finished()
          #expect(ended.status == 0 && ended.errors == "", "\(ended.errors)")
        }
        #expect(try await count("--storage", storage) == 20)
        let names = try FileManager.default.contentsOfDirectory(atPath: storage)
        #expect(!names.contains { $0.hasSuffix(".new") }, "\(names)")
      }
    }

    /// Bytes of the index's write-ahead log, which the next process that is alone reads all of.
    private var logLength: Int {
      let attributes = try? FileManager.default.attributesOfItem(atPath: fluoro.storage + "/index.sqlite-wal")
      return attributes?[.size] as? Int ?? 0
    }

    @Test("no long log is left by a rebuild, or by the start after one that was killed")
    func logs() async throws {
      let server = try await fluoro.serve()
      try await send(1500, round: 1)
      #expect(try await count() == 1500)
      try await server.kill()
      #expect(logLength > 1 << 20, "there is something to empty")
      #expect(try await fluoro.run("local", "statistics").status == 0)
      #expect(logLength <= 1 << 20)
      #expect(try await fluoro.run("local", "import", try makeFiles(2500, round: 2)).status == 0)
      #expect(try await fluoro.run("local", "reindex").status == 0)
      #expect(logLength <= 1 << 20)
      let index = try FileManager.default.attributesOfItem(atPath: fluoro.storage + "/index.sqlite")
      #expect(index[.size] as? Int ?? 0 > 1 << 20, "all of which the rebuild's one transaction has written")
      #expect(try await count() == 4000)
    }

    @Test("a killed receiver keeps nothing from the next one")
    func succession() async throws {
      let first = try await fluoro.serve()
      let second = try await fluoro.run("serve")
      #expect(second.status == 1 && second.errors.contains("another fluoro (process"), "\(second.errors)")
      try await send(2, round: 1)
      try await first.kill()
      let third = try await fluoro.serve()
      try await send(2, round: 2)
      #expect(try await count() == 4)
      await third.stop()
    }

    /// Instance files that have their names, and files that have none yet.
    private var placed: (whole: Int, partial: Int) {
      let whole = Workshop.files(below: fluoro.storage + "/instances").filter { $0.hasSuffix(".dcm") }
      let partial = Workshop.files(below: fluoro.storage + "/incoming").filter { $0.hasSuffix(".part") }
      return (whole.count, partial.count)
    }

    @Test("an import that is killed half way is done by the next one: each file once, none torn, those here counted")
    func killedImport() async throws {
      var count = 600
      var isLeftHalfWay = false
      // While it writes the first of them, while it names these, and while it names others; then again, with more, until one
      // was slow enough to be met between its first file and its last.
      for (round, names) in zip(1..., [0, 1, 257, 1, 1, 1]) where round <= 3 || !isLeftHalfWay {
        let folder = try makeFiles(count, round: round)
        let before = placed.whole
        let first = try fluoro.start(["local", "import", folder])
        let program = try? await first.program
        try await eventually(within: .seconds(60), "it is under way, or done") {
          let now = placed
          let isUnderWay = now.whole - before >= max(names, 1) || names == 0 && now.partial > 0
          return isUnderWay || !first.isRunning ? () : nil
        }
        if let program, first.isRunning { kill(program, SIGKILL) }
        let ended = try await first.finished()
        #expect([0, 128 + SIGKILL].contains(ended.status), "\(ended.errors)")
        let done = placed.whole - before
        if (1..<count).contains(done) { isLeftHalfWay = true }
        let second = try await fluoro.run("local", "import", "--json", folder)
        let result = try #require(try second.objects().first)
        #expect(result["duplicates"] as? Int == done, "\(second.errors)")
        #expect(result["imported"] as? Int == count - done && result["versions"] as? Int == 0)
        #expect(try await self.count() == before + count)
        #expect(placed == (before + count, 0))
        let verified = try await fluoro.run("local", "verify", "--json")
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(try verified.objects().first?["files"] as? Int == before + count)
        if round >= 3 { count *= 2 }
      }
      #expect(isLeftHalfWay, "one at least was killed between its first file and its last")
    }

    @Test("two that import the same and other files at once lose and double nothing")
    func importers() async throws {
      let folders = [try makeFiles(150, round: 1), try makeFiles(150, round: 2), try makeFiles(150, round: 3)]
      let importers = try [folders[0...1], folders[1...2]].map {
        try fluoro.start(["local", "import", "--json"] + $0)
      }
      var outcomes: [String: Int] = [:]
      for importer in importers {
        let ended = try await importer.finished()
        #expect(ended.status == 0, "\(ended.errors)")
        for (key, value) in try #require(try ended.objects().first) {
          outcomes[key, default: 0] += value as? Int ?? 0
        }
      }
      #expect(outcomes["imported"] == 450 && outcomes["duplicates"] == 150, "\(outcomes)")
      #expect(try await count() == 450)
      #expect(try await fluoro.run("local", "verify").status == 0)
    }
  }
}
