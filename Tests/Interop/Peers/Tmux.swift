import Foundation

/// The real binary in a real terminal: a private tmux server with one window, in which a shell runs.
final class Tmux: Sendable {
  let workshop: Workshop
  private let socket: String

  /// Starts a shell of `columns` by `rows` with a prompt of its own.
  init(in workshop: Workshop, columns: Int = 100, rows: Int = 30, environment: [String: String] = [:]) async throws {
    self.workshop = workshop
    socket = workshop.path("tmux.socket")
    var variables = environment
    variables["LC_ALL"] = "C.UTF-8"
    let settings = variables.sorted { $0.key < $1.key }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
    try await command(
      ["-f", "/dev/null", "new-session", "-d", "-c", workshop.folder.path, "-x", String(columns), "-y", String(rows)]
        + settings
        + ["env", "PS1=shell$ ", "timeout", "--foreground", "150", "bash", "--norc", "--noprofile", "-i"])
    try await wait(for: "shell\\$")
  }

  deinit {
    // A private server ends with its only session; the shell in it is bounded as well.
    if let killer = try? Subprocess("/usr/bin/tmux", ["-S", socket, "kill-server"], in: workshop) {
      while killer.isRunning { usleep(1000) }
    }
  }

  /// Types a line into the shell, Enter included.
  func type(_ line: String) async throws {
    try await command(["send-keys", "-l", line])
    try await keys("Enter")
  }

  /// Presses keys, named as tmux names them: `e`, `Enter`, `C-c`.
  func keys(_ names: String...) async throws {
    for name in names { try await command(["send-keys", name]) }
  }

  func resize(columns: Int, rows: Int) async throws {
    try await command(["resize-window", "-x", String(columns), "-y", String(rows)])
  }

  /// The lines now shown.
  func screen() async throws -> String {
    try await command(["capture-pane", "-p"])
  }

  /// Waits until the screen matches the regular expression; answers the screen.
  @discardableResult
  func wait(for pattern: String, within limit: Duration = .seconds(20)) async throws -> String {
    let expression = try Regex(pattern)
    var last = ""
    do {
      return try await eventually(within: limit, pattern) {
        last = try await screen()
        return last.contains(expression) ? last : nil
      }
    } catch let problem as PeerProblem {
      throw PeerProblem("\(problem)\nthe screen shows:\n\(last)")
    }
  }

  /// What tmux knows of the terminal's state, for `#{…}` formats such as `alternate_on`.
  func state(_ formats: String...) async throws -> [String] {
    let format = formats.map { "#{\($0)}" }.joined(separator: " ")
    return try await command(["display-message", "-p", format]).split(whereSeparator: \.isWhitespace).map(String.init)
  }

  @discardableResult
  private func command(_ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
      "/usr/bin/tmux", ["-S", socket] + arguments, in: workshop, environment: ["TERM": "xterm-256color"])
    guard result.status == 0 else { throw PeerProblem("tmux \(arguments): \(result.errors)") }
    return result.output
  }
}
