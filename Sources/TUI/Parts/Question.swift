/// What a person must answer before something happens that cannot be undone. The default is No; Enter does not confirm.
struct Question: Sendable {
  enum Purpose: Sendable {
    case quit
    case suspend
    case perform([Effect])
  }

  var title: String
  var lines: [String]
  /// What confirms, on the key line: `delete`.
  var verb: String
  /// Typed in full to confirm; nil: `y` is enough.
  var typed: String?
  var purpose: Purpose
  var field = TextField()
  /// Keys read before the person could see the question are not answers to it.
  var isSeen = false

  init(title: String, lines: [String] = [], verb: String, typed: String? = nil, purpose: Purpose) {
    self.title = title
    self.lines = lines
    self.verb = verb
    self.typed = typed
    self.purpose = purpose
  }

  enum Answer { case yes, no, waiting }

  mutating func take(_ key: Key) -> Answer {
    guard isSeen else { return .waiting }
    if key == .escape || key == .control("c") { return .no }
    guard let typed else {
      switch key {
      case "y", "Y": return .yes
      case "n", "N", "q": return .no
      default: return .waiting
      }
    }
    if key == .enter { return field.text == typed ? .yes : .waiting }
    _ = field.take(key)
    return .waiting
  }

  func draw(into canvas: inout Canvas) {
    let width = min(canvas.size.columns, 64)
    var words: [StyledText] = lines.flatMap { CellText.wrap($0, width - 4) }.map { StyledText($0) }
    if let typed { words.append(StyledText("Type ", .text) + StyledText(typed, .key) + StyledText(" to confirm:")) }
    let inner = Popup.draw(
      title, rows: words.count + (typed == nil ? 0 : 1) + 2, columns: width, into: &canvas, role: .warning)
    for (index, line) in words.enumerated() { canvas.put(line, inner.line(index)) }
    var row = words.count
    if typed != nil {
      field.draw(into: &canvas, inner.line(row).inset(right: max(0, inner.columns - 20)), focused: true)
      row += 1
    }
    let keys =
      typed == nil
      ? StyledText("y", .key) + StyledText(" \(verb)   ", .dim) + StyledText("n Esc", .key) + StyledText(" no", .dim)
      : StyledText("Enter", .key) + StyledText(" \(verb)   ", .dim) + StyledText("Esc", .key) + StyledText(" no", .dim)
    canvas.put(keys, inner.line(inner.rows - 1))
  }
}
