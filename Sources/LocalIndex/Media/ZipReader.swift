import CZlib
import Dicom

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is wrong with a ZIP archive or one of its files, for a person.
struct ZipError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Reads the files of a ZIP archive (PKWARE's APPNOTE 6.3): stored or deflated ones, also beyond 4 GB and 65,535 of them.
///
/// What the archive says of itself is checked before it is believed: places inside it that lie outside it or in one another
/// are refused, and no file grows beyond the size it announces. Names are only ever shown.
final class ZipReader: Sendable {
  struct Entry: Sendable {
    let name: String
    let size: Int
    let compressedSize: Int
    fileprivate let checksum: UInt32
    fileprivate let method: Int
    fileprivate let isEncrypted: Bool
    fileprivate let offset: Int

    var isFolder: Bool { name.hasSuffix("/") }
  }

  /// Files in one archive that are still taken.
  static let entryLimit = 2_000_000

  let path: String
  let entries: [Entry]
  private let descriptor: Int32

  /// Whether the first bytes of a file are those of an archive, an empty one included.
  static func isArchive(_ head: some Collection<UInt8>) -> Bool {
    let head = Array(head.prefix(4))
    return head == [0x50, 0x4B, 3, 4] || head == [0x50, 0x4B, 5, 6]
  }

  /// Reads the list of files.
  /// - Throws: ``ZipError``, ``StorageError``.
  init(_ path: String) throws {
    self.path = path
    descriptor = try Posix.open(path, O_RDONLY)
    do {
      entries = try Self.readDirectory(File(descriptor: descriptor, size: Int(try Posix.information(path).st_size)))
    } catch {
      Posix.close(descriptor)
      throw error
    }
  }

  deinit { Posix.close(descriptor) }

  // MARK: The list

  private struct File {
    let descriptor: Int32
    let size: Int

    func bytes(at offset: Int, count: Int) throws -> Bytes {
      guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
        throw ZipError("the archive is cut off or damaged")
      }
      var result = [UInt8](repeating: 0, count: count)
      var filled = 0
      try result.withUnsafeMutableBytes { buffer in
        while filled < count {
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
          let got = pread(descriptor, part.baseAddress, part.count, off_t(offset + filled))
          if got < 0, errno == EINTR { continue }
          guard got > 0 else { throw ZipError("the archive cannot be read") }
          filled += got
        }
      }
      return Bytes(result)
    }
  }

  /// Numbers in an archive, little endian; 0 beyond the end.
  private struct Bytes {
    let all: [UInt8]
    init(_ all: [UInt8]) { self.all = all }

    func number(_ offset: Int, _ width: Int) -> Int {
      guard offset >= 0, offset + width <= all.count else { return 0 }
      var value: UInt64 = 0
      for index in (0..<width).reversed() { value = value << 8 | UInt64(all[offset + index]) }
      return Int(clamping: value)
    }
  }

  private static func readDirectory(_ file: File) throws -> [Entry] {
    // The end record, behind which only a comment of at most 65,535 bytes may stand.
    let tail = try file.bytes(at: max(0, file.size - 65_557), count: min(file.size, 65_557))
    let last = stride(from: tail.all.count - 22, through: 0, by: -1).first { tail.number($0, 4) == 0x0605_4B50 }
    guard let end = last else { throw ZipError("the archive has no list of its files: it is cut off") }
    var (count, size, offset) = (tail.number(end + 10, 2), tail.number(end + 12, 4), tail.number(end + 16, 4))
    if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, end >= 20,
      tail.number(end - 20, 4) == 0x0706_4B50
    {
      let large = try file.bytes(at: tail.number(end - 12, 8), count: 56)
      guard large.number(0, 4) == 0x0606_4B50 else { throw ZipError("the list of the archive's files is damaged") }
      (count, size, offset) = (large.number(32, 8), large.number(40, 8), large.number(48, 8))
    }
    guard count <= entryLimit else {
      throw ZipError("the archive lists \(count) files; more than \(entryLimit) are not taken")
    }
    let list = try file.bytes(at: offset, count: size)
    var entries: [Entry] = []
    var position = 0
    for _ in 0..<count {
      guard list.number(position, 4) == 0x0201_4B50 else {
        throw ZipError("the list of the archive's files is damaged")
      }
      let lengths = (list.number(position + 28, 2), list.number(position + 30, 2), list.number(position + 32, 2))
      let next = position + 46 + lengths.0 + lengths.1 + lengths.2
      guard next <= list.all.count else { throw ZipError("the list of the archive's files is cut off") }
      entries.append(entry(list, position, nameLength: lengths.0, extraLength: lengths.1))
      position = next
    }
    try checkPlaces(entries, end: offset)
    return entries
  }

  private static func entry(_ list: Bytes, _ position: Int, nameLength: Int, extraLength: Int) -> Entry {
    let flags = list.number(position + 8, 2)
    var size = list.number(position + 24, 4)
    var compressed = list.number(position + 20, 4)
    var offset = list.number(position + 42, 4)
    // The zip64 field holds, in this order, those of the three that do not fit.
    var field = position + 46 + nameLength
    let end = field + extraLength
    while field + 4 <= end {
      let length = list.number(field + 2, 2)
      if list.number(field, 2) == 1 {
        var value = field + 4
        func take(_ number: inout Int) {
          guard number == 0xFFFF_FFFF, value + 8 <= min(field + 4 + length, end) else { return }
          number = list.number(value, 8)
          value += 8
        }
        take(&size)
        take(&compressed)
        take(&offset)
      }
      field += 4 + length
    }
    let name = String(decoding: list.all[(position + 46)..<(position + 46 + nameLength)], as: UTF8.self)
    return Entry(
      name: name, size: size, compressedSize: compressed, checksum: UInt32(list.number(position + 16, 4)),
      method: list.number(position + 10, 2), isEncrypted: flags & 1 != 0, offset: offset)
  }

  /// A small archive can pretend to hold a huge one by listing the same bytes again and again.
  private static func checkPlaces(_ entries: [Entry], end: Int) throws {
    var reached = 0
    for entry in entries.sorted(by: { $0.offset < $1.offset }) {
      guard entry.offset >= reached, entry.compressedSize >= 0, entry.size >= 0,
        entry.offset <= end - 30, entry.compressedSize <= end - 30 - entry.offset
      else { throw ZipError("the archive's files lie in one another or outside it") }
      reached = entry.offset + 30 + entry.compressedSize
    }
  }

  // MARK: The files

  /// Gives the content of a file, piece by piece.
  /// - Parameter body: returning false ends it, without an error.
  /// - Throws: ``ZipError``, ``StorageError``, and what `body` throws.
  func extract(_ entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
    if entry.isEncrypted { throw ZipError("it is encrypted") }
    let file = File(descriptor: descriptor, size: Int(try Posix.information(path).st_size))
    let header = try file.bytes(at: entry.offset, count: 30)
    guard header.number(0, 4) == 0x0403_4B50 else { throw ZipError("the archive is damaged where it should begin") }
    let start = entry.offset + 30 + header.number(26, 2) + header.number(28, 2)
    var sum = crc32(0, nil, 0)
    var count = 0
    var isWanted = true
    func give(_ bytes: UnsafeRawBufferPointer) throws {
      count += bytes.count
      guard count <= entry.size else { throw ZipError("it is larger than the archive says") }
      sum = crc32(sum, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count))
      isWanted = try body(bytes)
    }
    switch entry.method {
    case 0: try copy(file, at: start, entry.compressedSize, while: { isWanted }, give)
    case 8: try inflate(file, at: start, entry.compressedSize, while: { isWanted }, give)
    default: throw ZipError("it is compressed by a method (\(entry.method)) that fluoro does not know")
    }
    if isWanted, count != entry.size || UInt32(sum) != entry.checksum {
      throw ZipError("it is not what the archive's checksum says: the archive is damaged")
    }
  }

  private static let piece = 1 << 16

  private func copy(
    _ file: File, at start: Int, _ count: Int, while isWanted: () -> Bool,
    _ give: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var offset = 0
    while offset < count, isWanted() {
      let bytes = try file.bytes(at: start + offset, count: min(Self.piece, count - offset))
      try bytes.all.withUnsafeBytes(give)
      offset += bytes.all.count
    }
  }

  private func inflate(
    _ file: File, at start: Int, _ count: Int, while isWanted: () -> Bool,
    _ give: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard let stream = DeflateStream(.inflating) else { throw ZipError("there is no memory to inflate it") }
    var output = [UInt8](repeating: 0, count: 4 * Self.piece)
    var offset = 0
    var state = DeflateStream.State.going
    while state == .going, isWanted() {
      guard offset < count else { throw ZipError("it is cut off: the archive is damaged") }
      let input = try file.bytes(at: start + offset, count: min(Self.piece, count - offset)).all
      offset += input.count
      try input.withUnsafeBytes { input in
        var rest = input
        var written = 0
        repeat {
          (written, state) = output.withUnsafeMutableBytes { stream.step(&rest, into: $0) }
          if state == .damaged { throw ZipError("the archive is damaged") }
          try output.withUnsafeBytes { try give(UnsafeRawBufferPointer(rebasing: $0[..<written])) }
        } while state == .going && written == output.count && isWanted()
      }
    }
  }
}
