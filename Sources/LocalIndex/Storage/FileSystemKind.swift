#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Tells file systems of other machines, on which SQLite's locks and shared memory do not hold.
enum FileSystemKind {
  /// Not `9p`: sandboxes show their local disk as that.
  static let networkTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "ocfs2", "gfs2", "beegfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "webdav", "afpfs",
  ]

  /// The type of the network file system that holds `path`; nil when it is a local one.
  static func networkType(of path: String) -> String? {
    #if os(Linux)
      guard let table = try? Posix.read("/proc/self/mountinfo", limit: 1 << 22),
        let resolved = resolve(path),
        let type = type(of: resolved, mountTable: String(decoding: table, as: UTF8.self))
      else { return nil }
      return networkTypes.contains(type) ? type : nil
    #else
      var information = statfs()
      guard statfs(path, &information) == 0, information.f_flags & UInt32(MNT_LOCAL) == 0 else { return nil }
      return withUnsafeBytes(of: &information.f_fstypename) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    #endif
  }

  /// The type of the mount that holds an absolute path, from a table in the format of proc(5)'s mountinfo: the longest
  /// mount point wins, of equal ones the last, which covers the others.
  static func type(of path: String, mountTable: String) -> String? {
    var best = (length: -1, type: String?.none)
    for line in mountTable.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 1 < fields.endIndex else { continue }
      let point = unescape(fields[4])
      let holds = point == "/" || path == point || path.hasPrefix(point + "/")
      if holds, point.utf8.count >= best.length { best = (point.utf8.count, String(fields[dash + 1])) }
    }
    return best.type
  }

  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The kernel writes space, tab, line end and backslash in a mount point as three octal digits.
  private static func unescape(_ field: Substring) -> String {
    guard field.contains("\\") else { return String(field) }
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
