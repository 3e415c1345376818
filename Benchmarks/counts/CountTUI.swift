import CNCurses
import Glibc
import Operations

/// What `counts.py` counts in `TUI`: `draw COUNT` presses so many keys in the list of the studies on this machine and draws the
/// frame after each, 120 by 40 cells; `show COUNT` lets curses show it as well, on a terminal that is not there.
@main
enum FrameCounts {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2, let count = Int(arguments[2]) else { return print("usage: draw|show COUNT") }
    let size = Size(rows: 40, columns: 120)
    var model = Model(world: World(size: size, modalities: []))
    let now = ContinuousClock.now
    let clock = 1_710_504_000
    var effects = model.start(at: now, clock: clock)
    effects += model.update(.input(.key("3")), at: now, clock: clock)
    for case .page(let order) in effects {
      let page = Message.LocalPage(
        token: order.token, records: (0..<order.limit).map(record), offset: 0, isLast: true, total: order.limit)
      _ = model.update(.page(page), at: now, clock: clock)
    }
    var screen: CursesScreen?
    if arguments[1] == "show" {
      setlocale(LC_ALL, "C.UTF-8")
      let device = fopen("/dev/null", "r+")
      guard newterm("xterm-256color", device, device) != nil else { return print("curses knows no xterm-256color") }
      resizeterm(Int32(size.rows), Int32(size.columns))
      screen = CursesScreen(theme: Theme(name: .dark), isUTF8: true)
    }
    var frames: Set<String> = []
    for number in 0..<count {
      _ = model.update(.input(.key(number / 100 % 2 == 0 ? "j" : "k")), at: now, clock: clock)
      let canvas = model.draw()
      screen?.show(canvas)
      model.seen()
      // That the key moved something, and where one looks the studies are.
      if number < 2 { frames.insert(canvas.lines.joined()) }
    }
    if screen != nil { endwin() }
    print(count, frames.count, frames.allSatisfy { $0.contains("Garcia") })
  }

  private static func record(_ number: Int) -> Record {
    Record(
      id: "\(number)", level: .study,
      [
        .patientName: number % 3 == 0 ? "Garcia^Clara" : "Müller^Jörg \(number)", .patientID: "P\(number)",
        .patientBirthDate: "19700101", .studyDate: "202401\(10 + number % 20)", .studyTime: "101112",
        .studyDescription: "Thorax and abdomen", .accessionNumber: "A\(number)",
        .studyInstanceUID: "1.2.826.0.1.3680043.10.1521.7.\(number)",
      ])
  }
}
