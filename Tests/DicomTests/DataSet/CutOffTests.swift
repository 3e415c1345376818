import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("Whether a file ends amid an element, told by its headers")
struct CutOffTests {
  /// What a reader of all of it says.
  private static func isCutOff(_ path: String) throws -> Bool {
    switch try DicomFile(path: path, reading: .everything).problem?.reason {
    case .headerCutOff, .valueCutOff: true
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
    for end in start + 8...bytes.count {
      try bytes.prefix(end).write(to: URL(fileURLWithPath: path))
      let file = try DicomFile(path: path)
      // Deflated bytes have no headers.
      let isCutOff = try Self.isCutOff(path) && !file.transferSyntax.isDeflated
      #expect((file.cutOff() != nil) == isCutOff, "\(end) bytes: \(String(describing: file.cutOff()))")
      if let cutOff = file.cutOff() {
        #expect(cutOff.offset < end && cutOff.offset >= start)
        told += 1
      }
    }
    #expect(syntax == .deflatedExplicitVRLittleEndian ? told == 0 : told > 200)
  }
}
