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

  init(in folder: String) {
    read(folder)
    paths.sort()
  }

  private mutating func read(_ path: String) {
    guard let folder = opendir(path) else { return fail(path) }
    defer { closedir(folder) }
    let start = path.hasSuffix("/") ? path : path + "/"
    var below: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_REG), Int(DT_LNK): paths.append(start + name)
      case Int(DT_DIR): below.append(start + name)
      case Int(DT_UNKNOWN):
        // A file system that does not say.
        var information = stat()
        guard lstat(start + name, &information) == 0 else {
          fail(start + name)
          continue
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG, S_IFLNK: paths.append(start + name)
        case S_IFDIR: below.append(start + name)
        default: break
        }
      default: break
      }
    }
    if errno != 0 { fail(path) }
    for folder in below { read(folder) }
  }

  private mutating func fail(_ path: String) {
    unreadable.append("\(path): \(String(cString: strerror(errno)))")
  }
}
