import Foundation
import GRDB

/// Studies that a person wants to keep: recycling leaves them alone. No file carries that, and no rebuild forgets it.
extension LocalIndex {
  /// Keeps a study from being recycled until ``unprotect(study:)``. The identifier need not be that of a study that is here.
  public func protect(study id: String) throws {
    try state.write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO protectedStudy (study, since) VALUES (?, ?)",
        arguments: [id, Date().timeIntervalSince1970])
    }
  }

  /// - Returns: whether it was protected.
  @discardableResult
  public func unprotect(study id: String) throws -> Bool {
    try state.write { db in
      try db.execute(sql: "DELETE FROM protectedStudy WHERE study = ?", arguments: [id])
      return db.changesCount > 0
    }
  }

  /// The identifiers of the protected studies, those that are not here any more included.
  public func protectedStudies() throws -> Set<String> {
    try state.read { db in try String.fetchSet(db, sql: "SELECT study FROM protectedStudy") }
  }

  /// The studies that may be recycled, those first into which nothing has come for the longest time, with their bytes.
  /// - Parameter study: one that is spared too.
  public func recyclableStudies(sparing study: String?) throws -> [(id: String, bytes: Int)] {
    let spared = try protectedStudies().union([study].compactMap(\.self))
    return try read { db in
      try Row.fetchAll(db, sql: "SELECT key, bytes FROM study ORDER BY lastUpdate, key")
        .map { (OrthancIdentifier.text(of: [UInt8]($0["key"] as Data)), $0["bytes"]) }
        .filter { !spared.contains($0.0) }
    }
  }
}
