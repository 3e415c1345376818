import NIOCore
import Testing

@testable import Dicom

@Suite("Values")
struct ValueTests {
  @Test("of a person name are groups and components")
  func personNames() {
    let name = PersonName("Yamada^Tarou=山田^太郎=やまだ^たろう")
    #expect(name.alphabetic == "Yamada^Tarou")
    #expect(name.ideographic == "山田^太郎")
    #expect(name.phonetic == "やまだ^たろう")
    #expect(name.familyName == "Yamada")
    #expect(name.givenName == "Tarou")
    #expect(PersonName("=山田").familyName == "山田")
    #expect(PersonName("Doe^Jane^^Dr.").prefix == "Dr.")
    #expect(PersonName("").groups == [""])
  }

  @Test(
    "of a date match its range",
    arguments: [
      ("20180323", "20180323", true), ("20180323-", "20180322", false), ("20180323-", "20991231", true),
      ("-20180323", "20180323", true), ("-20180323", "20180324", false), ("20180301-20180323", "20180310", true),
      ("20180301 - 20180323", "20180310", true), ("2018.03.01-", "2018.03.10", true), ("20180323", "", false),
    ])
  func dateRanges(_ range: String, _ date: String, _ isIn: Bool) {
    #expect(DateRange(range)?.contains(date) == isIn)
  }

  @Test(
    "that are no date are no range of dates", arguments: ["", "-", "2018", "20181323", "20180101-20180202-", "today"])
  func noDateRanges(_ text: String) {
    #expect(DateRange(text) == nil)
  }

  @Test(
    "keep the digits of decimal strings in JSON",
    arguments: [
      ("1.500", "1.500"), ("+1.5", "1.5"), (".5", "0.5"), ("1.", "1"), ("-007", "-7"), ("1E+3", "1e+3"), ("00", "0"),
    ])
  func numbers(_ text: String, _ json: String) {
    #expect(JSONText.number(text) == json)
  }

  @Test("that are no number stay text in JSON", arguments: ["", "-", ".", "1,5", "1e", "0x10", "1A", "NaN"])
  func noNumbers(_ text: String) {
    #expect(JSONText.number(text) == nil)
  }

  @Test("are written by keyword for scripts")
  func keywordJSON() {
    var item = DataSet()
    item.set(.modality, "CT")
    var dataSet = DataSet()
    dataSet.setCharacterSet(.utf8)
    dataSet.set(.modalitiesInStudy, ["CT", "SR"])
    dataSet.set(.patientName, "Yamada^Tarou=山田^太郎")
    dataSet.setEmpty(.patientID)
    dataSet.set(.numberOfStudyRelatedInstances, integers: [12])
    dataSet.set(.requestAttributesSequence, items: [item])
    dataSet.set(Tag(0x0009, 0x0010), "\"A\\")
    #expect(
      dataSet.keywordJSON()
        == #"{"SpecificCharacterSet":"ISO_IR 192","ModalitiesInStudy":["CT","SR"],"00090010":["\"A",""],"#
        + #""PatientName":"Yamada^Tarou=山田^太郎","PatientID":null,"NumberOfStudyRelatedInstances":"12","#
        + #""RequestAttributesSequence":[{"Modality":"CT"}]}"#)
  }

