import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// SQLite's write-ahead logs, all of which the next process to be alone would have to read.
@Suite struct LongLogTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage)
  }

  private func logLength(_ database: String) throws -> Int {
    Int(try Posix.information("\(folder.storage)/\(database).sqlite-wal").st_size)
  }

  /// As much work does.
  private func writeLongLogs() throws {
    for database in [index.database, index.state] {
      try database.write { db in
        try db.execute(sql: "CREATE TABLE much AS SELECT randomblob(3000000) AS bytes")
      }
    }
    for database in ["index", "state"] { #expect(try logLength(database) > 3_000_000) }
  }

  @Test("who closes the storage leaves none") func closing() throws {
    try index.receive(makeDataSet())
    try writeLongLogs()
    try index.close()
    for database in ["index", "state"] { #expect(try logLength(database) == 0) }
  }

  @Test("who opens it after one that was killed empties them") func afterKill() throws {
    try writeLongLogs()
    let next = try LocalIndex(storage: folder.storage)
    for database in ["index", "state"] { #expect(try logLength(database) == 0) }
    #expect(try next.state.read { try Int.fetchOne($0, sql: "SELECT length(bytes) FROM much") } == 3_000_000)
  }

  @Test("one that is being read from is left alone, and nobody waits") func whileRead() throws {
    try index.state.write { try $0.execute(sql: "CREATE TABLE few AS SELECT 1 AS number") }
    try index.state.read { db in
      // The reader's view begins with what it reads first.
      #expect(try Int.fetchOne(db, sql: "SELECT number FROM few") == 1)
      try index.state.write { try $0.execute(sql: "CREATE TABLE much AS SELECT randomblob(3000000) AS bytes") }
      _ = try LocalIndex(storage: folder.storage)
      #expect(try logLength("state") > 3_000_000)
      #expect(try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'much')") == false)
    }
  }

  @Test("who opens the storage leaves them to one that works there, and who closes it does not") func beside() throws {
    try index.receive(makeDataSet())
    // An index that holds nothing yet is made again by whoever opens it.
    try index.writer.flush()
    try writeLongLogs()
    let next = try LocalIndex(storage: folder.storage)
    for database in ["index", "state"] { #expect(try logLength(database) > 3_000_000) }
    try next.close()
    for database in ["index", "state"] { #expect(try logLength(database) == 0) }
  }

  @Test("a rebuild, which is one transaction, leaves none") func rebuild() throws {
    try index.receive(makeDataSet())
    try writeLongLogs()
    #expect(try index.reindex().instances == 1)
    #expect(try logLength("index") == 0)
  }
}
