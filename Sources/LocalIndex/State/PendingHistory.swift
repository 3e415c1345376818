import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Entries of the history that wait in a file beside the databases, a line each: a process that needs nothing else of the
/// storage, an echo for instance, is spared opening it. Whoever opens the storage, or reads the history, takes them in.
extension LocalIndex {
  /// Keeps entries without opening the storage.
  ///
  /// - Parameter path: a storage that is there already.
  /// - Throws: ``StorageError``.
  public static func addHistory(_ entries: [HistoryEntry], unopened path: String, options: StorageOptions) throws {
    var lines = Data()
    for entry in entries {
      lines += try JSONEncoder().encode(entry)
      lines.append(newline)
    }
    let file = StorageFolder.pendingHistoryPath(in: path)
    let permissions = try StoragePermissions(group: options.group)
    let descriptor = try Posix.open(file, O_WRONLY | O_APPEND | O_CREAT, mode: permissions.file)
    defer { Posix.close(descriptor) }
    permissions.apply(toFile: descriptor)
    lock(descriptor)
    try lines.withUnsafeBytes { try Posix.write($0, to: descriptor, path: file) }
  }

  /// Takes in what waits. A line that was not written to its end is none.
  func takePendingHistory() throws {
    let file = StorageFolder.pendingHistoryPath(in: path)
    guard let size = try? Posix.information(file).st_size, size > 0 else { return }
    let descriptor = try Posix.open(file, O_RDWR)
    defer { Posix.close(descriptor) }
    // Nobody appends, and nobody else takes, until this has ended.
    Self.lock(descriptor)
    let entries = try Posix.read(file, limit: .max).split(separator: Self.newline).compactMap {
      try? JSONDecoder().decode(HistoryEntry.self, from: Data($0))
    }
    try state.write { db in
      // Who took them before may have ended between this and the next step.
      for entry in entries where try !Self.isKept(entry, db) { try Self.insert(entry, db) }
    }
    ftruncate(descriptor, 0)
  }

  private static let newline = UInt8(ascii: "\n")

  private static func lock(_ descriptor: CInt) {
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }
}
