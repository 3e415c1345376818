import CNCurses
import Glibc
import Testing

@testable import TUI

/// curses keeps one screen for the process: these tests run one after the other, and nobody else draws.
@Suite("The curses screen", .serialized)
struct CursesScreenTests {
  private func withScreen(
    _ theme: Theme.Name = .dark, isUTF8: Bool = true, type: String = "xterm-256color",
    on file: UnsafeMutablePointer<FILE>? = nil, _ body: (CursesScreen) throws -> Void
  ) throws {
    setlocale(LC_ALL, "C.UTF-8")
    let device = try #require(file ?? fopen("/dev/null", "r+"))
    let screen = try #require(newterm(type, device, device))
    resizeterm(10, 40)
    defer {
      endwin()
      delscreen(screen)
      fclose(device)
    }
    try body(CursesScreen(theme: Theme(name: theme), isUTF8: isUTF8))
  }

  private func text(_ row: Int) -> String {
    var text = ""
    var column = 0
    while column < 40 {
      var scalars = [wchar_t](repeating: 0, count: 7)
      var attributes: attr_t = 0
      var pair: Int16 = 0
      _ = fluoro_get_cell(fluoro_stdscr(), Int32(row), Int32(column), &scalars, &attributes, &pair)
      let read = scalars.prefix { $0 != 0 }.compactMap { Unicode.Scalar(UInt32(bitPattern: $0)) }
      text.unicodeScalars.append(contentsOf: read)
      column += max(1, CellText.width(String(String.UnicodeScalarView(read))))
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  private func canvas(_ lines: [String]) -> Canvas {
    var canvas = Canvas(Size(rows: 10, columns: 40))
    for (row, line) in lines.enumerated() { canvas.put(StyledText(line), canvas.area.line(row)) }
    return canvas
  }

  @Test("What is on the canvas is on the screen, wide and combining text in its cells")
  func shows() throws {
    try withScreen { screen in
      screen.show(canvas(["Yamada (山田 太郎) 김희중 │", "e\u{301}te\u{301} …"]))
      #expect(text(0) == "Yamada (山田 太郎) 김희중 │")
      #expect(text(1) == "e\u{301}te\u{301} …")
    }
  }

  @Test("The next canvas replaces the last, wide cells and all")
  func replaces() throws {
    try withScreen { screen in
      screen.show(canvas(["山田太郎山田太郎", "kept", "gone"]))
      screen.show(canvas(["x山田太郎山田太", "kept"]))
      #expect(text(0) == "x山田太郎山田太")
      #expect(text(1) == "kept")
      #expect(text(2) == "")
      screen.show(canvas(["ab", "kept"]))
      #expect(text(0) == "ab")
    }
  }

  @Test("Random canvases in a row: the screen is always the last one")
  func random() throws {
    let pieces = ["a", "山", "e\u{301}", " ", "…", "김", "─"]
    try withScreen { screen in
      for _ in 0..<200 {
        let line = (0..<30).map { _ in pieces.randomElement() ?? "" }.joined()
        let shown = canvas([line])
        screen.show(shown)
        #expect(text(0) == shown.text(0))
      }
    }
  }

  @Test("Without UTF-8 everything is ASCII and stays in its columns")
  func ascii() throws {
    try withScreen(isUTF8: false) { screen in
      screen.show(canvas(["● up │ 山田 x"]))
      #expect(text(0) == "o up | ???? x")
    }
  }

  @Test("Without UTF-8 too, done, failed, arrived and the two orders are told apart")
  func asciiSigns() throws {
    try withScreen(isUTF8: false) { screen in
      let signs = ["✓", "✗", "–", "↓", "▲", "▼", "●", "◐", "○", "›"]
      screen.show(canvas(signs))
      let drawn = signs.indices.map(text)
      #expect(Set(drawn).count == signs.count && !drawn.contains("?"), "\(drawn)")
    }
  }

  @Test("The row under the cursor can be told without colour")
  func monochrome() throws {
    try withScreen(.monochrome) { screen in
      var canvas = canvas(["one", "two"])
      canvas.select(canvas.area.line(1))
      screen.show(canvas)
      var scalars = [wchar_t](repeating: 0, count: 7)
      var attributes: attr_t = 0
      var pair: Int16 = 0
      _ = fluoro_get_cell(fluoro_stdscr(), 1, 0, &scalars, &attributes, &pair)
      #expect(attributes & fluoro_attribute_reverse() != 0)
      #expect(pair == 0)
    }
  }

  /// What the terminal is sent for a list, and then for a step of it down and one up.
  private func scroll(_ type: String) throws -> (whole: Int, down: Int, up: Int) {
    let words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"]
    let file = try #require(tmpfile())
    var sent: [Int] = []
    try withScreen(type: type, on: file) { screen in
      for top in [0, 1, 0] {
        let rows = (top..<top + 7).map { row in
          (0..<5).map { words[(row * 2 + $0) % words.count] }.joined(separator: " ")
        }
        let before = ftell(file)
        screen.show(canvas(["header", "NAME"] + rows + ["footer"]))
        fflush(file)
        sent.append(ftell(file) - before)
        #expect(text(2) == rows[0])
      }
    }
    return (sent[0], sent[1], sent[2])
  }

  @Test(
    "A list that scrolls is moved by the terminal and not written again",
    arguments: ["xterm-256color", "tmux-256color", "screen-256color", "linux", "vt100"])
  func scrolls(_ type: String) throws {
    let sent = try scroll(type)
    #expect(sent.down < 80 && sent.up < 80, "\(sent)")
    // One that has no scrolling region gets every row, and shows what that takes.
    let poor = try scroll("vt52")
    #expect(poor.down > 160 && poor.up > 160, "\(poor)")
  }

  @Test("Our widths are the C library's, or the cell is replaced")
  func widths() throws {
    setlocale(LC_ALL, "C.UTF-8")
    var different: [String] = []
    for value in UInt32(0xa0)...0x1ffff {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let cells = CellText.fit(String(scalar), 2)
      guard cells[0].scalar == value, cells[0].width > 0 else { continue }
      let theirs = wcwidth(wchar_t(bitPattern: value))
      if theirs > 0, theirs != Int32(cells[0].width) { different.append(String(value, radix: 16)) }
    }
    #expect(different.isEmpty, "\(different.count): \(different.prefix(40))")
  }
}
