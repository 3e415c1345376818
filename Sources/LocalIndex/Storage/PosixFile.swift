import CFileSystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The modes that new files and folders of a storage get.
struct StoragePermissions: Sendable {
  let file: mode_t
  let folder: mode_t
  /// Set when a group shares the folder.
  let group: gid_t?

  static let personal = StoragePermissions(file: 0o600, folder: 0o700, group: nil)

  init(file: mode_t, folder: mode_t, group: gid_t?) {
    self.file = file
    self.folder = folder
    self.group = group
  }

  /// - Throws: `StorageError.unknownGroup` when the machine has no such group.
  init(group name: String?) throws {
    guard let name else {
      self = .personal
      return
    }
    guard let entry = getgrnam(name) else {
      throw StorageError(.unknownGroup, "There is no group \"\(name)\" on this machine; check StorageGroup.")
    }
    self.init(file: 0o660, folder: 0o2770, group: entry.pointee.gr_gid)
  }

  /// A group's mode must not depend on the umask of who runs the program; the personal one cannot.
  func apply(toFile descriptor: Int32) {
    guard let group else { return }
    _ = fchown(descriptor, uid_t.max, group)
    _ = fchmod(descriptor, file)
  }
}

/// File system calls that throw ``StorageError``.
enum Posix {
  static func open(_ path: String, _ flags: Int32, mode: mode_t = 0, doing: String = "open") throws -> Int32 {
    while true {
      #if canImport(Glibc)
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
      #else
        let descriptor = Darwin.open(path, flags | O_CLOEXEC, mode)
      #endif
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw StorageError.posix(errno, doing, path) }
    }
  }

  static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    if let code = write(bytes, to: descriptor) { throw StorageError.posix(code, "write", path) }
  }

  /// Writes all of it. - Returns: why not, as `errno` has it.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Glibc)
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #else
        let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        return errno
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    return nil
  }

  /// Writes at an offset, wherever the file stands.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String) throws {
    var rest = bytes
    var offset = offset
    while !rest.isEmpty {
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
      if written < 0 {
        if errno == EINTR { continue }
        throw StorageError.posix(errno, "write", path)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      offset += written
    }
  }

  static func sync(_ descriptor: Int32, path: String) throws {
    while fsync(descriptor) != 0 {
      if errno != EINTR { throw StorageError.posix(errno, "sync", path) }
    }
  }

  /// Makes the names in a folder survive a power cut.
  static func syncFolder(_ path: String) throws {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    try sync(descriptor, path: path)
  }

  /// Makes everything survive a power cut that was written to the file system of a path: with many files faster than one
  /// after the other.
  static func syncFileSystem(_ path: String) throws {
    #if canImport(Glibc)
      let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
      defer { close(descriptor) }
      guard syncfs(descriptor) == 0 else { throw StorageError.posix(errno, "sync", path) }
    #else
      Darwin.sync()
    #endif
  }

  /// Opens a new file that has no name yet, and goes with this process if it gets none. Nil where there is no such thing.
  static func openUnnamed(in folder: String, mode: mode_t) -> Int32? {
    let descriptor = fluoro_open_unnamed(folder, mode)
    return descriptor < 0 ? nil : descriptor
  }

  /// Gives it its name, which must be new.
  static func name(_ descriptor: Int32, _ path: String) throws {
    guard fluoro_name(descriptor, path) == 0 else { throw StorageError.posix(errno, "create", path) }
  }

  /// Gives a file another name. - Returns: false when there is a file of that name; it stays as it is.
  static func renameToNew(_ path: String, _ name: String) throws -> Bool {
    if fluoro_rename_new(path, name) == 0 { return true }
    if errno == EEXIST { return false }
    // Not every file system can; each knows that a second name must be new.
    guard errno == EINVAL || errno == ENOSYS else { throw StorageError.posix(errno, "create", name) }
    guard link(path, name) == 0 else {
      if errno == EEXIST { return false }
      throw StorageError.posix(errno, "create", name)
    }
    unlink(path)
    return true
  }

  /// Makes one folder. - Returns: whether it is new.
  @discardableResult
  static func makeFolder(_ path: String, _ permissions: StoragePermissions) throws -> Bool {
    if mkdir(path, permissions.folder) != 0 {
      if errno == EEXIST { return false }
      throw StorageError.posix(errno, "create", path)
    }
    if let group = permissions.group {
      _ = chown(path, uid_t.max, group)
      _ = chmod(path, permissions.folder)
    }
    return true
  }

  /// Makes the folder and those above it that are missing; their names survive a power cut.
  static func makeFolders(_ path: String, _ permissions: StoragePermissions) throws {
    var information = stat()
    if stat(path, &information) == 0 { return }
    let parent = path.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
    let above = path.hasPrefix("/") ? "/" + parent : parent
    if !above.isEmpty, above != path { try makeFolders(above, .personal) }
    try makeFolder(path, permissions)
    try syncFolder(above.isEmpty ? "." : above)
  }

  /// The names in a folder, without `.` and `..`, in no order.
  static func names(in path: String) throws -> [String] {
    var result: [String] = []
    try forEachName(in: path) { result.append($0) }
    return result
  }

  static func forEachName(in path: String, _ body: (String) throws -> Void) throws {
    guard let folder = opendir(path) else { throw StorageError.posix(errno, "read", path) }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { try body(name) }
    }
  }

  static func information(_ path: String) throws -> stat {
    var result = stat()
    guard stat(path, &result) == 0 else { throw StorageError.posix(errno, "read", path) }
    return result
  }

  /// The folder that a path's last component is in.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isFolder(_ information: stat) -> Bool { information.st_mode & S_IFMT == S_IFDIR }

  static func isRegularFile(_ information: stat) -> Bool { information.st_mode & S_IFMT == S_IFREG }

  /// Seconds since 1970 of the last modification.
  static func modificationTime(_ information: stat) -> Double {
    #if canImport(Glibc)
      seconds(information.st_mtim)
    #else
      seconds(information.st_mtimespec)
    #endif
  }

  /// Seconds since 1970 of the last change, a new name included.
  static func changeTime(_ information: stat) -> Double {
    #if canImport(Glibc)
      seconds(information.st_ctim)
    #else
      seconds(information.st_ctimespec)
    #endif
  }

  /// Seconds since 1970, now.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return seconds(time)
  }

  private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }

  static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8] {
    let descriptor = try open(path, O_RDONLY)
    defer { close(descriptor) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while result.count < limit {
      let count = chunk.withUnsafeMutableBytes { readBytes(descriptor, into: $0) }
      if count < 0 { throw StorageError.posix(errno, "read", path) }
      if count == 0 { break }
      result += chunk.prefix(count)
    }
    return result
  }

  /// Reads until the buffer is full or the file ends. - Returns: the count, negative with `errno` set.
  static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = readBytes(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count < 0 { return count }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// `read`, again after EINTR. - Returns: the count, 0 at the end, negative with `errno` set.
  static func readBytes(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      #if canImport(Glibc)
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 || errno != EINTR { return count }
    }
  }
}
