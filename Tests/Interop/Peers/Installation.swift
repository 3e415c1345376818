import Foundation

/// One installed fluoro: the real binary, a configuration and a storage of its own.
final class Installation: Sendable {
  let workshop: Workshop
  let storage: String
  let configurationPath: String
  let port: Int
  let aeTitle: String

  /// - Parameter modalities: name to AE title and port on this machine.
  init(
    in workshop: Workshop, aeTitle: String = "FLUORO", port: Int? = nil,
    modalities: [String: (aeTitle: String, port: Int)] = [:], settings: [String: Any] = [:]
  ) throws {
    self.workshop = workshop
    self.aeTitle = aeTitle
    self.port = try port ?? Ports.free()
    let name = "fluoro-\(aeTitle)-\(self.port)"
    storage = workshop.path(name)
    var configuration: [String: Any] = [
      "DicomAet": aeTitle, "DicomPort": self.port, "DicomBindAddress": "127.0.0.1", "StorageDirectory": storage,
      "DicomModalities": modalities.mapValues { [$0.aeTitle, "127.0.0.1", $0.port] as [Any] },
    ]
    configuration.merge(settings) { $1 }
    let data = try JSONSerialization.data(withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
    configurationPath = workshop.path(name + ".json")
    try data.write(to: URL(filePath: configurationPath))
  }

  /// A home of its own, so that nothing of this machine's user plays in.
  static func home(in workshop: Workshop) -> [String: String] {
    let home = workshop.path("home")
    return [
      "HOME": home, "XDG_CONFIG_HOME": home + "/.config", "XDG_DATA_HOME": home + "/.local/share",
      "XDG_STATE_HOME": home + "/.local/state", "LC_ALL": "C.UTF-8",
    ]
  }

  var environment: [String: String] { Self.home(in: workshop) }

  /// - Parameter tracer: a command that runs another and watches it.
  func start(_ arguments: [String], input: String? = nil, under tracer: [String] = []) throws -> Subprocess {
    let command = tracer + [Workshop.fluoro, "--config", configurationPath] + arguments
    return try Subprocess(
      command[0], Array(command.dropFirst()), in: workshop, environment: environment, input: input)
  }

  /// Runs one command to its end.
  func run(_ arguments: String..., input: String? = nil) async throws -> Subprocess.Finished {
    try await start(arguments, input: input).finished()
  }

  /// `fluoro serve`, when it takes connections.
  func serve() async throws -> Subprocess {
    let server = try start(["serve"])
    try await Ports.awaitListening(port, server)
    return server
  }

  /// The DICOM files it holds.
  var files: [String] { Workshop.files(below: storage).filter { $0.hasSuffix(".dcm") } }

  /// The same as soon as there are as many as were sent, if ever: what has been acknowledged is safe in the journal, and its
  /// file may come a moment later.
  func files(for sent: [String]) async -> [String] {
    _ = try? await eventually(within: .seconds(5), "as many files") { files.count >= sent.count ? true : nil }
    return files
  }
}
