import Dicom
import Foundation
import GRDB
import NIOCore
import Testing

@testable import LocalIndex

/// The journal: what is safe in it is found at the next start, whatever became of the files.
@Suite struct JournalTests {
  let folder: TemporaryFolder
  var session: String { folder.path + "/session" }

  init() throws { folder = try TemporaryFolder() }

  // MARK: The file

  /// Four records that fill one or two blocks, as they lie in a journal.
  static let bytes = journal([700, 4040, 4041, 1])

  static func journal(_ lengths: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (number, length) in lengths.enumerated() {
      let piece = Piece()
      let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
      _ = content.withUnsafeBytes { piece.append($0) }
      bytes += JournalRecord.seal(
        piece, generation: 42, offset: bytes.count,
        received: ReceptionTime(seconds: 1_700_000_000 + number, nanoseconds: 7), digest: FileDigest.of(piece.bytes))
    }
    return bytes
  }

  static func records(_ bytes: [UInt8]) throws -> [JournalRecord] {
    var records: [JournalRecord] = []
    try JournalRecord.forEach(
      read: { offset, buffer in
        let part = bytes.dropFirst(offset).prefix(buffer.count)
        buffer.copyBytes(from: part)
        return part.count
      },
      {
        records.append($0)
        return true
      })
    return records
  }

  /// Where each record ends.
  static let ends = [4096, 8192, 16384, 20480]

  @Test("cut off at any byte, it holds exactly the whole records before it") func cut() throws {
    let all = try Self.records(Self.bytes)
    #expect(all.map(\.file.count) == [700, 4040, 4041, 1])
    #expect(all.map(\.received.seconds) == (0..<4).map { 1_700_000_000 + $0 })
    #expect(Self.bytes.count == Self.ends.last)
    for length in 0..<Self.bytes.count {
      let found = try Self.records(Array(Self.bytes.prefix(length)))
      let expected = all.prefix(Self.ends.count { $0 <= length })
      // One comparison that can fail is recorded, not 30,000.
      guard found == Array(expected) else {
        Issue.record("cut off after \(length): \(found.count) records instead of \(expected.count)")
        return
      }
    }
  }

  @Test("altered at any byte, it holds exactly the whole records before it") func altered() throws {
    let all = try Self.records(Self.bytes)
    var bytes = Self.bytes
    for position in bytes.indices {
      let change: UInt8 = position % 2 == 0 ? 0x01 : 0xFF
      bytes[position] ^= change
      let found = try Self.records(bytes)
      bytes[position] ^= change
      let expected = all.prefix(Self.ends.count { $0 <= position })
      guard found == Array(expected) else {
        Issue.record("altered at \(position): \(found.count) records instead of \(expected.count)")
        return
      }
    }
  }

  @Test("so it does where a record is long") func long() throws {
    let bytes = Self.journal([3000, 70_000, 20])
    let all = try Self.records(bytes)
    #expect(all.map(\.file.count) == [3000, 70_000, 20])
    let ends = [4096, 81_920, 86_016]
    #expect(bytes.count == ends[2])
    for position in Array(stride(from: 0, to: 9000, by: 61)) + [8191, 8192, 50_000, 78_191, 78_192, 81_919, 81_920] {
      let expected = Array(all.prefix(ends.count { $0 <= position }))
      #expect(try Self.records(Array(bytes.prefix(position))) == expected, "cut off after \(position)")
      var altered = bytes
      altered[position] ^= 1
      #expect(try Self.records(altered) == expected, "altered at \(position)")
    }
  }

  @Test("what an earlier filling left behind is no part of it") func leftovers() throws {
    let piece = Piece()
    _ = Array("a new one".utf8).withUnsafeBytes { piece.append($0) }
    let record = JournalRecord.seal(
      piece, generation: 43, offset: 0, received: .now, digest: FileDigest.of(piece.bytes))
    let found = try Self.records(Array(record) + Self.bytes.dropFirst(record.count))
    #expect(found.map(\.file) == [Array("a new one".utf8)])
    #expect(try Self.records([UInt8](repeating: 0, count: 4096) + Self.bytes.dropFirst(4096)) == [])
  }

