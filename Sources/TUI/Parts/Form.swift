/// Fields below each other, one of them in focus.
struct Form: Sendable {
  struct Entry: Sendable {
    enum Kind: Sendable {
      case text
      /// One of these, by ← and →.
      case choice([String])
    }
    var label: String
    var kind = Kind.text
    var field = TextField()
    var hint = ""
    /// What will be made of the text, and whether that is a complaint.
    var remark: (words: String, isBad: Bool)?
  }

  var entries: [Entry]
  var focus = 0
  /// Whether the field in focus has the keys.
  var isFocused = true

  mutating func move(by step: Int) {
    focus = (focus + step + entries.count) % entries.count
    isFocused = true
  }

  mutating func edit(_ key: Key) {
    guard case .choice(let choices) = entries[focus].kind else {
      _ = entries[focus].field.take(key)
      return
    }
    let now = choices.firstIndex(of: entries[focus].field.text) ?? 0
    switch key {
    case .left: entries[focus].field.set(choices[(now + choices.count - 1) % choices.count])
    case .right, " ": entries[focus].field.set(choices[(now + 1) % choices.count])
    default:
      guard let letter = key.text else { return }
      // A letter goes to the next choice that begins with it.
      let order = choices[(now + 1)...] + choices[...now]
      if let choice = order.first(where: { $0.lowercased().hasPrefix(letter.lowercased()) }) {
        entries[focus].field.set(choice)
      }
    }
  }

  mutating func paste(_ text: String) {
    guard case .text = entries[focus].kind else { return }
    entries[focus].field.insert(text)
    isFocused = true
  }

  func draw(into canvas: inout Canvas, _ area: Area) {
    let labelWidth = (entries.map { CellText.width($0.label) }.max() ?? 0) + 2
    let fieldWidth = max(12, min(36, (area.columns - labelWidth - 4) / 2))
    let first = max(0, min(focus - area.rows + 1, entries.count - area.rows))
    for (index, entry) in entries.enumerated().dropFirst(first).prefix(area.rows) {
      let line = area.line(index - first)
      let isFocus = index == focus
      canvas.put(
        StyledText(isFocus ? "› " : "  ", .accent) + StyledText(entry.label, isFocus && isFocused ? .heading : .dim),
        line.inset(right: max(0, line.columns - labelWidth - 2)))
      let place = line.inset(left: labelWidth + 2, right: max(0, line.columns - labelWidth - 2 - fieldWidth))
      switch entry.kind {
      case .text: entry.field.draw(into: &canvas, place, focused: isFocus && isFocused, hint: isFocus ? entry.hint : "")
      case .choice(let choices):
        let arrows = choices.count > 1 && isFocus
        canvas.put(
          StyledText(entry.field.text, .strong) + StyledText(arrows ? "  ‹ ›" : "", .key), place)
        if isFocus, isFocused { canvas.cursor = (place.row, place.column) }
      }
      if let remark = entry.remark {
        canvas.put(
          StyledText(remark.words, remark.isBad ? .bad : .dim), line.inset(left: labelWidth + 2 + fieldWidth + 2))
      }
    }
  }
}
