import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// What was done is kept beside the index, by every process on the storage.
@Suite struct HistoryTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> LocalIndex {
    try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
  }

  private func entry(
    _ operation: String, _ peer: String, isIncoming: Bool = false, at seconds: Double = 0, outcome: String = "done"
  ) -> HistoryEntry {
    let time = Date(timeIntervalSince1970: 1_700_000_000 + seconds)
    var entry = HistoryEntry(
      operation: operation, isIncoming: isIncoming, started: time, ended: time.addingTimeInterval(1), outcome: outcome)
    (entry.peer, entry.address, entry.reason) = (peer, "\(peer)@10.0.0.1:104", "\(operation) of 100%")
    (entry.received, entry.bytes) = (2, 1000)
    return entry
  }

  private func found(_ index: LocalIndex, _ change: (inout HistoryFilter) -> Void = { _ in }) throws -> [HistoryEntry] {
    var filter = HistoryFilter()
    change(&filter)
    var entries: [HistoryEntry] = []
    try index.history(filter) {
      entries.append($0)
      return true
    }
    return entries
  }

  @Test("two processes write it, a third finds what it asks for, oldest first") func kept() throws {
    let (first, second) = (try open(), try open())
    try first.addHistory([entry("echo", "PACS1")])
    try second.addHistory([entry("move", "PACS2", at: 100, outcome: "partial")])
    try first.addHistory([entry("find", "PACS1", at: 200)])
    let third = try open()
    #expect(try found(third).map(\.operation) == ["echo", "move", "find"])
    let move = try #require(try found(third) { $0.operation = "MOVE" }.first)
    #expect(move.outcome == "partial" && move.received == 2 && move.completed == nil && move.bytes == 1000)
    #expect(move.ended.timeIntervalSince(move.started) == 1)
    #expect(try found(third) { $0.peer = "pacs1" }.count == 2)
    #expect(try found(third) { $0.peer = "PACS1@10.0.0.1:104" }.count == 2)
    #expect(try found(third) { $0.since = Date(timeIntervalSince1970: 1_700_000_050) }.count == 2)
    #expect(try found(third) { $0.outcome = "partial" }.count == 1)
    #expect(try found(third) { $0.limit = 2 }.map(\.operation) == ["move", "find"])
    #expect(try found(third) { $0.text = "of 100%" }.count == 3)
    #expect(try found(third) { $0.text = "100_" }.isEmpty, "a sign is no wildcard")
  }

  @Test("an association for each instance is one entry as long as it goes on") func merged() throws {
    let index = try open()
    for number in 0..<50 { try index.addHistory([entry("store", "CT", isIncoming: true, at: Double(number) * 20)]) }
    try index.addHistory([entry("store", "MR", isIncoming: true, at: 1000)])
    try index.addHistory([entry("store", "CT", isIncoming: true, at: 1000 + 200)])
    let entries = try found(index)
    #expect(entries.map(\.received) == [100, 2, 2])
    #expect(entries[0].bytes == 50_000 && entries[0].ended.timeIntervalSince(entries[0].started) == 981)
    // Our own are never one.
    try index.addHistory([entry("echo", "CT"), entry("echo", "CT")])
    #expect(try found(index).count == 5)
  }

  @Test("only the newest are kept") func bounded() throws {
    let index = try open()
    try index.addHistory([entry("echo", "PACS1")])
    // As if as many as are kept had followed.
    try index.state.write { db in
      try db.execute(
        sql: "UPDATE sqlite_sequence SET seq = ? WHERE name = 'history'", arguments: [LocalIndex.keptHistory])
    }
    try index.addHistory([entry("find", "PACS1")])
    #expect(try found(index).map(\.operation) == ["find"])
  }

  @Test("who does not open the storage leaves a line, which is taken in once") func pending() throws {
    try open().close()
    let options = StorageOptions(durability: .none)
    try LocalIndex.addHistory([entry("echo", "PACS1", at: 10)], unopened: folder.storage, options: options)
    try LocalIndex.addHistory([entry("find", "PACS2", at: 20)], unopened: folder.storage, options: options)
    let file = folder.storage + "/history.pending"
    let lines = try Data(contentsOf: URL(filePath: file))
    let index = try open()
    try index.addHistory([entry("move", "PACS1", at: 5)])
    #expect(try found(index).map(\.operation) == ["move", "echo", "find"])
    #expect(try Data(contentsOf: URL(filePath: file)).isEmpty)
    // As if the one who took them had been killed before it could say so, and another amid its writing.
    try (lines + lines.prefix(40)).write(to: URL(filePath: file))
    #expect(try found(index) { $0.peer = "PACS2" } == found(index).filter { $0.peer == "PACS2" })
    #expect(try found(open()).count == 3)
  }

  @Test("many leave lines while others take them, and none is lost") func pendingConcurrently() throws {
    let index = try open()
    let entries = (0..<200).map { entry("echo", "PACS\($0)", at: Double($0)) }
    let (storage, options) = (folder.storage, StorageOptions(durability: .none))
    DispatchQueue.concurrentPerform(iterations: 200) { number in
      try? LocalIndex.addHistory([entries[number]], unopened: storage, options: options)
      if number.isMultiple(of: 10) { try? index.takePendingHistory() }
    }
    #expect(try Set(found(index).map(\.peer)) == Set(entries.map(\.peer)))
    #expect(try found(index).count == 200)
  }

  @Test("a storage of an earlier version gets it, and keeps what it had") func migration() throws {
    do {
      let index = try open()
      try index.keep("keys", kind: "query", name: "mine")
      try index.close()
    }
    let database = try DatabaseQueue(path: folder.storage + "/state.sqlite")
    try database.write { db in
      try db.execute(sql: "DROP TABLE history; DELETE FROM grdb_migrations WHERE identifier = 'history'")
    }
    try database.close()
    let index = try open()
    #expect(try index.keptTexts("query").map(\.text) == ["keys"])
    try index.addHistory([entry("echo", "PACS1")])
    #expect(try found(index).count == 1)
  }
}
