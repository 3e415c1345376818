import NIOCore
import Testing

@testable import Dicom

@Suite("DICOM JSON")
struct DicomJSONTests {
  @Test("read in and written again is the same")
  func roundTrip() throws {
    let text =
      #"{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080008":{"vr":"CS","Value":["DERIVED",null,"AXIAL"]},"#
      + #""00100010":{"vr":"PN","Value":[{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小东"}]},"#
      + #""00100030":{"vr":"DA"},"00200032":{"vr":"DS","Value":[1.50,-2e1,0]},"00280009":{"vr":"AT","Value":["00181063"]},"#
      + #""00281053":{"vr":"DS","Value":["1,5"]},"00400100":{"vr":"SQ","Value":[{"00080060":{"vr":"CS","Value":["CT"]}},{}]},"#
      + #""00720070":{"vr":"UT","Value":["a\n\"b\\😀"]},"00720074":{"vr":"FD","Value":[2.5,"NaN"]},"#
      + #""00720083":{"vr":"UV","Value":[18446744073709551615]},"7FE00010":{"vr":"OW","InlineBinary":"AAECAw=="}}"#
    let dataSet = try DataSet(dicomJSON: text)
    #expect(dataSet.dicomJSON() == text)
    #expect(dataSet.patientName == "Wang^XiaoDong=王^小东")
    #expect(try dataSet.values(.imagePositionPatient, as: DecimalString.self).map(\.text) == ["1.50", "-2e1", "0"])
    #expect(dataSet.items(.scheduledProcedureStepSequence).count == 2)
    #expect(dataSet[.pixelData]?.bytes == ByteBuffer(bytes: [0, 1, 2, 3]))
  }

  @Test("keeps the character set when it holds the text, else becomes UTF-8")
  func characterSets() throws {
    let name = #""00100010":{"vr":"PN","Value":[{"Alphabetic":"%"}]}"#
    let latin = #"{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"# + name.replacing("%", with: "Jérôme") + "}"
    #expect(
      try DataSet(dicomJSON: latin)[.patientName]?.bytes == ByteBuffer(bytes: [0x4A, 0xE9, 0x72, 0xF4, 0x6D, 0x65]))
    let both = #"{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"# + name.replacing("%", with: "王") + "}"
    #expect(try DataSet(dicomJSON: both).strings(.specificCharacterSet) == ["ISO_IR 192"])
    #expect(try DataSet(dicomJSON: both).patientName == "王")
    let neither = "{" + name.replacing("%", with: "é") + "}"
    #expect(try DataSet(dicomJSON: neither).strings(.specificCharacterSet) == ["ISO_IR 192"])
    let ascii = "{" + name.replacing("%", with: "e") + "}"
    #expect(try DataSet(dicomJSON: ascii)[.specificCharacterSet] == nil)
  }

  @Test("may say where a value is to be had, which is kept until the value is set")
  func bulkData() throws {
    let text =
      #"{"00400100":{"vr":"SQ","Value":[{"00420011":{"vr":"OB","BulkDataURI":"http://host/a"}}]},"#
      + #""7FE00010":{"vr":"OW","BulkDataURI":"../b?offset=1"}}"#
    var dataSet = try DataSet(dicomJSON: text)
    #expect(dataSet.dicomJSON() == text)
    #expect(dataSet[.pixelData]?.bulkDataURI == "../b?offset=1")
    #expect(dataSet[.pixelData]?.bytes == nil)
    #expect(throws: DataSetWriteError.valueElsewhere(Tag(0x0042, 0x0011))) {
      try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
    }
    dataSet.remove(.scheduledProcedureStepSequence)
    #expect(throws: DataSetWriteError.valueElsewhere(.pixelData)) {
      try DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian)
    }
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(bytes: [1, 2]))
    #expect(try DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian).readableBytes == 10)
    #expect(
      dataSet.dicomJSON { $0.tag == .pixelData ? "/c" : nil } == #"{"7FE00010":{"vr":"OW","BulkDataURI":"/c"}}"#)
  }

  @Test("of an array is many data sets")
  func arrays() throws {
    let text = #"[{"00080060":{"vr":"CS","Value":["CT"]}}, {}]"#
    #expect(try DataSet.dataSets(dicomJSON: text).map(\.modality) == ["CT", nil])
  }

  @Test(
    "that makes no sense says where",
    arguments: [
      (#"{"#, 1), (#"{"00100010":{"vr":"PN"},}"#, 24), (#"[]"#, 0), (#"{"PatientName":{"vr":"PN"}}"#, 2),
      (#"{"00100010":{}}"#, 12), (#"{"00100010":{"vr":"ZZ"}}"#, 19), (#"{"00280010":{"vr":"US","Value":[65536]}}"#, 32),
      (#"{"00280010":{"vr":"US","Value":[1.5]}}"#, 32), (#"{"7FE00010":{"vr":"OW","InlineBinary":"AAE"}}"#, 39),
      (#"{"00100010":{"vr":"PN","Value":["\ud800"]}}"#, 33),
      ("{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"a\nb\"]}}", 34),
      (#"{"00100010":{"vr":"PN"}} x"#, 25), (#"{"00281053":{"vr":"DS","Value":[01]}}"#, 32),
    ])
  func errors(_ text: String, _ offset: Int) {
    do {
      _ = try DataSet(dicomJSON: text)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.offset == offset, "\(error)")
    }
  }

  @Test("nests twenty thousand sequences without trouble")
  func deepNesting() throws {
    let depth = 20_000
    let text =
      String(repeating: #"{"00400100":{"vr":"SQ","Value":["#, count: depth) + "{}"
      + String(repeating: "]}}", count: depth)
    #expect(try DataSet(dicomJSON: text).dicomJSON() == text)
  }
}
