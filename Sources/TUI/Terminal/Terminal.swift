import CNCurses
import Glibc

/// The terminal we were started in: its modes, its size, the signals that concern it. Main thread only.
final class Terminal {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT]
  private static let bracketedPasteOn = "\u{1b}[?2004h"
  private static let mouseOn = "\u{1b}[?1000h\u{1b}[?1006h"
  private static let modesOff = "\u{1b}[?1006l\u{1b}[?1000l\u{1b}[?2004l"
  /// Mouse and paste marks off, keypad off, cursor on, attributes off, back from the alternate screen.
  private static let restoration = modesOff + "\u{1b}[?1l\u{1b}>\u{1b}[?25h\u{1b}[0m\u{1b}[?1049l\r\n"

  let input: Int32 = 0
  let output: Int32 = 1
  let signalDescriptor: Int32
  /// Whether the locale says UTF-8; otherwise everything is drawn in ASCII.
  let isUTF8: Bool
  /// The TERM nobody knows, when the fallback had to be taken.
  let unknownType: String?

  /// Whether it may be asked for its colours. The console of Linux takes the question for a change of its palette, or
  /// prints it.
  let answersColors: Bool

  private let screen: OpaquePointer
  private let original: termios
  private var diversion: StandardErrorDiversion?

  /// Blocks the signals we read from a descriptor. Before any thread starts: each inherits the mask, and a signal for
  /// the process goes to whichever thread has it unblocked.
  static func blockSignals() {
    var mask = signalMask
    pthread_sigmask(SIG_BLOCK, &mask, nil)
  }

  private static var signalMask: sigset_t {
    var mask = sigset_t()
    sigemptyset(&mask)
    for signal in signals { sigaddset(&mask, signal) }
    return mask
  }

  private let usesMouse: Bool

  /// - Parameter mouse: whether clicks and the wheel are reported; selecting text by the mouse then takes Shift.
  init(mouse: Bool = false) throws(Failure) {
    usesMouse = mouse
    guard isatty(input) == 1, isatty(output) == 1 else {
      throw Failure(description: "fluoro needs a terminal; its subcommands (fluoro --help) do not")
    }
    Self.blockSignals()
    var mask = Self.signalMask
    signalDescriptor = fluoro_signalfd(&mask)
    guard signalDescriptor >= 0 else { throw Failure(description: "cannot read signals: \(Self.reason)") }
    var modes = termios()
    tcgetattr(input, &modes)
    original = modes
    setlocale(LC_ALL, "")
    isUTF8 = String(cString: nl_langinfo(Int32(CODESET))) == "UTF-8"
    guard let out = fdopen(dup(output), "w"), let input = fdopen(dup(input), "r") else {
      throw Failure(description: "cannot open the terminal: \(Self.reason)")
    }
    let type = getenv("TERM").map { String(cString: $0) } ?? ""
    answersColors = !type.hasPrefix("linux")
    if let screen = Self.canMoveCursor(type, output) ? newterm(type, out, input) : nil {
      self.screen = screen
      unknownType = nil
    } else if let screen = newterm("xterm-256color", out, input) {
      self.screen = screen
      unknownType = type.isEmpty ? "(none)" : type
    } else {
      throw Failure(
        description: "curses knows neither this terminal (TERM=\(type)) nor xterm-256color; install ncurses-base")
    }
    diversion = StandardErrorDiversion()
    CrashGuard.install(
      descriptor: output, modes: original, bytes: Self.restoration, log: diversion?.file ?? -1,
      standardError: diversion?.saved ?? -1)
    setModes()
  }

  /// Whether a screen can be drawn on it at all. curses would draw on one that cannot, all on one line.
  private static func canMoveCursor(_ type: String, _ output: Int32) -> Bool {
    var error: Int32 = 0
    guard !type.isEmpty, setupterm(type, output, &error) == OK else { return false }
    return hasCapability("cup")
  }

  private static func hasCapability(_ name: String) -> Bool {
    var name = Array(name.utf8CString)
    // tigetstr gives nil where there is none, and -1 where it is no text at all.
    guard let text = tigetstr(&name) else { return false }
    return Int(bitPattern: text) != -1
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private func setModes() {
    raw()
    noecho()
    nonl()
    // Input is decoded by ourselves; this only makes the terminal send its application keys.
    keypad(fluoro_stdscr(), true)
    curs_set(0)
    write(Self.bracketedPasteOn + (usesMouse ? Self.mouseOn : ""))
  }

  /// Bytes straight to the terminal, after what curses has sent.
  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
      if count <= 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// nil while the terminal does not know, as some do in the middle of a resize.
  var size: Size? {
    var rows: Int32 = 0
    var columns: Int32 = 0
    guard fluoro_window_size(output, &rows, &columns) == 0, rows > 0, columns > 0 else { return nil }
    return Size(rows: Int(rows), columns: Int(columns))
  }

  /// Tells curses the size there is now.
  func adoptSize() -> Size {
    let size = size ?? Size(rows: 24, columns: 80)
    resizeterm(Int32(size.rows), Int32(size.columns))
    return size
  }

  enum Read {
    case bytes([UInt8])
    case nothing
    /// The terminal is gone.
    case lost
  }

  func read() -> Read {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(input, &buffer, buffer.count)
    if count > 0 { return .bytes(Array(buffer.prefix(count))) }
    return count < 0 && (errno == EINTR || errno == EAGAIN) ? .nothing : .lost
  }

  func readSignals() -> [Int32] {
    var signals: [Int32] = []
    var info = signalfd_siginfo()
    while Glibc.read(signalDescriptor, &info, MemoryLayout<signalfd_siginfo>.size)
      == MemoryLayout<signalfd_siginfo>.size
    {
      signals.append(Int32(info.ssi_signo))
    }
    return signals
  }

  /// Stops, as Ctrl-Z does in a shell, and comes back; how long that took.
  func suspend() -> Duration {
    let start = ContinuousClock.now
    write(Self.modesOff)
    def_prog_mode()
    endwin()
    signal(SIGTSTP, SIG_DFL)
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, SIGTSTP)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    // The whole group: what started us (make, a script) must stop too, or the shell never comes back.
    kill(0, SIGTSTP)
    pthread_sigmask(SIG_BLOCK, &mask, nil)
    resume()
    return start.duration(to: .now)
  }

  /// Takes the terminal again after somebody else had it.
  func resume() {
    reset_prog_mode()
    setModes()
    clearok(fluoro_stdscr(), true)
    wrefresh(fluoro_stdscr())
  }

  /// Gives the terminal back as it was, and prints what went to standard error meanwhile.
  func close() {
    write(Self.modesOff)
    curs_set(1)
    // A terminal with no other screen to go back to would keep ours, and the shell would write over it.
    if !Self.hasCapability("rmcup") {
      werase(fluoro_stdscr())
      wrefresh(fluoro_stdscr())
    }
    endwin()
    var modes = original
    tcsetattr(input, TCSANOW, &modes)
    CrashGuard.remove()
    delscreen(screen)
    Glibc.close(signalDescriptor)
    diversion?.end()
    diversion = nil
  }
}
