import Dicom
import Foundation
import GRDB
import NIOCore

extension LocalIndex {
  /// Finds what matches, one at a time as SQLite gives it.
  /// - Parameter each: takes a match; returning false ends the search.
  public func find(_ query: LocalQuery, _ each: (LocalMatch) throws -> Bool) throws {
    let fileTags = query.returning.filter { tag in
      !QueryTranslation.computed.contains(tag) && !query.sequences.contains { $0.tag == tag }
        && MainTags.level(of: tag, for: query.level).map { $0 > query.level } ?? true
    }
    try read { db in
      let translation = try QueryTranslation(query, db)
      let statement = try db.makeStatement(literal: translation.sql)
      let rows = try Row.fetchCursor(statement)
      let reader = MatchReader(statement, query)
      let wantsClasses = query.returning.contains(.sopClassesInStudy)
      var skipped = 0
      var given = 0
      let isLimitedHere = translation.isTestedOnFiles
      let needsFile = isLimitedHere || !fileTags.isEmpty || !query.sequences.isEmpty
      while let row = try rows.next() {
        var dataSet = reader.dataSet(row)
        if wantsClasses { try addClasses(&dataSet, row, query.level, db) }
        if needsFile {
          let file = try representative(row, query.level, db)
          guard translation.matches(file, into: &dataSet) else { continue }
          if let file { Self.copy(fileTags, from: file, to: &dataSet) }
        }
        if isLimitedHere, skipped < query.since {
          skipped += 1
          continue
        }
        if isLimitedHere, let limit = query.limit, given >= limit { break }
        given += 1
        let key: Data = row["key"]
        let match = LocalMatch(
          id: OrthancIdentifier.text(of: [UInt8](key)), level: query.level, dataSet: dataSet)
        if try !each(match) { break }
      }
    }
  }

  public func find(_ query: LocalQuery) throws -> [LocalMatch] {
    var result: [LocalMatch] = []
    try find(query) { match in
      result.append(match)
      return true
    }
    return result
  }

  /// Where the matches are, to be read page by page: eight bytes each. Keys that only files hold are not tested.
  func rows(_ query: LocalQuery) throws -> [Int64] {
    var query = query
    query.isRowsOnly = true
    return try read { db in
      try SQLRequest<Int64>(literal: QueryTranslation(query, db).sql).fetchAll(db)
    }
  }

  /// The data set of an instance that belongs to a row.
  private func representative(_ row: Row, _ level: Level, _ db: Database) throws -> DataSet? {
    let key: Data? =
      switch level {
      case .instance: row["key"]
      default:
        try Data.fetchOne(
          db, sql: "SELECT source FROM \(IndexUpdate.table(level)) WHERE id = ?", arguments: [row["row"] as Int64])
      }
    guard let key else { return nil }
    let path = storage.path(ofInstance: OrthancIdentifier.text(of: [UInt8](key)))
    return try? options.file(path).dataSet
  }

  static func copy(_ tags: [Tag], from source: DataSet, to target: inout DataSet) {
    for tag in tags {
      guard let element = source[tag] else { continue }
      if element.vr == .SQ {
        target.set(tag, items: source.items(tag).map(inUTF8))
      } else if element.vr.isText {
        target.set(tag, source.strings(tag))
      } else if let bytes = element.bytes, !element.isBigEndian {
        target.set(tag, vr: element.vr, bytes: bytes)
      } else {
        target.set(tag, integers: source.integers(tag))
      }
    }
  }

  /// An item of a file as part of an answer, which is in UTF-8, whatever the file's encoding is.
  static func inUTF8(_ item: DataSet) -> DataSet {
    var result = DataSet()
    result.setCharacterSet(.utf8)
    copy(item.elements.map(\.tag).filter { $0 != .specificCharacterSet }, from: item, to: &result)
    result.remove(.specificCharacterSet)
    return result
  }

  /// The columns that count what is below a resource, and the attributes that say so.
  static func counts(_ level: Level) -> [(column: String, tag: Tag)] {
    switch level {
    case .patient:
      [
        ("studyCount", .numberOfPatientRelatedStudies), ("seriesCount", .numberOfPatientRelatedSeries),
        ("instanceCount", .numberOfPatientRelatedInstances),
      ]
    case .study: [("seriesCount", .numberOfStudyRelatedSeries), ("instanceCount", .numberOfStudyRelatedInstances)]
    case .series: [("instanceCount", .numberOfSeriesRelatedInstances)]
    case .instance: []
    }
  }

  private func addClasses(_ dataSet: inout DataSet, _ row: Row, _ level: Level, _ db: Database) throws {
    guard level == .study else { return }
    let classes = try String.fetchAll(
      db,
      sql:
        "SELECT DISTINCT i.SOPClassUID FROM instance i JOIN series se ON se.id = i.series WHERE se.study = ? ORDER BY 1",
      arguments: [row["row"] as Int64])
    dataSet.set(.sopClassesInStudy, classes)
  }
}

/// Turns rows into data sets.
private struct MatchReader {
  private let level: Level
  private let columns: [(index: Int, tag: Tag, vr: VR)]
  private let counts: [(index: Int, tag: Tag)]
  private let modalities: Int?
  private let sopClass: Int?

  init(_ statement: Statement, _ query: LocalQuery) {
    level = query.level
    var index: [String: Int] = [:]
    for (number, name) in statement.columnNames.enumerated() { index[name] = number }
    let tags = Set(Level.allCases.filter { $0 <= query.level }.flatMap(MainTags.tags)).sorted()
    columns = tags.compactMap { tag in index[MainTags.column(tag)].map { ($0, tag, tag.dictionaryVR) } }
    counts = LocalIndex.counts(query.level).compactMap { name, tag in index[name].map { ($0, tag) } }
    modalities = index["modalities"]
    sopClass = index["SOPClassUID"]
  }

  func dataSet(_ row: Row) -> DataSet {
    var result = DataSet()
    result.setCharacterSet(.utf8)
    if let sopClass, let text: String = row[sopClass] { result.set(.sopClassUID, UID(text)) }
    for (index, tag, vr) in columns {
      guard let text: String = row[index] else { continue }
      // As it is in every encoding; else it depends on the VR.
      if vr.isText, text.utf8.allSatisfy({ $0 < 0x80 }) {
        result.set(tag, vr: vr, bytes: ByteBuffer(string: text))
      } else if vr.isText {
        result.set(tag, text)
      } else {
        result.set(tag, integers: text.split(separator: "\\").compactMap { Int($0) })
      }
    }
    if level == .study || level == .series, let modalities, let text: String = row[modalities] {
      result.set(.modalitiesInStudy, text.split(separator: "\\").map(String.init))
    }
    for (index, tag) in counts { result.set(tag, String(row[index] as Int)) }
    return result
  }
}
