/// Every key that works where the person is, written from the keymap and so never wrong about it.
struct Help: Sendable {
  private(set) var top = 0
  private let text: [StyledText]
  private var layout: Layout

  init(sections: [(title: String, bindings: [Binding])], in size: Size) {
    text = Self.text(sections)
    layout = Layout(text, size)
  }

  private static func text(_ sections: [(title: String, bindings: [Binding])]) -> [StyledText] {
    var lines: [StyledText] = []
    for section in sections where !section.bindings.isEmpty {
      if !lines.isEmpty { lines.append("") }
      lines.append(StyledText(section.title, .heading))
      for binding in section.bindings {
        var keys = binding.keys.map(\.description).joined(separator: " ")
        if let first = binding.keys.first, let last = binding.keys.last, case .screen = binding.action {
          keys = "\(first) to \(last)"
        }
        lines.append(line(StyledText(keys, .key), binding.help))
      }
    }
    lines += ["", StyledText("Signs", .heading)]
    return lines + signs.map { line(StyledText($0), $1) }
  }

  private static func line(_ sign: StyledText, _ meaning: String) -> StyledText {
    var line = sign + StyledText(String(repeating: " ", count: max(1, 16 - sign.width))) + StyledText(meaning)
    line.hang = 16
    return line
  }

  /// What stands for something on every screen, with its word beside it or not; below UTF-8 as it is drawn there.
  private static let signs: [(String, String)] = [
    ("●  ◐  ○", "up or all of it, a part of it, none of it"),
    ("✓  ✗  –", "done, failed, cancelled or not done"),
    ("↓", "arrived here"),
    ("▲  ▼", "sorted upwards, downwards"),
    ("›  *", "the row under the cursor, a marked one"),
    ("→", "more columns further right"),
  ]

  /// The lines as a terminal of a size shows them: wrapped, and in two columns where there is room for them.
  private struct Layout {
    let lines: [StyledText]
    let columns: Int
    let columnWidth: Int
    /// In sight, and in each column.
    let rows: Int
    let perColumn: Int

    init(_ text: [StyledText], _ size: Size) {
      let width = max(58, min(size.columns - 6, text.reduce(0) { max($0, $1.width) } + 3))
      lines = text.flatMap { CellText.wrap($0, min(width - 1, size.columns - 5)) }
      columns = size.columns >= 2 * width + 6 && lines.count > size.rows - 6 ? 2 : 1
      columnWidth = width
      perColumn = (lines.count + columns - 1) / columns
      rows = min(perColumn, max(1, size.rows - 5))
    }
  }

  mutating func resize(_ size: Size) {
    layout = Layout(text, size)
    scroll(by: 0)
  }

  mutating func scroll(by distance: Int) {
    top = max(0, min(top + distance, layout.perColumn - layout.rows))
  }

  func draw(into canvas: inout Canvas) {
    let (lines, columnCount, columnWidth) = (layout.lines, layout.columns, layout.columnWidth)
    let (rows, perColumn) = (layout.rows, layout.perColumn)
    let inner = Popup.draw(
      "Keys", rows: rows + 1, columns: min(canvas.size.columns, columnWidth * columnCount + 6), into: &canvas)
    for column in 0..<columnCount {
      for index in 0..<rows {
        let line = column * perColumn + top + index
        guard top + index < perColumn, line < lines.count else { break }
        canvas.put(
          lines[line], inner.line(index).inset(left: column * columnWidth, right: column == columnCount - 1 ? 0 : 4))
      }
    }
    var foot = StyledText("Esc", .key) + StyledText(" close", .dim)
    if perColumn > rows {
      foot += StyledText("   j k", .key) + StyledText(" scroll   \(top + rows) of \(perColumn)", .dim)
    }
    canvas.put(foot, inner.line(inner.rows - 1))
  }
}
