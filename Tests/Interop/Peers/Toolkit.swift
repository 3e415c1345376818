import Foundation

/// The programs of DCMTK.
enum Toolkit {
  /// `TCP_NODELAY=1` keeps DCMTK's own waits of 40 ms out of our time.
  static let environment = ["TCP_NODELAY": "1"]

  /// Runs one of its clients: `echoscu`, `findscu`, `movescu`, `storescu`.
  static func run(_ tool: String, _ arguments: [String], in workshop: Workshop) async throws -> Subprocess.Finished {
    try await Subprocess.run("/usr/bin/" + tool, arguments, in: workshop, environment: environment)
  }
}

/// One of DCMTK's storage servers, storescp or dcmrecv, writing what it gets into a folder.
final class StoreSCP: Sendable {
  let port: Int
  let folder: String
  let aeTitle = "STORESCP"
  let process: Subprocess

  init(
    in workshop: Workshop, program: String = "storescp", port: Int? = nil, _ options: [String] = []
  ) async throws {
    self.port = try port ?? Ports.free()
    folder = try workshop.makeFolder("\(program)-\(self.port)")
    process = try Subprocess(
      "/usr/bin/\(program)", options + ["--output-directory", folder, "--aetitle", aeTitle, String(self.port)],
      in: workshop,
      environment: Toolkit.environment)
    try await Ports.awaitListening(self.port, process)
  }

  var files: [String] { Workshop.files(below: folder) }
}

/// DCMTK's query/retrieve server over a folder.
final class QueryRetrieveSCP: Sendable {
  let port: Int
  let aeTitle = "DCMQRSCP"
  let process: Subprocess

  /// - Parameter hosts: the move destinations it knows; anyone may ask.
  init(
    in workshop: Workshop, hosts: [String: (aeTitle: String, port: Int)], files: [String], _ options: [String] = []
  ) async throws {
    port = try Ports.free()
    let folder = try workshop.makeFolder("dcmqrscp-\(port)")
    let table = hosts.sorted { $0.key < $1.key }
      .map { "\($0.key) = (\($0.value.aeTitle), 127.0.0.1, \($0.value.port))" }
    let configuration = """
      NetworkTCPPort = \(port)
      MaxPDUSize = 131072
      MaxAssociations = 16
      HostTable BEGIN
      \(table.joined(separator: "\n"))
      HostTable END
      VendorTable BEGIN
      VendorTable END
      AETable BEGIN
      \(aeTitle) \(folder) RW (200, 1024mb) ANY
      AETable END

      """
    let path = try workshop.write(configuration, to: "dcmqrscp-\(port).cfg")
    if !files.isEmpty {
      let indexed = try await Toolkit.run("dcmqridx", [folder] + files, in: workshop)
      guard indexed.status == 0 else { throw PeerProblem("dcmqridx: \(indexed.errors)") }
    }
    process = try Subprocess(
      "/usr/bin/dcmqrscp", options + ["--config", path], in: workshop, environment: Toolkit.environment)
    try await Ports.awaitListening(port, process)
  }
}
