import Foundation
import Glibc

/// Who listens on a TCP port of this machine, as far as Linux lets us see.
enum PortHolder {
  /// `orthanc (process 812)`, `a program of user root`; nil when it cannot be told.
  static func words(port: Int) -> String? {
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let (inode, user) = listener(on: port, in: table) else { continue }
      if let (name, process) = process(holding: inode) { return "\(name) (process \(process))" }
      let name = getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
      return "a program of user \(name)"
    }
    return nil
  }

  /// The socket's inode and its owner, from a table of proc(5): the local address is `HEX:PORT`, state `0A` listens.
  private static func listener(on port: Int, in table: String) -> (inode: String, user: uid_t)? {
    for line in contents(of: table).split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
        Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port, let user = uid_t(fields[7])
      else { continue }
      return (String(fields[9]), user)
    }
    return nil
  }

  /// Files under /proc give less than was asked for long before their end, which Foundation takes for the end.
  private static func contents(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 1 << 26 {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func process(holding inode: String) -> (name: String, process: Int)? {
    let files = FileManager.default
    for entry in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let process = Int(entry), let descriptors = try? files.contentsOfDirectory(atPath: "/proc/\(entry)/fd")
      else { continue }
      for descriptor in descriptors {
        let target = try? files.destinationOfSymbolicLink(atPath: "/proc/\(entry)/fd/\(descriptor)")
        guard target == "socket:[\(inode)]" else { continue }
        let name = files.contents(atPath: "/proc/\(entry)/comm").map { String(decoding: $0, as: UTF8.self) } ?? "?"
        return (name.trimmingCharacters(in: .whitespacesAndNewlines), process)
      }
    }
    return nil
  }
}
