import Foundation
import Glibc
import Synchronization

/// A program started by a story. It is ended by its process id, at the latest when this value goes; and should the test
/// process itself die, `timeout` ends it.
final class Subprocess: Sendable {
  struct Finished: Sendable {
    let status: Int32
    let output: String
    let errors: String
    let duration: Duration

    /// The JSON objects of an output with one a line.
    func objects() throws -> [[String: Any]] {
      try output.split(separator: "\n").map { line in
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
          throw PeerProblem("not a JSON object: \(line)")
        }
        return object
      }
    }
  }

  let identifier: Int32
  let name: String
  private let workshop: Workshop
  private let outputPath: String
  private let errorPath: String
  private let started = ContinuousClock.now
  private let end = Mutex<(status: Int32, at: ContinuousClock.Instant)?>(nil)

  /// - Parameter bound: it is ended after this, whatever happens.
  init(
    _ executable: String, _ arguments: [String], in workshop: Workshop, environment: [String: String] = [:],
    input: String? = nil, bound: Duration = .seconds(150)
  ) throws {
    let number = UUID().uuidString.prefix(8)
    name = URL(filePath: executable).lastPathComponent
    self.workshop = workshop
    outputPath = workshop.path("\(name)-\(number).out")
    errorPath = workshop.path("\(name)-\(number).err")
    for path in [outputPath, errorPath] { try Data().write(to: URL(filePath: path)) }

    let inputPath = workshop.path("\(name)-\(number).in")
    if let input { try Data(input.utf8).write(to: URL(filePath: inputPath)) }
    identifier = try spawn(
      [
        "/usr/bin/env", "--chdir=\(workshop.folder.path)", "timeout", "--foreground", "--kill-after=2",
        "\(bound.components.seconds)",
      ]
        + [executable] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      input: input == nil ? "/dev/null" : inputPath, output: outputPath,
      errors: errorPath)
  }

  deinit {
    signal(SIGTERM)
    // Gone or not, it is waited for; `timeout` kills what does not listen after two seconds.
    var status: Int32 = 0
    if isRunning { waitpid(identifier, &status, 0) }
  }

  var isRunning: Bool { ended() == nil }
  var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// Goes to `timeout`, which hands it on.
  func signal(_ number: Int32) {
    if isRunning { Glibc.kill(identifier, number) }
  }

  /// The process id of the program itself, which `timeout` has started.
  var program: Int32 {
    get async throws {
      let children = "/proc/\(identifier)/task/\(identifier)/children"
      return try await eventually("\(name) has been started") {
        try String(contentsOfFile: children, encoding: .utf8).split(separator: " ").first.flatMap { Int32($0) }
      }
    }
  }

  /// Kills the program itself, as a crash would, and waits until it is gone.
  func kill() async throws {
    Glibc.kill(try await program, SIGKILL)
    _ = try await finished(within: .seconds(10))
  }

  /// Its status (128 more than the signal that ended it) and when it was first seen to have ended; nil while it runs.
  private func ended() -> (status: Int32, at: ContinuousClock.Instant)? {
    end.withLock { end in
      var status: Int32 = 0
      if end == nil, waitpid(identifier, &status, WNOHANG) == identifier {
        end = (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F, ContinuousClock.now)
      }
      return end
    }
  }

  func finished(within limit: Duration = .seconds(60)) async throws -> Finished {
    let (status, at) = try await eventually(within: limit, "\(name) ends; it said: \(output)\(errors)") {
      ended()
    }
    return Finished(status: status, output: output, errors: errors, duration: at - started)
  }

  /// Ends it and waits for that.
  func stop() async {
    signal(SIGTERM)
    _ = try? await finished(within: .seconds(10))
  }

  /// Runs a program to its end.
  static func run(
    _ executable: String, _ arguments: [String], in workshop: Workshop, environment: [String: String] = [:],
    input: String? = nil, within limit: Duration = .seconds(60)
  ) async throws -> Finished {
    try await Subprocess(executable, arguments, in: workshop, environment: environment, input: input)
      .finished(within: limit)
  }
}
