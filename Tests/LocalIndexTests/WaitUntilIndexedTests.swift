import Dicom
import Foundation
import NIOCore
import Testing

@testable import LocalIndex

/// Two that have one storage open, as two processes would: what one has acknowledged the other can wait for.
@Suite("Waiting for what another process has received") struct WaitUntilIndexedTests {
  let folder: TemporaryFolder
  let receiver: LocalIndex
  let reader: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    receiver = try LocalIndex(storage: folder.storage)
    reader = try LocalIndex(storage: folder.storage)
  }

  /// Returns when the sender would be told that the instance is safe.
  private func acknowledge(_ instance: String, pixels: Int = 0) async throws {
    var dataSet = makeDataSet(instance: instance)
    if pixels > 0 {
      dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: pixels))
    }
    let incoming = try receiver.begin(
      ReceptionDescription(
        sopClassUID: .ctImageStorage, sopInstanceUID: UID(instance), transferSyntaxUID: .explicitVRLittleEndian,
        sendingAETitle: "SENDER", receivingAETitle: "FLUORO"))
    var bytes = try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
    while let piece = bytes.readSlice(length: min(300_000, bytes.readableBytes)), piece.readableBytes > 0 {
      let (room, hasRoom) = AsyncStream.makeStream(of: Void.self)
      if try incoming.write(piece, onRoom: { hasRoom.yield() }) { continue }
      for await _ in room { break }
    }
    try await withCheckedThrowingContinuation { continuation in
      incoming.commit(durable: { continuation.resume(with: $0) }, stored: { _ in })
    }
  }

  @Test("what was acknowledged before is found, be it small, large, or here already", arguments: [0, 5 << 20])
  func found(_ pixels: Int) async throws {
    for number in 1...20 {
      try await acknowledge("1.2.3.1.\(number)", pixels: pixels)
      #expect(await reader.waitUntilIndexed())
      #expect(try reader.contains(sopInstanceUID: UID("1.2.3.1.\(number)")), "\(number)")
    }
    try await acknowledge("1.2.3.1.7", pixels: pixels)
    #expect(await reader.waitUntilIndexed(), "the same once more changes nothing in the index")
  }

  @Test("a lock file says of either kind how many are taken, and how many a transaction has written")
  func progress() throws {
    let path = folder.path + "/lock"
    let progress = IndexingProgress()
    // Before anybody is told: what was counted is not forgotten.
    progress.takeIntoJournal(2)
    let lock = try #require(try FileLock.acquire(path, create: .personal))
    progress.tell(through: lock)
    func said() throws -> [UInt64] {
      let counts = try #require(IndexingProgress.Counts(lockFile: path))
      return [counts.journal.taken, counts.journal.indexed, counts.files.taken, counts.files.indexed]
    }
    #expect(try said() == [2, 0, 0, 0])
    progress.takeIntoJournal(3)
    progress.place(.file)
    #expect(try said() == [5, 0, 1, 0], "a file is taken as it is placed, the journal's before")
    let earlier = try #require(IndexingProgress.Counts(lockFile: path))
    for _ in 1...4 { progress.place(.journal) }
    let transaction = progress.placed
    progress.place(.journal)
    progress.place(.file)
    progress.index(transaction)
    #expect(try said() == [5, 4, 2, 1], "what was placed after it began is not in it")
    let half = try #require(IndexingProgress.Counts(lockFile: path))
    #expect(!half.isComplete && !half.reaches(earlier))
    progress.index(progress.placed)
    // One that ends late says nothing that is less.
    progress.index(transaction)
    #expect(try said() == [5, 5, 2, 2])
    progress.takeIntoJournal(1)
    let later = try #require(IndexingProgress.Counts(lockFile: path))
    #expect(!later.isComplete && later.reaches(earlier), "what came since is not waited for")
  }

  @Test("one that cannot index is not waited for for ever, and one that has ended not at all")
  func others() async throws {
    let others = folder.storage + "/incoming/"
    /// As its lock file says it: how many of either kind it has taken, and how many of them are in the index.
    func session(_ process: Int32, journal: (UInt8, UInt8), files: (UInt8, UInt8) = (0, 0)) throws {
      try FileManager.default.createDirectory(atPath: others + "\(process)-1", withIntermediateDirectories: true)
      let words = [journal.0, journal.1, files.0, files.1].flatMap { [$0] + [UInt8](repeating: 0, count: 7) }
      try Data(words).write(to: URL(filePath: others + "\(process)-1/lock"))
    }
    // Its number is given to no process: they end at 2^22.
    try session(0x7FFF_FFF0, journal: (3, 2))
    #expect(await reader.waitUntilIndexed())
    try session(getpid(), journal: (3, 2))
    #expect(await reader.waitUntilIndexed(limit: .milliseconds(50)) == false)
    try session(getpid(), journal: (3, 2), files: (9, 9))
    #expect(
      await reader.waitUntilIndexed(limit: .milliseconds(50)) == false,
      "what comes as files stands for none of the journal's")
    try session(getpid(), journal: (9, 9), files: (3, 2))
    #expect(await reader.waitUntilIndexed(limit: .milliseconds(50)) == false)
    try session(getpid(), journal: (3, 3), files: (9, 9))
    #expect(await reader.waitUntilIndexed())
  }
}
