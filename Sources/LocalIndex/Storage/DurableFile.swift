#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A small file written whole: beside its place, synced, renamed there, the folder synced. Whoever reads it
/// finds the old or the new one, also after a power cut.
public enum DurableFile {
  public struct Failure: Error {
    /// As `errno` has it.
    let code: Int32

    public var reason: String { String(cString: strerror(code)) }
  }

  /// - Parameter mode: of the file, less what the umask forbids.
  /// - Throws: ``Failure``; the file is as it was.
  public static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
    try write(bytes, to: path, by: "\(path).\(getpid())~", StoragePermissions(file: mode, folder: mode, group: nil))
  }

  /// - Parameter temporary: where it is written first, in the same folder.
  static func write(
    _ bytes: [UInt8], to path: String, by temporary: String, _ permissions: StoragePermissions
  ) throws(Failure) {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, permissions.file)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    permissions.apply(toFile: descriptor)
    let failed = bytes.withUnsafeBytes { Posix.write($0, to: descriptor) }
    let isWritten = failed == nil && fsync(descriptor) == 0 && rename(temporary, path) == 0
    let code = failed ?? errno
    Posix.close(descriptor)
    guard isWritten else {
      unlink(temporary)
      throw Failure(code: code)
    }
    // Not every file system can sync a folder.
    try? Posix.syncFolder(Posix.folder(of: path))
  }
}
