import Dicom
import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// `verify` finds what a disk, or a person, did to the files.
@Suite struct VerificationTests {
  let folder: TemporaryFolder
  let index: LocalIndex
  var stored: [StoredInstance] = []

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    for number in 1...5 { stored.append(try index.receive(makeDataSet(instance: "1.2.3.1.\(number)"))) }
    #expect(try index.statistics().instances == 5, "all of it is written")
  }

  private func problems() throws -> [String: VerifyOutcome.Problem.Kind] {
    Dictionary(uniqueKeysWithValues: try index.verify().problems.map { ($0.path, $0.kind) })
  }

  private func change(_ path: String, _ body: (inout Data) -> Void) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    body(&data)
    try data.write(to: URL(fileURLWithPath: path))
  }

  @Test("a storage in good order") func good() throws {
    let other = try index.receive(makeDataSet(instance: "1.2.3.1.1", [(.studyDescription, "Another version")]))
    #expect(other.isNewVersion)
    let outcome = try index.verify()
    #expect(outcome.problems.isEmpty)
    #expect(outcome.files == 6 && outcome.total == 6)
    #expect(outcome.newDigests == 0, "each was noted when it was written")
    #expect(outcome.bytes == (stored + [other]).map(\.bytes).reduce(0, +))
  }

  @Test("a byte changed, a file shortened, gone, of another instance, or unknown") func bad() throws {
    try change(stored[0].path) { $0[$0.count - 1] ^= 1 }
    try change(stored[1].path) { $0.removeLast(2) }
    unlink(stored[2].path)
    // A file that was exchanged as a whole, before its digest was known.
    try change(stored[3].path) { $0 = FileManager.default.contents(atPath: stored[4].path) ?? Data() }
    try Digests.remove(index.state, [stored[3].id])
    let stray = index.storage.path(ofInstance: OrthancIdentifier.patient(patientID: "stray"))
    try FileManager.default.createDirectory(
      atPath: (stray as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data("stray".utf8).write(to: URL(fileURLWithPath: stray))
    #expect(
      try problems() == [
        stored[0].path: .digest, stored[1].path: .size, stored[2].path: .missing, stored[3].path: .identity,
        stray: .unlisted,
      ])
  }

  @Test("what others store and delete meanwhile is no problem") func meanwhile() throws {
    let other = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    // Deleted, which was noted, and the index does not know yet.
    try index.state.write { db in
      try db.execute(
        sql: "INSERT INTO deletedInstance (instance, time) VALUES (?, ?)",
        arguments: [try IndexUpdate.key(stored[0].id), Posix.now()])
    }
    unlink(stored[0].path)
    var number = 10
    let outcome = try index.verify { _ in
      // The folders are looked at next; the index of what comes here follows by itself.
      for _ in 1...20 {
        number += 1
        _ = try? other.receive(makeDataSet(instance: "1.2.3.1.\(number)"))
      }
      return true
    }
    #expect(outcome.problems.isEmpty)
    #expect(number >= 30)
    #expect(try index.verify().newDigests == 0)
    try other.close()
  }

  @Test("what is wrong is told also beside another process") func company() throws {
    let other = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    try other.receive(makeDataSet(instance: "1.2.3.1.11"))
    try change(stored[0].path) { $0.removeLast(2) }
    unlink(stored[1].path)
    #expect(try problems() == [stored[0].path: .size, stored[1].path: .missing])
    try other.close()
  }

  @Test("a digest that is taken does not replace one that was noted meanwhile") func digestMeanwhile() throws {
    let key = Digests.Key(instance: stored[0].id, version: 1)
    let noted = try #require(try Digests.read(index.state, stored[0].id, version: 1))
    try Digests.write(index.state, [(key: key, value: noted &+ 1)], areTakenNow: true)
    #expect(try Digests.read(index.state, stored[0].id, version: 1) == noted)
  }

  @Test("a digest that was never noted is taken, and tells from then on") func newDigests() throws {
    try Digests.remove(index.state, stored.map(\.id))
    #expect(try index.verify().newDigests == 5)
    #expect(try index.verify().newDigests == 0)
    _ = try index.reindex()
    #expect(try index.verify().newDigests == 0, "an index that is built anew does not forget them")
    try change(stored[0].path) { $0[$0.count - 1] ^= 1 }
    #expect(try problems() == [stored[0].path: .digest])
  }

  @Test("digests go with their files: deleted, or another version the current one") func follow() throws {
    try index.close()
    let options = StorageOptions(durability: .none, overwriteInstances: true)
    let other = try LocalIndex(storage: folder.storage, options: options)
    try other.receive(makeDataSet(instance: "1.2.3.1.1", [(.studyDescription, "Newer")]))
    try other.delete(stored[1].id)
    let outcome = try other.verify()
    #expect(outcome.problems.isEmpty)
    #expect(outcome.newDigests == 0)
    let count = try other.state.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM digest") }
    #expect(count == 5)
  }
}
