import NIOCore
import Testing

@testable import Dicom

@Suite("A value asked for as a type")
struct TypedValueTests {
  @Test(
    "of a date is a day that exists",
    arguments: [
      ("20180323", "2018-03-23"), ("2018.03.23", "2018-03-23"), ("20240229", "2024-02-29"), ("20230229", nil),
      ("20180432", nil), ("201803", nil), ("2018032", nil), ("today", nil), ("2018-03-23", nil), ("+2018032", nil),
    ])
  func dates(_ text: String, _ expected: String?) {
    #expect(DicomDate(dicomText: text)?.description == expected)
  }

  @Test(
    "of a time knows as much as was written",
    arguments: [
      ("10", "10"), ("1011", "10:11"), ("101112", "10:11:12"), ("101112.120", "10:11:12.120"), ("10:11:12", "10:11:12"),
      ("235960", "23:59:60"), ("24", nil), ("1060", nil), ("1011.5", nil), ("101112.", nil), ("101112.1234567", nil),
      ("1", nil),
    ])
  func times(_ text: String, _ expected: String?) {
    #expect(DicomTime(dicomText: text)?.description == expected)
    if expected != nil { #expect(DicomTime(dicomText: text)?.dicomText == text.filter { $0 != ":" }) }
  }

  @Test(
    "of a date and time has the precision and the offset that were written",
    arguments: [
      ("2018", "2018"), ("201803", "2018-03"), ("20180323", "2018-03-23"), ("2018032310", "2018-03-23T10"),
      ("20180323101112.5+0100", "2018-03-23T10:11:12.5+01:00"), ("2018-0330", "2018-03:30"),
      ("20180323101112-1200", "2018-03-23T10:11:12-12:00"), ("20180323+1500", nil), ("20180323-0000", nil),
      ("20180323101112+01", nil), ("20181", nil), ("2018032324", nil), ("", nil),
    ])
  func dateTimes(_ text: String, _ expected: String?) {
    let value = DicomDateTime(dicomText: text)
    #expect(value?.description == expected)
    if expected != nil { #expect(value?.dicomText == text) }
  }

  @Test("of an age has a unit", arguments: [("045Y", "45 years"), ("3M", "3 months"), ("45", nil), ("0045Y", nil)])
  func ages(_ text: String, _ expected: String?) {
    #expect(Age(dicomText: text)?.description == expected)
  }

  @Test("of a decimal string keeps its digits")
  func decimalStrings() throws {
    var dataSet = DataSet()
    dataSet.set(.imagePositionPatient, ["-1.500", "+2E1", "0.000"])
    let values = try dataSet.values(.imagePositionPatient, as: DecimalString.self)
    #expect(values.map(\.text) == ["-1.500", "+2E1", "0.000"])
    #expect(try dataSet.values(.imagePositionPatient, as: Double.self) == [-1.5, 20, 0])
  }

  @Test(
    "of a number is written in the sixteen characters that DS has",
    arguments: [
      1.5, 100, -0.1, 1.0 / 3, -1.0 / 3, 1e100, -1.2345678901234567e-200, 123_456_789.123456789, 99_999_999_999_999_984,
      9.999999999999999e-5, -0.000123456789012345, 0, -1e-300,
    ])
  func decimalTexts(_ value: Double) throws {
    let text = DecimalString(value).text
    #expect(text.utf8.count <= 16)
    #expect(abs(try #require(Double(dicomText: text)) - value) <= abs(value) * 1e-9)
  }

  @Test("of a number has no more digits than it needs", arguments: [(1.5, "1.5"), (100, "100"), (-0.1, "-0.1")])
  func shortTexts(_ value: Double, _ text: String) {
    #expect(DecimalString(value).text == text)
  }

  @Test("that is something else is an error that says what and where, never a guess")
  func errors() throws {
    var dataSet = DataSet()
    dataSet.set(.patientBirthDate, "19700231")
    dataSet.set(.seriesNumber, "12a")
    dataSet.set(.sliceThickness, "0x10")
    dataSet.set(.imagePositionPatient, ["1", "", "3"])
    dataSet.set(.rows, vr: .US, bytes: ByteBuffer(bytes: [1, 2, 3, 4, 5, 6]))
    dataSet.set(.numberOfFrames, vr: .UL, bytes: ByteBuffer(bytes: [1, 2]))
    dataSet.set(.pixelData, vr: .OB, bytes: ByteBuffer(bytes: [1, 2]))
    do {
      _ = try dataSet.value(.patientBirthDate, as: DicomDate.self)
      Issue.record("the 31st of February was read")
    } catch {
      #expect(
        error.description
          == #"(0010,0030) PatientBirthDate (DA) holds "19700231", which is not a date, YYYYMMDD."#)
    }
    #expect(throws: ValueError.self) { try dataSet.value(.seriesNumber, as: Int.self) }
    #expect(throws: ValueError.self) { try dataSet.value(.sliceThickness, as: Double.self) }
    #expect(dataSet.decimal(.sliceThickness) == nil)
    #expect(throws: ValueError.self) { try dataSet.values(.imagePositionPatient, as: Double.self) }
    #expect(throws: ValueError.self) { try dataSet.value(.numberOfFrames, as: Int.self) }
    #expect(throws: ValueError.self) { try dataSet.value(.pixelData, as: Int.self) }
    #expect(try dataSet.value(.studyDate, as: DicomDate.self) == nil)
    dataSet.setEmpty(.studyDate)
    #expect(try dataSet.value(.studyDate, as: DicomDate.self) == nil)
    #expect(try dataSet.values(.rows, as: Int.self) == [0x201, 0x403, 0x605])
  }

  @Test("can be set, and asked for by keyword")
  func settingAndKeywords() throws {
    var dataSet = DataSet()
    dataSet.set(.studyDate, values: [try #require(DicomDate(year: 2018, month: 3, day: 23))])
    dataSet.set(.patientName, "DOE^JANE")
    #expect(dataSet.studyDate == "20180323")
    #expect(dataSet.patientName == "DOE^JANE")
    #expect(dataSet.patientID == nil)
  }

  @Test("of a private attribute is found by its creator, whatever block that has reserved")
  func privateAttributes() {
    var dataSet = DataSet()
    dataSet.set(Tag(0x0029, 0x0010), "SIEMENS MEDCOM HEADER")
    dataSet.set(Tag(0x0029, 0x0055), "SIEMENS CSA HEADER")
    dataSet.set(Tag(0x0029, 0x5508), "IMAGE NUM 4")
    #expect(dataSet[0x0029, "SIEMENS CSA HEADER", 0x08]?.strings == ["IMAGE NUM 4"])
    #expect(dataSet[0x0029, "SIEMENS CSA HEADER", 0x08]?.vr == .CS)
    #expect(dataSet.privateTag(group: 0x0029, creator: "NOBODY", element: 8) == nil)
  }
}
