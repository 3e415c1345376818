#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An exclusive lock on a file that the kernel lets go of when its holder ends, however it ends.
final class FileLock: Sendable {
  let path: String
  private let descriptor: Int32

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// - Returns: nil when another holds it; also when the file went away meanwhile (its holder ended and removed it).
  static func acquire(_ path: String, create permissions: StoragePermissions?) throws -> FileLock? {
    let flags = permissions == nil ? O_RDWR : O_RDWR | O_CREAT
    let descriptor: Int32
    do {
      descriptor = try Posix.open(path, flags, mode: permissions?.file ?? 0)
    } catch  where !Posix.exists(path) && permissions == nil {
      return nil
    }
    permissions?.apply(toFile: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isStill(descriptor, at: path) else {
      Posix.close(descriptor)
      return nil
    }
    return FileLock(path: path, descriptor: descriptor)
  }

  /// Whether the name still leads to the locked file: the one who held it before may have removed the name.
  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var locked = stat()
    var named = stat()
    return fstat(descriptor, &locked) == 0 && stat(path, &named) == 0 && locked.st_ino == named.st_ino
  }

  /// Does what two processes, or two threads, must not do in a folder at once; waits for who is at it.
  static func holding<Value>(folder path: String, _ body: () throws -> Value) throws -> Value {
    let descriptor = try Posix.open(path, O_RDONLY | O_DIRECTORY)
    defer { Posix.close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      if errno != EINTR { throw StorageError.posix(errno, "lock", path) }
    }
    return try body()
  }

  /// Replaces what the file says.
  func write(_ text: String) throws {
    lseek(descriptor, 0, SEEK_SET)
    var text = text
    try text.withUTF8 { try Posix.write(UnsafeRawBufferPointer($0), to: descriptor, path: path) }
    ftruncate(descriptor, off_t(text.utf8.count))
  }

  /// Writes at the beginning of the file, whatever comes of it.
  func writeQuietly(_ bytes: UnsafeRawBufferPointer) { _ = pwrite(descriptor, bytes.baseAddress, bytes.count, 0) }

  deinit { close(descriptor) }
}
