import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("Which instance a file holds, told by its first bytes")
struct FileIdentityTests {
  /// What the whole of a file says.
  private static func isTrue(_ identity: FileIdentity, of file: DicomFile) -> Bool {
    identity.sopClassUID == file.dataSet.uid(.sopClassUID)
      && identity.sopInstanceUID == file.dataSet.uid(.sopInstanceUID)
      && identity.transferSyntax == file.transferSyntax.uid && identity.dataSetOffset == file.dataSetOffset
  }

  private static func identity(_ bytes: Data, neighbour: FileIdentity? = nil) -> FileIdentity? {
    bytes.withUnsafeBytes { FileIdentity($0, neighbour: neighbour) }
  }

  @Test("is what reading them says, or not told, of every test file of pydicom; of most it is told")
  func files() throws {
    var told = 0
    var neighbour: FileIdentity?
    let folder = try Pydicom.dataFolder()
    let files = try Pydicom.testFiles().filter { $0.hasSuffix(".dcm") }.map { folder + "/" + $0 }
    for path in files {
      guard let file = try? DicomFile(path: path), file.dataSet.uid(.sopInstanceUID) != nil,
        let identity = Self.identity(try Data(contentsOf: URL(fileURLWithPath: path)), neighbour: neighbour)
      else { continue }
      #expect(Self.isTrue(identity, of: file), "\(path)")
      told += 1
      neighbour = identity
    }
    #expect(told * 4 > files.count * 3, "\(told) of \(files.count)")
  }

  @Test(
    "is true or not told when any byte is another, or any are missing",
    arguments: [UID.implicitVRLittleEndian, .explicitVRLittleEndian, .jpegBaseline8Bit])
  func damaged(_ syntax: UID) throws {
    var dataSet = DataSet()
    dataSet.set(.specificCharacterSet, "ISO_IR 100")
    dataSet.set(.sopClassUID, .ctImageStorage)
    dataSet.set(.sopInstanceUID, "1.2.34" as UID)
    dataSet.set(.patientName, "DOE^JANE")
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2.34", transferSyntax: syntax)
    let whole = Data(try DicomFile.encode(dataSet, meta: meta).readableBytesView)
    let neighbour = try #require(Self.identity(whole))
    #expect(Self.identity(whole, neighbour: neighbour) == neighbour)
    var told = 0
    for place in 128..<whole.count {
      _ = Self.identity(whole.prefix(place), neighbour: neighbour)
      for value in [0, 1, 0x31, 0x5C, 0x80, 0xFF, whole[place] ^ 1, 0x4C, 0x4E, 0x53, 0x54, 0x4F] as [UInt8] {
        var bytes = whole
        bytes[place] = value
        guard let identity = Self.identity(bytes, neighbour: neighbour) else { continue }
        let file = try DicomFile(bytes: ByteBuffer(bytes: bytes))
        #expect(Self.isTrue(identity, of: file), "byte \(place) is \(value)")
        told += 1
      }
    }
    #expect(told > 100)
  }

  @Test("is not told where a UID is no UID, or is there twice")
  func odd() throws {
    func file(_ change: (inout Data) -> Void) -> FileIdentity? {
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, .ctImageStorage)
      dataSet.set(.sopInstanceUID, "1.2.34" as UID)
      dataSet.set(.patientName, "DOE^JANE")
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2.34",
        transferSyntax: .explicitVRLittleEndian)
      guard let bytes = try? DicomFile.encode(dataSet, meta: meta) else { return nil }
      var data = Data(bytes.readableBytesView)
      change(&data)
      return Self.identity(data)
    }
    let instance = Data([0x08, 0, 0x18, 0, 0x55, 0x49, 6, 0]) + Data("1.2.34".utf8)
    #expect(file { _ in }?.sopInstanceUID == "1.2.34")
    #expect(
      file { $0.replaceSubrange($0.firstRange(of: instance.prefix(6))!, with: [0x08, 0, 0x18, 0, 0x55, 0x53]) } == nil)
    #expect(file { $0.insert(contentsOf: instance, at: $0.firstRange(of: instance)!.lowerBound) } == nil)
  }

  @Test("small files are kept whole, of large ones the beginning is read, whatever comes after what")
  func reading() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let memory = try #require(StoreMemory(capacity: 1 << 20))
    let reader = StoreMemory.FileReader(into: memory)
    // About as long as a small one may be, less, more, and the other way round.
    for (number, length) in [10, 16_000, 16_384, 20_000, 100_000, 1000, 10, 100_000].enumerated() {
      let path = folder.path + "/\(number).dcm"
      let uid = UID("1.2.\(number)")
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, .ctImageStorage)
      dataSet.set(.sopInstanceUID, uid)
      dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: UInt8(number), count: length))
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: uid,
        transferSyntax: .explicitVRLittleEndian)
      try DicomFile.write(dataSet, meta: meta, to: path)
      let found = try #require(reader.read(path))
      let (identity, size, kept) = (found.identity, found.size, found.dataSet)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(found.cutOff == nil)
      #expect(identity.sopInstanceUID == uid && size == bytes.count)
      #expect((kept != nil) == (size <= 16_384), "\(size) bytes")
      var copy = ByteBuffer()
      kept?.write(at: 0, count: kept?.count ?? 0, into: &copy)
      if kept != nil {
        #expect(Data(copy.readableBytesView) == bytes.dropFirst(identity.dataSetOffset))
      }
      try bytes.dropLast().write(to: URL(fileURLWithPath: path))
      let rest = try #require(reader.read(path))
      #expect(rest.cutOff?.tag == .pixelData && rest.dataSet == nil, "\(size) bytes less one")
    }
    #expect(reader.read(folder.path) == nil && reader.read(folder.path + "/none") == nil)
    #expect(reader.read("/dev/null") == nil)
  }
}
