import NIOCore
import Testing

@testable import Dicom

@Suite("A data set")
struct DataSetTests {
  @Test(
    "keeps what is set, in the order of tags, through every uncompressed transfer syntax",
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    ])
  func roundTrip(_ syntax: TransferSyntax) throws {
    var item = DataSet()
    item.set(.scheduledProcedureStepStartDate, "20180323")
    item.set(.modality, "CT")
    var dataSet = DataSet()
    dataSet.setCharacterSet(.latin1)
    dataSet.set(.rows, integers: [512])
    dataSet.set(.patientName, "Äneas^Rüdiger")
    dataSet.set(.patientID, "4711")
    dataSet.set(.studyInstanceUID, "1.2.3" as UID)
    dataSet.set(.sliceThickness, "2.5")
    dataSet.set(.scheduledProcedureStepSequence, items: [item, DataSet()])
    dataSet.setEmpty(.accessionNumber)

    let bytes = try DataSetWriter.write(dataSet, transferSyntax: syntax)
    let read = try DataSetReader.read(bytes, transferSyntax: syntax)

    #expect(read.tags == dataSet.tags)
    #expect(read.tags == read.tags.sorted())
    #expect(read.string(.patientName) == "Äneas^Rüdiger")
    #expect(read.string(.patientID) == "4711")
    #expect(read.integer(.rows) == 512)
    #expect(read.uid(.studyInstanceUID) == "1.2.3")
    #expect(read.decimal(.sliceThickness) == 2.5)
    #expect(read.string(.accessionNumber) == "")
    #expect(read.strings(.accessionNumber) == [])
    #expect(read.string(.studyDate) == nil)
    #expect(read.items(.scheduledProcedureStepSequence).map { $0.string(.modality) } == ["CT", nil])
    #expect(try DataSetWriter.write(read, transferSyntax: syntax) == bytes)
  }

  @Test("finds tags as people write them")
  func tags() {
    for text in ["PatientName", "patientname", "00100010", "0010,0010", "(0010,0010)"] {
      #expect(Tag(parsing: text) == .patientName)
    }
    #expect(Tag(parsing: "PatientNam") == nil)
    #expect(Tag.patientName.keyword == "PatientName")
    #expect(Tag.patientName.description == "(0010,0010)")
    #expect(Tag(0x6002, 0x3000).keyword == "OverlayData")
    #expect(DataDictionary.attribute(for: .pixelData)?.vrText == "OB or OW")
    #expect(
      DataDictionary.attribute(for: Tag(0x0029, 0x1010), creator: "SIEMENS CSA HEADER")?.name == "CSA Image Header Info"
    )
    #expect(UID.ctImageStorage.name == "CT Image Storage")
  }
}
