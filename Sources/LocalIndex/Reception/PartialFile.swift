import CFileSystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that an instance is written into on its way to its place. What is large, and waited for, goes past the system's
/// cache, where the file system allows it: that is the quickest way for much data to be on the disk. What need not be there
/// when it is acknowledged only passes through the cache: nobody waits for the disk, and the memory serves for the next one,
/// while fresh memory, which the system has to find first, takes longer than the disk.
struct PartialFile: Sendable {
  let path: String
  private(set) var descriptor: Int32
  private(set) var size = 0
  private var way: Way
  private let canPass: NIOLockedValueBox<Bool>

  private enum Way { case cached, passing, direct }

  /// - Parameter isAwaited: whether it is to be on the disk soon, because somebody waits for that.
  init(in session: WritingSession, isLarge: Bool, isAwaited: Bool) throws {
    (path, descriptor) = try session.makeFile()
    canPass = session.canPass
    let passes = isLarge && !isAwaited && canPass.withLockedValue { $0 }
    way = passes ? .passing : .cached
    if isLarge, !passes { goDirectly() }
  }

  private mutating func goDirectly() {
    way = fluoro_O_DIRECT != 0 && fcntl(descriptor, F_SETFL, fluoro_O_DIRECT) == 0 ? .direct : .cached
  }

  /// Writes a piece behind what is there. All but the last one are full.
  mutating func write(_ piece: Piece) throws {
    var bytes = piece.bytes
    if way == .passing {
      if try pass(bytes) { return }
      canPass.withLockedValue { $0 = false }
      goDirectly()
    }
    let whole = bytes.count / Piece.block * Piece.block
    if way == .direct, whole > 0 {
      do {
        try put(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        bytes = UnsafeRawBufferPointer(rebasing: bytes[whole...])
      } catch let error as StorageError where error.reason == .inputOutput(EINVAL) {
        // One that says it can and cannot.
      }
    }
    guard !bytes.isEmpty else { return }
    if way == .direct {
      way = .cached
      _ = fcntl(descriptor, F_SETFL, 0)
    }
    try put(bytes)
  }

  /// - Returns: false where the system knows no such thing; nothing has been written then.
  private mutating func pass(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    // In one piece, which else is found block by block. Where there is none, the write says so.
    _ = fluoro_reserve(descriptor, size, bytes.count)
    var rest = bytes
    while !rest.isEmpty {
      let written = fluoro_write_passing(descriptor, rest.baseAddress, rest.count, size)
      if written < 0 {
        if errno == EINTR { continue }
        if rest.count == bytes.count, [EOPNOTSUPP, EINVAL, ENOSYS].contains(errno) { return false }
        throw StorageError.posix(errno, "write", path)
      }
      // Nothing was written, and nothing is said of it: it would go on so for ever.
      if written == 0 { throw StorageError.posix(EIO, "write", path) }
      size += written
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    return true
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
