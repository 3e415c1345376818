import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("Whether a file ends amid an element, told by its headers")
struct CutOffTests {
  /// What a reader of all of it says.
  private static func isCutOff(_ path: String) throws -> Bool {
    switch try DicomFile(path: path, reading: .everything).problem?.reason {
    case .headerCutOff, .valueCutOff, .damagedDeflate: true
    default: false
    }
  }

  @Test("is what reading them says, of every test file of pydicom")
  func files() throws {
    let folder = try Pydicom.dataFolder()
    var whole = 0
    for name in try Pydicom.testFiles() where name.hasSuffix(".dcm") {
      let path = folder + "/" + name
      guard let file = try? DicomFile(path: path) else { continue }
      let isCutOff = try Self.isCutOff(path)
      #expect((file.cutOff() != nil) == isCutOff, "\(name): \(String(describing: file.cutOff()))")
      if !isCutOff { whole += 1 }
    }
    #expect(whole > 100)
  }

  @Test(
    "is what reading it says, wherever a file is cut off",
    arguments: [
      UID.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .jpegBaseline8Bit,
      .deflatedExplicitVRLittleEndian,
    ])
  func anywhere(_ syntax: UID) throws {
    var item = DataSet()
    item.set(.sopClassUID, .ctImageStorage)
    item.set(.patientComments, String(repeating: "what is said ", count: 10))
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, .ctImageStorage)
    dataSet.set(.sopInstanceUID, "1.2.34" as UID)
    dataSet.set(.patientName, "DOE^JANE")
    dataSet.set(.referencedStudySequence, items: [item, DataSet(), item])
    // More than is read at once.
    dataSet.set(.patientComments, String(repeating: "still more ", count: 300))
    if syntax == .jpegBaseline8Bit {
      dataSet.set(.pixelData, fragments: [ByteBuffer(), ByteBuffer(repeating: 7, count: 70)])
    } else {
      dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: 70))
    }
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2.34", transferSyntax: syntax)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/a.dcm"
    let bytes = Data(try DicomFile.encode(dataSet, meta: meta).readableBytesView)
    let start = try DicomFile(bytes: ByteBuffer(bytes: bytes)).dataSetOffset
    var told = 0
    for end in start + 8...bytes.count where end % 64 < 13 || end > bytes.count - 200 || end < start + 500 {
      try bytes.prefix(end).write(to: URL(fileURLWithPath: path))
      let file = try DicomFile(path: path)
      let isCutOff = try Self.isCutOff(path)
      #expect((file.cutOff() != nil) == isCutOff, "\(end) bytes: \(String(describing: file.cutOff()))")
      if let cutOff = file.cutOff() {
        #expect(cutOff.offset <= end && cutOff.offset >= start)
        told += 1
      }
    }
    #expect(told > 100)
  }

  /// A file in Explicit VR Little Endian, or what its meta information calls something else.
  private static func file(
    _ bytes: [UInt8], _ syntax: UID = .explicitVRLittleEndian, in folder: TemporaryFolder
  ) throws
    -> DicomFile
  {
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2.34", transferSyntax: syntax)
    let path = folder.path + "/\(UUID().uuidString).dcm"
    try (Data(meta.encoded().readableBytesView) + Data(bytes)).write(to: URL(fileURLWithPath: path))
    return try DicomFile(path: path)
  }

  private static let name: [UInt8] = [0x10, 0, 0x10, 0, 0x50, 0x4E, 4, 0] + Array("DOE ".utf8)
  private static let pixels: [UInt8] = [0xE0, 0x7F, 0x10, 0, 0x4F, 0x57, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4]
  private static let item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]
  private static let itemEnd: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]
  private static let sequenceEnd: [UInt8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]

  @Test(
    "nonsense behind the pixel data, padding and what is not what it says it is are no reason to call it cut off",
    arguments: [1, 2, 7, 8, 9, 12, 40])
  func tails(count: Int) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for filling in [0, 0x0A, 0x20, 0x67, 0xFF] as [UInt8] {
      let tail = Array(repeating: filling, count: count)
      for syntax in [UID.explicitVRLittleEndian, .implicitVRLittleEndian] {
        let pixels = syntax == .explicitVRLittleEndian ? Self.pixels : [0xE0, 0x7F, 0x10, 0, 4, 0, 0, 0, 1, 2, 3, 4]
        let file = try Self.file(pixels + tail, syntax, in: folder)
        #expect(file.cutOff() == nil, "\(filling): \(String(describing: file.cutOff()))")
      }
    }
    #expect(try Self.file(Self.name + Self.pixels, .implicitVRLittleEndian, in: folder).cutOff() == nil)
  }

  @Test("undefined lengths end with their delimiters; items of UN are in Implicit VR; an icon is no pixel data")
  func undefinedLengths() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    // (0009,1001) UN, an item in it with (0010,0010) in Implicit VR, and with a sequence that has an item.
    let implicitName: [UInt8] = [0x10, 0, 0x10, 0, 4, 0, 0, 0] + Array("DOE ".utf8)
    let implicitSequence: [UInt8] = [0x08, 0, 0x10, 0x11, 0xFF, 0xFF, 0xFF, 0xFF]
    let inner = implicitSequence + Self.item + implicitName + Self.itemEnd + Self.sequenceEnd
    let unknown: [UInt8] = [0x09, 0, 0x01, 0x10, 0x55, 0x4E, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    let icon: [UInt8] = [0x88, 0, 0x00, 0x02, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    let whole =
      unknown + Self.item + inner + implicitName + Self.itemEnd + Self.sequenceEnd + Self.name + icon + Self.item
      + Self.pixels + Self.itemEnd + Self.sequenceEnd + Self.pixels
    #expect(try Self.file(whole, in: folder).cutOff() == nil)
    for less in 1...4 {
      let file = try Self.file(whole.dropLast(less), in: folder)
      #expect(file.cutOff()?.reason == .valueCutOff(length: 4, available: 4 - less))
    }
    let fragments: [UInt8] = Array(Self.pixels.prefix(8)) + [0xFF, 0xFF, 0xFF, 0xFF]
    let fragment: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 6, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    let compressed = fragments + fragment + fragment
    #expect(try Self.file(compressed + Self.sequenceEnd, .jpegBaseline8Bit, in: folder).cutOff() == nil)
    #expect(try Self.file(compressed + Self.sequenceEnd + [0x20], .jpegBaseline8Bit, in: folder).cutOff() == nil)
    #expect(try Self.file(compressed.dropLast(), .jpegBaseline8Bit, in: folder).cutOff()?.tag == .item)
  }
}
