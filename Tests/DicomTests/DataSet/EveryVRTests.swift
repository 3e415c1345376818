import NIOCore
import Testing

@testable import Dicom

@Suite("Every value representation")
struct EveryVRTests {
  private static let syntaxes: [TransferSyntax] = [
    .implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian,
  ]

  /// A private creator whose attributes no dictionary knows, so that the VR is only what is written.
  private func example(_ vr: VR) -> DataSet {
    var dataSet = DataSet()
    dataSet.set(Tag(0x0009, 0x0010), "FLUORO TEST")
    switch vr {
    case .SQ:
      var item = DataSet()
      item.set(.modality, "CT")
      dataSet.set(Tag(0x0009, 0x1001), items: [item, DataSet()])
    default:
      // Twice the bytes of the largest number, and text where it is text.
      let bytes: [UInt8] = vr.isText ? Array("1.2.3".utf8) : Array(1...16)
      dataSet.set(Tag(0x0009, 0x1001), vr: vr, bytes: ByteBuffer(bytes: bytes))
    }
    return dataSet
  }

  @Test("is written and read in every transfer syntax, and comes back the same", arguments: VR.allCases)
  func roundTrip(_ vr: VR) throws {
    let original = example(vr)
    let json = original.dicomJSON()
    for syntax in Self.syntaxes {
      let bytes = try DataSetWriter.write(original, transferSyntax: syntax)
      let read = try DataSetReader.read(bytes, transferSyntax: syntax)
      #expect(try DataSetWriter.write(read, transferSyntax: syntax) == bytes)
      guard syntax.isExplicitVR else { continue }  // Implicit VR does not tell what nobody knows
      #expect(read[Tag(0x0009, 0x1001)]?.vr == vr)
      #expect(read.dicomJSON() == json)
    }
    #expect(try DataSet(dicomJSON: json).dicomJSON() == json)
  }

  @Test("of odd length is read, and made even when it is converted", arguments: VR.allCases.filter { $0 != .SQ })
  func oddLength(_ vr: VR) throws {
    var bytes = ByteBuffer()
    bytes.writeMultipleIntegers(UInt16(0x0009), UInt16(0x1001), endianness: .little)
    bytes.writeString(vr.code)
    if vr.hasLongLength { bytes.writeMultipleIntegers(UInt16(0), UInt32(3), endianness: .little) }
    if !vr.hasLongLength { bytes.writeInteger(UInt16(3), endianness: .little) }
    bytes.writeString("1.2")
    let read = try DataSetReader.read(bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read[Tag(0x0009, 0x1001)]?.bytes == ByteBuffer(string: "1.2"))
    #expect(try DataSetWriter.write(read, transferSyntax: .explicitVRLittleEndian) == bytes)
    let converted = try DataSetWriter.write(read, transferSyntax: .explicitVRBigEndian)
    let back = try DataSetReader.read(converted, transferSyntax: .explicitVRBigEndian)
    #expect(back[Tag(0x0009, 0x1001)]?.bytes?.readableBytes == 4)
  }

  @Test("of a group length is kept in what is not changed, and dropped from what is")
  func groupLengths() throws {
    var bytes = ByteBuffer()
    bytes.writeMultipleIntegers(UInt16(8), UInt16(0), UInt32(4), UInt32(10), endianness: .little)
    bytes.writeMultipleIntegers(UInt16(8), UInt16(0x60), UInt32(2), endianness: .little)
    bytes.writeString("CT")
    var dataSet = try DataSetReader.read(bytes, transferSyntax: .implicitVRLittleEndian)
    #expect(dataSet.integer(Tag(0x0008, 0x0000)) == 10)
    #expect(try DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian) == bytes)
    dataSet.set(.modality, "MR")
    let changed = try DataSetReader.read(
      DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian), transferSyntax: .implicitVRLittleEndian)
    #expect(changed.tags == [.modality])
  }
}
