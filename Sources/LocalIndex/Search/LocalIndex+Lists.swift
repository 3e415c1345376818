import Dicom
import Foundation
import GRDB

extension LocalIndex {
  /// A page of the list of studies.
  /// - Parameter filter: words that must all be found, folded, somewhere in the names, identifiers, description,
  ///   modalities, date or accession number of a study.
  public func studies(
    matching filter: String = "", orderBy order: StudyOrder = StudyOrder(), limit: Int = 1000, offset: Int = 0
  ) throws -> [StudyRow] {
    let all: SQL = "SELECT * FROM study st \(Self.filter(filter)) ORDER BY \(sql: order.sql)"
    let rows: SQL = "\(all) LIMIT \(limit) OFFSET \(offset)"
    return try read { db in try SQLRequest<Row>(literal: rows).fetchAll(db).map(StudyRow.init) }
  }

  /// How many studies a filter leaves.
  public func studyCount(matching filter: String = "") throws -> Int {
    try read { db in
      try SQLRequest<Int>(literal: "SELECT count(*) FROM study st \(Self.filter(filter))").fetchOne(db) ?? 0
    }
  }

  /// Where in the list of studies one stands; nil when it is not in it. Lists keep their cursor by identity.
  public func position(
    ofStudy id: String, matching filter: String = "", orderBy order: StudyOrder = StudyOrder()
  ) throws -> Int? {
    let numbered: SQL = """
      SELECT key, row_number() OVER (ORDER BY \(sql: order.sql)) - 1 AS number FROM study st \(Self.filter(filter))
      """
    let number: SQL = "SELECT number FROM (\(numbered)) WHERE key = \(try IndexUpdate.key(id))"
    return try read { db in try SQLRequest<Int>(literal: number).fetchOne(db) }
  }

  /// The studies with these identifiers, in no order.
  public func studies(ids: some Sequence<String>) throws -> [StudyRow] {
    let keys = try ids.map(IndexUpdate.key)
    return try read { db in
      let statement = try db.makeStatement(sql: "SELECT * FROM study WHERE key = ?")
      return try keys.compactMap { try Row.fetchOne(statement, arguments: [$0]).map(StudyRow.init) }
    }
  }

  /// Those of some studies that a filter leaves. Costs a look-up each, however much else the filter leaves.
  public func studies(_ ids: some Sequence<String>, matching filter: String) throws -> Set<String> {
    let conditions = Self.textConditions(filter)
    if conditions.isEmpty { return Set(try studies(ids: ids).map(\.id)) }
    let all: SQL = "\(conditions.joined(separator: " AND "))"
    return try read { db in
      let left = try ids.filter { id in
        let one: SQL = """
          SELECT 1 FROM study st JOIN studyText ON studyText.rowid = st.id
          WHERE st.key = \(try IndexUpdate.key(id)) AND \(all)
          """
        return try SQLRequest<Int>(literal: one, cached: true).fetchOne(db) != nil
      }
      return Set(left)
    }
  }

