import NIOCore
import Testing

@testable import Dicom

@Suite("Bytes that are no proper data set")
struct HostileBytesTests {
  private static let explicit = TransferSyntax.explicitVRLittleEndian
  private static let implicit = TransferSyntax.implicitVRLittleEndian

  @Test("say where a value is cut off, and keep what there is of it")
  func valueCutOff() {
    let (dataSet, problem) = read([0x10, 0, 0x10, 0] + ascii("PN") + [20, 0] + ascii("DOE^JANE"), Self.explicit)
    #expect(problem?.reason == .valueCutOff(length: 20, available: 8))
    #expect(problem?.offset == 0)
    #expect(problem?.tag == .patientName)
    #expect(dataSet.string(.patientName) == "DOE^JANE")
    #expect(problem?.description == "The value of element (0010,0010) at byte 0 is 20 bytes long, but only 8 are left.")
  }

  @Test("say where a header is cut off", arguments: 1..<8)
  func headerCutOff(_ count: Int) {
    let complete: [UInt8] = [0x10, 0, 0x20, 0] + ascii("LO") + [2, 0] + ascii("47")
    let header: [UInt8] = [0x10, 0, 0x30, 0] + ascii("DA") + [8, 0]
    let (dataSet, problem) = read(complete + header.prefix(count), Self.explicit)
    #expect(problem?.reason == .headerCutOff(available: count))
    #expect(problem?.offset == 10)
    #expect(dataSet.string(.patientID) == "47")
  }

  @Test("of four gigabytes of length allocate nothing", arguments: [explicit, implicit, .explicitVRBigEndian])
  func hugeLength(_ syntax: TransferSyntax) {
    let tag: [UInt8] = syntax.isLittleEndian ? [0xE0, 0x7F, 0x10, 0] : [0x7F, 0xE0, 0, 0x10]
    let length: [UInt8] = syntax.isLittleEndian ? [0xFE, 0xFF, 0xFF, 0xFF] : [0xFF, 0xFF, 0xFF, 0xFE]
    let (dataSet, problem) = read(tag + (syntax.isExplicitVR ? ascii("OW") + [0, 0] : []) + length, syntax)
    #expect(problem?.reason == .valueCutOff(length: 0xFFFF_FFFE, available: 0))
    #expect(dataSet[.pixelData]?.bytes?.readableBytes == 0)
  }

  @Test("nest twenty thousand sequences without trouble, in time that grows with the input")
  func deepNesting() throws {
    let depth = 20_000
    let opening: [UInt8] =
      [0x40, 0, 0, 1] + ascii("SQ") + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]
    let closing: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    var bytes = ByteBuffer()
    for _ in 0..<depth { bytes.writeBytes(opening) }
    let (unclosed, problem) = DataSetReader.readTolerantly(bytes, transferSyntax: Self.explicit)
    #expect(problem?.reason == .delimiterMissing)
    #expect(unclosed.items(.scheduledProcedureStepSequence).count == 1)

