import Foundation
import Testing

extension Interop {
  /// The real program in a real terminal, driven by keys.
  @Suite("In a terminal")
  struct TerminalStories {
    let workshop: Workshop
    let terminal: Tmux

    init() async throws {
      workshop = try Workshop()
      terminal = try await Tmux(in: workshop, environment: Installation.home(in: workshop))
    }

    /// Opens `fluoro demo` from the shell, which remembers how the terminal was set; answers the process id.
    private func openDemo() async throws -> Int32 {
      try await terminal.type("stty -g >before; sh -c 'echo $$ >pid; exec \(Workshop.fluoro) demo'; echo status=$?")
      try await terminal.wait(for: "modalities")
      return try #require(
        Int32(try String(contentsOfFile: workshop.path("pid"), encoding: .utf8).trimmingCharacters(in: .newlines)))
    }

    /// The shell is back, and everything about the terminal is as it was.
    private func expectCleanTerminal(_ status: String) async throws {
      try await terminal.wait(for: "status=\(status)\\s")
      let flags = try await terminal.state("alternate_on", "cursor_flag", "keypad_cursor_flag", "mouse_any_flag")
      #expect(flags == ["0", "1", "0", "0"])
      try await terminal.type("clear; stty -g | cmp - before && echo 'terminal is as' before")
      try await terminal.wait(for: "terminal is as before")
    }

    @Test("e, Enter, Enter, m, 3: echo, query, retrieve, and the study is here")
    func story() async throws {
      _ = try await openDemo()
      try await terminal.keys("e")
      try await terminal.wait(for: "SAMPLEPACS +● up")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "Patient name")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "12 studies(.|\n)*DOE, JANE .*○ none")
      try await terminal.keys("m")
      try await terminal.wait(for: "DOE, JANE .*● all")
      try await terminal.keys("3")
      try await terminal.wait(for: "1 study(.|\n)*DOE, JANE")
      try await terminal.keys(":")
      try await terminal.type("quit")
      try await expectCleanTerminal("0")
    }

    @Test("Ctrl-C twice ends it")
    func interrupt() async throws {
      _ = try await openDemo()
      try await terminal.keys("C-c", "C-c")
      try await expectCleanTerminal("\\d+")
    }

    @Test("a signal leaves the terminal clean", arguments: [SIGTERM, SIGHUP, SIGSEGV, SIGABRT])
    func signals(signal: Int32) async throws {
      let identifier = try await openDemo()
      kill(identifier, signal)
      try await expectCleanTerminal(signal == SIGSEGV || signal == SIGABRT ? "\(128 + signal)" : "\\d+")
    }

    @Test("a small terminal, and one that grows, are drawn to their edges")
    func resizing() async throws {
      _ = try await openDemo()
      for (columns, rows) in [(40, 10), (20, 4), (160, 40), (80, 24)] {
        try await terminal.resize(columns: columns, rows: rows)
        _ = try await eventually("a screen of \(columns) by \(rows)") {
          let screen = try await terminal.screen()
          return screen.contains("modalit") && !screen.contains("shell$") ? true : nil
        }
      }
      try await terminal.keys("q")
      try await expectCleanTerminal("0")
    }

    @Test("without colour, without UTF-8, or on an unknown terminal it still works")
    func poorTerminals() async throws {
      for setting in ["TERM=vt100", "LC_ALL=C", "TERM=no-such-terminal"] {
        try await terminal.type("clear; \(setting) \(Workshop.fluoro) demo; echo status=$?")
        try await terminal.wait(for: "modalities")
        try await terminal.keys("e")
        try await terminal.wait(for: " up")
        try await terminal.keys("q")
        try await terminal.wait(for: "status=0")
      }
    }
  }
}