  public func study(studyInstanceUID: UID) throws -> StudyRow? {
    try read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM study WHERE StudyInstanceUID = ? ORDER BY id", arguments: [studyInstanceUID.rawValue]
      ).map(StudyRow.init)
    }
  }

  /// The series of a study, by number.
  public func series(ofStudy id: String) throws -> [SeriesRow] {
    let key = try IndexUpdate.key(id)
    return try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT se.* FROM series se JOIN study st ON st.id = se.study WHERE st.key = ?
          ORDER BY CAST(se.SeriesNumber AS INTEGER), se.SeriesInstanceUID
          """, arguments: [key]
      ).map(SeriesRow.init)
    }
  }

  /// The instances of a series, by number.
  public func instances(ofSeries id: String) throws -> [InstanceRow] {
    try instanceRows("se.key = ?", key: IndexUpdate.key(id))
  }

  /// An identifier of any level, with what it belongs to.
  public func lookup(_ id: String) throws -> Found? {
    guard let bytes = OrthancIdentifier.bytes(of: id) else { return nil }
    let key = Data(bytes)
    return try read { db in
      guard let level = try Self.level(of: key, db) else { return nil }
      let alias = QueryTranslation.alias(level)
      let source = level == .patient ? "study st JOIN patient p ON p.id = st.patient" : QueryTranslation.source(level)
      let rows = try Row.fetchAll(
        db, sql: "SELECT st.* FROM \(source) WHERE \(alias).key = ? ORDER BY st.StudyDate_f, st.id", arguments: [key])
      return Found(level: level, studies: rows.map(StudyRow.init))
    }
  }

  /// Where a key is: identifiers of different levels are never the same.
  private static func level(of key: Data, _ db: Database) throws -> Level? {
    try Level.allCases.first { level in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM \(IndexUpdate.table(level)) WHERE key = ?)", arguments: [key]) == true
    }
  }

  /// What an identifier leads to.
  public struct Found: Hashable, Sendable {
    public let level: Level
    /// The study itself, the one it belongs to, or all of a patient.
    public let studies: [StudyRow]
  }

  /// The instances at or under an identifier of any level, in the order of series and instance numbers; empty when there
  /// is no such identifier.
  public func instances(under id: String) throws -> [StoredInstance] {
    guard let bytes = OrthancIdentifier.bytes(of: id) else { return [] }
    let key = Data(bytes)
    guard let level = try read({ db in try Self.level(of: key, db) }) else { return [] }
    return try storedInstances(where: "\(sql: QueryTranslation.alias(level)).key = \(key)")
  }

  /// Instances by a condition over `p`, `st`, `se` and `i`.
  func storedInstances(where condition: SQL) throws -> [StoredInstance] {
    try read { db in
      try SQLRequest<Row>(
        literal: """
          SELECT i.key AS key, se.key AS seriesKey, st.key AS studyKey, p.key AS patientKey, i.bytes AS bytes,
            i.SOPClassUID, i.SOPInstanceUID, i.transferSyntaxUID
          FROM instance i JOIN series se ON se.id = i.series JOIN study st ON st.id = se.study
          JOIN patient p ON p.id = st.patient WHERE \(condition)
          ORDER BY st.id, CAST(se.SeriesNumber AS INTEGER), se.id, CAST(i.InstanceNumber AS INTEGER), i.id
          """
      ).fetchAll(db).map { row in
        func text(_ column: String) -> String { OrthancIdentifier.text(of: [UInt8](row[column] as Data)) }
        let identity = InstanceIdentity(
          patient: text("patientKey"), study: text("studyKey"), series: text("seriesKey"), instance: text("key"))
        return StoredInstance(
          identity: identity, path: storage.path(ofInstance: identity.instance), bytes: row["bytes"],
          sopClassUID: UID(row.text("SOPClassUID")), sopInstanceUID: UID(row.text("SOPInstanceUID")),
          transferSyntaxUID: UID(row.text("transferSyntaxUID")), novelty: .known)
      }
    }
  }

  private func instanceRows(_ condition: String, key: Data) throws -> [InstanceRow] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT i.*, (SELECT count(*) FROM version v WHERE v.instance = i.key) AS otherVersions
          FROM instance i JOIN series se ON se.id = i.series WHERE \(condition)
          ORDER BY CAST(i.InstanceNumber AS INTEGER), i.SOPInstanceUID
          """, arguments: [key]
      ).map { InstanceRow($0, storage) }
    }
  }

  /// The paths of all data sets that arrived under an instance's identity, the current one first.
  public func versions(ofInstance id: String) throws -> [String] {
    let key = try IndexUpdate.key(id)
    let others = try read { db in
      try Int.fetchAll(db, sql: "SELECT number FROM version WHERE instance = ? ORDER BY number", arguments: [key])
    }
    return ([1] + others).map { storage.path(ofInstance: id, version: $0) }
  }

  /// Words of three letters and more are looked up in the trigram index, shorter ones (a name in Han characters has two)
  /// searched for in what that leaves.
  private static func textConditions(_ text: String) -> [SQL] {
    let words = FoldedText.fold(text).split(whereSeparator: \.isWhitespace)
    let long = words.filter { $0.unicodeScalars.count >= 3 }
    let short = words.filter { $0.unicodeScalars.count < 3 }
    var conditions: [SQL] = short.map { "instr(text, \($0)) > 0" }
    if !long.isEmpty {
      let trigrams = long.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: " AND ")
      conditions.insert("studyText MATCH \(trigrams)", at: 0)
    }
    return conditions
  }

  private static func filter(_ text: String) -> SQL {
    let conditions = textConditions(text)
    if conditions.isEmpty { return "" }
    return "WHERE st.id IN (SELECT rowid FROM studyText WHERE \(conditions.joined(separator: " AND ")))"
  }
}

extension InstanceIdentity {
  init(patient: String, study: String, series: String, instance: String) {
    self.patient = patient
    self.study = study
    self.series = series
    self.instance = instance
  }
}
