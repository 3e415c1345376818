import Foundation
import GRDB

/// One operation that has ended: ours, or another station's with our SCP. Kept in `state.sqlite`.
public struct HistoryEntry: Hashable, Sendable, Identifiable, Codable {
  /// In the order they were kept; 0 before.
  public var id: Int64 = 0
  /// `echo`, `find`, `move`, `store`, ...
  public var operation: String
  /// Another station asked this of us.
  public var isIncoming: Bool
  /// The modality's name; of another station that came to us, its AE title. Empty where the operation has no peer.
  public var peer = ""
  /// `AET@host:port`, or where another came from.
  public var address = ""
  /// Whose process it was, by the operating system.
  public var user = ""
  /// What was asked for, as far as it may be kept.
  public var request = ""
  public var started: Date
  public var ended: Date
  /// `done`, `partial`, `failed`, `timedOut`, `rejected` or `cancelled`.
  public var outcome: String
  /// How it ended, in a sentence.
  public var reason = ""
  /// nil: not counted.
  public var completed: Int?
  public var failed: Int?
  public var warning: Int?
  /// Matches of a query, instances that arrived here.
  public var received: Int?
  /// Of data sets.
  public var bytes: Int64 = 0

  public init(
    operation: String, isIncoming: Bool, started: Date, ended: Date, outcome: String
  ) {
    self.operation = operation
    self.isIncoming = isIncoming
    self.started = started
    self.ended = ended
    self.outcome = outcome
  }
}

/// Which entries of the history are wanted; what is nil does not matter.
public struct HistoryFilter: Hashable, Sendable {
  /// Ended then or later.
  public var since: Date?
  /// A modality's name or AE title, in any case.
  public var peer: String?
  public var operation: String?
  public var outcome: String?
  /// Somewhere in the peer, the request, the reason, the operation or the user, in any case.
  public var text: String?
  /// The newest so many.
  public var limit: Int?

  public init() {}
}

extension LocalIndex {
  /// The newest so many entries are kept: years of a busy station, some 30 MB.
  static let keptHistory = 100_000
  /// What one station does again and again within so many seconds is one entry: many open an association for each
  /// instance.
  private static let mergedHistorySeconds = 60.0

  /// Keeps entries, in one transaction; those beyond the newest 100,000 go.
  ///
  /// - Throws: ``StorageError``.
  public func addHistory(_ entries: [HistoryEntry]) throws {
    try state.write { db in
      for entry in entries {
        if entry.isIncoming, try Self.merge(entry, db) { continue }
        try Self.insert(entry, db)
      }
    }
  }

