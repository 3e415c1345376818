import Dicom
import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// A storage that is opened only to look something up. What holds of every storage it opens, new, old or damaged, is tested where
/// the others are.
@Suite struct LookupTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> LocalIndex { try LocalIndex(storage: folder.storage, isForLookup: true) }

  @Test("what another process stores meanwhile is found") func arrivals() throws {
    let other = try LocalIndex(storage: folder.storage)
    try other.receive(makeDataSet())
    try other.writer.flush()
    let index = try open()
    #expect(try index.studies().map(\.patientID) == ["P1"])
    try other.receive(makeDataSet(patientID: "P2", study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1"))
    try other.writer.flush()
    #expect(try index.studies().map(\.patientID).sorted() == ["P1", "P2"])
  }

  @Test("all else can be done as well") func writing() throws {
    let index = try open()
    let stored = try index.receive(makeDataSet())
    #expect(try index.studies().map(\.patientID) == ["P1"])
    try index.keep("keys", kind: "query", name: "mine")
    #expect(try index.keptTexts("query").map(\.text) == ["keys"])
    #expect(try index.delete(stored.id).instances == 1)
    #expect(try index.studies().isEmpty)
    try index.close()
    #expect(try LocalIndex(storage: folder.storage).keptTexts("query").map(\.text) == ["keys"])
  }

  @Test("a search does without the database that it does not need") func other() throws {
    do {
      let index = try LocalIndex(storage: folder.storage)
      try index.receive(makeDataSet())
      try index.keep("keys", kind: "query", name: "mine")
      try index.close()
    }
    let state = try DatabaseQueue(path: folder.storage + "/state.sqlite")
    try state.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')") }
    try state.close()
    let index = try open()
    #expect(try index.studies().map(\.patientID) == ["P1"])
    let error = #expect(throws: StorageError.self) { try index.keptTexts("query") }
    #expect(error?.reason == .newerFormat)
  }

  @Test("what needs a damaged database says which it is, and the rest does without", arguments: [false, true])
  func damaged(isForLookup: Bool) throws {
    do {
      let index = try LocalIndex(storage: folder.storage)
      try index.receive(makeDataSet())
      try index.close()
    }
    let path = folder.storage + "/state.sqlite"
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    try Data(repeating: 7, count: 50_000).write(to: URL(fileURLWithPath: path))
    func expectDamage(_ body: () throws -> Void) {
      let error = #expect(throws: StorageError.self) { try body() }
      #expect(error?.reason == .damaged && error?.description.contains("\(path) is damaged") == true, "\(error as Any)")
    }
    guard isForLookup else { return expectDamage { _ = try LocalIndex(storage: folder.storage) } }
    let index = try open()
    let study = try #require(try index.studies().first)
    expectDamage { _ = try index.protectedStudies() }
    expectDamage { try index.protect(study: study.id) }
    expectDamage { try index.delete(study.id) }
    expectDamage { try index.forgetDeletions() }
    expectDamage { _ = try index.verify() }
    #expect(try index.studies().map(\.patientID) == ["P1"])
  }
}
