import CZlib
import Dicom

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes a ZIP archive file after file, each deflated where that makes it smaller; in the zip64 form where sizes, places or
/// counts need it (PKWARE's APPNOTE 6.3, §4.3, §4.5.3).
///
/// Until ``finish()`` the archive has no name, or, where a file must have one, another, `….part`, which nobody else has; what is
/// let go of before leaves nothing behind.
final class ZipWriter {
  private struct Entry {
    let name: [UInt8]
    let offset: Int
    var checksum: UInt = 0
    var size = 0
    var compressedSize = 0
    var method = 0
  }

  private let path: String
  /// Nil: it has no name yet.
  private let temporaryPath: String?
  private var descriptor: Int32
  private var position = 0
  private var entries: [Entry] = []
  /// Date and time of all files, as MS-DOS has them.
  private let time: (date: Int, time: Int)

  /// - Throws: ``StorageError``; also when there is a file of that name.
  init(_ path: String) throws {
    self.path = path
    guard !Posix.exists(path) else { throw StorageError.posix(EEXIST, "create", path) }
    if let unnamed = Posix.openUnnamed(in: Posix.folder(of: path), mode: 0o600) {
      (descriptor, temporaryPath) = (unnamed, nil)
    } else {
      let name = path + ".\(getpid())-\(UInt32.random(in: 0...UInt32.max)).part"
      descriptor = try Posix.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600, doing: "create")
      temporaryPath = name
    }
    var now = time_t(Posix.now())
    var parts = tm()
    localtime_r(&now, &parts)
    time = (
      Int(max(0, parts.tm_year - 80)) << 9 | Int(parts.tm_mon + 1) << 5 | Int(parts.tm_mday),
      Int(parts.tm_hour) << 11 | Int(parts.tm_min) << 5 | Int(parts.tm_sec) / 2
    )
  }

  deinit {
    guard descriptor >= 0 else { return }
    Posix.close(descriptor)
    if let temporaryPath { unlink(temporaryPath) }
  }

  // MARK: Files

  /// Adds a file.
  /// - Parameters:
  ///   - isCompressible: whether deflating is tried; not worth it for what is compressed already.
  ///   - next: gives its content piece by piece; an empty piece is the end. Where it throws, nothing of the file stays.
  func add(_ name: String, isCompressible: Bool, _ next: () throws -> [UInt8]) throws {
    var entry = Entry(name: Array(name.utf8), offset: position)
    do {
      try add(&entry, isCompressible: isCompressible, next)
    } catch {
      let end = off_t(entry.offset)
      guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else {
        throw StorageError.posix(errno, "write", path)
      }
      position = entry.offset
      throw error
    }
    entries.append(entry)
  }

  private func add(_ entry: inout Entry, isCompressible: Bool, _ next: () throws -> [UInt8]) throws {
    entry.method = isCompressible ? 8 : 0
    try write(Array(repeating: 0, count: Self.headerLength(entry)))
    entry.checksum = crc32(0, nil, 0)
    let start = position
    if isCompressible { try deflate(&entry, next) } else { try store(&entry, next) }
    entry.compressedSize = position - start
    try writeAgain(header(entry), at: entry.offset)
  }

  private func store(_ entry: inout Entry, _ next: () throws -> [UInt8]) throws {
    while true {
      let piece = try next()
      if piece.isEmpty { return }
      Self.note(piece, in: &entry)
      try write(piece)
    }
  }

  private static func note(_ piece: [UInt8], in entry: inout Entry) {
    entry.checksum = crc32(entry.checksum, piece, UInt32(piece.count))
    entry.size += piece.count
  }

  private func deflate(_ entry: inout Entry, _ next: () throws -> [UInt8]) throws {
    guard let stream = DeflateStream(.deflating(level: Z_BEST_SPEED)) else {
      throw StorageError(.inputOutput(ENOMEM), "There is no memory to compress \(path).")
    }
    var output = [UInt8](repeating: 0, count: 1 << 18)
    var state = DeflateStream.State.going
    while state != .ended {
      let piece = try next()
      Self.note(piece, in: &entry)
      try piece.withUnsafeBytes { input in
        var rest = input
        var written = 0
        repeat {
          (written, state) = output.withUnsafeMutableBytes { stream.step(&rest, into: $0, isLast: input.isEmpty) }
          try write(Array(output[..<written]))
        } while written == output.count
      }
    }
  }

  /// Writes the list of files, syncs the archive and gives it its name.
  func finish() throws {
    let start = position
    for entry in entries { try write(listed(entry)) }
    try write(end(listOffset: start, listSize: position - start))
    try Posix.sync(descriptor, path: path)
    // Where there is one by now it stays.
    if let temporaryPath {
      guard try Posix.renameToNew(temporaryPath, path) else { throw StorageError.posix(EEXIST, "create", path) }
    } else {
      try Posix.name(descriptor, path)
    }
    Posix.close(descriptor)
    descriptor = -1
    try Posix.syncFolder(Posix.folder(of: path))
  }

  // MARK: Records

  private static let large = 0xFFFF_FFFF
  /// Deflated or not, a file may come out a little larger than it was; 4 GB less that is the limit.
  private static let versionNeeded = 45

  /// Every header has room for the sizes in their large form: they are known only behind the file.
  private static func headerLength(_ entry: Entry) -> Int { 30 + entry.name.count + 20 }

  private func header(_ entry: Entry) -> [UInt8] {
    let isLarge = entry.size >= Self.large || entry.compressedSize >= Self.large
    var record = Record()
    record.put(0x0403_4B50, 4)
    putCommon(entry, isLarge, into: &record)
    record.put(20, 2)
    record.bytes += entry.name
    // Of no meaning (its id is one that readers pass over) where the sizes fit above.
    record.put(isLarge ? 1 : 0xFFFF, 2)
    record.put(16, 2)
    record.put(isLarge ? entry.size : 0, 8)
    record.put(isLarge ? entry.compressedSize : 0, 8)
    return record.bytes
  }

  private func putCommon(_ entry: Entry, _ isLarge: Bool, into record: inout Record) {
    record.put(isLarge ? Self.versionNeeded : 20, 2)
    // Names are UTF-8.
    record.put(1 << 11, 2)
    record.put(entry.method, 2)
    record.put(time.time, 2)
    record.put(time.date, 2)
    record.put(Int(entry.checksum), 4)
    record.put(isLarge ? Self.large : entry.compressedSize, 4)
    record.put(isLarge ? Self.large : entry.size, 4)
    record.put(entry.name.count, 2)
  }

  private func listed(_ entry: Entry) -> [UInt8] {
    let isLarge =
      entry.size >= Self.large || entry.compressedSize >= Self.large || entry.offset >= Self.large
    var record = Record()
    record.put(0x0201_4B50, 4)
    record.put(3 << 8 | Self.versionNeeded, 2)
    putCommon(entry, isLarge, into: &record)
    record.put(isLarge ? 28 : 0, 2)
    record.put(0, 2)
    record.put(0, 2)
    record.put(0, 2)
    // A regular file, readable by all.
    record.put(0o100644 << 16, 4)
    record.put(isLarge ? Self.large : entry.offset, 4)
    record.bytes += entry.name
    if isLarge {
      record.put(1, 2)
      record.put(24, 2)
      record.put(entry.size, 8)
      record.put(entry.compressedSize, 8)
      record.put(entry.offset, 8)
    }
    return record.bytes
  }

  private func end(listOffset: Int, listSize: Int) -> [UInt8] {
    let isLarge = entries.count >= 0xFFFF || listOffset >= Self.large || listSize >= Self.large
    var record = Record()
    if isLarge {
      let start = position
      record.put(0x0606_4B50, 4)
      record.put(44, 8)
      record.put(3 << 8 | Self.versionNeeded, 2)
      record.put(Self.versionNeeded, 2)
      record.put(0, 8)
      record.put(entries.count, 8)
      record.put(entries.count, 8)
      record.put(listSize, 8)
      record.put(listOffset, 8)
      record.put(0x0706_4B50, 4)
      record.put(0, 4)
      record.put(start, 8)
      record.put(1, 4)
    }
    record.put(0x0605_4B50, 4)
    record.put(0, 4)
    record.put(isLarge ? 0xFFFF : entries.count, 2)
    record.put(isLarge ? 0xFFFF : entries.count, 2)
    record.put(isLarge ? Self.large : listSize, 4)
    record.put(isLarge ? Self.large : listOffset, 4)
    record.put(0, 2)
    return record.bytes
  }

  private struct Record {
    var bytes: [UInt8] = []

    mutating func put(_ number: Int, _ width: Int) {
      for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }
  }

  // MARK: Writing

  private func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try Posix.write($0, to: descriptor, path: path) }
    position += bytes.count
  }

  private func writeAgain(_ bytes: [UInt8], at offset: Int) throws {
    guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
      throw StorageError.posix(errno, "write", path)
    }
  }
}
