import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One process's place under `incoming/`: a folder for its partial files and a lock that is held as long as the process
/// lives. A folder there whose lock can be had belongs to a process that ended without closing: its partial files are
/// removed, and what it had stored but not indexed is looked for.
final class WritingSession: Sendable {
  let path: String
  let lock: FileLock
  private let permissions: StoragePermissions
  private let nextNumber = NIOLockedValueBox(0)
  /// Whether bytes may only pass through the system's cache here, as far as is known.
  let canPass = NIOLockedValueBox(true)

  init(in storage: StorageFolder) throws {
    permissions = storage.permissions
    var made: (String, FileLock)?
    while made == nil {
      let path = storage.incomingPath + "/\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      guard try Posix.makeFolder(path, storage.permissions) else { continue }
      if let lock = try FileLock.acquire(path + "/lock", create: storage.permissions) { made = (path, lock) }
    }
    guard let (path, lock) = made else { throw StorageError(.closed, "The storage is closed.") }
    self.path = path
    self.lock = lock
    // After a power cut this name is what tells that files may wait to be indexed.
    try Posix.syncFolder(storage.incomingPath)
  }

  /// A new, empty file for an instance on its way in.
  func makeFile() throws -> (path: String, descriptor: Int32) {
    let number = nextNumber.withLockedValue { number in
      number += 1
      return number
    }
    let path = path + "/\(number).part"
    let descriptor = try Posix.open(path, O_RDWR | O_CREAT | O_EXCL, mode: permissions.file, doing: "create")
    permissions.apply(toFile: descriptor)
    return (path, descriptor)
  }

  /// Whether the process whose place it is still runs. Asked of the system and not of the lock: to try that would keep
  /// another process from clearing up.
  static func isAlive(_ path: String) -> Bool {
    let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
    guard let process = Int32(name.prefix { $0 != "-" }) else { return false }
    return kill(process, 0) == 0 || errno == EPERM
  }

  /// Ends in good order: everything stored is indexed.
  func end() { Self.remove(path) }

  /// The sessions that ended without closing, each held by its lock so that one process alone clears up.
  static func abandoned(in storage: StorageFolder) throws -> [(path: String, lock: FileLock)] {
    try Posix.names(in: storage.incomingPath).compactMap { name in
      let path = storage.incomingPath + "/" + name
      guard let lock = try FileLock.acquire(path + "/lock", create: nil) else {
        // Without a lock file it is being made or removed this moment, or was when its process ended.
        if !Posix.exists(path + "/lock"), let information = try? Posix.information(path),
          Posix.now() - Posix.modificationTime(information) > 60
        {
          rmdir(path)
        }
        return nil
      }
      return (path, lock)
    }
  }

  /// Partial files first, the lock last: whoever sees the folder without it finds nothing in it.
  static func remove(_ path: String) {
    for name in (try? Posix.names(in: path)) ?? [] where name != "lock" { unlink(path + "/" + name) }
    unlink(path + "/lock")
    rmdir(path)
  }
}
