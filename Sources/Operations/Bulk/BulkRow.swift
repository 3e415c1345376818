import Dicom
import LocalIndex
import Synchronization

/// One row of a file that names what is to be found, moved or sent.
public struct BulkRow: Sendable, Hashable, Codable {
  /// From 1, the header not counted.
  public var number: Int
  /// The columns that have a value.
  public var keys: [QueryKey]

  /// Rows of a table whose header names keywords; columns it does not know are left alone.
  ///
  /// - Throws: ``OperationError`` where no column is a keyword, a row has no value, or a date is none.
  public static func rows(of table: CSVTable) throws(OperationError) -> [BulkRow] {
    let tags = table.header.map { Tag(parsing: $0) }
    guard tags.contains(where: { $0 != nil }) else {
      throw OperationError(
        "no column of its header is a keyword; expected one such as AccessionNumber, PatientID or StudyInstanceUID, "
          + "found \(table.header.joined(separator: ", "))")
    }
    var rows: [BulkRow] = []
    for (index, values) in table.rows.enumerated() {
      var keys: [QueryKey] = []
      for (tag, value) in zip(tags, values) {
        let value = String(value.reversed().drop { $0 == " " }.reversed().drop { $0 == " " })
        guard let tag, !value.isEmpty else { continue }
        do {
          keys.append(try QueryKey(reading: value, of: tag))
        } catch {
          throw OperationError("row \(index + 1): \(error)")
        }
      }
      if keys.isEmpty { throw OperationError("row \(index + 1) has no value in a column that is a keyword") }
      rows.append(BulkRow(number: index + 1, keys: keys))
    }
    return rows
  }

  /// The lowest level whose unique key it has, where all above are there as well or not needed; nil: it has to be looked
  /// for.
  var level: Level? {
    [Level.instance, .series, .study].first { level in keys.contains { $0.tag == level.uniqueKey } }
  }

  public func value(_ tag: Tag) -> String? { keys.first { $0.tag == tag }?.value }

  /// `AccessionNumber=A1 PatientID=7`
  public var words: String { keys.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}

/// What became of a row.
public struct BulkOutcome: Sendable, Hashable {
  public var state: JobState
  public var reason: String
  public var instances: Int

  public init(_ state: JobState, _ reason: String, instances: Int = 0) {
    (self.state, self.reason, self.instances) = (state, reason, instances)
  }
}

extension Station {
  /// What a row asks to be retrieved: what it names by UID, else the studies it matches at the modality.
  ///
  /// - Returns: nil where nothing matches.
  /// - Throws: ``OperationError``: the query failed.
  public func retrieveRequest(
    of row: BulkRow, from modality: Modality, timeout: TimeoutChoice = .inherited
  ) async throws -> RetrieveRequest? {
    if let level = row.level { return try RetrieveRequest(level: level, keys: row.keys) }
    let studies = Mutex<[String]>([])
    let query = Query(level: .study, keys: row.keys, returnKeys: [.studyInstanceUID])
    let result = try await find(modality, query, timeout: timeout) { match in
      if let uid = match.string(.studyInstanceUID) { studies.withLock { $0.append(uid) } }
    }.value()
    guard result.outcome.state == .done else { throw OperationError(result.outcome.words) }
    // What the row means is a part of these at most.
    if let doubt = UnmetKeys.doubt(result.unmetKeys, modality) {
      throw OperationError("\(doubt). Nothing was retrieved for this row; name the studies by UID")
    }
    let uids = studies.withLock { $0 }
    return uids.isEmpty ? nil : RetrieveRequest(level: .study, items: uids.map { .study($0) })
  }

  /// The identifiers of what a row names among the local studies.
  public func localIDs(of row: BulkRow) throws -> [String] {
    try index.find(LocalQuery(level: row.level ?? .study, row.keys.map { ($0.tag, $0.value) })).map(\.id)
  }
}
