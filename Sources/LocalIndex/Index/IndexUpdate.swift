import Dicom
import Foundation
import GRDB

/// The additions of one transaction: many instances, usually of few series, whose counts are brought up to date once at
/// the end.
final class IndexUpdate {
  /// A row of patient, study or series while the transaction runs.
  private final class Resource {
    let level: Level
    let id: Int64
    let parent: Resource?
    var isNew: Bool
    var source: Data
    var sourceReceived: Double
    var addedInstances = 0
    var addedBytes = 0
    var addedSeries = 0
    var addedStudies = 0
    var lastUpdate = 0.0
    var isRewritten = false
    var remoteAET: String?

    init(level: Level, id: Int64, parent: Resource?, isNew: Bool, source: Data, sourceReceived: Double) {
      self.level = level
      self.id = id
      self.parent = parent
      self.isNew = isNew
      self.source = source
      self.sourceReceived = sourceReceived
    }
  }

  private let db: Database
  private var terms: Terms
  private var resources: [String: Resource] = [:]
  private let isRebuild: Bool
  private(set) var change = IndexChange()

  /// - Parameter isRebuild: everything is read again, in no order: ``change`` stays empty, since it would say all.
  init(_ db: Database, isRebuild: Bool = false) {
    self.db = db
    self.isRebuild = isRebuild
    terms = Terms(db)
  }

  /// The patients, studies and series in memory.
  var resourceCount: Int { resources.count }

  // MARK: Adding