    for _ in 0..<depth { bytes.writeBytes(closing) }
    let dataSet = try DataSetReader.read(bytes, transferSyntax: Self.explicit)
    #expect(dataSet.dicomJSON().utf8.count > depth * 20)
    #expect(Dump.lines(dataSet).count == 2 * depth)
    let implicit = try DataSetWriter.write(dataSet, transferSyntax: Self.implicit)
    let back = try DataSetWriter.write(
      DataSetReader.read(implicit, transferSyntax: Self.implicit), transferSyntax: Self.explicit)
    #expect(back == bytes)
  }

  @Test(
    "never crash the reader when a length is wrong by anything", arguments: [explicit, implicit, .explicitVRBigEndian])
  func everyByteChanged(_ syntax: TransferSyntax) throws {
    var item = DataSet()
    item.set(.scheduledProcedureStepStartDate, "20180323")
    var dataSet = DataSet()
    dataSet.set(.patientName, "DOE^JANE")
    dataSet.set(.scheduledProcedureStepSequence, items: [item, item])
    dataSet.set(.pixelData, fragments: [ByteBuffer(), ByteBuffer(bytes: [1, 2, 3, 4])])
    let encapsulated = syntax == Self.explicit ? TransferSyntax(uid: .jpegBaseline8Bit) : syntax
    if !encapsulated.isEncapsulated { dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(bytes: [1, 2, 3, 4])) }
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: encapsulated)
    for position in 0..<bytes.readableBytes {
      for value: UInt8 in [0x00, 0x01, 0x7F, 0x80, 0xE0, 0xFE, 0xFF] {
        var changed = bytes
        changed.setInteger(value, at: position)
        let (read, _) = DataSetReader.readTolerantly(changed, transferSyntax: syntax)
        _ = read.dicomJSON()
        _ = read.keywordJSON()
        _ = Dump.text(read)
        for other in [Self.explicit, Self.implicit, .explicitVRBigEndian] {
          _ = try? DataSetWriter.write(read, transferSyntax: other)
        }
      }
    }
    for count in 0..<bytes.readableBytes {
      let cut = bytes.getSlice(at: 0, length: count) ?? ByteBuffer()
      let (read, problem) = DataSetReader.readTolerantly(cut, transferSyntax: syntax)
      _ = read.dicomJSON()
      #expect(try problem != nil || DataSetWriter.write(read, transferSyntax: encapsulated) == cut)
    }
  }

  @Test("with delimiters where they do not belong are read over them")
  func strayDelimiters() throws {
    let stray: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let bytes = stray + [0x10, 0, 0x20, 0] + ascii("LO") + [2, 0] + ascii("47") + stray
    let (dataSet, problem) = read(bytes, Self.explicit)
    #expect(problem == nil)
    #expect(dataSet.string(.patientID) == "47")
    #expect(try DataSetWriter.write(dataSet, transferSyntax: Self.explicit) == ByteBuffer(bytes: bytes))
  }

  @Test("filled up with zeros are read without them, and written back with them", arguments: [1, 7, 8, 64, 1001])
  func trailingZeros(_ count: Int) throws {
    let element: [UInt8] = [0x10, 0, 0x20, 0] + ascii("LO") + [2, 0] + ascii("47")
    let bytes = element + [UInt8](repeating: 0, count: count)
    let (dataSet, problem) = read(bytes, Self.explicit)
    #expect(problem == nil)
    #expect(dataSet.tags == [.patientID])
    #expect(dataSet.trailingByteCount == count)
    #expect(try DataSetWriter.write(dataSet, transferSyntax: Self.explicit) == ByteBuffer(bytes: bytes))
    let other = read(bytes + [1], Self.explicit)
    #expect(other.problem != nil)
    #expect(other.dataSet.patientID == "47")
  }

  @Test("of a sequence by the dictionary that hold something else stay bytes in Implicit VR")
  func noSequence() throws {
    let bytes: [UInt8] = [0x40, 0, 0, 1, 4, 0, 0, 0, 1, 2, 3, 4]
    let (dataSet, problem) = read(bytes, Self.implicit)
    #expect(problem == nil)
    #expect(dataSet[.scheduledProcedureStepSequence]?.vr == .UN)
    #expect(dataSet[.scheduledProcedureStepSequence]?.bytes == ByteBuffer(bytes: [1, 2, 3, 4]))
  }

  @Test("in the wrong order are put in order, the last of equal tags counts, and they are written back as they were")
  func order() throws {
    let bytes: [UInt8] =
      [0x10, 0, 0x20, 0] + ascii("LO") + [2, 0] + ascii("47") + [0x10, 0, 0x10, 0] + ascii("PN") + [2, 0] + ascii("AB")
      + [0x10, 0, 0x20, 0] + ascii("LO") + [2, 0] + ascii("48")
    let (dataSet, problem) = read(bytes, Self.explicit)
    #expect(problem == nil)
    #expect(dataSet.tags == [.patientName, .patientID])
    #expect(dataSet.string(.patientID) == "48")
    #expect(try DataSetWriter.write(dataSet, transferSyntax: Self.explicit) == ByteBuffer(bytes: bytes))
  }

  @Test("of VR UN and undefined length hold Implicit VR Little Endian items, in Explicit VR Big Endian too")
  func unknownWithUndefinedLength() throws {
    let bytes: [UInt8] =
      [0x00, 0x40, 0x01, 0x00] + ascii("UN") + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
      + [0xFE, 0xFF, 0x00, 0xE0, 10, 0, 0, 0, 0x10, 0, 0x20, 0, 2, 0, 0, 0] + ascii("47")
      + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let (dataSet, problem) = read(bytes, .explicitVRBigEndian)
    #expect(problem == nil)
    #expect(dataSet.items(.scheduledProcedureStepSequence).first?.string(.patientID) == "47")
    #expect(try DataSetWriter.write(dataSet, transferSyntax: .explicitVRBigEndian) == ByteBuffer(bytes: bytes))
    let converted = try DataSetWriter.write(dataSet, transferSyntax: Self.explicit)
    let read = try DataSetReader.read(converted, transferSyntax: Self.explicit)
    #expect(read[.scheduledProcedureStepSequence]?.vr == .SQ)
    #expect(read.items(.scheduledProcedureStepSequence).first?.string(.patientID) == "47")
  }

  @Test("of VR UN that only look like a sequence stay bytes")
  func wrongGuess() throws {
    let value: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 100, 0, 0, 0, 1, 2, 3, 4]
    let bytes: [UInt8] = [0x40, 0, 0, 1] + ascii("UN") + [0, 0, UInt8(value.count), 0, 0, 0] + value
    let (dataSet, problem) = read(bytes + bytes, Self.explicit)
    #expect(problem == nil)
    #expect(dataSet[.scheduledProcedureStepSequence]?.vr == .UN)
    #expect(dataSet[.scheduledProcedureStepSequence]?.bytes == ByteBuffer(bytes: value))
  }

  private func read(_ bytes: [UInt8], _ syntax: TransferSyntax) -> (dataSet: DataSet, problem: DataSetReadError?) {
    DataSetReader.readTolerantly(ByteBuffer(bytes: bytes), transferSyntax: syntax)
  }

  private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
}
