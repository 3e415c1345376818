import Foundation
import Testing

/// The real binary in a real terminal: a private tmux server with one window, in which a shell runs.
final class Tmux: Sendable {
  let workshop: Workshop
  private let socket: String

  /// Starts a shell of `columns` by `rows` with a prompt of its own.
  init(
    in workshop: Workshop, columns: Int = 100, rows: Int = 30, environment: [String: String] = [:],
    name: String = "tmux"
  ) async throws {
    self.workshop = workshop
    socket = workshop.path("\(name).socket")
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

  /// Opens a program from the shell, which remembers how the terminal was set and tells the status at the end.
  ///
  /// - Parameter launcher: a command that starts it.
  /// - Returns: its process id.
  func open(_ command: String, through launcher: String = "") async throws -> Int32 {
    let file = workshop.path("pid-\(UUID().uuidString.prefix(8))")
    try await type("stty -g >before; \(launcher) sh -c 'echo $$ >\(file); exec \(command)'; echo status=$?")
    return try await eventually("the shell has started \(command)") {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8), text.hasSuffix("\n") else { return nil }
      return Int32(text.trimmingCharacters(in: .newlines))
    }
  }

  /// The shell is back, and everything about the terminal is as it was.
  func expectClean(_ status: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await wait(for: "status=\(status)\\s")
    // The main screen, the cursor shown, no application keys, no mouse.
    let flags = try await state("alternate_on", "cursor_flag", "keypad_cursor_flag", "mouse_any_flag")
    #expect(flags == ["0", "1", "0", "0"], sourceLocation: sourceLocation)
    try await type("clear; stty -g | cmp - before && echo 'terminal is as' before")
    try await wait(for: "terminal is as before")
  }

  /// Writes text as it is, without Enter.
  func write(_ text: String) async throws { try await command(["send-keys", "-l", text]) }

  /// Takes the terminal away from what runs in it.
  func kill() async throws { try await command(["kill-server"]) }

  /// Waits until the screen does not say that any more.
  func waitUntilGone(_ text: String) async throws {
    _ = try await eventually("\(text) is gone") { try await screen().contains(text) ? nil : true }
  }

  /// Presses keys, named as tmux names them: `e`, `Enter`, `C-c`.
  func keys(_ names: String...) async throws {
    for name in names { try await command(["send-keys", name]) }
  }

  /// Sets an option of every window, named as tmux names it.
  func set(_ option: String, _ value: String) async throws { try await command(["set-option", "-g", option, value]) }

  func resize(columns: Int, rows: Int) async throws {
    try await command(["resize-window", "-x", String(columns), "-y", String(rows)])
  }

  /// The lines now shown.
  /// - Parameter withStyles: with the escape sequences for colours and the like.
  func screen(withStyles: Bool = false) async throws -> String {
    try await command(["capture-pane", "-p"] + (withStyles ? ["-e"] : []))
  }

  /// What was copied last.
  func buffer() async throws -> String { try await command(["show-buffer"]) }

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
