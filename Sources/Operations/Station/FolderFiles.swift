#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files in a folder and in those below it, in the order of their paths. What is neither file nor folder is no file;
/// links to folders are not followed.
struct FolderFiles {
  private(set) var paths: [String] = []
  /// Folders that cannot be read, with the reason.
  private(set) var unreadable: [String] = []

  init(in folder: String) { read(folder.hasSuffix("/") ? folder : folder + "/") }

  /// - Parameter start: the folder's path, with a slash at its end.
  private mutating func read(_ start: String) {
    guard let folder = opendir(start) else { return fail(start.dropLast()) }
    // A folder's name with a slash behind it: so its files come where their paths belong.
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_REG), Int(DT_LNK): names.append(name)
      case Int(DT_DIR): names.append(name + "/")
      case Int(DT_UNKNOWN):
        // A file system that does not say.
        var information = stat()
        guard lstat(start + name, &information) == 0 else {
          fail(start + name)
          continue
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG, S_IFLNK: names.append(name)
        case S_IFDIR: names.append(name + "/")
        default: break
        }
      default: break
      }
    }
    if errno != 0 { fail(start.dropLast()) }
    closedir(folder)
    names.sort()
    for name in names {
      if name.utf8.last == UInt8(ascii: "/") { read(start + name) } else { paths.append(start + name) }
    }
  }

  private mutating func fail(_ path: some StringProtocol) {
    unreadable.append("\(path): \(String(cString: strerror(errno)))")
  }
}
