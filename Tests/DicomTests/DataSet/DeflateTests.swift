import NIOCore
import Testing

@testable import Dicom

@Suite("A deflated data set")
struct DeflatedTests {
  private static let deflated = TransferSyntax.deflatedExplicitVRLittleEndian

  @Test("is inflated, written back as it was, and deflated anew when changed")
  func roundTrip() throws {
    var dataSet = DataSet()
    dataSet.set(.patientComments, String(repeating: "deflate ", count: 1000))
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: Self.deflated)
    #expect(bytes.readableBytes < 200)
    #expect(bytes.readableBytes % 2 == 0)
    var read = try DataSetReader.read(bytes, transferSyntax: Self.deflated)
    #expect(read.string(.patientComments)?.count == 7999)
    #expect(try DataSetWriter.write(read, transferSyntax: Self.deflated) == bytes)
    read.set(.patientID, "47")
    let changed = try DataSetWriter.write(read, transferSyntax: Self.deflated)
    #expect(try DataSetReader.read(changed, transferSyntax: Self.deflated).string(.patientID) == "47")
  }

  @Test("that is damaged says so, and keeps what could be inflated")
  func damaged() throws {
    var dataSet = DataSet()
    dataSet.set(.patientID, "47")
    dataSet.set(.patientComments, (0..<20_000).map(String.init).joined())
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: Self.deflated)
    let half = bytes.getSlice(at: 0, length: bytes.readableBytes / 2) ?? ByteBuffer()
    let (read, problem) = DataSetReader.readTolerantly(half, transferSyntax: Self.deflated)
    #expect(problem?.reason == .damagedDeflate)
    #expect(read.string(.patientID) == "47")
  }
}
