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

/// DCMTK's worklist server, over files made from text.
final class WorklistSCP: Sendable {
  let port: Int
  let aeTitle = "WORKLIST"
  let process: Subprocess

  init(
    in workshop: Workshop, entries: [(name: String, id: String, modality: String, date: String, description: String)]
  ) async throws {
    port = try Ports.free()
    let folder = try workshop.makeFolder("worklist-\(port)")
    let own = try workshop.makeFolder("worklist-\(port)/\(aeTitle)")
    try workshop.write("", to: "worklist-\(port)/\(aeTitle)/lockfile")
    for (number, entry) in entries.enumerated() {
      let text = """
        (0008,0050) SH [A\(number)]
        (0010,0010) PN [\(entry.name)]
        (0010,0020) LO [\(entry.id)]
        (0020,000d) UI [2.25.4713.\(number + 1)]
        (0032,1060) LO [\(entry.description)]
        (0040,0100) SQ (Sequence with undefined length)
        (fffe,e000) na (Item with undefined length)
        (0008,0060) CS [\(entry.modality)]
        (0040,0001) AE [SCANNER]
        (0040,0002) DA [\(entry.date)]
        (0040,0003) TM [0815]
        (0040,0006) PN [DOC^TOR]
        (0040,0007) LO [\(entry.description)]
        (0040,0009) SH [S\(number)]
        (fffe,e00d) na (ItemDelimitationItem)
        (fffe,e0dd) na (SequenceDelimitationItem)
        (0040,1001) SH [R\(number)]

        """
      let dump = try workshop.write(text, to: "worklist-\(port)-\(number).txt")
      let made = try await Toolkit.run("dump2dcm", [dump, "\(own)/\(number).wl"], in: workshop)
      guard made.status == 0 else { throw PeerProblem("dump2dcm: \(made.errors)") }
    }
    process = try Subprocess(
      "/usr/bin/wlmscpfs", ["--data-files-path", folder, String(port)], in: workshop, environment: Toolkit.environment)
    try await Ports.awaitListening(port, process)
  }
}
