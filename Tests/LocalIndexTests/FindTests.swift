import Dicom
import GRDB
import Testing

@testable import LocalIndex

/// Finding over an index of a few patients in several scripts.
@Suite struct FindTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    try index.receive(makeDataSet())
    try index.receive(makeDataSet(instance: "1.2.3.1.2"))
    try index.receive(
      makeDataSet(series: "1.2.3.2", instance: "1.2.3.2.1", modality: "SR", [(.operatorsName, "Op^A\\Op^B")]))
    try index.receive(
      makeDataSet(
        patientID: "P2", name: "Yamada^Tarou=山田^太郎=やまだ^たろう", study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1",
        modality: "MR", date: "20190101"))
    try index.receive(
      makeDataSet(
        patientID: "P[3]", name: "Müller^Jürgen", study: "1.2.5", series: "1.2.5.1", instance: "1.2.5.1.1",
        modality: "US",
        date: "20200229", characterSet: .latin1, [(.studyDescription, "Schädel*"), (.patientAge, "042Y")]))
    try index.receive(
      makeDataSet(
        patientID: "", name: "", study: "1.2.6", series: "1.2.6.1", instance: "1.2.6.1.1", modality: "CT", date: ""))
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let level: Level
    let keys: [(Tag, String)]
    let found: [String]
    init(_ level: Level, _ keys: [(Tag, String)], _ found: [String]) {
      (self.level, self.keys, self.found) = (level, keys, found)
    }
    var testDescription: String {
      "\(level) " + keys.map { "\($0.0.keyword ?? $0.0.description)=\($0.1)" }.joined(separator: " ")
    }
  }

  static let rows: [Row] = [
    Row(.patient, [], ["P1", "P2", "P[3]", ""]),
    Row(.patient, [(.patientID, "P?")], ["P1", "P2"]),
    Row(.patient, [(.patientID, "p*")], ["P1", "P2", "P[3]"]),
    Row(.patient, [(.patientID, "P[3]")], ["P[3]"]),
    Row(.patient, [(.patientID, "*[3*")], ["P[3]"]),
    Row(.patient, [(.modality, "SR")], ["P1"]),
    Row(.patient, [(.modalitiesInStudy, "US\\MR")], ["P2", "P[3]"]),
    Row(.study, [], ["1.2.3", "1.2.4", "1.2.5", "1.2.6"]),
    Row(.study, [(.patientName, "")], ["1.2.3", "1.2.4", "1.2.5", "1.2.6"]),
    Row(.study, [(.patientName, "*")], ["1.2.3", "1.2.4", "1.2.5", "1.2.6"]),
    Row(.study, [(.patientName, "doe^jane")], ["1.2.3"]),
    Row(.study, [(.patientName, "doe")], []),
    Row(.study, [(.patientName, "MULLER*")], ["1.2.5"]),
    Row(.study, [(.patientName, "*ü*")], ["1.2.4", "1.2.5"]),
    Row(.study, [(.patientName, "山田*")], ["1.2.4"]),
    Row(.study, [(.patientName, "やまだ^たろう")], ["1.2.4"]),
    Row(.study, [(.patientName, "?")], []),
    Row(.study, [(.patientName, "?*")], ["1.2.3", "1.2.4", "1.2.5"]),
    Row(.study, [(.patientName, "y*=山*")], ["1.2.4"]),
    Row(.study, [(.studyDate, "20190101-")], ["1.2.4", "1.2.5"]),
    Row(.study, [(.studyDate, "-20181231")], ["1.2.3"]),
    Row(.study, [(.studyDate, "20180323")], ["1.2.3"]),
    Row(.study, [(.studyDate, "20180101-20191231")], ["1.2.3", "1.2.4"]),
    Row(.study, [(.studyTime, "10-1015"), (.studyDate, "20200229")], ["1.2.5"]),
    Row(.study, [(.studyTime, "1100-")], []),
    Row(.study, [(.studyInstanceUID, "1.2.4\\1.2.6")], ["1.2.4", "1.2.6"]),
    Row(.study, [(.modalitiesInStudy, "CT")], ["1.2.3", "1.2.6"]),
    Row(.study, [(.modalitiesInStudy, "CT\\US")], ["1.2.3", "1.2.5", "1.2.6"]),
    Row(.study, [(.modalitiesInStudy, "s?")], ["1.2.3"]),
    Row(.study, [(.studyDescription, "schadel[*]")], []),
    Row(.study, [(.studyDescription, "SCHADEL*")], ["1.2.5"]),
    Row(.study, [(.accessionNumber, "A-P1")], ["1.2.3"]),
    Row(.study, [(.modality, "SR")], ["1.2.3"]),
    Row(.study, [(.modality, "CT"), (.seriesInstanceUID, "1.2.3.2")], []),
    Row(.study, [(.sopInstanceUID, "1.2.3.1.2")], ["1.2.3"]),
    Row(.study, [(.sopInstanceUID, "1.2.3.1.2"), (.modality, "CT")], ["1.2.3"]),
    Row(.study, [(.sopInstanceUID, "1.2.3.1.2"), (.modality, "SR")], []),
    Row(.study, [(.patientAge, "042Y")], ["1.2.5"]),
    Row(.study, [(.patientAge, "04*"), (.patientName, "doe*")], []),
    Row(.study, [(.referringPhysicianName, "x")], []),
    Row(.study, [(.patientName, "*mull*")], ["1.2.5"]), Row(.study, [(.patientName, "*山田*")], ["1.2.4"]),
    Row(.study, [(.patientName, "*amada^t*u")], ["1.2.4"]), Row(.study, [(.patientName, "*\"*")], []),
    Row(.study, [(.patientName, "=*太郎")], ["1.2.4"]), Row(.study, [(.patientName, "doe*\\*rou")], ["1.2.3", "1.2.4"]),
    Row(.study, [(.studyDate, "20180101-20181231\\20200229")], ["1.2.3", "1.2.5"]),
    Row(.study, [(.studyDate, "*0101")], ["1.2.4"]),
    Row(.study, [(.patientName, "*oe^*"), (.modality, "SR")], ["1.2.3"]),
    Row(.study, [(.sopClassesInStudy, "1.2.840.10008.5.1.4.1.1.2"), (.patientID, "P2")], ["1.2.4"]),
    Row(.study, [(.operatorsName, "*op^b*")], ["1.2.3"]), Row(.study, [(.instanceNumber, "02")], ["1.2.3"]),
    Row(.study, [(.studyInstanceUID, "*.5")], ["1.2.5"]), Row(.study, [(.seriesInstanceUID, "1.2.3.*")], ["1.2.3"]),
    Row(.patient, [(.studyDate, "2019-")], ["P2", "P[3]"]), Row(.patient, [(.sopInstanceUID, "1.2.4.1.1")], ["P2"]),
    Row(.patient, [(.studyDescription, "*adel\\study of p1")], ["P1"]),
    Row(.series, [(.modalitiesInStudy, "sr"), (.modality, "ct")], ["1.2.3.1"]),
    Row(.series, [(.sopClassesInStudy, "*.2"), (.patientName, "y*")], ["1.2.4.1"]),
    Row(.series, [(.patientSex, "F")], []), Row(.instance, [(.patientName, "*ürg*")], ["1.2.5.1.1"]),
    Row(.instance, [(.modalitiesInStudy, "US\\MR")], ["1.2.4.1.1", "1.2.5.1.1"]),
    Row(.instance, [(.studyDescription, "*of*"), (.instanceNumber, "2")], ["1.2.3.1.2"]),
    Row(.series, [(.studyInstanceUID, "1.2.3")], ["1.2.3.1", "1.2.3.2"]),
    Row(.series, [(.modality, "ct"), (.patientID, "P1")], ["1.2.3.1"]),
    Row(.series, [(.operatorsName, "op^b")], ["1.2.3.2"]),
    Row(.series, [(.modalitiesInStudy, "SR")], ["1.2.3.1", "1.2.3.2"]),
    Row(.instance, [(.studyInstanceUID, "1.2.3")], ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1"]),
    Row(.instance, [(.instanceNumber, "2")], ["1.2.3.1.2"]),
    Row(.instance, [(.sopInstanceUID, "1.2.4*")], ["1.2.4.1.1"]),
    Row(.instance, [(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"), (.patientName, "yamada*")], ["1.2.4.1.1"]),
  ]

  @Test("finds", arguments: rows) func finds(_ row: Row) throws {
    let matches = try index.find(LocalQuery(level: row.level, row.keys))
    let identifier = row.level.uniqueKey
    #expect(matches.map { $0.dataSet.string(identifier) ?? "" }.sorted() == row.found.sorted())
    let ids = matches.map(\.id)
    // A limit stops the same search early, and sorting it takes another way through the tables.
    for limit in 1...3 {
      #expect(try identifiers(row, limit: limit) == Array(ids.prefix(limit)))
    }
    #expect(try identifiers(row, limit: 100, orderBy: [LocalQuery.Order(.patientName)]).sorted() == ids.sorted())
  }

  private func identifiers(_ row: Row, limit: Int, orderBy: [LocalQuery.Order] = []) throws -> [String] {
    try index.find(LocalQuery(level: row.level, row.keys, limit: limit, orderBy: orderBy)).map(\.id)
  }

  @Test("limits, skips and sorts") func pages() throws {
    let byDate = LocalQuery.Order(.studyDate, isDescending: true)
    let all = try index.find(LocalQuery(level: .study, [], orderBy: [byDate]))
    #expect(all.map { $0.dataSet.string(.studyInstanceUID) } == ["1.2.5", "1.2.4", "1.2.3", "1.2.6"])
    let page = try index.find(LocalQuery(level: .study, [], limit: 2, since: 1, orderBy: [byDate]))
    #expect(page.map { $0.dataSet.string(.studyInstanceUID) } == ["1.2.4", "1.2.3"])
    // The same where a key has to be read from files.
    let slow = try index.find(LocalQuery(level: .instance, [(.sopClassUID, ""), (.rows, "")], limit: 2, since: 3))
    #expect(slow.map { $0.dataSet.string(.sopInstanceUID) } == ["1.2.4.1.1", "1.2.5.1.1"])
    let both = try index.find(
      LocalQuery(level: .study, [(.patientName, "*"), (.modality, "CT\\MR")], limit: 1, since: 1, orderBy: [byDate]))
    #expect(both.map { $0.dataSet.string(.studyInstanceUID) } == ["1.2.3"])
  }

  @Test("counts what is below") func counts() throws {
    let study = try #require(try index.find(LocalQuery(level: .study, [(.studyInstanceUID, "1.2.3")])).first)
    #expect(study.dataSet.integer(.numberOfStudyRelatedInstances) == 3)
    #expect(study.dataSet.integer(.numberOfStudyRelatedSeries) == 2)
    #expect(study.dataSet.strings(.modalitiesInStudy) == ["CT", "SR"])
    #expect(study.id == OrthancIdentifier.study(patientID: "P1", studyInstanceUID: "1.2.3"))
    let patient = try #require(try index.find(LocalQuery(level: .patient, [(.patientID, "P1")])).first)
    #expect(patient.dataSet.integer(.numberOfPatientRelatedStudies) == 1)
  }

  @Test("names in every script come back as they were") func scripts() throws {
    let names = try index.find(LocalQuery(level: .study)).map { $0.dataSet.string(.patientName) }
    #expect(names == ["Doe^Jane", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Müller^Jürgen", ""])
  }

  @Test(
    "the filter of a list looks everywhere",
    arguments: [
      ("", 4), ("muller", 1), ("doe ct", 1), ("yamada", 1), ("山田", 1), ("たろ", 1), ("p1", 1), ("a-p", 3), ("2018", 1),
      ("nobody", 0), ("\"", 0), ("doe muller", 0), ("sch*", 0),
    ])
  func filters(_ filter: String, _ count: Int) throws {
    #expect(try index.studies(matching: filter).count == count)
    #expect(try index.studyCount(matching: filter) == count)
    let all = try index.studies()
    let left = try index.studies(all.map(\.id), matching: filter)
    #expect(left == Set(try index.studies(matching: filter).map(\.id)), "asked of each alone")
    #expect(try index.studies(all.prefix(1).map(\.id), matching: filter).isSubset(of: left))
  }

  @Test("lists sort by any column", arguments: StudyOrder.Column.allCases) func sorts(
    _ column: StudyOrder.Column
  ) throws {
    let up = try index.studies(orderBy: StudyOrder(column, isDescending: false))
    let down = try index.studies(orderBy: StudyOrder(column, isDescending: true))
    #expect(up.count == 4)
    #expect(up.map(\.id) == down.map(\.id).reversed())
    #expect(try index.position(ofStudy: up[2].id, orderBy: StudyOrder(column, isDescending: false)) == 2)
    let plan = try index.read { db in
      try GRDB.Row.fetchAll(
        db, sql: "EXPLAIN QUERY PLAN SELECT * FROM study st ORDER BY \(StudyOrder(column).sql) LIMIT 200"
      )
      .map { $0["detail"] as String }
    }
    #expect(plan.allSatisfy { !$0.contains("TEMP B-TREE") }, "a page of a million comes from an index: \(plan)")
  }
}
