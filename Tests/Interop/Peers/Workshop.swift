import Foundation

/// A temporary folder, removed when the story ends, and the paths of what the stories need from outside.
final class Workshop: Sendable {
  let folder: URL

  /// - Parameter place: a folder that will do better than the one for temporary files, if it can be written.
  init(in place: String? = nil) throws {
    let temporary = FileManager.default.temporaryDirectory
    let parent = place.map { access($0, W_OK) == 0 ? URL(filePath: $0) : temporary } ?? temporary
    folder = parent.appending(path: "fluoro-interop-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// A path inside, not created.
  func path(_ name: String) -> String { folder.appending(path: name).path }

  /// A folder inside, created.
  func makeFolder(_ name: String) throws -> String {
    let path = path(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  /// All regular files below a folder.
  static func files(below folder: String) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: folder) else { return [] }
    return walk.compactMap { $0 as? String }.map { folder + "/" + $0 }.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  static let python = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../.build/venv/bin/python").standardized.path
  static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Python").standardized.path
  /// The binary that was built together with the tests: beside the test bundle.
  static let fluoro = URL(
    filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  )
  .deletingLastPathComponent().appending(path: "fluoro").path
}

struct PeerProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Asks again and again, 50 times a second, until `condition` answers something; real processes offer no other notice.
func eventually<Value>(
  within limit: Duration = .seconds(20), _ what: String, _ condition: () async throws -> Value?
) async throws -> Value {
  let end = ContinuousClock.now + limit
  while true {
    if let value = try await condition() { return value }
    guard ContinuousClock.now < end else { throw PeerProblem("not within \(limit): \(what)") }
    try await Task.sleep(for: .milliseconds(20))
  }
}
