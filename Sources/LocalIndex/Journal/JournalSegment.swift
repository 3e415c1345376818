import CFileSystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file of a journal. Most of its bytes were written before, with zeros or with records that are done with, so that
/// writing into it changes nothing but bytes, which is what makes a sync of it quick.
///
/// The journal's queue alone writes it; the files made from its records are noted by others.
final class JournalSegment: Sendable {
  static let suffix = ".journal"
  static let limit = 32 << 20
  /// By so much it grows where it was never written before.
  private static let growth = 1 << 20
  private static let zeros: Piece = {
    let piece = Piece()
    _ = [UInt8](repeating: 0, count: 1 << 18).withUnsafeBytes { piece.append($0) }
    return piece
  }()

  private struct Filling {
    /// How much of the file has been written before.
    var size: Int
    /// Where the next record goes.
    var position = 0
    var generation: UInt64 = 0
    /// When the first record was written.
    var begun = ReceptionTime(seconds: 0, nanoseconds: 0)
  }

  let path: String
  private let descriptor: Int32
  /// The same past the system's cache; the same again where the file system knows no such thing.
  private let direct: Int32
  private let filling: NIOLockedValueBox<Filling>
  private let made = NIOLockedValueBox<[String]>([])

  var isEmpty: Bool { filling.withLockedValue { $0.position == 0 } }
  var begun: ReceptionTime { filling.withLockedValue { $0.begun } }
  /// The instance files made from its records: once they are synced, the records are done with.
  var files: [String] { made.withLockedValue { $0 } }

  /// Takes a file that is done with, or makes one; it belongs to `session`, a folder, then.
  init(from storage: StorageFolder, into session: String, number: Int) throws {
    path = "\(session)/\(number)\(Self.suffix)"
    let idle = storage.journalsPath
    for name in (try? Posix.names(in: idle)) ?? [] where name.hasSuffix(Self.suffix) {
      if rename("\(idle)/\(name)", path) == 0 { break }
    }
    descriptor = try Posix.open(path, O_RDWR | O_CREAT, mode: storage.permissions.file, doing: "create")
    direct = (try? Posix.open(path, O_RDWR | fluoro_O_DIRECT)) ?? descriptor
    storage.permissions.apply(toFile: descriptor)
    var information = stat()
    fstat(descriptor, &information)
    filling = NIOLockedValueBox(Filling(size: Int(information.st_size) / Piece.block * Piece.block))
    // Found after a power cut by this name.
    try Posix.syncFolder(session)
  }

  func note(file path: String) { made.withLockedValue { $0.append(path) } }

  /// Writes a record. - Returns: false where there is no room for it.
  func append(_ piece: Piece, received: ReceptionTime, digest: UInt64) throws -> Bool {
    try filling.withLockedValue { filling in
      guard filling.position + JournalRecord.size(piece.count) <= Self.limit else { return false }
      do { try write(piece, received, digest, &filling) } catch {
        // What is left of a full disk is for the files.
        ftruncate(descriptor, off_t(filling.size))
        throw error
      }
      return true
    }
  }

  private func write(_ piece: Piece, _ received: ReceptionTime, _ digest: UInt64, _ filling: inout Filling) throws {
    if filling.position == 0 {
      let now = ReceptionTime.now
      filling.generation = max(filling.generation + 1, UInt64(now.seconds) * 1_000_000_000 + UInt64(now.nanoseconds))
      filling.begun = now
    }
    let record = JournalRecord.seal(
      piece, generation: filling.generation, offset: filling.position, received: received, digest: digest)
    let end = filling.position + record.count
    if piece.count > JournalRecord.shortLimit {
      // It makes the file longer without being written twice.
      try writeDirectly(record, at: filling.position)
    } else {
      if filling.size < end { try grow(&filling) }
      try Posix.write(record, to: descriptor, at: filling.position, path: path)
    }
    filling.position = end
    filling.size = max(filling.size, end)
  }

  /// By more than one that is not long needs.
  private func grow(_ filling: inout Filling) throws {
    let target = min(filling.size + Self.growth, Self.limit)
    var size = filling.size
    while size < target {
      let part = UnsafeRawBufferPointer(rebasing: Self.zeros.bytes.prefix(target - size))
      try writeDirectly(part, at: size)
      size += part.count
    }
    filling.size = target
  }

  /// Past the cache, where the file system can: some say so and cannot.
  private func writeDirectly(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    do { try Posix.write(bytes, to: direct, at: offset, path: path) } catch let error as StorageError
      where error.reason == .inputOutput(EINVAL)
    {
      try Posix.write(bytes, to: descriptor, at: offset, path: path)
    }
  }

  /// Returns when every record is on the disk.
  func sync() throws {
    while fdatasync(descriptor) != 0 {
      if errno != EINTR { throw StorageError.posix(errno, "sync", path) }
    }
  }

  /// Makes it one that is done with: no record is found in it from now on.
  func empty() throws {
    try Self.empty(descriptor, path)
    filling.withLockedValue { $0.position = 0 }
    made.withLockedValue { $0 = [] }
  }

  private static func empty(_ descriptor: Int32, _ path: String) throws {
    try Posix.write(
      UnsafeRawBufferPointer(rebasing: zeros.bytes.prefix(Piece.block)), to: descriptor, at: 0, path: path)
    try Posix.sync(descriptor, path: path)
  }

  /// Gives an empty one to those that are not in use; a few are enough.
  func retire(to idle: String) {
    Posix.close(descriptor)
    if direct != descriptor { Posix.close(direct) }
    Self.retire(path, to: idle)
  }

  private static func retire(_ path: String, to idle: String) {
    let others = (try? Posix.names(in: idle).count) ?? 0
    let name = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))\(suffix)"
    if others >= 2 || rename(path, "\(idle)/\(name)") != 0 { unlink(path) }
  }

  // MARK: What another process left

  /// The journals of a session, the earlier first.
  static func paths(in session: String) throws -> [String] {
    let all = try Posix.names(in: session).filter { $0.hasSuffix(suffix) }.map { session + "/" + $0 }
    return try all.map { ($0, try generation($0)) }.sorted { $0.1 < $1.1 }.map(\.0)
  }

  private static func generation(_ path: String) throws -> UInt64 {
    var first: UInt64 = 0
    try forEachRecord(in: path) { record in
      first = record.generation
      return false
    }
    return first
  }

  /// - Parameter body: returns whether to go on.
  static func forEachRecord(in path: String, _ body: (JournalRecord) throws -> Bool) throws {
    let descriptor = try Posix.open(path, O_RDONLY)
    defer { Posix.close(descriptor) }
    try JournalRecord.forEach(
      read: { offset, buffer in
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw StorageError.posix(errno, "read", path) }
        let count = Posix.fill(buffer, from: descriptor)
        if count < 0 { throw StorageError.posix(errno, "read", path) }
        return count
      }, body)
  }

  /// Makes one whose records have all become files of no use any more.
  static func discard(_ path: String, to idle: String) throws {
    let descriptor = try Posix.open(path, O_RDWR)
    defer { Posix.close(descriptor) }
    try empty(descriptor, path)
    retire(path, to: idle)
  }
}
