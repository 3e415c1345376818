import Dicom
import Foundation
import GRDB

/// The dictionary of the index: every distinct value of a main tag once, as it is compared, and beside it which resources
/// have it. Values of text are also cut into trigrams. So a key finds its values among a few thousand, whatever its
/// wildcards, and not by looking at every row.
///
/// A study is listed with the values of its patient as well. UIDs have columns with an index of their own; positions,
/// orientations and times of single instances are as many as there are instances, and are compared row by row.
struct Terms {
  private static let uncounted: [Tag] = [
    .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .instanceCreationTime, .imagePositionPatient,
    .imageOrientationPatient,
  ]

  /// The main tags of a level of which the values are in the dictionary.
  static func tags(of level: Level) -> [Tag] {
    switch level {
    case .patient: MainTags.patient
    case .study: (MainTags.patient + MainTags.study).filter { !uncounted.contains($0) }
    case .series: MainTags.series.filter { !uncounted.contains($0) }
    case .instance: MainTags.instance.filter { !uncounted.contains($0) } + [.sopClassUID]
    }
  }

  static func table(_ level: Level) -> String { IndexUpdate.table(level) + "Term" }

  /// Whether trigrams are made of an attribute's values.
  static func hasTrigrams(_ tag: Tag) -> Bool { [.text, .name].contains(ValueMatcher.kind(of: tag)) }

  /// A tag, and where a record has its value: the level, and the place among that level's values.
  private struct Source {
    let tag: Tag
    let level: Level
    let index: Int?
  }

  private static let sources: [Level: [Source]] = Dictionary(
    uniqueKeysWithValues: Level.allCases.map { level in
      let sources = tags(of: level).map { tag in
        let own: Level = level == .study && MainTags.patient.contains(tag) ? .patient : level
        return Source(tag: tag, level: own, index: MainTags.tags(of: own).firstIndex(of: tag))
      }
      return (level, sources)
    })

  private struct Term: Hashable {
    let tag: Tag
    let value: String
  }

  private let db: Database
  /// What was looked up lately, by values as they are stored: instances that arrive together share most of them.
  private var known: [Term: [Int64]] = [:]

  init(_ db: Database) { self.db = db }

  // MARK: Adding

  /// Lists a resource under its values; those it is listed under already stay as they are.
  mutating func add(_ level: Level, _ id: Int64, _ record: InstanceRecord) throws {
    for source in Self.sources[level] ?? [] {
      let value = source.index.map { record.values[source.level]?[$0] } ?? record.sopClassUID
      if let value { try add(level, id, source.tag, value) }
    }
  }

  private mutating func add(_ level: Level, _ id: Int64, _ tag: Tag, _ value: String) throws {
    if value.isEmpty { return }
    let insert = try db.cachedStatement(sql: Self.insertion[level.rawValue])
    for number in try numbers(of: Term(tag: tag, value: value)) { try insert.execute(arguments: [number, id]) }
  }

  private static let insertion = Level.allCases.map {
    "INSERT OR IGNORE INTO \(table($0)) (term, resource) VALUES (?, ?)"
  }

  private mutating func numbers(of stored: Term) throws -> [Int64] {
    if let numbers = known[stored] { return numbers }
    let numbers = try Self.terms(stored.value, of: stored.tag).map { try number(of: $0) ?? store($0) }
    if known.count >= 10_000 { known.removeAll(keepingCapacity: true) }
    known[stored] = numbers
    return numbers
  }

  private static func terms(_ value: String, of tag: Tag) -> [Term] {
    ValueMatcher.terms(value, of: tag).map { Term(tag: tag, value: $0) }
  }

  private func number(of term: Term) throws -> Int64? {
    let select = try db.cachedStatement(sql: "SELECT id FROM term WHERE tag = ? AND value = ?")
    return try Int64.fetchOne(select, arguments: [Int64(term.tag.rawValue), term.value])
  }

  private func store(_ term: Term) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO term (tag, value) VALUES (?, ?)")
      .execute(arguments: [Int64(term.tag.rawValue), term.value])
    let number = db.lastInsertedRowID
    if Self.hasTrigrams(term.tag) {
      try db.cachedStatement(sql: "INSERT INTO termText (rowid, value) VALUES (?, ?)")
        .execute(arguments: [number, term.value])
    }
    return number
  }

  // MARK: Removing

  /// Takes a resource, whose row is still there, off its values, and forgets those that nothing else has.
  mutating func remove(_ level: Level, _ id: Int64) throws {
    let columns = Self.tags(of: level).map(MainTags.column).joined(separator: ", ")
    let select = try db.cachedStatement(sql: "SELECT \(columns) FROM \(IndexUpdate.table(level)) WHERE id = ?")
    guard let row = try Row.fetchOne(select, arguments: [id]) else { return }
    for tag in Self.tags(of: level) {
      guard let value: String = row[MainTags.column(tag)] else { continue }
      for term in Self.terms(value, of: tag) {
        guard let number = try number(of: term) else { continue }
        try db.cachedStatement(sql: "DELETE FROM \(Self.table(level)) WHERE term = ? AND resource = ?")
          .execute(arguments: [number, id])
        try forget(term, number)
      }
    }
  }

  private mutating func forget(_ term: Term, _ number: Int64) throws {
    let uses = Level.allCases.map { "EXISTS (SELECT 1 FROM \(Self.table($0)) WHERE term = ?1)" }
    let isUsed = try db.cachedStatement(sql: "SELECT " + uses.joined(separator: " OR "))
    if try Bool.fetchOne(isUsed, arguments: [number]) == true { return }
    known.removeAll()
    if Self.hasTrigrams(term.tag) {
      try db.cachedStatement(sql: "INSERT INTO termText (termText, rowid, value) VALUES ('delete', ?, ?)")
        .execute(arguments: [number, term.value])
    }
    try db.cachedStatement(sql: "DELETE FROM term WHERE id = ?").execute(arguments: [number])
  }

  // MARK: All of it

  static func removeAll(_ db: Database) throws {
    try db.execute(sql: "INSERT INTO termText (termText) VALUES ('delete-all')")
    for table in Level.allCases.map(table) + ["term"] { try db.execute(sql: "DELETE FROM \(table)") }
  }

  /// Lists everything that has a row.
  mutating func addAll() throws {
    for level in Level.allCases {
      let tags = Self.tags(of: level)
      let columns = (["id"] + tags.map(MainTags.column)).joined(separator: ", ")
      let rows = try Row.fetchCursor(db, sql: "SELECT \(columns) FROM \(IndexUpdate.table(level))")
      while let row = try rows.next() {
        for tag in tags {
          if let value: String = row[MainTags.column(tag)] { try add(level, row["id"], tag, value) }
        }
      }
    }
  }
}
