import Dicom
import Testing

@testable import Operations

@Suite("Queries: what goes out")
struct QueryTests {
  private let modality = Modality(name: "P", aeTitle: "P", host: "h", port: 1)

  private func names(_ query: Query, _ modality: Modality? = nil) throws -> [String] {
    try query.keys(for: modality ?? self.modality).map { "\($0.name)=\($0.value)" }
  }

  @Test("empty return keys of another level are left out; those with a value never")
  func normalize() throws {
    var query = Query(
      level: .study, keys: [QueryKey(.seriesDescription), QueryKey(.modality, "CT")],
      returnKeys: [.studyDate, .sliceThickness])
    #expect(try names(query) == ["StudyDate=", "Modality=CT", "StudyInstanceUID="])
    query.normalize = false
    #expect(
      try names(query) == ["StudyDate=", "Modality=CT", "SeriesDescription=", "SliceThickness=", "StudyInstanceUID="])
  }

  @Test("a manufacturer's limits: universal wildcards become empty, what cannot be sent stops the query by name")
  func manufacturers() throws {
    var limited = modality
    limited.manufacturer = .genericNoWildcardInDates
    #expect(
      try names(Query(keys: [QueryKey(.studyDate, "*")], returnKeys: []), limited) == [
        "StudyDate=", "StudyInstanceUID=",
      ])
    let error = #expect(throws: OperationError.self) {
      try names(Query(keys: [QueryKey(.studyDate, "2018*")], returnKeys: []), limited)
    }
    #expect(error?.description.hasPrefix("StudyDate=2018*: this modality takes no wildcards in dates") == true)
    limited.manufacturer = .genericNoUniversalWildcard
    #expect(
      try names(Query(keys: [QueryKey(.patientName, "*"), QueryKey(.patientID, "A*")], returnKeys: []), limited)
        == ["PatientName=", "PatientID=A*", "StudyInstanceUID="])
  }

  @Test("the attributes of the levels above go with an entity, its counts do not")
  func levels() throws {
    let keys: [Dicom.Tag] = [.patientName, .studyDate, .numberOfStudyRelatedInstances, .sliceThickness]
    #expect(
      try names(Query(level: .series, returnKeys: keys)) == ["StudyDate=", "PatientName=", "SeriesInstanceUID="])
    #expect(try names(Query(level: .instance, returnKeys: keys)).contains("SliceThickness="))
    #expect(try !names(Query(level: .instance, returnKeys: keys)).contains("NumberOfStudyRelatedInstances="))
  }

  @Test("a GE archive is asked for anything in so many words")
  func ge() throws {
    var archive = modality
    archive.manufacturer = .ge
    let query = Query(level: .series, keys: [QueryKey(.studyInstanceUID, "1.2")], returnKeys: [.modality])
    #expect(
      try names(query, archive) == [
        "AccessionNumber=*", "Modality=", "PatientID=*", "StudyInstanceUID=1.2", "SeriesInstanceUID=*",
      ])
  }

  @Test("worklist keys go where they belong: those of the step into its sequence")
  func worklist() throws {
    let query = WorklistQuery(
      keys: [QueryKey(.modality, "CT"), QueryKey(.patientName, "Müller*")], returnKeys: [.scheduledStationAETitle])
    let keys = try query.keys(for: modality)
    let identifier = query.identifier(keys, characterSet: .latin1)
    #expect(identifier.string(.patientName) == "Müller*")
    #expect(identifier.string(.specificCharacterSet) == "ISO_IR 100")
    #expect(identifier[.queryRetrieveLevel] == nil)
    let step = try #require(identifier.items(.scheduledProcedureStepSequence).first)
    #expect(step.string(.modality) == "CT")
    #expect(step.string(.scheduledStationAETitle) == "")
    #expect(WorklistQuery.value(.modality, of: identifier) == "CT")
  }

  @Test("a key given twice is named")
  func twice() throws {
    #expect(throws: OperationError.self) {
      try names(Query(keys: [QueryKey(.patientID, "1"), QueryKey(.patientID, "2")]))
    }
  }

  @Test("ASCII names no character set; other text goes in the modality's, else in UTF-8")
  func characterSets() {
    func sets(_ value: String, _ encoding: String) -> [[String]] {
      Query(keys: [QueryKey(.patientName, value)]).characterSets(default: encoding).map(\.definedTerms)
    }
    #expect(sets("Müller", "Latin1") == [["ISO_IR 100"], ["ISO_IR 192"]])
    #expect(sets("Папа", "Latin1") == [["ISO_IR 192"]])
    #expect(sets("Müller", "Utf8") == [["ISO_IR 192"]])
    let query = Query(keys: [QueryKey(.patientName, "DOE*")])
    #expect(query.identifier(query.keys, characterSet: .latin1)[.specificCharacterSet] == nil)
    let umlaut = Query(keys: [QueryKey(.patientName, "Müller")])
    #expect(umlaut.identifier(umlaut.keys, characterSet: .latin1).string(.specificCharacterSet) == "ISO_IR 100")
  }

  @Test("keys as typed; an attribute that does not exist brings the nearest")
  func parsing() throws {
    #expect(try QueryKey(parsing: "PatientName=DOE^J*") == QueryKey(.patientName, "DOE^J*"))
    #expect(try QueryKey(parsing: "0010,0020=A=B") == QueryKey(.patientID, "A=B"))
    let error = #expect(throws: OperationError.self) { try QueryKey(parsing: "PatientNmae=X") }
    #expect(error?.description == "\"PatientNmae\" is not an attribute of DICOM; did you mean \"PatientName\"?")
    #expect(throws: OperationError.self) { try QueryKey(parsing: "PatientName") }
  }

  @Test("a retrieve needs the unique key of its level; each value is a C-MOVE")
  func retrieve() throws {
    let keys = [QueryKey(.patientID, "P"), QueryKey(.studyInstanceUID, "1"), QueryKey(.studyInstanceUID, "2")]
    let request = try RetrieveRequest(level: .study, keys: keys)
    #expect(request.items.map { $0.keys.map(\.value) } == [["P", "1"], ["P", "2"]])
    let error = #expect(throws: OperationError.self) { try RetrieveRequest(level: .series, keys: keys) }
    #expect(error?.description.contains("-q SeriesInstanceUID=") == true)
  }
}
