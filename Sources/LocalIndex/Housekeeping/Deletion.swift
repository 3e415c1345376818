import Dicom
import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension LocalIndex {
  /// What a deletion took away.
  public struct Deletion: Hashable, Sendable {
    public var instances = 0
    /// Of all files, other versions of the instances included.
    public var bytes = 0
    /// It was ended before everything was gone.
    public var isIncomplete = false

    public init() {}
  }

  /// Deletes a patient, study, series or instance: its files, all versions of them, then its place in the index. When this
  /// returns they stay away, also after a power cut.
  ///
  /// - Parameter progress: told after every few instances; returning false ends it there.
  /// - Throws: ``StorageError`` when a file cannot be removed; what went before it is gone, the index knows it.
  @discardableResult
  public func delete(_ id: String, progress: (Deletion) -> Bool = { _ in true }) throws -> Deletion {
    // A session marks that index and files may differ, in case this process ends halfway.
    _ = try writingSession()
    var result = Deletion()
    let instances = try instances(under: id)
    for start in stride(from: 0, to: instances.count, by: Self.deletionLength) {
      try delete(instances[start..<min(start + Self.deletionLength, instances.count)], &result)
      if !progress(result), start + Self.deletionLength < instances.count {
        result.isIncomplete = true
        break
      }
    }
    return result
  }

  private static let deletionLength = 500
  /// Folders that are synced one by one, and not the whole file system.
  private static let fewFolders = 16

  private func delete(_ instances: ArraySlice<StoredInstance>, _ result: inout Deletion) throws {
    var removed: [String] = []
    var folders: Set<String> = []
    defer {
      if !removed.isEmpty { writer.enqueue(.remove(removed)) }
      try? writer.flush()
    }
    try noteDeletion(instances.map(\.id))
    for instance in instances {
      for path in try versions(ofInstance: instance.id).reversed() {
        let bytes = (try? Posix.information(path)).map { Int($0.st_size) } ?? 0
        guard unlink(path) == 0 || errno == ENOENT else { throw StorageError.posix(errno, "delete", path) }
        result.bytes += bytes
      }
      folders.insert(storage.folder(ofInstance: instance.id))
      removed.append(instance.id)
      try promoteVersions(ofInstance: instance.id)
      result.instances += 1
    }
    guard options.durability == .fsync else { return }
    if folders.count <= Self.fewFolders {
      for folder in folders { try Posix.syncFolder(folder) }
    } else {
      try Posix.syncFileSystem(storage.instancesPath)
    }
  }
}

extension LocalIndex {
  /// Another version that came while the instance was deleted is the instance now: without a first one no others are found.
  private func promoteVersions(ofInstance id: String) throws {
    var version = 2
    while Posix.exists(storage.path(ofInstance: id, version: version)),
      try Posix.renameToNew(
        storage.path(ofInstance: id, version: version), storage.path(ofInstance: id, version: version - 1))
    { version += 1 }
  }

  /// What is deleted may still be in a journal, of this process or another: a start must not make it a file again.
  private func noteDeletion(_ instances: [String]) throws {
    let now = Posix.now()
    try state.write { db in
      for id in instances {
        try db.execute(
          sql: "INSERT OR REPLACE INTO deletedInstance (instance, time) VALUES (?, ?)",
          arguments: [try IndexUpdate.key(id), now])
      }
    }
  }

  /// Whether an instance was deleted after it had been received.
  func wasDeleted(_ instance: String, since received: Double) throws -> Bool {
    let key = try IndexUpdate.key(instance)
    return try state.read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM deletedInstance WHERE instance = ? AND time >= ?)",
        arguments: [key, received]) ?? false
    }
  }

  /// To be called when no journal is left of a process that ended: those of living ones hold nothing older than a minute.
  func forgetDeletions() throws {
    let hourAgo = Posix.now() - 3600
    try state.write { db in
      try db.execute(sql: "DELETE FROM deletedInstance WHERE time < ?", arguments: [hourAgo])
    }
  }
}
