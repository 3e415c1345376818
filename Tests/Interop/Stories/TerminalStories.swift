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

    private func openDemo() async throws -> Int32 {
      let identifier = try await terminal.open("\(Workshop.fluoro) demo")
      try await terminal.wait(for: "● receiving")
      return identifier
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
      try await terminal.expectClean("0")
    }

    @Test("killed amid a retrieve, it finds the job again, paused; p fetches what is missing and nothing twice")
    func killed() async throws {
      let files = try await Python.series(of: 20, in: workshop)
      let port = try Ports.free()
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: ["FLUORO": port], ["--slow-move", "0.3"])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let open = "\(Workshop.fluoro) --config \(fluoro.configurationPath)"
      try await terminal.type("sh -c 'echo $$ >pid; exec \(open)'; echo status=$?")
      try await terminal.wait(for: "receiving")
      try await terminal.keys(":")
      try await terminal.type("retrieve PACS StudyInstanceUID=2.25.4711.20.64")
      try await terminal.keys("4")
      try await terminal.wait(for: "C-MOVE .* [5-9]/20")
      let identifier = try String(contentsOfFile: workshop.path("pid"), encoding: .utf8)
      kill(try #require(Int32(identifier.trimmingCharacters(in: .newlines))), SIGKILL)
      try await terminal.wait(for: "status=137")

      // What the killed one drew is left on the terminal, and its modes.
      try await terminal.type("reset; clear; \(open); echo again=$?")
      try await terminal.wait(for: "1 job left unfinished before")
      let before = fluoro.files.count
      #expect((5..<20).contains(before), "what was acknowledged is here")
      try await terminal.keys("4")
      try await terminal.wait(for: "paused .*p goes on")
      try await terminal.keys("p")
      try await terminal.wait(for: "✓ done .*\(20 - before) instances,", within: .seconds(40))
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      try await terminal.keys("q", "q")
      try await terminal.wait(for: "again=0")
      let history = try await fluoro.run("history", "--json").objects().filter { $0["operation"] as? String == "move" }
      #expect(history.map { $0["received"] as? Int } == [20 - before], "what came before did not come again")
    }

    @Test("what a PACS says it has sent and what has arrived stand side by side, and the likely cause is said")
    func sideBySide() async throws {
      let files = try await Python.series(of: 20, in: workshop)
      let elsewhere = try await StoreSCP(in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: ["FLUORO": elsewhere.port], ["--slow-move", "0.4"])
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      try await terminal.type("\(Workshop.fluoro) --config \(fluoro.configurationPath)")
      try await terminal.wait(for: "receiving")
      try await terminal.keys(":")
      try await terminal.type("retrieve PACS StudyInstanceUID=2.25.4711.20.64")
      try await terminal.keys("4")
      try await terminal.wait(for: "[1-9]/20 sent · 0 arrived")
      try await terminal.wait(for: "none arrived here: check the\\s+address and\\s+port")
      try await terminal.keys("C-c", "C-c")
    }

    @Test("q, or Ctrl-C and y, or Ctrl-C twice end it", arguments: [["q"], ["C-c", "y"], ["C-c", "C-c"]])
    func leaving(keys: [String]) async throws {
      _ = try await openDemo()
      for key in keys {
        try await terminal.keys(key)
        // A question is answered by what is pressed after it was seen.
        if key == "C-c", keys.contains("y") { try await terminal.wait(for: "Quit fluoro\\?") }
      }
      try await terminal.expectClean("0")
    }

    @Test("INT asks as Ctrl-C does, and a second ends it")
    func interrupted() async throws {
      let identifier = try await openDemo()
      kill(identifier, SIGINT)
      try await terminal.wait(for: "Quit fluoro\\?")
      try await terminal.keys("n")
      try await terminal.waitUntilGone("Quit fluoro")
      // Two seconds later it would be the first again.
      kill(identifier, SIGINT)
      _ = try await eventually("the second INT ends it") {
        kill(identifier, SIGINT)
        return kill(identifier, 0) == 0 ? nil : true
      }
      try await terminal.expectClean("0")
    }

    @Test(
      "a signal ends it while something runs, a crash at any time: the terminal is clean",
      arguments: [SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGTRAP, SIGFPE])
    func signals(signal: Int32) async throws {
      let identifier = try await openDemo()
      try await terminal.keys("E")
      try await terminal.wait(for: "SILENT .* echo")
      kill(identifier, signal)
      let ends = [SIGTERM, SIGHUP, SIGQUIT].contains(signal)
      try await terminal.expectClean(ends ? "0" : "\(128 + signal)")
    }

    @Test("Ctrl-Z gives the terminal back, fg takes it again; TSTP from elsewhere asks while something runs")
    func suspending() async throws {
      let identifier = try await openDemo()
      try await terminal.keys("C-z")
      // The shell goes on with what stands behind the command.
      try await terminal.expectClean("148")
      try await terminal.type("clear; fg; echo status=$?")
      try await terminal.wait(for: "was suspended(.|\n)*SAMPLEPACS")
      try await terminal.keys("G", "e")
      try await terminal.wait(for: "SILENT .* echo")
      kill(identifier, SIGTSTP)
      try await terminal.wait(for: "Suspend\\?(.|\n)*C-ECHO · SILENT")
      try await terminal.keys("y")
      try await terminal.wait(for: "status=148")
      #expect(try await terminal.state("alternate_on", "cursor_flag") == ["0", "1"])
      try await terminal.type("clear; fg; echo status=$?")
      try await terminal.wait(for: "was suspended(.|\n)*SAMPLEPACS")
      try await terminal.keys("q", "y")
      try await terminal.wait(for: "status=0")
      try await terminal.expectClean("0")
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
      try await terminal.expectClean("0")
    }

    @Test("y copies into tmux's buffer, and shows what")
    func copying() async throws {
      _ = try await openDemo()
      try await terminal.keys("y")
      let screen = try await terminal.wait(for: "Copied: SAMPLEPACS@127\\.0\\.0\\.1:\\d+")
      let copied = try await terminal.buffer()
      #expect(copied.hasPrefix("SAMPLEPACS@127.0.0.1:") && screen.contains("Copied: \(copied)"))
      try await terminal.keys("q")
      try await terminal.expectClean("0")
    }

    @Test("NO_COLOR takes the colours, and leaves what is bold or reversed; a vt100 has none either")
    func colours() async throws {
      for (setting, isColoured) in [("env -u NO_COLOR", true), ("NO_COLOR=1", false), ("TERM=vt100", false)] {
        try await terminal.type("clear; \(setting) \(Workshop.fluoro) demo; echo status=$?")
        try await terminal.wait(for: "● receiving")
        let screen = try await terminal.screen(withStyles: true)
        #expect(
          screen.contains(try Regex("\u{1b}\\[[0-9;]*(3[0-7]|9[0-7])m")) == isColoured,
          "\(setting): \(screen.debugDescription)")
        #expect(screen.contains(try Regex("\u{1b}\\[[0-9;]*[17]m")), "\(setting)")
        try await terminal.keys("q")
        try await terminal.wait(for: "status=0")
      }
    }

    @Test("the theme follows the terminal's background, which it is asked for; a configured one stays as it is")
    func background() async throws {
      let configuration = workshop.path("dark.json")
      try #"{"Theme": "dark", "DicomPort": \#(try Ports.free()), "StorageDirectory": "dark"}"#
        .write(toFile: configuration, atomically: true, encoding: .utf8)
      // The name in the header is blue in the light theme and cyan in the dark one.
      for (background, open, color) in [
        ("white", "demo", 34), ("black", "demo", 36), ("white", "--config \(configuration)", 36),
      ] {
        try await terminal.set("window-style", "bg=\(background)")
        try await terminal.type("clear; env -u COLORFGBG -u NO_COLOR \(Workshop.fluoro) \(open); echo status=$?")
        try await terminal.wait(for: "● receiving")
        _ = try await eventually("\(color) on \(background)") {
          let screen = try await terminal.screen(withStyles: true)
          return screen.contains(try Regex("\u{1b}\\[[0-9;]*\(color)m fluoro ")) ? true : nil
        }
        try await terminal.keys("q")
        try await terminal.wait(for: "status=0")
      }
    }

    @Test("without colour, without UTF-8, or on an unknown terminal it still works")
    func poorTerminals() async throws {
      for setting in ["TERM=vt100", "LC_ALL=C", "TERM=no-such-terminal"] {
        try await terminal.type("clear; \(setting) \(Workshop.fluoro) demo; echo status=$?")
        try await terminal.wait(for: "modalities")
        if setting.contains("no-such") { try await terminal.wait(for: "no-such-terminal is unknown") }
        try await terminal.keys("e")
        try await terminal.wait(for: " up")
        try await terminal.keys("q")
        try await terminal.wait(for: "status=0")
      }
    }
  }
}
