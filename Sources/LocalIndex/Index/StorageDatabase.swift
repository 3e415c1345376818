import GRDB
import NIOConcurrencyHelpers

/// One of the two databases of a storage folder, opened at the latest when something needs it.
final class StorageDatabase: Sendable {
  let path: String
  private let storage: StorageFolder
  private let migrator: @Sendable () -> DatabaseMigrator
  private let isForLookup: Bool
  private let connections = NIOLockedValueBox(Connections())

  private struct Connections {
    /// For lookups the only one, while nothing has been written.
    var single: DatabaseQueue?
    var pool: DatabasePool?
    var reader: (any DatabaseReader)? { pool ?? single }
  }

  /// - Parameter isForLookup: there is one connection instead of a pool of them, which takes less than half as long to open;
  ///   who reads waits for the others who do.
  /// - Throws: ``StorageError`` where it could not be written.
  init(
    _ path: String, in storage: StorageFolder, _ migrator: @escaping @Sendable () -> DatabaseMigrator, isForLookup: Bool
  ) throws {
    self.path = path
    self.storage = storage
    self.migrator = migrator
    self.isForLookup = isForLookup
    try storage.prepareDatabase(path)
  }

  /// Opens it at once, for who has locked the folder: whoever comes first makes the tables.
  func open() throws { try connections.withLockedValue { _ = try open(&$0) } }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    let reader = try connections.withLockedValue { connections in
      try connections.reader ?? FileLock.holding(folder: storage.path) { try open(&connections) }
    }
    return try reader.read(body)
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value { try pool().write(body) }

  func writeWithoutTransaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try pool().writeWithoutTransaction(body)
  }

  private func pool() throws -> DatabasePool {
    try connections.withLockedValue { connections in
      try connections.pool ?? FileLock.holding(folder: storage.path) { try openPool(&connections) }
    }
  }

  private func open(_ connections: inout Connections) throws -> any DatabaseReader {
    if isForLookup {
      let single = try DatabaseQueue(path: path, configuration: IndexDatabase.configuration)
      if try isComplete(single) {
        connections.single = single
        return single
      }
    }
    return try openPool(&connections)
  }

  private func openPool(_ connections: inout Connections) throws -> DatabasePool {
    let pool = try DatabasePool(path: path, configuration: IndexDatabase.configuration)
    if try !isComplete(pool) { try migrator().migrate(pool) }
    connections = Connections(pool: pool)
    return pool
  }

  /// Whether it has all tables. - Throws: ``StorageError`` where it has more than are known.
  private func isComplete(_ reader: some DatabaseReader) throws -> Bool {
    let migrator = migrator()
    let state = try reader.read { db in
      (isComplete: try migrator.hasCompletedMigrations(db), isSuperseded: try migrator.hasBeenSuperseded(db))
    }
    guard !state.isSuperseded else {
      throw StorageError(
        .newerFormat,
        "\(path) was written by a later version of fluoro; use that one, or another folder with --storage.")
    }
    return state.isComplete
  }
}
