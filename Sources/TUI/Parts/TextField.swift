/// One line being typed.
struct TextField: Sendable, Equatable {
  private(set) var text: String
  /// Where the next character goes, counted in characters.
  private(set) var position: Int

  init(_ text: String = "") {
    self.text = text
    position = text.count
  }

  mutating func set(_ text: String) { self = TextField(text) }

  mutating func insert(_ more: String) {
    let index = text.index(text.startIndex, offsetBy: position)
    let before = text.count
    text.insert(contentsOf: more, at: index)
    // A combining mark joins the character before it: the count says how far the cursor went.
    position += text.count - before
  }

  /// Takes a key that writes or edits; false when it is not the field's business.
  mutating func take(_ key: Key) -> Bool {
    if let character = key.text {
      insert(String(character))
      return true
    }
    switch key {
    case .backspace where position > 0: remove(position - 1..<position)
    case .backspace: break
    case Key(.delete): if position < text.count { remove(position..<position + 1) }
    case .left: position = max(0, position - 1)
    case .right: position = min(text.count, position + 1)
    case Key(.home), .control("a"): position = 0
    case Key(.end), .control("e"): position = text.count
    case .control("u"): remove(0..<position)
    case .control("k"): remove(position..<text.count)
    case .control("w"): remove(wordStart..<position)
    default: return false
    }
    return true
  }

  private var wordStart: Int {
    let head = Array(text.prefix(position))
    var index = head.count
    while index > 0, head[index - 1] == " " { index -= 1 }
    while index > 0, head[index - 1] != " " { index -= 1 }
    return index
  }

  private mutating func remove(_ range: Range<Int>) {
    let start = text.index(text.startIndex, offsetBy: range.lowerBound)
    let end = text.index(start, offsetBy: range.count)
    text.removeSubrange(start..<end)
    position = range.lowerBound
  }

  /// Draws the field over the area, scrolled so that the cursor is in it.
  func draw(into canvas: inout Canvas, _ area: Area, focused: Bool, hint: String = "") {
    guard area.columns > 1 else { return }
    var shown = text[...]
    var column = CellText.width(String(text.prefix(position)))
    while column >= area.columns, let first = shown.first {
      column -= CellText.width(String(first))
      shown = shown.dropFirst()
    }
    var words = StyledText(String(shown), .field)
    if text.isEmpty, !hint.isEmpty { words = StyledText(hint, .dim) }
    canvas.fill(area, Style(.field))
    canvas.put(CellText.fit(words, min(area.columns, max(words.width, 0))), row: area.row, column: area.column)
    if focused { canvas.cursor = (area.row, area.column + max(0, column)) }
  }
}
