import Dicom
import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// An index that an earlier version wrote is brought up to date when it is opened.
@Suite struct MigrationTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Makes the index what it was after one of the migrations, with the same content.
  private func takeBack(to migration: String) throws {
    let path = folder.storage + "/index.sqlite"
    let old = try DatabaseQueue(path: path + ".old")
    try Schema.migrator.migrate(old, upTo: migration)
    try old.close()
    let database = try DatabaseQueue(path: path)
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "ATTACH ? AS old", arguments: [path + ".old"])
      for table in ["patient", "study", "series", "instance", "version"] {
        let columns = try String.fetchAll(db, sql: "SELECT name FROM old.pragma_table_info(?)", arguments: [table])
          .joined(separator: ", ")
        try db.execute(sql: "INSERT INTO old.\(table) (\(columns)) SELECT \(columns) FROM main.\(table)")
      }
      try db.execute(sql: "INSERT INTO old.studyText (rowid, text) SELECT rowid, text FROM main.studyText")
      try db.execute(sql: "DETACH old")
    }
    try database.close()
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    try FileManager.default.moveItem(atPath: path + ".old", toPath: path)
  }

  @Test("from every released version", arguments: ["1 resources"], [false, true])
  func opens(_ migration: String, isForLookup: Bool) throws {
    let before: [String]
    do {
      let index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
      try index.receive(makeDataSet([(.referringPhysicianName, "Noether^Emmy")]))
      try index.receive(makeDataSet(patientID: "P2", name: "Müller^Jürgen", study: "1.2.4", series: "1.2.4.1"))
      before = try HousekeepingTests.content(index)
      try index.close()
    }
    try takeBack(to: migration)
    let index = try LocalIndex(
      storage: folder.storage, options: StorageOptions(durability: .none), isForLookup: isForLookup)
    #expect(try HousekeepingTests.content(index) == before)
    let found = try index.find(LocalQuery(level: .study, [(.referringPhysicianName, "*NOETHER*")]))
    #expect(found.map { $0.dataSet.string(.patientID) } == ["P1"])
    // What is received from now on is listed as before.
    try index.receive(
      makeDataSet(patientID: "P3", study: "1.2.6", series: "1.2.6.1", [(.referringPhysicianName, "Nö")]))
    #expect(try index.find(LocalQuery(level: .study, [(.referringPhysicianName, "no")])).count == 1)
    _ = try index.reindex()
    #expect(try index.statistics().studies == 3)
  }

  @Test("one that a later version wrote is left alone", arguments: [false, true])
  func later(isForLookup: Bool) throws {
    do { try LocalIndex(storage: folder.storage).close() }
    let database = try DatabaseQueue(path: folder.storage + "/index.sqlite")
    try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')") }
    try database.close()
    let error = #expect(throws: StorageError.self) {
      try LocalIndex(storage: folder.storage, isForLookup: isForLookup)
    }
    #expect(error?.reason == .newerFormat)
  }
}
