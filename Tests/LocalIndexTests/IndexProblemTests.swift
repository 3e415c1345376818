import Dicom
import Foundation
import GRDB
import NIOConcurrencyHelpers
import Testing

@testable import LocalIndex

@Suite("An index that cannot be written") struct IndexProblemTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage)
  }

  /// SQLite itself answers as on a full disk: no page more than so many.
  private func limitPages(_ count: Int) throws {
    try index.database.writeWithoutTransaction { db in
      // A pragma that answers cannot be just executed.
      _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(count)")
    }
  }

  private func setReadOnly(_ isReadOnly: Bool) throws {
    try index.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = \(isReadOnly ? 1 : 0)") }
  }

  @Test(
    "it is told, nothing more is taken, and it goes on by itself when it can; nothing is missing then",
    .timeLimit(.minutes(2)))
  func full() async throws {
    let (problems, tell) = AsyncStream.makeStream(of: StorageError?.self)
    let observation = index.observeProblem { tell.yield($0) }
    try index.receive(makeDataSet(instance: "1.2.3.1.1"))
    try index.writer.flush()
    #expect(index.problem == nil)

    try limitPages(1)
    var stored = 1
    let refusal = #expect(throws: StorageError.self) {
      // More than there may be room for in the pages that there are.
      for number in 2...2000 {
        try index.receive(
          makeDataSet(
            patientID: "P\(number)", study: "1.2.\(number)", series: "1.2.\(number).1", instance: "1.2.3.1.\(number)"))
        stored += 1
        if number % 20 == 0 { try? index.writer.flush() }
      }
    }
    #expect(refusal?.reason == .full && refusal?.storeStatusCode == 0xA700)
    #expect(index.problem?.reason == .full)
    let (late, tellLate) = AsyncStream.makeStream(of: StorageError?.self)
    let lateObservation = index.observeProblem { tellLate.yield($0) }
    var heardLate = late.makeAsyncIterator()
    #expect(await heardLate.next()??.reason == .full, "also by who comes when it is there")
    var heard = problems.makeAsyncIterator()
    #expect(await heard.next()??.description.contains("index.sqlite is full") == true)

    try limitPages(1 << 30)
    #expect(await heard.next() == .some(nil), "without anything that comes or is looked for")
    #expect(index.problem == nil)
    // Not by a look of the index's own, which would have it written first.
    #expect(try index.database.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM instance") } == stored)
    try index.receive(makeDataSet(instance: "1.2.3.1.3000"))
    observation.cancel()
    tell.finish()
    #expect(await heard.next() == nil, "each was told once")
    #expect(await heardLate.next() == .some(nil))
    lateObservation.cancel()
    tellLate.finish()
    #expect(await heardLate.next() == nil)
  }

  @Test("where one failure alternates with another, each is told once until it is over", .timeLimit(.minutes(2)))
  func alternating() async throws {
    let (problems, tell) = AsyncStream.makeStream(of: StorageError?.self)
    let observation = index.observeProblem { tell.yield($0) }
    try limitPages(1)
    #expect(throws: StorageError.self) {
      for number in 1...2000 {
        try index.receive(makeDataSet(patientID: "P\(number)", study: "1.2.\(number)", instance: "1.2.3.1.\(number)"))
        if number % 20 == 0 { try? index.writer.flush() }
      }
    }
    for _ in 1...3 {
      for isReadOnly in [true, false] {
        try setReadOnly(isReadOnly)
        #expect(throws: (any Error).self) { try index.writer.flush() }
        #expect(index.problem?.reason == (isReadOnly ? .readOnly : .full))
      }
    }
    let (late, tellLate) = AsyncStream.makeStream(of: StorageError?.self)
    let lateObservation = index.observeProblem { tellLate.yield($0) }
    var heardLate = late.makeAsyncIterator()
    #expect(await heardLate.next()??.reason == .full, "the one that there is, which is not the one that was told last")
    try limitPages(1 << 30)
    var heard = problems.makeAsyncIterator()
    #expect(await heard.next()??.reason == .full)
    #expect(await heard.next()??.reason == .readOnly)
    #expect(await heard.next() == .some(nil))
    #expect(await heardLate.next() == .some(nil))
    observation.cancel()
    lateObservation.cancel()
  }
}