  @Test("a segment is bounded, and empty again when it is done with") func segment() throws {
    let storage = try StorageFolder(opening: folder.storage, options: StorageOptions())
    try FileManager.default.createDirectory(atPath: session, withIntermediateDirectories: true)
    let segment = try JournalSegment(from: storage, into: session, number: 1)
    let piece = Piece()
    _ = [UInt8](repeating: 7, count: Piece.capacity).withUnsafeBytes { piece.append($0) }
    var count = 0
    let digest = FileDigest.of(piece.bytes)
    while try segment.append(piece, received: .now, digest: digest) { count += 1 }
    #expect(count == JournalSegment.limit / JournalRecord.size(Piece.capacity))
    let size = try Posix.information(segment.path).st_size
    #expect(size <= JournalSegment.limit)
    try segment.empty()
    try JournalSegment.forEachRecord(in: segment.path) { _ in
      Issue.record("a record in an empty journal")
      return false
    }
    segment.retire(to: storage.journalsPath)
    #expect(try Posix.names(in: session).isEmpty)
    // The next one takes it as it is.
    let next = try JournalSegment(from: storage, into: session, number: 1)
    #expect(try Posix.information(next.path).st_size == size)
    #expect(try Posix.names(in: storage.journalsPath).isEmpty)
  }

  // MARK: Starting after a power cut

