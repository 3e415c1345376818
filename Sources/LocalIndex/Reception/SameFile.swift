#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whether two files are the same.
enum SameFile {
  /// Whether two Part 10 files hold the same data set, byte for byte, whatever their meta information says.
  static func compareDataSets(_ path: String, offset: Int, with other: String) throws -> Bool {
    guard let otherOffset = try dataSetOffset(of: other) else { return false }
    return try compare(path, offset: offset, other, offset: otherOffset)
  }

  /// Whether they hold the same bytes from an offset on.
  static func compare(
    _ path: String, offset: Int = 0, _ other: String, offset otherOffset: Int = 0
  ) throws -> Bool {
    let size = Int(try Posix.information(path).st_size)
    let otherSize = Int(try Posix.information(other).st_size)
    guard size - offset == otherSize - otherOffset else { return false }
    let first = try Posix.open(path, O_RDONLY)
    defer { Posix.close(first) }
    let second = try Posix.open(other, O_RDONLY)
    defer { Posix.close(second) }
    lseek(first, off_t(offset), SEEK_SET)
    lseek(second, off_t(otherOffset), SEEK_SET)
    var left = size - offset
    return withUnsafeTemporaryAllocation(byteCount: 2 << 18, alignment: 16) { buffer in
      let a = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(1 << 18)])
      let b = UnsafeMutableRawBufferPointer(rebasing: buffer[(1 << 18)...])
      while left > 0 {
        let count = min(left, a.count)
        guard fill(a, count, first), fill(b, count, second), let x = a.baseAddress, let y = b.baseAddress,
          memcmp(x, y, count) == 0
        else { return false }
        left -= count
      }
      return true
    }
  }

  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int, _ descriptor: Int32) -> Bool {
    var filled = 0
    while filled < count {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count])
      let got = Posix.readBytes(descriptor, into: part)
      if got <= 0 { return false }
      filled += got
    }
    return true
  }

  /// Where the data set begins: behind the preamble and the group (0002), whose length our files always say.
  static func dataSetOffset(of path: String) throws -> Int? {
    let head = try Posix.read(path, limit: 144)
    guard head.count >= 144, Array(head[128..<132]) == Array("DICM".utf8),
      Array(head[132..<140]) == [2, 0, 0, 0, UInt8(ascii: "U"), UInt8(ascii: "L"), 4, 0]
    else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(head[140 + $1]) << (8 * $1) }
    return 144 + length
  }
}
