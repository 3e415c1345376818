#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file of a journal. Its bytes were written before, with zeros or with records that are done with, so that writing
/// into it changes nothing but bytes, which is what makes a sync of it quick.
struct JournalSegment: Sendable {
  static let suffix = ".journal"
  static let limit = 32 << 20
  /// By so much it grows where it was never written before.
  private static let growth = 1 << 20

  private(set) var path: String
  private let descriptor: Int32
  /// How much of the file has been written before.
  private var size: Int
  /// Where the next record goes.
  private(set) var position = 0
  private var generation: UInt64 = 0
  /// When the first record was written.
  private(set) var begun = ReceptionTime(seconds: 0, nanoseconds: 0)
  /// The instance files made from its records: once they are synced, the records are done with.
  var files: [String] = []

  var isEmpty: Bool { position == 0 }

  /// Takes a file that is done with, or makes one; it belongs to `session`, a folder, then.
  init(from storage: StorageFolder, into session: String, number: Int) throws {
    path = "\(session)/\(number)\(Self.suffix)"
    let idle = storage.journalsPath
    for name in (try? Posix.names(in: idle)) ?? [] where name.hasSuffix(Self.suffix) {
      if rename("\(idle)/\(name)", path) == 0 { break }
    }
    descriptor = try Posix.open(path, O_RDWR | O_CREAT, mode: storage.permissions.file, doing: "create")
    storage.permissions.apply(toFile: descriptor)
    var information = stat()
    fstat(descriptor, &information)
    size = Int(information.st_size)
    // Found after a power cut by this name.
    try Posix.syncFolder(session)
  }

  /// Writes a record. - Returns: false where there is no room for it.
  mutating func append(_ piece: Piece, received: ReceptionTime) throws -> Bool {
    let length = JournalRecord.size(piece.count)
    guard position + length <= Self.limit else { return false }
    if position + length > size { try grow(to: position + length) }
    if isEmpty {
      let now = ReceptionTime.now
      generation = max(generation + 1, UInt64(now.seconds) * 1_000_000_000 + UInt64(now.nanoseconds))
      begun = now
    }
    let record = JournalRecord.seal(piece, generation: generation, offset: position, received: received)
    try Posix.write(record, to: descriptor, at: position, path: path)
    position += length
    return true
  }

  private mutating func grow(to end: Int) throws {
    let zeros = [UInt8](repeating: 0, count: Self.growth)
    while size < end {
      let count = min(Self.growth, Self.limit - size)
      try zeros.withUnsafeBytes {
        try Posix.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: descriptor, at: size, path: path)
      }
      size += count
    }
  }

  /// Returns when every record is on the disk.
  func sync() throws {
    while fdatasync(descriptor) != 0 {
      if errno != EINTR { throw StorageError.posix(errno, "sync", path) }
    }
  }

  /// Makes it one that is done with: no record is found in it from now on.
  mutating func empty() throws {
    try Self.empty(descriptor, path)
    position = 0
    files = []
  }

  private static func empty(_ descriptor: Int32, _ path: String) throws {
    try [UInt8](repeating: 0, count: Piece.block).withUnsafeBytes {
      try Posix.write($0, to: descriptor, at: 0, path: path)
    }
    try Posix.sync(descriptor, path: path)
  }

  /// Gives an empty one to those that are not in use; a few are enough.
  func retire(to idle: String) {
    Posix.close(descriptor)
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
