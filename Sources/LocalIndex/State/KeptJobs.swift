import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A job that has not ended, as it outlasts its process.
public struct KeptJob: Hashable, Sendable, Identifiable {
  public var id: Int64
  /// The modality's name.
  public var modality: String
  /// Who asked for it, by the operating system.
  public var user: String
  public var created: Date
  /// What was asked for, in the words of whoever keeps it.
  public var request: String
  /// What of it is done already.
  public var done: Set<String>
}

/// One process's unfinished jobs, kept in `state.sqlite`. They are its own as long as it lives: that is told by a lock that
/// the kernel lets go of when it ends, however it ends. What has no living owner, another may take over.
public final class KeptJobs: Sendable {
  private let index: LocalIndex
  private let name: String
  private let lock: FileLock

  /// - Throws: ``StorageError``.
  public init(_ index: LocalIndex) throws {
    let storage = index.storage
    try Posix.makeFolder(storage.queuesPath, storage.permissions)
    var made: (String, FileLock)?
    while made == nil {
      let name = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      if let lock = try FileLock.acquire(storage.queuesPath + "/" + name, create: storage.permissions) {
        made = (name, lock)
      }
    }
    guard let (name, lock) = made else { throw StorageError(.closed, "The storage is closed.") }
    (self.index, self.name, self.lock) = (index, name, lock)
  }

  /// Gives them up: what is unfinished waits for the next process that takes over.
  public func close() { unlink(lock.path) }

  deinit { close() }

  /// Keeps a job that has just been asked for, behind all others.
  /// - Returns: what it is known by here.
  public func add(modality: String, user: String, created: Date, request: String, done: Set<String>) throws -> Int64 {
    try index.state.write { db in
      try db.execute(
        sql: """
          INSERT INTO job (owner, modality, user, created, place, request)
            VALUES (?, ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM job), ?)
          """,
        arguments: [name, modality, user, created.timeIntervalSince1970, request])
      let id = db.lastInsertedRowID
      try Self.note(done, id, db)
      return id
    }
  }

  /// Keeps other words for what was asked for.
  public func change(_ id: Int64, request: String) throws {
    try index.state.write { db in
      try db.execute(sql: "UPDATE job SET request = ? WHERE id = ?", arguments: [request, id])
    }
  }

  /// Notes what of some jobs is done.
  public func note(_ done: [Int64: Set<String>]) throws {
    try index.state.write { db in
      for (id, items) in done { try Self.note(items, id, db) }
    }
  }

  private static func note(_ items: Set<String>, _ id: Int64, _ db: Database) throws {
    // It may have ended meanwhile.
    for item in items {
      try db.execute(
        sql: "INSERT OR IGNORE INTO jobDone (job, item) SELECT id, ? FROM job WHERE id = ?", arguments: [item, id])
    }
  }

  /// Forgets a job: it has ended.
  public func remove(_ id: Int64) throws {
    try index.state.write { db in try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id]) }
  }

  /// Two jobs change their places in the queue.
  public func exchange(_ first: Int64, _ second: Int64) throws {
    try index.state.write { db in
      let places = try [first, second].map {
        try Int64.fetchOne(db, sql: "SELECT place FROM job WHERE id = ?", arguments: [$0])
      }
      guard let one = places[0], let other = places[1] else { return }
      for (id, place) in [(first, other), (second, one)] {
        try db.execute(sql: "UPDATE job SET place = ? WHERE id = ?", arguments: [place, id])
      }
    }
  }

  /// The unfinished jobs of processes that have ended, in their order: they are ours from now on.
  public func takeOver() throws -> [KeptJob] {
    let owners = try index.state.read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT owner FROM job WHERE owner <> ?", arguments: [name])
    }
    var left: [String] = []
    var locks: [FileLock] = []
    for owner in owners {
      let path = index.storage.queuesPath + "/" + owner
      // Its file is gone when it ended in good order; else the lock is free when it has ended.
      if !Posix.exists(path) {
        left.append(owner)
      } else if let lock = try FileLock.acquire(path, create: nil) {
        left.append(owner)
        locks.append(lock)
      }
    }
    if left.isEmpty { return [] }
    let taken = try index.state.write { db in
      var ids: [Int64] = []
      for owner in left {
        ids += try Int64.fetchAll(
          db, sql: "UPDATE job SET owner = ? WHERE owner = ? RETURNING id", arguments: [name, owner])
      }
      return try ids.compactMap { try Self.job($0, db) }.sorted { $0.place < $1.place }.map(\.job)
    }
    for lock in locks { unlink(lock.path) }
    return taken
  }

  private static func job(_ id: Int64, _ db: Database) throws -> (job: KeptJob, place: Int64)? {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]) else { return nil }
    let done = try String.fetchSet(db, sql: "SELECT item FROM jobDone WHERE job = ?", arguments: [id])
    let job = KeptJob(
      id: id, modality: row["modality"], user: row["user"], created: Date(timeIntervalSince1970: row["created"]),
      request: row["request"], done: done)
    return (job, row["place"])
  }
}
