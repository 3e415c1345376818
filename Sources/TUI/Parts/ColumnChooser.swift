/// Which columns of a list a person wants, by their titles, and how wide.
struct ColumnChoice: Equatable, Sendable {
  var hidden: Set<String> = []
  var widths: [String: Int] = [:]

  init() {}

  /// A line each: the title, a tab, and 0 for a hidden one or its width.
  init(text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t")
      guard parts.count == 2, let width = Int(parts[1]) else { continue }
      if width == 0 { hidden.insert(String(parts[0])) } else { widths[String(parts[0])] = min(200, max(2, width)) }
    }
  }

  var text: String {
    (hidden.map { "\($0)\t0" } + widths.map { "\($0.key)\t\($0.value)" }).sorted().joined(separator: "\n")
  }
}

/// The columns of the list in front, to show, hide, widen and narrow; the list behind follows at once.
struct ColumnChooser: Sendable {
  /// What the choice is kept under.
  let name: String
  let titles: [String]
  private(set) var choice: ColumnChoice
  private var position = 1

  init(_ name: String, _ titles: [String], _ choice: ColumnChoice) {
    self.name = name
    self.titles = titles
    self.choice = choice
  }

  /// False: the key closes it.
  mutating func take(_ key: Key) -> Bool {
    let title = titles[max(0, min(position, titles.count - 1))]
    switch key {
    case .up, "k": position = max(0, position - 1)
    case .down, "j": position = min(titles.count - 1, position + 1)
    case " ", "x":
      // The first says what a row is: it stays.
      guard position > 0 else { return true }
      if choice.hidden.remove(title) == nil { choice.hidden.insert(title) }
    case .right, "l", "+": choice.widths[title] = min(200, (choice.widths[title] ?? 12) + 2)
    case .left, "h", "-": choice.widths[title] = max(4, (choice.widths[title] ?? 12) - 2)
    case "r", .backspace: choice = ColumnChoice()
    case .escape, .enter, "q", "|", .control("c"): return false
    default: break
    }
    return true
  }

  func draw(into canvas: inout Canvas) {
    let rows = max(1, min(titles.count, canvas.size.rows - 6))
    let inner = Popup.draw("Columns", rows: rows + 2, columns: min(canvas.size.columns, 66), into: &canvas)
    let start = max(0, min(position - rows + 1, titles.count - rows))
    for (index, title) in titles.enumerated().dropFirst(start).prefix(rows) {
      let line = inner.line(index - start)
      let mark = choice.hidden.contains(title) ? "[ ] " : "[x] "
      let width = choice.widths[title].map { "\($0) columns wide" } ?? "as wide as it needs"
      canvas.put(
        StyledText(index == position ? "› " : "  ", .accent) + StyledText(mark, .key) + StyledText(title, .strong), line
      )
      canvas.put(StyledText(width, .dim), line.inset(left: min(30, inner.columns / 2)))
      if index == position { canvas.select(line) }
    }
    let keys: [(String, String)] = [
      ("Space", "show or hide"), ("Left Right", "width"), ("r", "as it was"), ("Esc", "done"),
    ]
    let foot = keys.map { StyledText($0.0, .key) + StyledText(" \($0.1)", .dim) }
    canvas.put(foot.joined(StyledText("   ")), inner.line(inner.rows - 1))
  }
}
