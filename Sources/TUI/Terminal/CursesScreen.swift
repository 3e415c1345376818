import CNCurses
import Glibc

/// Shows canvases: cells that differ from the last one go to curses, and curses sends what differs on the terminal.
final class CursesScreen {
  private let window: UnsafeMutablePointer<WINDOW>?
  private var theme: Theme
  private let isUTF8: Bool
  private let colors: Int
  private var pairs: [Int32: Int16] = [:]
  private var looks: [Style: (attributes: attr_t, pair: Int16)] = [:]
  /// nil: nothing that could stay.
  private(set) var shown: Canvas?

  init(theme: Theme, isUTF8: Bool) {
    window = fluoro_stdscr()
    self.isUTF8 = isUTF8
    // The convention of no-color.org: set and not empty.
    let wantsColor = getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    if wantsColor, theme.name != .monochrome, has_colors() {
      start_color()
      use_default_colors()
      colors = Int(fluoro_colors())
    } else {
      colors = 0
    }
    self.theme = theme
  }

  /// Whether pictures can be drawn in shades of grey.
  var hasShades: Bool { isUTF8 && colors >= 256 && theme.name != .monochrome }

  var hasColors: Bool { colors > 0 }

  /// From the next canvas on, which is drawn whole. Monochrome stays so where there are no colours.
  func use(_ theme: Theme) {
    self.theme = theme
    looks = [:]
    shown = nil
  }

  /// The next canvas is drawn whole.
  func forget() {
    shown = nil
    clearok(window, true)
  }

  func show(_ canvas: Canvas) {
    let old = shown?.size == canvas.size ? shown : nil
    if old == nil { werase(window) }
    let blank = Cell.blank
    for row in 0..<canvas.size.rows {
      for column in 0..<canvas.size.columns {
        let cell = canvas[row, column]
        guard cell.width > 0, cell != (old?[row, column] ?? blank) else { continue }
        put(cell, row, column)
      }
    }
    if let cursor = canvas.cursor {
      wmove(window, Int32(cursor.row), Int32(min(cursor.column, canvas.size.columns - 1)))
      curs_set(1)
    } else {
      curs_set(0)
    }
    // One that is hidden may stand where the last cell was drawn.
    leaveok(window, canvas.cursor == nil)
    wnoutrefresh(window)
    doupdate()
    shown = canvas
  }

  private func put(_ cell: Cell, _ row: Int, _ column: Int) {
    var scalars = [cell.scalar]
    for index in 0..<4 where cell.marks[index] != 0 { scalars.append(cell.marks[index]) }
    if !isUTF8 {
      scalars = [ASCII.scalar(cell.scalar)]
    } else if cell.scalar >= 0x80, wcwidth(wchar_t(bitPattern: cell.scalar)) != Int32(cell.width) {
      // Unicode moves faster than the C library: what that cannot measure would be drawn somewhere else.
      scalars = [0xfffd]
    }
    var text = scalars.map { wchar_t(bitPattern: $0) } + [0]
    let look = look(cell.style)
    if fluoro_put_cell(window, Int32(row), Int32(column), &text, look.attributes, look.pair) == ERR, text.count > 2 {
      text = [text[0], 0]
      _ = fluoro_put_cell(window, Int32(row), Int32(column), &text, look.attributes, look.pair)
    }
    if !isUTF8, cell.width == 2 {
      var blank: [wchar_t] = [0x3f, 0]
      _ = fluoro_put_cell(window, Int32(row), Int32(column + 1), &blank, look.attributes, look.pair)
    }
  }

  private func look(_ style: Style) -> (attributes: attr_t, pair: Int16) {
    if let known = looks[style] { return known }
    let look = theme.look(style, colors: colors)
    var attributes: attr_t = 0
    if look.bold { attributes |= fluoro_attribute_bold() }
    if look.dim { attributes |= fluoro_attribute_dim() }
    if look.reverse { attributes |= fluoro_attribute_reverse() }
    if look.underline { attributes |= fluoro_attribute_underline() }
    let made = (attributes, colors > 0 ? pair(look.foreground, look.background) : 0)
    looks[style] = made
    return made
  }

  private func pair(_ foreground: Int16, _ background: Int16) -> Int16 {
    if foreground == -1, background == -1 { return 0 }
    let key = Int32(foreground) << 16 | Int32(background) & 0xffff
    if let known = pairs[key] { return known }
    let number = Int16(pairs.count + 1)
    guard Int32(number) < fluoro_color_pairs(), init_pair(number, foreground, background) == OK else { return 0 }
    pairs[key] = number
    return number
  }
}

/// What is drawn where the locale is not UTF-8.
enum ASCII {
  static func scalar(_ value: UInt32) -> UInt32 {
    if value >= 0x20, value < 0x7f { return value }
    return known[value] ?? 0x3f
  }

  private static let known: [UInt32: UInt32] = {
    let table: [(String, Character)] = [
      ("─", "-"), ("│▕▏", "|"), ("╭╮╰╯", "+"), ("…", "~"), ("●", "o"), ("◐", "%"), ("○·", "."), ("✓", "+"),
      ("✗×", "x"),
      ("›→▶", ">"), ("‹←↓", "<"), ("▲↑", "^"), ("▼", "v"), ("█▉▊▋▌▍▎", "#"), ("▁▂▃▄▅▆▇", "_"), ("–", "-"),
      ("⇄", "="),
      ("⠋⠴", "|"), ("⠿", "*"), ("⠙⠦", "/"), ("⠹⠧", "-"), ("⠸⠇⠼⠏", "\\"),
    ]
    var known: [UInt32: UInt32] = [:]
    for (scalars, character) in table {
      for scalar in scalars.unicodeScalars { known[scalar.value] = UInt32(character.asciiValue ?? 0x3f) }
    }
    return known
  }()
}
