/// Every key that works where the person is, written from the keymap and so never wrong about it.
struct Help: Sendable {
  var sections: [(title: String, bindings: [Binding])]
  var top = 0

  private var lines: [StyledText] {
    var lines: [StyledText] = []
    for section in sections where !section.bindings.isEmpty {
      if !lines.isEmpty { lines.append("") }
      lines.append(StyledText(section.title, .heading))
      for binding in section.bindings {
        var keys = binding.keys.map(\.description).joined(separator: " ")
        if let first = binding.keys.first, let last = binding.keys.last, case .screen = binding.action {
          keys = "\(first) to \(last)"
        }
        lines.append(Self.line(StyledText(keys, .key), binding.help))
      }
    }
    lines += ["", StyledText("Signs", .heading)]
    return lines + Self.signs.map { Self.line(StyledText($0), $1) }
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

  /// The lines as a terminal of this size shows them: wrapped, and in two columns where there is room for them.
  private func layout(_ size: Size) -> (lines: [StyledText], columns: Int, columnWidth: Int, rows: Int) {
    let whole = lines
    let width = max(58, min(size.columns - 6, whole.reduce(0) { max($0, $1.width) } + 3))
    let lines = whole.flatMap { CellText.wrap($0, min(width - 1, size.columns - 5)) }
    let columns = size.columns >= 2 * width + 6 && lines.count > size.rows - 6 ? 2 : 1
    return (lines, columns, width, min((lines.count + columns - 1) / columns, max(1, size.rows - 5)))
  }

  mutating func scroll(by distance: Int, in size: Size) {
    let layout = layout(size)
    let longest = (layout.lines.count + layout.columns - 1) / layout.columns
    top = max(0, min(top + distance, longest - layout.rows))
  }

  func draw(into canvas: inout Canvas) {
    let size = canvas.size
    let (lines, columnCount, columnWidth, rows) = layout(size)
    let perColumn = (lines.count + columnCount - 1) / columnCount
    let inner = Popup.draw(
      "Keys", rows: rows + 1, columns: min(size.columns, columnWidth * columnCount + 6), into: &canvas)
    let first = max(0, min(top, perColumn - rows))
    for column in 0..<columnCount {
      for index in 0..<rows {
        let line = column * perColumn + first + index
        guard first + index < perColumn, line < lines.count else { break }
        canvas.put(
          lines[line], inner.line(index).inset(left: column * columnWidth, right: column == columnCount - 1 ? 0 : 4))
      }
    }
    var foot = StyledText("Esc", .key) + StyledText(" close", .dim)
    if perColumn > rows {
      foot += StyledText("   j k", .key) + StyledText(" scroll   \(first + rows) of \(perColumn)", .dim)
    }
    canvas.put(foot, inner.line(inner.rows - 1))
  }
}
