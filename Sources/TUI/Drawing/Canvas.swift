/// What a piece of text means; the theme decides how that looks.
enum Role: UInt8, CaseIterable, Sendable {
  case text, dim, strong, heading, accent, good, warning, bad, busy, key, rule, tab, field, bar, match

  /// A sentence in it may give way to the next.
  var isMild: Bool { self != .bad && self != .warning }
}

/// Two pixels above each other, in the 26 greys of a palette of 256 colours: black, the 24 of its ramp, white.
struct Shade: Hashable, Sendable {
  var upper: UInt8
  var lower: UInt8

  init(upper: UInt8, lower: UInt8) {
    self.upper = Self.grey(upper)
    self.lower = Self.grey(lower)
  }

  private static func grey(_ value: UInt8) -> UInt8 { UInt8(Int(value) * 25 / 255) }

  /// The number of a grey in the palette.
  static func color(_ grey: UInt8) -> Int16 { grey == 0 ? 16 : grey >= 25 ? 231 : 231 + Int16(grey) }
}

/// How a cell looks: its role, and where it stands.
struct Style: Hashable, Sendable {
  var role: Role
  /// In the row under the cursor.
  var selected = false
  /// Part of a picture.
  var shade: Shade?

  init(_ role: Role, selected: Bool = false) {
    self.role = role
    self.selected = selected
  }

  static let text = Style(.text)
  static let dim = Style(.dim)
}

/// One cell: a scalar of width 1 or 2 with at most four marks on it. Width 0 is the right half of a wide one.
struct Cell: Hashable, Sendable {
  var scalar: UInt32 = 0x20
  var marks = SIMD4<UInt32>()
  var width: UInt8 = 1
  var style = Style.text

  static let blank = Cell()
  static func continuation(_ style: Style) -> Cell { Cell(scalar: 0, width: 0, style: style) }

  var string: String {
    guard width > 0, let base = Unicode.Scalar(scalar) else { return "" }
    var text = String(Character(base))
    for index in 0..<4 {
      guard marks[index] != 0, let mark = Unicode.Scalar(marks[index]) else { continue }
      text.unicodeScalars.append(mark)
    }
    return text
  }
}

struct Size: Hashable, Sendable {
  var rows: Int
  var columns: Int
}

/// A rectangle of the canvas.
struct Area: Hashable, Sendable {
  var row: Int
  var column: Int
  var rows: Int
  var columns: Int

  func line(_ index: Int) -> Area { Area(row: row + index, column: column, rows: 1, columns: columns) }

  /// Without `top` rows above, `bottom` below, `left` and `right` columns beside.
  func inset(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) -> Area {
    Area(
      row: row + top, column: column + left, rows: max(0, rows - top - bottom), columns: max(0, columns - left - right))
  }

  /// A rectangle of at most that size in the middle.
  func centered(rows: Int, columns: Int) -> Area {
    let rows = min(rows, self.rows)
    let columns = min(columns, self.columns)
    return Area(
      row: row + (self.rows - rows) / 2, column: column + (self.columns - columns) / 2, rows: rows, columns: columns)
  }
}

/// What a click on a part of the canvas means.
enum Touch: Hashable, Sendable {
  case key(Key)
  /// A row of the list, counted from its first.
  case row(Int)
  /// A choice of the picker in front.
  case choice(Int)
}

/// A value grid of cells, drawn by the screens and shown by whoever shows it: curses, or a test that reads it.
struct Canvas: Equatable, Sendable {
  let size: Size
  private(set) var cells: [Cell]
  /// Where the terminal's own cursor stands; nil hides it.
  var cursor: (row: Int, column: Int)? {
    get { cursorCell.map { ($0.rows, $0.columns) } }
    set { cursorCell = newValue.map { Size(rows: $0.row, columns: $0.column) } }
  }
  private var cursorCell: Size?
  private var touches: [TouchArea] = []

  private struct TouchArea: Hashable, Sendable {
    var area: Area
    var touch: Touch
  }

