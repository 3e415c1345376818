import GRDB
import NIOConcurrencyHelpers

/// One of the two databases of a storage folder, opened at the latest when something needs it. What SQLite says comes as a
/// ``StorageError`` that names the file.
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
  func open() throws {
    try translating { try connections.withLockedValue { _ = try open(&$0) } }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try translating {
      let reader = try connections.withLockedValue { connections in
        try connections.reader ?? FileLock.holding(folder: storage.path) { try open(&connections) }
      }
      return try reader.read(body)
    }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try translating { try pool().write(body) }
  }

  func writeWithoutTransaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try translating { try pool().writeWithoutTransaction(body) }
  }

  private func translating<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as DatabaseError { throw translation(of: error) }
  }

  private func translation(of error: DatabaseError) -> StorageError {
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL:
      StorageError(.full, "The disk that holds \(path) is full: nothing more is stored until space is freed.")
    case .SQLITE_READONLY: StorageError(.readOnly, "\(path) cannot be written; check its mode and its file system.")
    case .SQLITE_CANTOPEN, .SQLITE_PERM:
      StorageError(.permissionDenied, "\(path) cannot be opened; check the owner and mode of its folder.")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      StorageError(.index, "\(path) is kept busy by another process; try again when it is done.")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      StorageError(
        .damaged, "\(path) is damaged; put a copy of it back, or move it away for a new one, which loses no instance.")
    default: StorageError(.index, "The index \(path) failed: \(error.message ?? error.resultCode.description).")
    }
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
