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

  func item(_ keys: [(Tag, String)]) -> DataSet {
    var item = DataSet()
    for (tag, value) in keys { if value.isEmpty { item.setEmpty(tag) } else { item.set(tag, value) } }
    return item
  }

  func answers(
    _ identifier: DataSet, model: UID = .studyRootFind, agreed: QueryCapabilities = []
  ) throws -> [DataSet] {
    var answers = try index.answers(to: identifier, model: model, retrieveAETitle: "FLUORO", agreed: agreed)
    var result: [DataSet] = []
    while true {
      let page = try answers.next()
      if page.isEmpty { return result }
      result += page
    }
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

  @Test("a sequence matches where one of its items matches all that is asked of it") func sequence() throws {
    var two = makeDataSet(study: "1.2.9", series: "1.2.9.1", instance: "1.2.9.1.1")
    var nested = item([(.scheduledProcedureStepID, "S2"), (.requestedProcedureID, "R2")])
    nested.set(.scheduledProtocolCodeSequence, items: [item([(.codeValue, "C1")]), item([(.codeValue, "C2")])])
    two.set(
      .requestAttributesSequence,
      items: [item([(.scheduledProcedureStepID, "S1"), (.requestedProcedureID, "R1")]), nested])
    try index.receive(two)
    func found(_ key: DataSet?) throws -> [DataSet] {
      var identifier = request("STUDY", [(.studyInstanceUID, "")])
      identifier.set(.requestAttributesSequence, items: key.map { [$0] } ?? [])
      return try answers(identifier)
    }
    #expect(try found(nil).count == 3)
    #expect(try found(DataSet()).count == 3)
    #expect(try found(item([(.scheduledProcedureStepID, "")])).count == 3)
    #expect(try found(item([(.scheduledProcedureStepID, "S?")])).count == 2)
    let both = try found(item([(.scheduledProcedureStepID, "S2"), (.requestedProcedureID, "")]))
    #expect(both.map { $0.string(.studyInstanceUID) } == ["1.2.9"])
    let items = try #require(both.first).items(.requestAttributesSequence)
    #expect(
      items.map { $0.string(.requestedProcedureID) } == ["R2"], "only the item that matches, with what was asked for")
    #expect(items.first?[.scheduledProtocolCodeSequence] == nil)
    #expect(try found(item([(.scheduledProcedureStepID, "S1"), (.requestedProcedureID, "R2")])).isEmpty)
    for (code, count) in [("C2", 1), ("C3", 0)] {
      var key = item([(.scheduledProcedureStepID, "")])
      key.set(.scheduledProtocolCodeSequence, items: [item([(.codeValue, code)])])
      #expect(try found(key).count == count)
    }
  }

  @Test("text in sequences is answered in UTF-8 and says so, whatever the file's encoding", arguments: [true, false])
  func textInSequences(isNamed: Bool) throws {
    var code = DataSet()
    code.setCharacterSet(.latin1)
    code.set(.codeMeaning, "Schädel")
    var step = DataSet()
    step.setCharacterSet(.latin1)
    step.set(.scheduledProcedureStepDescription, "Übersicht")
    step.set(.scheduledProtocolCodeSequence, items: [code])
    var stored = makeDataSet(study: "1.2.8", series: "1.2.8.1", instance: "1.2.8.1.1", characterSet: .latin1)
    step.remove(.specificCharacterSet)
    code.remove(.specificCharacterSet)
    stored.set(.requestAttributesSequence, items: [step])
    try index.receive(stored)
    var identifier = request("STUDY", [(.studyInstanceUID, "1.2.8")])
    var key = DataSet()
    if isNamed {
      key.setEmpty(.scheduledProcedureStepDescription)
      key.setEmpty(.scheduledProtocolCodeSequence)
    }
    identifier.set(.requestAttributesSequence, items: [key])
    let answer = try #require(try answers(identifier).first)
    // As whoever asks reads it.
    let syntax = TransferSyntax.explicitVRLittleEndian
    let read = try DataSetReader.read(DataSetWriter.write(answer, transferSyntax: syntax), transferSyntax: syntax)
    #expect(read.string(.specificCharacterSet) == "ISO_IR 192")
    let item = try #require(read.items(.requestAttributesSequence).first)
    #expect(item.string(.scheduledProcedureStepDescription) == "Übersicht")
    #expect(item.items(.scheduledProtocolCodeSequence).first?.string(.codeMeaning) == "Schädel")
  }

  @Test(
    "keys that are not supported are told from those that are",
    arguments: [
      ("STUDY", [(.numberOfStudyRelatedInstances, ""), (.modalitiesInStudy, "CT"), (.sopClassesInStudy, "")], true),
      ("STUDY", [(.numberOfStudyRelatedInstances, "*"), (.retrieveAETitle, ""), (.rows, "64")], true),
      ("STUDY", [(.numberOfStudyRelatedInstances, "2")], false), ("STUDY", [(.retrieveAETitle, "OTHER")], false),
      ("SERIES", [(.numberOfStudyRelatedInstances, "")], false), ("STUDY", [(.storageMediaFileSetID, "")], false),
      ("SERIES", [(.numberOfSeriesRelatedInstances, ""), (.instanceAvailability, "")], true),
    ] as [(String, [(Tag, String)], Bool)])
  func supported(level: String, keys: [(Tag, String)], isSupported: Bool) {
    #expect(QueryAnswers.supports(request(level, keys)) == isSupported)
  }

  @Test("a date and time is found in whatever time zone it, its data set or the request says")
  func timeZones() throws {
    var there = makeDataSet(
      study: "1.5.1", series: "1.5.1.1", instance: "1.5.1.1.1",
      [(.acquisitionDateTime, "20180323101500"), (.timezoneOffsetFromUTC, "+0100")])
    there.set(
      .requestAttributesSequence, items: [item([(.scheduledProcedureStepStartDateTime, "20180323101500")])])
    try index.receive(there)
    try index.receive(
      makeDataSet(
        study: "1.5.2", series: "1.5.2.1", instance: "1.5.2.1.1",
        [(.acquisitionDateTime, "20180323101500-0500"), (.timezoneOffsetFromUTC, "+0100")]))
    func found(_ key: String, zone: String = "", inSequence: Bool = false) throws -> [String] {
      var identifier = request("STUDY", [(.studyInstanceUID, "1.5.*")])
      if !zone.isEmpty { identifier.set(.timezoneOffsetFromUTC, zone) }
      if inSequence {
        identifier.set(
          .requestAttributesSequence, items: [item([(.scheduledProcedureStepStartDateTime, key)])])
      } else {
        identifier.set(.acquisitionDateTime, key)
      }
      return try answers(identifier).compactMap { $0.string(.studyInstanceUID) }
    }
    #expect(try found("20180323091500+0000") == ["1.5.1"])
    #expect(try found("20180323091500", zone: "+0000") == ["1.5.1"])
    #expect(try found("20180323111500", zone: "-0400") == ["1.5.2"])
    #expect(try found("2018032309-2018032309", zone: "+0000") == ["1.5.1"])
    #expect(try found("20180323-20180323", zone: "+0000") == ["1.5.1", "1.5.2"])
    #expect(try found("20180323160000-0000", zone: "+0000").isEmpty, "there is no such offset")
    #expect(try found("20180323041500-0500", inSequence: true) == ["1.5.1"])
    #expect(try found("20180323041500", zone: "-0500", inSequence: true) == ["1.5.1"])
    #expect(try found("20180323101500", zone: "-0500", inSequence: true).isEmpty)
    // Of somebody who searches here.
    let local = LocalQuery(
      level: .study, [(.acquisitionDateTime, "20180323"), (.timezoneOffsetFromUTC, "+1345")], limit: 5)
    #expect(try index.find(local).isEmpty)
    let ranged = LocalQuery(
      level: .study, [(.acquisitionDateTime, "201803231600-"), (.timezoneOffsetFromUTC, "+0100")], limit: 5)
    #expect(try index.find(ranged).map { $0.dataSet.string(.studyInstanceUID) } == ["1.5.2"])
  }

  @Test("dates and times are one range of moments where that was agreed to") func moments() throws {
    for (day, time) in [("20180324", "090000"), ("20180324", "180000"), ("20180325", "0700"), ("20180325", "")] {
      let uid = "1.4.\(day).\(time.isEmpty ? "0" : time)"
      try index.receive(
        makeDataSet(study: uid, series: uid + ".1", instance: uid + ".1.1", date: day, [(.studyTime, time)]))
    }
    func found(_ dates: String, _ times: String, combined: Bool) throws -> [String] {
      let identifier = request("STUDY", [(.studyInstanceUID, "1.4.*"), (.studyDate, dates), (.studyTime, times)])
      var answers = try index.answers(
        to: identifier, model: .studyRootFind, retrieveAETitle: "X", agreed: combined ? .dateTimeMatching : [])
      return try answers.next().compactMap { $0.string(.studyInstanceUID) }.sorted()
    }
    #expect(
      try found("20180324-20180325", "1000-0800", combined: true)
        == ["1.4.20180324.180000", "1.4.20180325.0", "1.4.20180325.0700"])
    #expect(try found("20180324-20180325", "1000-0800", combined: false).isEmpty)
    #expect(
      try found("20180324-20180325", "0600-1000", combined: false) == ["1.4.20180324.090000", "1.4.20180325.0700"])
    #expect(try found("20180324-", "1000-", combined: true).count == 3)
    #expect(try found("-20180324", "-1000", combined: true) == ["1.4.20180324.090000"])
    #expect(try found("20180324", "1000-", combined: true) == ["1.4.20180324.180000"], "one date is no range")
  }

  @Test(
    "so are other pairs: of the index, of files alone, in sequences",
    arguments: [
      (.seriesDate, .seriesTime, false), (.patientBirthDate, .patientBirthTime, false),
      (.performedProcedureStepStartDate, .performedProcedureStepStartTime, false),
      (Tag(0x0018, 0x1012), Tag(0x0018, 0x1014), false),
      (.scheduledProcedureStepStartDate, .scheduledProcedureStepStartTime, true),
    ] as [(Tag, Tag, Bool)])
  func otherMoments(date: Tag, time: Tag, inSequence: Bool) throws {
    for (number, hour) in [("1", "23"), ("2", "03")] {
      let uid = "1.4.\(number)"
      let pair = [(date, "2018032\(number)"), (time, "\(hour)0000")]
      var dataSet = makeDataSet(
        patientID: "P\(number)", study: uid, series: uid + ".1", instance: uid + ".1.1", inSequence ? [] : pair)
      if inSequence { dataSet.set(.requestAttributesSequence, items: [item(pair)]) }
      try index.receive(dataSet)
    }
    func found(_ dates: String, _ times: String, _ agreed: QueryCapabilities) throws -> [String] {
      let keys = [(date, dates), (time, times)]
      var identifier = request("SERIES", [(.studyInstanceUID, "1.4.*")] + (inSequence ? [] : keys))
      if inSequence { identifier.set(.requestAttributesSequence, items: [item(keys)]) }
      return try answers(identifier, agreed: agreed).compactMap { $0.string(.studyInstanceUID) }
    }
    #expect(try found("20180321-20180322", "2200-0400", .dateTimeMatching) == ["1.4.1", "1.4.2"])
    #expect(try found("20180321-20180322", "2330-0400", .dateTimeMatching) == ["1.4.2"])
    #expect(try found("20180321-20180322", "2200-0400", []).isEmpty)
    #expect(try found("20180321-20180322", "0200-0400", []) == ["1.4.2"])
  }

  @Test("dates and times of several values are no pair: each matches by any of its own", arguments: [true, false])
  func severalMoments(isAgreed: Bool) throws {
    let (date, time) = (Tag.dateOfLastCalibration, Tag(0x0018, 0x1201))
    try index.receive(
      makeDataSet(
        study: "1.4.1", series: "1.4.1.1", instance: "1.4.1.1.1",
        [(date, "20180101\\20180322"), (time, "120000\\030000")]))
    func found(_ dates: String, _ times: String) throws -> [String] {
      let identifier = request("STUDY", [(.studyInstanceUID, "1.4.1"), (date, dates), (time, times)])
      return try answers(identifier, agreed: isAgreed ? .dateTimeMatching : [])
        .compactMap { $0.string(.studyInstanceUID) }
    }
    #expect(try found("20180321-20180322", "0200-0400") == ["1.4.1"])
    #expect(try found("20180101-20180102", "1100-1300") == ["1.4.1"])
    #expect(try found("20180321-20180322", "0400-0500").isEmpty)
    #expect(try found("20180323-20180324", "0200-0400").isEmpty)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let level: String
    let keys: [(Tag, String)]
    let agreed: QueryCapabilities
    let found: [String]
    init(_ level: String, _ keys: [(Tag, String)], _ found: [String], _ agreed: QueryCapabilities = []) {
      (self.level, self.keys, self.agreed, self.found) = (level, keys, agreed, found)
    }
    var testDescription: String {
      "\(level) \(keys.map { "\($0.0.keyword ?? "")=\($0.1)" }.joined(separator: " ")) \(agreed.words)"
    }
  }

  /// The rules of PS3.4 §C.2.2.2, as they differ from what a person types into the local search.
  static let rows: [Row] = [
    // Single values: with case, but for names.
    Row("STUDY", [(.patientID, "P1")], ["1.2.3"]), Row("STUDY", [(.patientID, "p1")], []),
    Row("STUDY", [(.patientName, "DOE^JANE")], ["1.2.3"]), Row("STUDY", [(.patientName, "петр")], []),
    Row("STUDY", [(.patientName, "иванов^петр")], ["1.2.4"]), Row("STUDY", [(.studyDescription, "study of P?")], []),
    Row("STUDY", [(.studyDescription, "Study of P?")], ["1.2.3", "1.2.4"]),
    Row("STUDY", [(.modalitiesInStudy, "ct")], []), Row("STUDY", [(.patientAge, "042y")], []),
    Row("SERIES", [(.modality, "S?")], ["1.2.3"]), Row("SERIES", [(.modality, "s?")], []),
    // Lists of UIDs, and wildcards that are none in them.
    Row("STUDY", [(.studyInstanceUID, "1.2.3\\1.2.4\\9.9")], ["1.2.3", "1.2.4"]),
    // Any of several values, unless all of them was agreed to.
    Row("STUDY", [(.modalitiesInStudy, "CT\\MR")], ["1.2.3", "1.2.4"]),
    Row("STUDY", [(.modalitiesInStudy, "CT\\MR")], [], .multipleValueMatching),
    Row("STUDY", [(.modalitiesInStudy, "SR\\CT")], ["1.2.3"], .multipleValueMatching),
    Row("STUDY", [(.studyInstanceUID, "1.2.3\\1.2.4")], ["1.2.3", "1.2.4"], .multipleValueMatching),
    // No value.
    Row("STUDY", [(.institutionName, "\"\"")], []),
    Row("STUDY", [(.institutionName, "\"\"")], ["1.2.3", "1.2.4"], .emptyValueMatching),
    Row("STUDY", [(.patientAge, "\"\"")], ["1.2.4"], .emptyValueMatching),
    Row("STUDY", [(.patientName, "\"\"")], [], .emptyValueMatching),
    Row("STUDY", [(.modalitiesInStudy, "\"\"")], [], .emptyValueMatching),
    Row("STUDY", [(.modality, "\"\"")], [], .emptyValueMatching),
    Row("STUDY", [(.bodyPartExamined, "\"\""), (.modality, "SR")], ["1.2.3"], .emptyValueMatching),
    Row("IMAGE", [(.imageComments, "\"\""), (.modality, "MR")], ["1.2.4"], .emptyValueMatching),
  ]

  @Test("matches as PS3.4 says", arguments: rows) func matching(_ row: Row) throws {
    let identifier = request(row.level, [(.studyInstanceUID, "")] + row.keys)
    let found = try answers(identifier, agreed: row.agreed).compactMap { $0.string(.studyInstanceUID) }
    #expect(found.sorted() == row.found)
  }

  @Test("requests that the model does not know are refused") func refused() throws {
    #expect(throws: QueryError.self) { try answers(request(nil, [])) }
    #expect(throws: QueryError.self) { try answers(request("VISIT", [])) }
    #expect(throws: QueryError.self) { try answers(request("PATIENT", [])) }
    #expect(try answers(request("PATIENT", [(.patientID, "")]), model: .patientRootFind).count == 2)
  }

  @Test("many answers come in pages, each once, also where files have to be read for a key") func pages() throws {
    for number in 0..<300 {
      try index.receive(
        makeDataSet(
          study: "1.3.\(number)", series: "1.3.\(number).1", instance: "1.3.\(number).1.1",
          [(.patientAge, number % 2 == 0 ? "001Y" : "002Y")]))
    }
    var answers = try index.answers(
      to: request("STUDY", [(.studyInstanceUID, "")]), model: .studyRootFind, retrieveAETitle: "X")
    let counts = [try answers.next().count, try answers.next().count, try answers.next().count]
    #expect(counts == [QueryAnswers.pageLength, 302 - QueryAnswers.pageLength, 0])
    let all = try self.answers(request("STUDY", [(.studyInstanceUID, "1.3.*")])).map { $0.string(.studyInstanceUID) }
    #expect(all.count == 300 && Set(all).count == 300)
    #expect(try self.answers(request("STUDY", [(.patientAge, "002Y"), (.studyInstanceUID, "")])).count == 150)
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
    #expect(try names("STUDY", [(.studyInstanceUID, "*")]).isEmpty, "a unique key has no wildcards")
    #expect(throws: QueryError.self) { try names("SERIES", [(.studyInstanceUID, "1.2.3")]) }
  }
}
