import CFileSystem

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that an instance is written into on its way to its place, past the system's cache where the file system allows
/// it: that is the quickest way for much data to be on the disk.
struct PartialFile: Sendable {
  let path: String
  private(set) var descriptor: Int32
  private(set) var size = 0
  private var isDirect: Bool

  init(in session: WritingSession, isLarge: Bool) throws {
    (path, descriptor) = try session.makeFile()
    isDirect = isLarge && fluoro_O_DIRECT != 0 && fcntl(descriptor, F_SETFL, fluoro_O_DIRECT) == 0
  }

  /// Writes a piece behind what is there. All but the last one are full.
  mutating func write(_ piece: Piece) throws {
    var bytes = piece.bytes
    let whole = bytes.count / Piece.block * Piece.block
    if isDirect, whole > 0 {
      do {
        try put(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        bytes = UnsafeRawBufferPointer(rebasing: bytes[whole...])
      } catch let error as StorageError where error.reason == .inputOutput(EINVAL) {
        // One that says it can and cannot.
      }
    }
    guard !bytes.isEmpty else { return }
    if isDirect {
      isDirect = false
      _ = fcntl(descriptor, F_SETFL, 0)
    }
    try put(bytes)
  }

  private mutating func put(_ bytes: UnsafeRawBufferPointer) throws {
    try Posix.write(bytes, to: descriptor, at: size, path: path)
    size += bytes.count
  }

  /// Closes it, and removes its name where it still has it.
  mutating func end() {
    guard descriptor >= 0 else { return }
    close()
    unlink(path)
  }

  mutating func close() {
    guard descriptor >= 0 else { return }
    Posix.close(descriptor)
    descriptor = -1
  }
}
