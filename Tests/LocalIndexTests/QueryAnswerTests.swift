import Dicom
import Foundation
import Testing

@testable import LocalIndex

/// What the index answers to other stations.
@Suite struct QueryAnswerTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    var item = DataSet()
    item.set(.scheduledProcedureStepID, "S1")
    var first = makeDataSet([(.patientAge, "042Y")])
    first.set(.requestAttributesSequence, items: [item])
    first.set(.rows, integers: [64])
    try index.receive(first)
    try index.receive(makeDataSet(series: "1.2.3.2", instance: "1.2.3.2.1", modality: "SR"))
    try index.receive(
      makeDataSet(
        patientID: "P2", name: "Иванов^Пётр", study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1", modality: "MR"))
  }

  func request(_ level: String?, _ keys: [(Tag, String)]) -> DataSet {
    var identifier = DataSet()
    identifier.setCharacterSet(.utf8)
    if let level { identifier.set(.queryRetrieveLevel, level) }
    for (tag, value) in keys {
      if value.isEmpty { identifier.setEmpty(tag) } else { identifier.set(tag, value) }
    }
    return identifier
  }

  func answers(_ identifier: DataSet, model: UID = .studyRootFind) throws -> [DataSet] {
    var result: [DataSet] = []
    try index.answer(identifier, model: model, retrieveAETitle: "FLUORO") { answer in
      result.append(answer)
      return true
    }
    return result
  }

  @Test("every requested key is in every answer, and no other") func keys() throws {
    let identifier = request(
      "STUDY",
      [
        (.studyInstanceUID, ""), (.patientName, "doe*"), (.studyDate, ""), (.numberOfStudyRelatedInstances, ""),
        (.modalitiesInStudy, ""), (.sopClassesInStudy, ""), (.patientAge, ""), (.instanceAvailability, ""),
        (.patientComments, ""),
      ])
    let answer = try #require(try answers(identifier).first)
    #expect(try answers(identifier).count == 1)
    #expect(answer.string(.queryRetrieveLevel) == "STUDY")
    #expect(answer.string(.retrieveAETitle) == "FLUORO")
    #expect(answer.string(.studyInstanceUID) == "1.2.3")
    #expect(answer.string(.patientName) == "Doe^Jane")
    #expect(answer.integer(.numberOfStudyRelatedInstances) == 2)
    #expect(answer.strings(.modalitiesInStudy) == ["CT", "SR"])
    #expect(answer.strings(.sopClassesInStudy) == [UID.ctImageStorage.rawValue])
    #expect(answer.string(.patientAge) == "042Y")
    #expect(answer.string(.instanceAvailability) == "ONLINE")
    #expect(answer.string(.patientComments)?.isEmpty == true)
    #expect(answer[.accessionNumber] == nil)
    #expect(answer[.specificCharacterSet] == nil)
  }

  @Test("text beyond ASCII is answered in UTF-8") func text() throws {
    let answer = try #require(try answers(request("STUDY", [(.patientName, "иванов*"), (.patientID, "")])).first)
    #expect(answer.string(.specificCharacterSet) == "ISO_IR 192")
    #expect(answer.string(.patientName) == "Иванов^Пётр")
    #expect(answer.string(.patientID) == "P2")
  }

  @Test("what only the file holds is answered from it") func fromFile() throws {
    var identifier = request("IMAGE", [(.sopInstanceUID, "1.2.3.1.1"), (.rows, "")])
    identifier.set(.requestAttributesSequence, items: [])
    let answer = try #require(try answers(identifier).first)
    #expect(answer.integer(.rows) == 64)
    #expect(answer.items(.requestAttributesSequence).first?.string(.scheduledProcedureStepID) == "S1")
  }

  @Test("requests that the model does not know are refused") func refused() throws {
    #expect(throws: QueryError.self) { try answers(request(nil, [])) }
    #expect(throws: QueryError.self) { try answers(request("VISIT", [])) }
    #expect(throws: QueryError.self) { try answers(request("PATIENT", [])) }
    #expect(try answers(request("PATIENT", [(.patientID, "")]), model: .patientRootFind).count == 2)
  }

  @Test("the search ends when the asker has enough") func ends() throws {
    var count = 0
    try index.answer(request("STUDY", [(.studyInstanceUID, "")]), model: .studyRootFind, retrieveAETitle: "X") { _ in
      count += 1
      return false
    }
    #expect(count == 1)
  }

  @Test("a retrieval names its instances by unique keys") func retrieval() throws {
    func names(_ level: String, _ keys: [(Tag, String)]) throws -> [String] {
      try index.instances(for: request(level, keys), model: .studyRootMove).map(\.sopInstanceUID.rawValue)
    }
    #expect(try names("STUDY", [(.studyInstanceUID, "1.2.3")]) == ["1.2.3.1.1", "1.2.3.2.1"])
    #expect(try names("STUDY", [(.studyInstanceUID, "1.2.3\\1.2.4")]).count == 3)
    #expect(try names("SERIES", [(.studyInstanceUID, "1.2.3"), (.seriesInstanceUID, "1.2.3.2")]) == ["1.2.3.2.1"])
    #expect(try names("IMAGE", [(.sopInstanceUID, "1.2.4.1.1")]) == ["1.2.4.1.1"])
    #expect(try names("STUDY", [(.studyInstanceUID, "9.9")]).isEmpty)
    #expect(throws: QueryError.self) { try names("SERIES", [(.studyInstanceUID, "1.2.3")]) }
  }
}