  func add(_ record: InstanceRecord) throws {
    let key = try Self.key(record.identity.instance)
    guard record.version == 1 else {
      try db.cachedStatement(
        sql: """
          INSERT OR REPLACE INTO version (instance, number, received, bytes, transferSyntaxUID, remoteAET)
          VALUES (?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        key, record.version, record.received, record.bytes, record.transferSyntaxUID, record.remoteAET,
      ])
      note(record)
      return
    }
    let series = try resource(.series, record)
    let own: [(any DatabaseValueConvertible)?] = [
      key, series.id, record.received, record.bytes, record.sopClassUID, record.transferSyntaxUID, record.remoteAET,
      record.calledAET,
    ]
    let statement = try db.cachedStatement(sql: Self.insertInstance)
    try statement.execute(arguments: StatementArguments(own + (record.values[.instance] ?? [])))
    guard db.changesCount > 0 else { return }
    try terms.add(.instance, db.lastInsertedRowID, record)
    var resource: Resource? = series
    while let current = resource {
      current.addedInstances += 1
      current.addedBytes += record.bytes
      current.lastUpdate = max(current.lastUpdate, record.received)
      if record.received < current.sourceReceived
        || record.received == current.sourceReceived && key.lexicographicallyPrecedes(current.source)
      {
        current.source = key
        current.sourceReceived = record.received
        try rewrite(current, record)
      }
      resource = current.parent
    }
    note(record)
  }

  private func note(_ record: InstanceRecord) {
    if isRebuild { return }
    change.patients.insert(record.identity.patient)
    change.studies.insert(record.identity.study)
    change.series.insert(record.identity.series)
    change.instances += 1
  }

  /// The row of what a record belongs to, made when it is missing.
  private func resource(_ level: Level, _ record: InstanceRecord) throws -> Resource {
    let id = record.identity[level]
    if let known = resources[id] { return known }
    let parent = try Level(rawValue: level.rawValue - 1).map { try resource($0, record) }
    let key = try Self.key(id)
    let select = try db.cachedStatement(
      sql: "SELECT id, source, sourceReceived FROM \(Self.table(level)) WHERE key = ?")
    let found: Resource
    if let row = try Row.fetchOne(select, arguments: [key]) {
      found = Resource(
        level: level, id: row["id"], parent: parent, isNew: false, source: row["source"],
        sourceReceived: row["sourceReceived"])
    } else {
      let source = try Self.key(record.identity.instance)
      var columns = ["key", "source", "sourceReceived", "lastUpdate"]
      var values: [(any DatabaseValueConvertible)?] = [key, source, record.received, record.received]
      if let parent {
        columns.append(Self.table(parent.level))
        values.append(parent.id)
      }
      let tags = Self.tagColumns(level, record)
      columns += tags.map(\.0)
      values += tags.map(\.1)
      let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
      try db.cachedStatement(
        sql: "INSERT INTO \(Self.table(level)) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
      ).execute(arguments: StatementArguments(values))
      found = Resource(
        level: level, id: db.lastInsertedRowID, parent: parent, isNew: true, source: source,
        sourceReceived: record.received)
      try terms.add(level, found.id, record)
      if level == .series {
        parent?.addedSeries += 1
        parent?.parent?.addedSeries += 1
      }
      if level == .study { parent?.addedStudies += 1 }
    }
    resources[id] = found
    return found
  }

  private func rewrite(_ resource: Resource, _ record: InstanceRecord) throws {
    let isOther = try Self.rewrite(
      db, &terms, level: resource.level, id: resource.id, record: record, source: resource.source,
      received: resource.sourceReceived)
    if isOther { resource.isRewritten = true }
  }

  /// Gives a row the values of another instance; most have the same, and then that is all there is to do.
  /// - Returns: whether they are others.
  @discardableResult
  static func rewrite(
    _ db: Database, _ terms: inout Terms, level: Level, id: Int64, record: InstanceRecord, source: Data,
    received: Double
  ) throws -> Bool {
    let tags = tagColumns(level, record)
    let names = tags.map(\.0).joined(separator: ", ")
    let select = try db.cachedStatement(sql: "SELECT \(names) FROM \(table(level)) WHERE id = ?")
    if let row = try Row.fetchOne(select, arguments: [id]),
      tags.enumerated().allSatisfy({ index, tag in row[index] as String? == tag.1 })
    {
      try db.cachedStatement(sql: "UPDATE \(table(level)) SET source = ?, sourceReceived = ? WHERE id = ?")
        .execute(arguments: [source, received, id])
      return false
    }
    try terms.remove(level, id)
    let assignments = (["source", "sourceReceived"] + tags.map(\.0)).map { "\($0) = ?" }.joined(separator: ", ")
    let values: [(any DatabaseValueConvertible)?] = [source, received] + tags.map(\.1) + [id]
    try db.cachedStatement(sql: "UPDATE \(table(level)) SET \(assignments) WHERE id = ?")
      .execute(arguments: StatementArguments(values))
    try terms.add(level, id, record)
    return true
  }

  // MARK: The end of the transaction

  /// Brings the counts of everything touched up to date.
  func finish() throws {
    // In the order of the rows, so that each page of the database is changed once.
    let touched = resources.values.sorted { $0.id < $1.id }
    for resource in touched where resource.addedInstances > 0 {
      switch resource.level {
      case .series:
        try db.cachedStatement(
          sql: """
            UPDATE series SET instanceCount = instanceCount + ?, bytes = bytes + ?, lastUpdate = max(lastUpdate, ?)
            WHERE id = ?
            """
        ).execute(arguments: [resource.addedInstances, resource.addedBytes, resource.lastUpdate, resource.id])
      case .study:
        try db.cachedStatement(
          sql: """
            UPDATE study SET instanceCount = instanceCount + ?, bytes = bytes + ?, lastUpdate = max(lastUpdate, ?),
              seriesCount = seriesCount + ? WHERE id = ?
            """
        ).execute(arguments: [
          resource.addedInstances, resource.addedBytes, resource.lastUpdate, resource.addedSeries, resource.id,
        ])
      case .patient:
        try db.cachedStatement(
          sql: """
            UPDATE patient SET instanceCount = instanceCount + ?, bytes = bytes + ?, lastUpdate = max(lastUpdate, ?),
              seriesCount = seriesCount + ?, studyCount = studyCount + ? WHERE id = ?
            """
        ).execute(arguments: [
          resource.addedInstances, resource.addedBytes, resource.lastUpdate, resource.addedSeries,
          resource.addedStudies, resource.id,
        ])
      case .instance: break
      }
    }
    let rewrittenSeries = touched.filter { $0.level == .series && $0.isRewritten }
    let changedModalities = Set(rewrittenSeries.compactMap { $0.parent?.id })
    for study in touched where study.level == .study {
      if study.isNew || study.isRewritten || study.addedSeries > 0 || changedModalities.contains(study.id) {
        try Self.refreshText(db, study: study.id, isNew: study.isNew)
      }
    }
    resources = [:]
  }

  /// The modalities of a study and the text that the filter of its list searches. A new one has no such text yet.
  static func refreshText(_ db: Database, study: Int64, isNew: Bool = false) throws {
    try db.cachedStatement(
      sql: """
        UPDATE study SET modalities = coalesce((SELECT group_concat(Modality, '\\') FROM
          (SELECT DISTINCT Modality FROM series WHERE study = ?1 AND Modality <> '' ORDER BY Modality)), '') WHERE id = ?1
        """
    ).execute(arguments: [study])
    if !isNew { try db.cachedStatement(sql: "DELETE FROM studyText WHERE rowid = ?").execute(arguments: [study]) }
    try db.cachedStatement(
      sql: """
        INSERT INTO studyText (rowid, text) SELECT id, concat_fold(PatientName_f, PatientName_i, PatientName_p,
          PatientID_f, AccessionNumber_f, StudyDescription_f, modalities, StudyDate_f, ReferringPhysicianName,
          StudyInstanceUID) FROM study WHERE id = ?
        """
    ).execute(arguments: [study])
  }

  // MARK: Columns

  static func table(_ level: Level) -> String {
    switch level {
    case .patient: "patient"
    case .study: "study"
    case .series: "series"
    case .instance: "instance"
    }
  }

  static func key(_ id: String) throws -> Data {
    guard let bytes = OrthancIdentifier.bytes(of: id) else {
      throw StorageError(.index, "\"\(id)\" is not an identifier of a patient, study, series or instance.")
    }
    return Data(bytes)
  }

  private static let insertInstance: String = {
    let columns =
      ["key", "series", "received", "bytes", "SOPClassUID", "transferSyntaxUID", "remoteAET", "calledAET"]
      + MainTags.instance.map(MainTags.column)
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT OR IGNORE INTO instance (\(columns.joined(separator: ", "))) VALUES (\(marks))"
  }()

  /// Columns of a level with the values of a record, those of the patient also in a study's row.
  private static func tagColumns(_ level: Level, _ record: InstanceRecord) -> [(String, String?)] {
    var result: [(String, String?)] = level == .study ? tagColumns(.patient, record) : []
    for (tag, value) in zip(MainTags.tags(of: level), record.values[level] ?? []) {
      result.append((MainTags.column(tag), value))
    }
    for column in SearchColumn.columns(of: level) {
      result.append((column.name, record.value(column.tag, level).map(column.value)))
    }
    if level == .study || level == .series { result.append(("remoteAET", record.remoteAET)) }
    return result
  }
}

extension InstanceIdentity {
  public subscript(_ level: Level) -> String {
    switch level {
    case .patient: patient
    case .study: study
    case .series: series
    case .instance: instance
    }
  }
}
