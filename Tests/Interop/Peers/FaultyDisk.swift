import Foundation

/// A folder that a program finds full, or read-only, when a story says so: by system calls of that program that are answered
/// so. It needs no rights, and so it is tested everywhere; ``SmallDisk`` is the real thing.
final class FaultyDisk: Sendable {
  enum Fault: String { case full, readonly }

  let path: String
  private let library: String

  /// - Parameter name: of a database in the folder, where only that one is to be found so.
  init(in workshop: Workshop, database name: String? = nil) async throws {
    let folder = try workshop.makeFolder("disk")
    path = name.map { folder + "/" + $0 } ?? folder
    library = workshop.path("disk.so")
    let source = URL(filePath: Workshop.scripts).deletingLastPathComponent().appending(path: "Faults/disk.c").path
    let built = try await Subprocess.run(
      "/usr/bin/env", ["clang", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], in: workshop)
    guard built.status == 0 else { throw PeerProblem("clang: \(built.errors)") }
  }

  /// What a program is started under.
  var tracer: [String] { ["/usr/bin/env", "LD_PRELOAD=\(library)", "DISK=\(path)"] }

  func set(_ fault: Fault, _ isOn: Bool) throws {
    let flag = "\(path).\(fault.rawValue)"
    if isOn { try Data().write(to: URL(filePath: flag)) } else { try FileManager.default.removeItem(atPath: flag) }
  }
}
