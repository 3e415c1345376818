import Foundation

/// A file system of a few megabytes in memory, mounted in a story's folder until this value goes.
final class SmallDisk: Sendable {
  let path: String

  /// - Returns: nil where this system lets nobody mount, which is said loudly.
  static func mount(in workshop: Workshop, megabytes: Int) async throws -> SmallDisk? {
    let path = try workshop.makeFolder("disk")
    let mounted = try await Subprocess.run(
      "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path], in: workshop)
    if mounted.status == 0 { return SmallDisk(path) }
    print(
      "SKIPPED: no file system can be mounted here (\(mounted.errors)); full and read-only disks were tested "
        + "only as system calls that fail")
    return nil
  }

  private init(_ path: String) { self.path = path }

  func setReadOnly(_ isReadOnly: Bool, in workshop: Workshop) async throws {
    let options = "remount,\(isReadOnly ? "ro" : "rw")"
    let done = try await Subprocess.run("/usr/bin/mount", ["-o", options, path], in: workshop)
    guard done.status == 0 else { throw PeerProblem("mount -o \(options): \(done.errors)") }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }
}