  @Test(
    "in JSON for scripts are what they are as text, whatever padding, separators and characters they have",
    arguments: [
      "", " ", "A", " A ", "A\\\\B ", "\\", "A~B", "say \"yes\"", "tab\there", "a\u{7F}b", "M\u{FC}ller", "A\0", "  ",
      "1\\ 2", "1 \\2", "1\\2\\", "a\0b", "\0A", "a b\\c d",
    ])
  func keywordJSONText(_ text: String) throws {
    for tag in [Tag.patientName, .patientID, .studyInstanceUID, .additionalPatientHistory, .studyDate] {
      var bytes = ByteBuffer()
      let value = Array(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
      bytes.writeMultipleIntegers(tag.group, tag.element, UInt32(value.count), endianness: .little)
      bytes.writeBytes(value)
      let dataSet = try DataSetReader.read(bytes, transferSyntax: .implicitVRLittleEndian)
      let strings = dataSet.strings(tag)
      let values = strings.map(JSONText.quoted)
      let expected =
        strings.allSatisfy(\.isEmpty) && strings.count < 2
        ? "null" : values.count == 1 ? values[0] : "[\(values.joined(separator: ","))]"
      #expect(dataSet.keywordJSON() == "{\"\(tag.keyword ?? "")\":\(expected)}")
      #expect(dataSet.joinedStrings(tag) == strings.joined(separator: "\\"))
    }
  }

  @Test("of numbers are what was set, in either byte order")
  func binaryNumbers() throws {
    var dataSet = DataSet()
    dataSet.set(.pixelRepresentation, integers: [1])
    dataSet.set(.smallestImagePixelValue, integers: [-5])
    dataSet.set(.frameIncrementPointer, tags: [.frameTime])
    dataSet.set(.realWorldValueSlope, "2.5")
    for syntax in [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian] {
      let read = try DataSetReader.read(DataSetWriter.write(dataSet, transferSyntax: syntax), transferSyntax: syntax)
      #expect(read[.smallestImagePixelValue]?.vr == .SS)
      #expect(read.integer(.smallestImagePixelValue) == -5)
      #expect(read.tagValues(.frameIncrementPointer) == [.frameTime])
      #expect(read.string(.frameIncrementPointer) == "00181063")
      #expect(read.decimal(.realWorldValueSlope) == 2.5)
    }
  }

  @Test("of private attributes have the VR that their creator's dictionary says")
  func privateAttributes() throws {
    var dataSet = DataSet()
    dataSet.set(Tag(0x0029, 0x0011), "SIEMENS CSA HEADER")
    dataSet.set(Tag(0x0029, 0x1108), "IMAGE NUM 4")
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian)
    let read = try DataSetReader.read(bytes, transferSyntax: .implicitVRLittleEndian)
    #expect(read[Tag(0x0029, 0x1108)]?.vr == .CS)
    #expect(read[Tag(0x0029, 0x1108)]?.name == "CSA Image Header Type")
  }

  @Test("of UIDs are recognised when well formed, and generated ones are")
  func uids() {
    #expect(UID("1.2.840.10008.1.1").isWellFormed)
    for text in ["", "1..2", "1.02", "1.2.", "1.a", String(repeating: "1", count: 65)] {
      #expect(!UID(text).isWellFormed)
    }
    let generated = (0..<100).map { _ in UID.generate() }
    #expect(generated.allSatisfy { $0.isWellFormed && $0.rawValue.hasPrefix("2.25.") })
    #expect(Set(generated).count == 100)
    #expect(Implementation.classUID.isWellFormed)
  }

  @Test("have every attribute of the dictionary found by tag and by keyword")
  func dictionary() {
    var found = 0
    for line in 0..<AttributeTable.count {
      let tag = AttributeIndex.tag(line: line)
      guard let attribute = DataDictionary.attribute(for: tag) else {
        Issue.record("\(tag) is not found")
        continue
      }
      if !attribute.keyword.isEmpty {
        #expect(DataDictionary.tag(keyword: attribute.keyword) == tag)
        found += 1
      }
    }
    #expect(found == AttributeTable.keywordCount)
    #expect(DataDictionary.attribute(for: .patientName)?.vm == "1")
    #expect(DataDictionary.attribute(for: Tag(0x0010, 0x4000))?.isRetired == false)
    #expect(DataDictionary.attribute(for: Tag(0x0008, 0x0010))?.isRetired == true)
    #expect(DataDictionary.tag(keyword: "NoSuchThing") == nil)
  }
}
