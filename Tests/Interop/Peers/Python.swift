import Foundation

/// The scripts beside the stories, run by the environment `make` prepared.
enum Python {
  static func run(_ script: String, _ arguments: [String], in workshop: Workshop) async throws -> Subprocess.Finished {
    try await Subprocess.run(Workshop.python, ["\(Workshop.scripts)/\(script)"] + arguments, in: workshop)
  }

  /// The CT and MR files of the pydicom package, each with a SOP instance UID of its own, as `files.py` chooses them.
  static func testFiles(in workshop: Workshop) async throws -> [String] {
    try await paths("files.py", [try workshop.makeFolder("files")], in: workshop)
  }

  /// A synthetic CT study of one series, as `series.py` makes it.
  static func series(of count: Int, rows: Int = 64, in workshop: Workshop) async throws -> [String] {
    try await paths(
      "series.py", [try workshop.makeFolder("series-\(count)"), String(count), String(rows)], in: workshop)
  }

  /// One study of many SOP classes and transfer syntaxes, as `mixed.py` makes it.
  static func mixedStudy(withPrivateClass: Bool = false, in workshop: Workshop) async throws -> [String] {
    try await paths(
      "mixed.py", [try workshop.makeFolder("mixed")] + (withPrivateClass ? ["--private"] : []), in: workshop)
  }

  static func paths(_ script: String, _ arguments: [String], in workshop: Workshop) async throws -> [String] {
    let listed = try await run(script, arguments, in: workshop)
    guard listed.status == 0 else { throw PeerProblem("\(script): \(listed.errors)") }
    return listed.output.split(separator: "\n").map(String.init)
  }

  /// What differs between the data sets of two sets of files, matched by SOP instance, one sentence each; empty when
  /// they are equal element by element. Judged by pydicom alone.
  static func differences(
    between expected: [String], and actual: [String], in workshop: Workshop
  ) async throws -> [String] {
    let lists = try [expected, actual].enumerated().map { index, files in
      try workshop.write(files.joined(separator: "\n"), to: "compare-\(UUID().uuidString.prefix(8))-\(index)")
    }
    let compared = try await run("compare.py", lists, in: workshop)
    if compared.status > 1 { throw PeerProblem("compare.py: \(compared.errors)") }
    return compared.output.split(separator: "\n").map(String.init)
  }

  /// The same for what a fluoro holds, as soon as it holds as many.
  static func differences(
    between sent: [String], and fluoro: Installation, in workshop: Workshop
  ) async throws -> [String] {
    try await differences(between: sent, and: fluoro.files(for: sent), in: workshop)
  }
}

/// A query/retrieve server written with pynetdicom.
final class PynetdicomPACS: Sendable {
  let port: Int
  let aeTitle = "PYNETDICOM"
  let process: Subprocess

  /// - Parameter options: see `pacs.py`.
  init(
    in workshop: Workshop, files: [String] = [], destinations: [String: Int] = [:], _ options: [String] = []
  ) async throws {
    port = try Ports.free()
    let known = destinations.sorted { $0.key < $1.key }.flatMap { ["--destination", "\($0.key)=\($0.value)"] }
    process = try Subprocess(
      Workshop.python, ["\(Workshop.scripts)/pacs.py"] + known + options + [String(port), aeTitle] + files, in: workshop
    )
    try await Ports.awaitListening(port, process)
  }
}
