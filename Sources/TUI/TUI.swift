import Dispatch
import Glibc
import Operations

/// The ncurses front end.
public enum TUI {
  /// Call first in `main`, before anything that starts a thread: the signals the loop reads must be blocked in all of them.
  public static func prepare() { Terminal.blockSignals() }

  /// Shows the station until the person quits; then ends what runs in good order.
  ///
  /// Called from a synchronous `main`: the loop waits in `poll` on the calling thread, and anything bound to the main
  /// actor would never run. Call ``prepare()`` before the station is made.
  /// - Parameter keepsJobs: what is left unfinished comes back at the next start; false where the storage is temporary.
  /// - Returns: the exit status.
  public static func run(station: Station, keepsJobs: Bool = true) -> Int32 {
    let terminal: Terminal
    do {
      terminal = try Terminal(mouse: station.configuration.mouse)
    } catch {
      complain("\(error)")
      return 2
    }
    let name = station.configuration.theme.flatMap { Theme.Name(rawValue: $0.rawValue) } ?? .ofTerminal
    let screen = CursesScreen(theme: Theme(name: name ?? .dark), isUTF8: terminal.isUTF8)
    let mailbox = Mailbox()
    let effects = Effects(station: station, mailbox: mailbox, keepsJobs: keepsJobs)
    var model = Model(
      world: World(
        modalities: station.configuration.modalities.map {
          Views.modality($0, station.configuration)
        }))
    model.world.keys = KeyChoice(station.configuration.keys)
    let warnings = station.configuration.warnings + model.world.keys.complaints
    if !warnings.isEmpty {
      model.notice = Notice(words: warnings.joined(separator: "\n"), role: .warning, until: .now + .seconds(30))
    } else if let type = terminal.unknownType {
      model.notice = Notice(
        words: "The terminal type \(type) is unknown or cannot place a cursor; drawing as for xterm-256color.",
        role: .warning,
        until: .now + .seconds(15))
    }
    effects.begin()
    EventLoop(
      model: model, terminal: terminal, screen: screen, mailbox: mailbox,
      asksBackground: name == nil && screen.hasColors && terminal.answersColors, perform: effects.perform
    ).run()
    terminal.close()
    effects.end()
    shutdown(station)
    return 0
  }

  /// How many columns the text takes in a terminal.
  public static func width(of text: String) -> Int { CellText.width(text) }

  /// At most so many columns of the text, as the lists show it: what does not fit is left out at its end, or in its middle, and
  /// `…` stands there.
  public static func cut(_ text: String, to columns: Int, losesMiddle: Bool) -> String {
    guard width(of: text) > columns else { return text }
    return CellText.fit(text, columns, .text, losesMiddle ? .identifier : .left).map(\.string).joined()
  }

  /// C-CANCEL, release, files complete; said when it takes a moment.
  private static func shutdown(_ station: Station) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      await station.shutdown()
      done.signal()
    }
    if done.wait(timeout: .now() + .milliseconds(300)) == .success { return }
    complain("Ending what is running: cancelling, releasing, completing files.")
    done.wait()
  }

  private static func complain(_ words: String) {
    let line = Array("\(words)\n".utf8)
    _ = write(2, line, line.count)
  }
}
