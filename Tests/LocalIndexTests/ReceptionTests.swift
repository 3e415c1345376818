import Dicom
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import LocalIndex

/// Instances arriving.
@Suite struct ReceptionTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage)
  }

  func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.storage + "/instances").filter { $0.hasSuffix(".dcm") }
  }

  func partialFiles() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.storage + "/incoming").filter { $0.hasSuffix(".part") }
  }

  @Test(
    "the data set is kept bit for bit, whatever its transfer syntax",
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    ])
  func bitForBit(_ syntax: TransferSyntax) throws {
    let dataSet = makeDataSet()
    let stored = try index.receive(dataSet, transferSyntax: syntax)
    #expect(stored.isNew)
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: syntax)
    let file = try #require(FileManager.default.contents(atPath: stored.path))
    #expect(file.suffix(bytes.readableBytes) == Data(bytes.readableBytesView))
    #expect(file.count == stored.bytes)
    let read = try DicomFile(path: stored.path)
    #expect(read.transferSyntax == syntax)
    #expect(read.metaInformation?.sendingAETitle == "SENDER")
    #expect(read.metaInformation?.receivingAETitle == "FLUORO")
    let id = stored.identity.instance
    #expect(stored.path.hasSuffix("/instances/\(id.prefix(2))/\(id).dcm"))
    #expect(try partialFiles().isEmpty)
  }

  @Test(
    "what would wait for the disk is written elsewhere, and all of it is kept in order",
    arguments: [(Durability.fsync, 80), (.fsync, 8), (.none, 80), (.none, 8)])
  func large(durability: Durability, parts: Int) async throws {
    let index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: durability))
    let dataSet = makeDataSet()
    var bytes = try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
    // An element of 5 or 0.5 MB behind the others, of which no two pieces are alike.
    var pixels = ByteBuffer()
    pixels.writeBytes([0xE1, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0, 0])
    pixels.writeInteger(UInt32(parts << 16), endianness: .little)
    for number in 0..<UInt8(parts) { pixels.writeRepeatingByte(number, count: 1 << 16) }
    bytes.writeImmutableBuffer(pixels)
    let whole = Data(bytes.readableBytesView)
    let incoming = try index.begin(
      ReceptionDescription(
        sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3.1.1", transferSyntaxUID: .explicitVRLittleEndian,
        sendingAETitle: "SENDER", receivingAETitle: "FLUORO"))
    var waits = 0
    while let piece = bytes.readSlice(length: min(300_000, bytes.readableBytes)), piece.readableBytes > 0 {
      let (room, hasRoom) = AsyncStream.makeStream(of: Void.self)
      if try incoming.write(piece, onRoom: { hasRoom.yield() }) { continue }
      waits += 1
      for await _ in room { break }
    }
    #expect(waits <= 5, "at most once a megabyte")
    let stored = try incoming.commit()
    let file = try #require(FileManager.default.contents(atPath: stored.path))
    #expect(file.suffix(whole.count) == whole)
    try index.writer.flush()
    #expect(try Digests.read(index.state, stored.id, version: 1) == file.withUnsafeBytes { FileDigest.of($0) })
  }

  @Test("is found as soon as it is committed") func found() throws {
    let stored = try index.receive(makeDataSet())
    #expect(try index.contains(sopInstanceUID: "1.2.3.1.1"))
    #expect(try index.holdings(studyInstanceUID: "1.2.3") == Holdings(series: 1, instances: 1, bytes: stored.bytes))
    #expect(try index.holdings(studyInstanceUID: "1.2.9") == nil)
    let row = try #require(try index.studies().first)
    #expect(row.remoteAETitle == "SENDER")
    #expect(row.modalities == ["CT"])
    #expect(try index.instances(under: row.id).map(\.path) == [stored.path])
    #expect(try index.lookup(stored.id)?.level == .instance)
    #expect(try index.lookup(stored.identity.patient)?.studies.map(\.id) == [row.id])
    #expect(try index.lookup("da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709") == nil)
  }

  @Test("the same again is acknowledged without a second file") func identical() throws {
    let first = try index.receive(makeDataSet())
    let again = try index.receive(makeDataSet(), from: "ELSEWHERE")
    #expect(again.novelty == .identical)
    #expect(again.path == first.path)
    #expect(try files().count == 1)
    #expect(try index.statistics().instances == 1)
  }

  @Test("a different data set under the same identity is kept beside it") func versions() throws {
    let first = try index.receive(makeDataSet())
    let second = try index.receive(makeDataSet([(.studyDescription, "Other")]))
    #expect(second.novelty == .version(number: 2, isCurrent: false))
    #expect(try index.receive(makeDataSet([(.studyDescription, "Other")])).novelty == .identical)
    let third = try index.receive(makeDataSet([(.studyDescription, "Third")]))
    #expect(third.novelty == .version(number: 3, isCurrent: false))
    #expect(try index.studies().map(\.studyDescription) == ["Study of P1"])
    #expect(try index.versions(ofInstance: first.id) == [first.path, second.path, third.path])
    #expect(try index.statistics().versions == 2)
    #expect(try index.instances(ofSeries: first.identity.series).map(\.otherVersions) == [2])
    #expect(try DicomFile(path: second.path).dataSet.string(.studyDescription) == "Other")
  }

  @Test("with OverwriteInstances the newer one is shown and the older one kept") func overwrite() throws {
    let folder = try TemporaryFolder()
    let index = try LocalIndex(storage: folder.storage, options: StorageOptions(overwriteInstances: true))
    let first = try index.receive(makeDataSet())
    let second = try index.receive(makeDataSet([(.studyDescription, "Newer")]))
    #expect(second.novelty == .version(number: 2, isCurrent: true))
    #expect(second.path == first.path)
    #expect(try index.studies().map(\.studyDescription) == ["Newer"])
    #expect(try index.statistics().instances == 1)
    let versions = try index.versions(ofInstance: first.id)
    #expect(try versions.map { try DicomFile(path: $0).dataSet.string(.studyDescription) } == ["Newer", "Study of P1"])
    #expect(try DicomFile(path: versions[1]).metaInformation?.sendingAETitle == "SENDER")
  }

  @Test(
    "without one of the three UIDs it is refused, named, and nothing is left",
    arguments: [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID])
  func missing(_ tag: Tag) throws {
    var dataSet = makeDataSet()
    if tag == .seriesInstanceUID { dataSet.setEmpty(tag) } else { dataSet.remove(tag) }
    let error = #expect(throws: StorageError.self) { try index.receive(dataSet) }
    #expect(error?.reason == .missingIdentifier(tag))
    #expect(error?.storeStatusCode == 0xA900)
    #expect(try error?.description.contains(#require(tag.keyword)) == true)
    #expect(try files().isEmpty)
    #expect(try partialFiles().isEmpty)
  }

  @Test("garbage is refused and nothing is left") func garbage() throws {
    let incoming = try index.begin(
      ReceptionDescription(
        sopClassUID: .ctImageStorage, sopInstanceUID: "1.2", transferSyntaxUID: .explicitVRLittleEndian))
    try incoming.write(ByteBuffer(string: String(repeating: "no DICOM here. ", count: 9000)))
    let error = #expect(throws: StorageError.self) { try incoming.commit() }
    #expect([0xA900, 0xC000].contains(error?.storeStatusCode))
    #expect(try files().isEmpty)
    #expect(try partialFiles().isEmpty)
  }

  @Test("given up halfway, nothing is left") func abandoned() throws {
    let incoming = try index.begin(
      ReceptionDescription(
        sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3.1.1", transferSyntaxUID: .explicitVRLittleEndian))
    try incoming.write(ByteBuffer(repeating: 0, count: 1_500_000))
    #expect(try partialFiles().count == 1)
    incoming.abandon()
    #expect(try partialFiles().isEmpty)
    #expect(throws: StorageError.self) { try incoming.commit() }
    #expect(try files().isEmpty)
  }

  @Test("a header longer than what is kept in memory is read from the file") func longHeader() throws {
    let comment = String(repeating: "long ", count: 40_000)
    let stored = try index.receive(makeDataSet([(.additionalPatientHistory, comment), (.imageComments, "behind it")]))
    let match = try index.find(LocalQuery(level: .instance)).first
    #expect(match?.dataSet.string(.imageComments) == "behind it")
    #expect(stored.bytes > 200_000)
  }

  @Test("many at once, from many threads, are all there") func threads() async throws {
    let told = NIOLockedValueBox(0)
    let observation = index.observe { change in told.withLockedValue { $0 += change.instances } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thread in 1...8 {
        group.addTask {
          for number in 1...10 {
            try index.receive(makeDataSet(series: "1.2.3.\(thread)", instance: "1.2.3.\(thread).\(number)"))
            // All threads also store one and the same.
            try index.receive(makeDataSet(series: "1.2.3.99", instance: "1.2.3.99.\(number)"))
          }
        }
      }
      try await group.waitForAll()
    }
    let row = try #require(try index.studies().first)
    #expect(row.instances == 90)
    #expect(row.series == 9)
    #expect(try files().count == 90)
    while told.withLockedValue({ $0 }) < 90 { await Task.yield() }
    #expect(told.withLockedValue { $0 } == 90)
    observation.cancel()
  }
}
