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

  @Test("one that cannot index is not waited for for ever, and one that has ended not at all")
  func others() async throws {
    let others = folder.storage + "/incoming/"
    func session(_ process: Int32, taken: UInt8) throws {
      try FileManager.default.createDirectory(atPath: others + "\(process)-1", withIntermediateDirectories: true)
      try Data([taken, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]).write(
        to: URL(filePath: others + "\(process)-1/lock"))
    }
    // Its number is given to no process: they end at 2^22.
    try session(0x7FFF_FFF0, taken: 3)
    #expect(await reader.waitUntilIndexed())
    try session(getpid(), taken: 3)
    #expect(await reader.waitUntilIndexed(limit: .milliseconds(50)) == false)
    try session(getpid(), taken: 2)
    #expect(await reader.waitUntilIndexed())
  }
}
