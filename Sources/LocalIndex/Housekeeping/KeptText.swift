import Foundation
import GRDB

/// A text that fluoro keeps for a person and that no file carries: a saved query, an allowed AE title, a choice of
/// columns. A rebuild of the index leaves it alone.
public struct KeptText: Hashable, Sendable {
  /// What it is, such as `query`.
  public var kind: String
  /// Unique among those of its kind.
  public var name: String
  public var text: String
  /// When it was kept last.
  public var changed: Date
}

extension LocalIndex {
  /// What is kept of a kind, by name.
  public func keptTexts(_ kind: String) throws -> [KeptText] {
    try state.read { db in
      try Row.fetchAll(
        db, sql: "SELECT name, text, changed FROM keptText WHERE kind = ? ORDER BY name", arguments: [kind]
      ).map {
        KeptText(
          kind: kind, name: $0["name"], text: $0["text"], changed: Date(timeIntervalSince1970: $0["changed"]))
      }
    }
  }

  /// Keeps a text; one of the same kind and name is replaced.
  public func keep(_ text: String, kind: String, name: String) throws {
    try state.write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO keptText (kind, name, text, changed) VALUES (?, ?, ?, ?)",
        arguments: [kind, name, text, Date().timeIntervalSince1970])
    }
  }

  /// - Returns: whether there was one.
  @discardableResult
  public func forget(kind: String, name: String) throws -> Bool {
    try state.write { db in
      try db.execute(sql: "DELETE FROM keptText WHERE kind = ? AND name = ?", arguments: [kind, name])
      return db.changesCount > 0
    }
  }
}