  static func insert(_ entry: HistoryEntry, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO history (operation, isIncoming, peer, address, user, request, started, ended, outcome, reason,
          completed, failed, warning, received, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        entry.operation, entry.isIncoming, entry.peer, entry.address, entry.user, entry.request,
        entry.started.timeIntervalSince1970, entry.ended.timeIntervalSince1970, entry.outcome, entry.reason,
        entry.completed, entry.failed, entry.warning, entry.received, entry.bytes,
      ])
    try db.execute(
      sql: "DELETE FROM history WHERE id <= ?", arguments: [db.lastInsertedRowID - Int64(Self.keptHistory)])
  }

  /// Whether this very entry is there.
  static func isKept(_ entry: HistoryEntry, _ db: Database) throws -> Bool {
    try Row.fetchOne(
      db, sql: "SELECT 1 FROM history WHERE ended = ? AND started = ? AND operation = ? AND address = ?",
      arguments: [
        entry.ended.timeIntervalSince1970, entry.started.timeIntervalSince1970, entry.operation, entry.address,
      ]) != nil
  }

  /// Adds an entry to a recent one like it. False where there is none.
  private static func merge(_ entry: HistoryEntry, _ db: Database) throws -> Bool {
    // Only the last few are looked at: a station that repeats itself is among them.
    let id = try Int64.fetchOne(
      db,
      sql: """
        SELECT id FROM history WHERE id > (SELECT max(id) FROM history) - 200 AND isIncoming = 1 AND operation = ?
          AND peer = ? AND address = ? AND request = ? AND outcome = ? AND reason = ? AND ended >= ?
          ORDER BY id DESC LIMIT 1
        """,
      arguments: [
        entry.operation, entry.peer, entry.address, entry.request, entry.outcome, entry.reason,
        entry.started.timeIntervalSince1970 - mergedHistorySeconds,
      ])
    guard let id else { return false }
    try db.execute(
      sql: """
        UPDATE history SET ended = max(ended, ?), completed = completed + ?, failed = failed + ?,
          warning = warning + ?, received = received + ?, bytes = bytes + ? WHERE id = ?
        """,
      arguments: [
        entry.ended.timeIntervalSince1970, entry.completed, entry.failed, entry.warning, entry.received, entry.bytes,
        id,
      ])
    return true
  }

  /// Hands out entries, oldest first, until `body` returns false.
  ///
  /// - Throws: ``StorageError``, or what `body` throws.
  public func history(_ filter: HistoryFilter, _ body: (HistoryEntry) throws -> Bool) throws {
    try takePendingHistory()
    let (conditions, arguments) = Self.conditions(filter)
    let place = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    let sql =
      filter.limit.map {
        "SELECT * FROM (SELECT * FROM history\(place) ORDER BY ended DESC, id DESC LIMIT \($0)) ORDER BY ended, id"
      }
      ?? "SELECT * FROM history\(place) ORDER BY ended, id"
    try state.read { db in
      let rows = try Row.fetchCursor(db, sql: sql, arguments: StatementArguments(arguments))
      while let row = try rows.next() {
        if try !body(Self.entry(row)) { return }
      }
    }
  }

  private static func conditions(_ filter: HistoryFilter) -> ([String], [any DatabaseValueConvertible]) {
    var conditions: [String] = []
    var arguments: [any DatabaseValueConvertible] = []
    if let since = filter.since {
      conditions.append("ended >= ?")
      arguments.append(since.timeIntervalSince1970)
    }
    if let peer = filter.peer {
      conditions.append("(peer = ? COLLATE NOCASE OR address = ? COLLATE NOCASE OR address LIKE ? ESCAPE '\\')")
      arguments += [peer, peer, pattern(peer, isWhole: true) + "@%"]
    }
    if let operation = filter.operation {
      conditions.append("operation = ? COLLATE NOCASE")
      arguments.append(operation)
    }
    if let outcome = filter.outcome {
      conditions.append("outcome = ? COLLATE NOCASE")
      arguments.append(outcome)
    }
    if let text = filter.text, !text.isEmpty {
      let columns = ["peer", "address", "request", "reason", "operation", "outcome", "user"]
      conditions.append("(\(columns.map { "\($0) LIKE ? ESCAPE '\\'" }.joined(separator: " OR ")))")
      arguments += columns.map { _ in pattern(text) }
    }
    return (conditions, arguments)
  }

  private static func pattern(_ text: String, isWhole: Bool = false) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    return isWhole ? escaped : "%\(escaped)%"
  }

  private static func entry(_ row: Row) -> HistoryEntry {
    var entry = HistoryEntry(
      operation: row["operation"], isIncoming: row["isIncoming"], started: Date(timeIntervalSince1970: row["started"]),
      ended: Date(timeIntervalSince1970: row["ended"]), outcome: row["outcome"])
    entry.id = row["id"]
    entry.peer = row["peer"]
    entry.address = row["address"]
    entry.user = row["user"]
    entry.request = row["request"]
    entry.reason = row["reason"]
    entry.completed = row["completed"]
    entry.failed = row["failed"]
    entry.warning = row["warning"]
    entry.received = row["received"]
    entry.bytes = row["bytes"]
    return entry
  }
}
