import Dicom
import Foundation
import GRDB

/// Takes instances out of the index, and what is left empty by it.
struct IndexRemoval {
  private let db: Database
  /// Reads what the index keeps of a stored instance, from its file. One that cannot be read must not keep others from going.
  private let record: (_ instance: String) -> InstanceRecord?
  private var terms: Terms

  init(db: Database, record: @escaping (_ instance: String) -> InstanceRecord?) {
    self.db = db
    self.record = record
    terms = Terms(db)
  }

  mutating func remove(_ instances: [String]) throws -> IndexChange {
    var change = IndexChange()
    var series: Set<Int64> = []
    for id in instances {
      let key = try IndexUpdate.key(id)
      try db.cachedStatement(sql: "DELETE FROM version WHERE instance = ?").execute(arguments: [key])
      let select = try db.cachedStatement(sql: "SELECT id, series FROM instance WHERE key = ?")
      guard let row = try Row.fetchOne(select, arguments: [key]) else { continue }
      series.insert(row["series"])
      try terms.remove(.instance, row["id"])
      try db.cachedStatement(sql: "DELETE FROM instance WHERE key = ?").execute(arguments: [key])
      change.instances += 1
    }
    var studies: Set<Int64> = []
    for id in series {
      guard let row = try Row.fetchOne(db, sql: "SELECT study, key FROM series WHERE id = ?", arguments: [id]) else {
        continue
      }
      change.series.insert(OrthancIdentifier.text(of: [UInt8](row["key"] as Data)))
      studies.insert(row["study"])
      try settle(.series, id, members: "SELECT * FROM instance WHERE series = ?")
    }
    var patients: Set<Int64> = []
    for id in studies {
      guard let row = try Row.fetchOne(db, sql: "SELECT patient, key FROM study WHERE id = ?", arguments: [id]) else {
        continue
      }
      change.studies.insert(OrthancIdentifier.text(of: [UInt8](row["key"] as Data)))
      patients.insert(row["patient"])
      try settle(
        .study, id, members: "SELECT i.* FROM instance i JOIN series se ON se.id = i.series WHERE se.study = ?",
        counts: "seriesCount = (SELECT count(*) FROM series WHERE study = ?1)")
      if try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM study WHERE id = ?)", arguments: [id]) == true {
        try IndexUpdate.refreshText(db, study: id)
      } else {
        try db.execute(sql: "DELETE FROM studyText WHERE rowid = ?", arguments: [id])
      }
    }
    for id in patients {
      let key = try Data.fetchOne(db, sql: "SELECT key FROM patient WHERE id = ?", arguments: [id])
      if let key { change.patients.insert(OrthancIdentifier.text(of: [UInt8](key))) }
      try settle(
        .patient, id,
        members: """
          SELECT i.* FROM instance i JOIN series se ON se.id = i.series JOIN study st ON st.id = se.study
          WHERE st.patient = ?
          """,
        counts: """
          studyCount = (SELECT count(*) FROM study WHERE patient = ?1),
          seriesCount = (SELECT coalesce(sum(seriesCount), 0) FROM study WHERE patient = ?1)
          """)
    }
    return change
  }

  /// Counts a resource anew, lets it go when nothing is left in it, and gives it the values of another instance when the
  /// one it had them from is gone.
  private mutating func settle(_ level: Level, _ id: Int64, members: String, counts: String? = nil) throws {
    let table = IndexUpdate.table(level)
    let first = try Row.fetchOne(
      db, sql: "SELECT key, received FROM (\(members)) ORDER BY received, key LIMIT 1", arguments: [id])
    guard let first else {
      try terms.remove(level, id)
      try db.execute(sql: "DELETE FROM \(table) WHERE id = ?", arguments: [id])
      return
    }
    let more = counts.map { ", " + $0 } ?? ""
    try db.execute(
      sql: """
        UPDATE \(table) SET (instanceCount, bytes, lastUpdate) =
          (SELECT count(*), sum(bytes), max(received) FROM (\(members.replacing("?", with: "?1"))))\(more)
        WHERE id = ?1
        """, arguments: [id])
    let source: Data? = try Data.fetchOne(db, sql: "SELECT source FROM \(table) WHERE id = ?", arguments: [id])
    let key: Data = first["key"]
    if source != key, let record = record(OrthancIdentifier.text(of: [UInt8](key))) {
      try IndexUpdate.rewrite(
        db, &terms, level: level, id: id, record: record, source: key, received: first["received"])
    }
  }
}
