import Foundation
import GRDB

/// The digests of instance files as they were written, in `state.sqlite`: no file carries its own, and one that was taken
/// when the index is built again would not tell what has changed since.
enum Digests {
  struct Key: Hashable, Sendable {
    let instance: String
    let version: Int
  }

  static func read(_ state: StorageDatabase, _ instance: String, version: Int) throws -> UInt64? {
    try state.read { db in
      let value = try Int64.fetchOne(
        db, sql: "SELECT value FROM digest WHERE instance = ? AND version = ?",
        arguments: [try IndexUpdate.key(instance), version])
      return value.map(UInt64.init(bitPattern:))
    }
  }

  static func read(_ state: StorageDatabase, _ keys: [Key]) throws -> [Key: UInt64] {
    try state.read { db in
      let statement = try db.makeStatement(sql: "SELECT value FROM digest WHERE instance = ? AND version = ?")
      var result: [Key: UInt64] = [:]
      for key in keys {
        let value = try Int64.fetchOne(statement, arguments: [try IndexUpdate.key(key.instance), key.version])
        result[key] = value.map(UInt64.init(bitPattern:))
      }
      return result
    }
  }

  /// - Parameter areTakenNow: from files, which may have been written anew meanwhile: what is noted already stays.
  static func write(
    _ state: StorageDatabase, _ digests: some Collection<(key: Key, value: UInt64)>, areTakenNow: Bool = false
  ) throws {
    if digests.isEmpty { return }
    try state.write { db in
      let statement = try db.cachedStatement(
        sql: "INSERT OR \(areTakenNow ? "IGNORE" : "REPLACE") INTO digest (instance, version, value) VALUES (?, ?, ?)")
      for (key, value) in digests {
        try statement.execute(
          arguments: [try IndexUpdate.key(key.instance), key.version, Int64(bitPattern: value)])
      }
    }
  }

  /// Of instances that were deleted, with all their versions.
  static func remove(_ state: StorageDatabase, _ instances: [String]) throws {
    if instances.isEmpty { return }
    try state.write { db in
      let statement = try db.cachedStatement(sql: "DELETE FROM digest WHERE instance = ?")
      for instance in instances { try statement.execute(arguments: [try IndexUpdate.key(instance)]) }
    }
  }
}