  /// Receives some instances, of which two have one identity, and copies what the journal holds while they are not synced.
  private func afterPowerCut(
    _ options: StorageOptions = StorageOptions(), _ damage: () throws -> Void
  ) throws -> (before: [String: Data], after: [String: Data]) {
    let index = try LocalIndex(storage: folder.storage, options: options)
    var long = makeDataSet(instance: "1.2.3.1.3")
    long.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 9, count: 200_000))
    let dataSets = [
      long, makeDataSet(), makeDataSet(instance: "1.2.3.1.2"), makeDataSet([(.studyDescription, "Other")]),
      makeDataSet(patientID: "P2", study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1"),
    ]
    for dataSet in dataSets { try index.receive(dataSet) }
    let before = try instances()
    // As a process leaves it that is killed now: the journal full, and nobody holding its lock.
    let live = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.storage + "/incoming").first)
    let copy = folder.storage + "/incoming/1-1"
    try FileManager.default.copyItem(atPath: folder.storage + "/incoming/" + live, toPath: copy)
    try index.close()
    try damage()
    let again = try LocalIndex(storage: folder.storage, options: options)
    #expect(!FileManager.default.fileExists(atPath: copy))
    let after = try instances()
    let content = try HousekeepingTests.content(again)
    _ = try again.reindex()
    #expect(try HousekeepingTests.content(again) == content)
    try again.close()
    return (before, after)
  }

  private func instances() throws -> [String: Data] {
    try snapshot(folder.storage + "/instances").filter { $0.key.hasSuffix(".dcm") }
  }

  @Test("files that never reached the disk are made again", arguments: [false, true])
  func missing(overwrite: Bool) throws {
    let (before, after) = try afterPowerCut(StorageOptions(overwriteInstances: overwrite)) {
      for name in try instances().keys { unlink(folder.storage + "/instances/" + name) }
      for suffix in ["", "-wal", "-shm"] { unlink(folder.storage + "/index.sqlite" + suffix) }
    }
    #expect(before.count == 5)
    #expect(after == before)
  }

  @Test("torn files are made whole, and none is taken for another version", arguments: [false, true])
  func torn(overwrite: Bool) throws {
    let (before, after) = try afterPowerCut(StorageOptions(overwriteInstances: overwrite)) {
      for (number, path) in try instances().keys.sorted().enumerated() {
        let path = folder.storage + "/instances/" + path
        let time = try ReceptionTime(Posix.information(path))
        let descriptor = try Posix.open(path, O_RDWR)
        defer { Posix.close(descriptor) }
        // Shorter, empty, or zeros where bytes should be.
        if number % 3 < 2 {
          ftruncate(descriptor, number % 3 == 0 ? 300 : 0)
        } else {
          try [UInt8](repeating: 0, count: 64).withUnsafeBytes {
            try Posix.write($0, to: descriptor, at: 200, path: path)
          }
        }
        try time.set(on: descriptor, path: path)
      }
    }
    #expect(after == before)
  }

  @Test("a file that a deletion was about to take is made whole as well") func undeleted() throws {
    let (before, after) = try afterPowerCut {
      let queue = try DatabaseQueue(path: folder.storage + "/state.sqlite")
      for path in try instances().keys {
        let id = try #require(StorageFolder.parse(String(path.split(separator: "/").last ?? ""))).id
        try queue.write { db in
          try db.execute(
            sql: "INSERT OR REPLACE INTO deletedInstance (instance, time) VALUES (?, ?)",
            arguments: [try IndexUpdate.key(id), Posix.now()])
        }
        let file = folder.storage + "/instances/" + path
        let time = try ReceptionTime(Posix.information(file))
        let descriptor = try Posix.open(file, O_RDWR)
        defer { Posix.close(descriptor) }
        ftruncate(descriptor, 100)
        try time.set(on: descriptor, path: file)
      }
    }
    #expect(before.count == 5)
    #expect(after == before)
  }

  @Test("whole files stay as they are") func whole() throws {
    let (before, after) = try afterPowerCut {}
    #expect(after == before)
  }

  @Test("what was deleted before does not come back") func deleted() throws {
    let index = try LocalIndex(storage: folder.storage)
    let kept = try index.receive(makeDataSet())
    let gone = try index.receive(makeDataSet(instance: "1.2.3.1.2"))
    try index.delete(gone.id)
    let live = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.storage + "/incoming").first)
    try FileManager.default.copyItem(
      atPath: folder.storage + "/incoming/" + live, toPath: folder.storage + "/incoming/1-1")
    try index.close()
    let again = try LocalIndex(storage: folder.storage)
    #expect(try again.instances(under: kept.identity.study).map(\.id) == [kept.id])
    #expect(!FileManager.default.fileExists(atPath: gone.path))
  }

  @Test("the journal is kept for the next process, and holds nothing") func closed() throws {
    let index = try LocalIndex(storage: folder.storage)
    try index.receive(makeDataSet())
    try index.close()
    #expect(try Posix.names(in: folder.storage + "/incoming").isEmpty)
    let journals = try JournalSegment.paths(in: folder.storage + "/journals")
    #expect(journals.count == 1)
    try JournalSegment.forEachRecord(in: journals[0]) { _ in
      Issue.record("a record in a journal that is not in use")
      return false
    }
  }

  @Test("more than two segments hold goes through them") func rounds() throws {
    let index = try LocalIndex(storage: folder.storage)
    // Sixty kilobytes and some a record: 32 MB are full after 512.
    for number in 1...1100 {
      var dataSet = makeDataSet(instance: "1.2.3.1.\(number)")
      dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: 61_440))
      try index.receive(dataSet)
    }
    #expect(try index.statistics().instances == 1100)
    let sizes = try JournalSegment.paths(
      in: folder.storage + "/incoming/" + #require(
        try FileManager.default.contentsOfDirectory(atPath: folder.storage + "/incoming").first)
    ).map { try Posix.information($0).st_size }
    #expect(sizes.count == 2 && sizes.allSatisfy { $0 <= JournalSegment.limit }, "\(sizes)")
    try index.close()
    #expect(try Posix.names(in: folder.storage + "/incoming").isEmpty)
  }
}