  /// From now on a click there means that; what is drawn over it later may say otherwise.
  mutating func touch(_ area: Area, _ touch: Touch) { touches.append(TouchArea(area: area, touch: touch)) }

  /// What is in front hides what could be clicked behind it.
  mutating func cover() { touches = [] }

  func touch(row: Int, column: Int) -> Touch? {
    touches.last { entry in
      let area = entry.area
      return (area.row..<area.row + area.rows).contains(row)
        && (area.column..<area.column + area.columns).contains(column)
    }?.touch
  }

  init(_ size: Size) {
    self.size = size
    cells = Array(repeating: .blank, count: size.rows * size.columns)
  }

  var area: Area { Area(row: 0, column: 0, rows: size.rows, columns: size.columns) }

  subscript(row: Int, column: Int) -> Cell {
    get { cells[row * size.columns + column] }
    set { cells[row * size.columns + column] = newValue }
  }

  func row(_ row: Int) -> ArraySlice<Cell> { cells[row * size.columns..<(row + 1) * size.columns] }

  /// Takes over a row of another canvas of this size.
  mutating func take(_ row: Int, from other: Canvas) {
    cells.replaceSubrange(row * size.columns..<(row + 1) * size.columns, with: other.row(row))
  }

  /// Puts cells, cut at the right edge; a wide cell cut in half by the edge or by what it covers becomes blank.
  mutating func put(_ run: some Sequence<Cell>, row: Int, column: Int) {
    guard row >= 0, row < size.rows else { return }
    var at = column
    for cell in run {
      guard at < size.columns else { break }
      defer { at += 1 }
      guard at >= 0 else { continue }
      if at == column, self[row, at].width == 0, at > 0 { self[row, at - 1] = .blank }
      self[row, at] = cell.width == 2 && at == size.columns - 1 ? Cell(style: cell.style) : cell
    }
    if at > 0, at < size.columns, self[row, at].width == 0 { self[row, at] = .blank }
  }

  /// Puts text into a one line area: cut with an ellipsis where it does not fit, padded where it is short.
  mutating func put(_ text: StyledText, _ area: Area, _ alignment: Alignment = .left) {
    guard area.rows > 0, area.columns > 0 else { return }
    put(CellText.fit(text, area.columns, alignment), row: area.row, column: area.column)
  }

  mutating func fill(_ area: Area, _ style: Style = .text, _ scalar: Unicode.Scalar = " ") {
    let run = Array(repeating: Cell(scalar: scalar.value, style: style), count: max(0, area.columns))
    for row in area.row..<area.row + max(0, area.rows) { put(run, row: row, column: area.column) }
  }

  /// Gives a line the look of the row under the cursor.
  mutating func select(_ area: Area) {
    guard area.row >= 0, area.row < size.rows else { return }
    for column in max(0, area.column)..<min(size.columns, area.column + area.columns) {
      self[area.row, column].style.selected = true
    }
  }

  /// Gives the words the look of something found, wherever they stand in a line, large or small.
  mutating func highlight(_ words: String, _ area: Area) {
    guard area.row >= 0, area.row < size.rows else { return }
    let columns = Array(max(0, area.column)..<min(size.columns, area.column + area.columns))
    let line = columns.map { self[area.row, $0].string.lowercased() }
    for word in words.lowercased().split(separator: " ") {
      let wanted = word.map(String.init)
      guard !wanted.isEmpty, wanted.count <= line.count else { continue }
      for start in 0...(line.count - wanted.count) where line[start..<start + wanted.count].elementsEqual(wanted) {
        for column in columns[start..<start + wanted.count] { self[area.row, column].style.role = .match }
      }
    }
  }

  /// What a person reads in a row, without the blanks at its end.
  func text(_ row: Int) -> String {
    var text = ""
    for column in 0..<size.columns { text += self[row, column].string }
    while text.last == " " { text.removeLast() }
    return text
  }

  var lines: [String] { (0..<size.rows).map(text) }
}
