import Dicom
import Foundation
import GRDB
import NIOConcurrencyHelpers

/// The two databases of a storage folder.
enum IndexDatabase {
  /// Opens `index.sqlite`. What it holds can be had from the files again, so a damaged one is thrown away.
  /// - Returns: the database, and whether it is new and has to be filled from the files.
  static func openIndex(
    _ storage: StorageFolder, isForLookup: Bool
  ) throws -> (database: StorageDatabase, isNew: Bool) {
    let isNew = (try? Posix.information(storage.indexPath).st_size) ?? 0 == 0
    func opened() throws -> StorageDatabase {
      let database = try StorageDatabase(
        storage.indexPath, in: storage, { Schema.migrator }, isForLookup: isForLookup)
      try database.open()
      return database
    }
    do {
      return (try opened(), isNew)
    } catch let error as StorageError where error.reason == .damaged {
      for suffix in ["", "-wal", "-shm"] { unlink(storage.indexPath + suffix) }
      return (try opened(), true)
    }
  }

  /// `state.sqlite`. Few lookups need it: for them it is opened when something does.
  static func openState(_ storage: StorageFolder, isForLookup: Bool) throws -> StorageDatabase {
    let database = try StorageDatabase(
      storage.statePath, in: storage, { StateSchema.migrator }, isForLookup: isForLookup)
    if !isForLookup { try database.open() }
    return database
  }

  /// A log of so many bytes is read within a millisecond.
  private static let longLog = 1 << 20

  /// Moves what is in a long write-ahead log into its database, unless somebody is at work there, who would be waited for.
  ///
  /// SQLite does so as it goes, but a log never gets shorter by that, and the first process to open a database after all
  /// others have ended reads the whole log. A rebuild, which is one transaction, leaves one as long as the index.
  static func emptyLongLogs(_ databases: [StorageDatabase]) {
    for database in databases where ((try? Posix.information(database.path + "-wal").st_size) ?? 0) > longLog {
      // What fails here is as before: slower to open.
      try? database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA busy_timeout = 0")
        defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Int(patience * 1000))") }
        _ = try db.checkpoint(.truncate)
      }
    }
  }

  /// Seconds that another process's transaction is waited for.
  private static let patience: TimeInterval = 10

  static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(patience)
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { db in
      // A commit may be lost with the power, never the database: the start-up finds in the files what is missing.
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
      db.add(function: matchFunction)
      db.add(function: concatFunction)
      db.add(function: momentFunction)
    }
    return configuration
  }

  /// `dicom_match(value, tag, key)`: ``ValueMatcher`` inside SQL, for the columns that have no search column beside them.
  private static let matchFunction = DatabaseFunction("dicom_match", argumentCount: 3, pure: true) { values in
    guard let tag = UInt32.fromDatabaseValue(values[1]), let key = String.fromDatabaseValue(values[2]) else {
      return nil
    }
    return matchers.matcher(Tag(rawValue: tag), key).matches(String.fromDatabaseValue(values[0]))
  }

  /// `dicom_moment(date, time)`: ``MomentKey/moment(_:_:)``.
  private static let momentFunction = DatabaseFunction("dicom_moment", argumentCount: 2, pure: true) { values in
    MomentKey.moment(String.fromDatabaseValue(values[0]), String.fromDatabaseValue(values[1]))
  }

  /// `concat_fold(...)`: the values that are not NULL, folded, a line each.
  private static let concatFunction = DatabaseFunction("concat_fold", pure: true) { values in
    values.compactMap { String.fromDatabaseValue($0) }.filter { !$0.isEmpty }.map(FoldedText.fold)
      .joined(separator: "\n")
  }

  private static let matchers = MatcherCache()
}

/// The matchers of the queries that run: a key is taken apart once and not for every row.
private final class MatcherCache: Sendable {
  private struct Key: Hashable {
    let tag: Tag
    let text: String
  }

  private let matchers = NIOLockedValueBox<[Key: ValueMatcher]>([:])

  func matcher(_ tag: Tag, _ text: String) -> ValueMatcher {
    matchers.withLockedValue { matchers in
      let key = Key(tag: tag, text: text)
      if let known = matchers[key] { return known }
      if matchers.count >= 64 { matchers.removeAll() }
      let matcher = ValueMatcher(tag, text)
      matchers[key] = matcher
      return matcher
    }
  }
}
