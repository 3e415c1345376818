/// One of several, chosen by moving or by typing part of it; where it makes sense, something not in the list.
struct Picker: Sendable {
  struct Choice: Identifiable, Sendable {
    var id: String
    var words: String
    var detail: String

    init(id: String, words: String, detail: String) {
      self.id = id
      self.words = words
      self.detail = detail
    }

    /// A modality, its addresses below those of the others.
    init(_ row: ModalityRow, id: String) {
      let padding = String(repeating: " ", count: max(1, 17 - CellText.width(row.aeTitle)))
      self.init(id: id, words: row.name, detail: row.aeTitle + padding + row.address)
    }
  }

  enum Purpose: Sendable {
    case send(ids: [String], words: String)
    case commit(ids: [String], words: String)
    case retrieveTo([RetrieveOrder])
    case openQuery
  }

  /// What Ctrl-X forgets for good.
  var forgets: Kept? {
    if case .openQuery = purpose { return .query }
    return nil
  }

  var title: String
  var choices: [Choice]
  /// What typed text that matches nothing means; nil: nothing.
  var freeText: String?
  var purpose: Purpose
  var field = TextField()
  var position = 0
  /// What is taken was named in full by a command: it is no slip.
  private(set) var isNamed = false

  /// Enter takes what was typed, which is none of the choices.
  var takesText: Bool { matching.isEmpty && freeText != nil && !isNamed }

  var matching: [Choice] {
    let typed = field.text.lowercased()
    guard !typed.isEmpty else { return choices }
    return choices.filter { ($0.words + " " + $0.detail).lowercased().contains(typed) }
  }

  /// What Enter takes.
  var chosen: String? {
    let matching = matching
    if matching.isEmpty { return freeText == nil || field.text.isEmpty ? nil : field.text }
    return matching[max(0, min(position, matching.count - 1))].id
  }

  /// Stands on the one that is called so, else takes it as typed.
  mutating func choose(_ text: String) {
    field.set(text)
    isNamed = true
    let matching = matching
    position = matching.firstIndex { [$0.id, $0.words].contains(text) } ?? 0
    // Part of another's name is not a choice of that one.
    if !matching.isEmpty, !matching.contains(where: { [$0.id, $0.words].contains(text) }), freeText != nil {
      choices = []
    }
  }

  mutating func take(_ key: Key) {
    switch key {
    case .up, .control("p"), .backTab: position = max(0, min(position, matching.count - 1) - 1)
    case .down, .control("n"), .tab: position = min(max(0, matching.count - 1), position + 1)
    default: if field.take(key) { position = min(position, max(0, matching.count - 1)) }
    }
  }

  func draw(into canvas: inout Canvas) {
    let matching = matching
    let room = max(1, canvas.size.rows - 6)
    let rows = max(1, min(choices.count, room))
    let inner = Popup.draw(title, rows: rows + 3, columns: min(canvas.size.columns, 68), into: &canvas)
    field.draw(
      into: &canvas, inner.line(0), focused: true, hint: freeText.map { "type to search, or \($0)" } ?? "type to search"
    )
    let at = max(0, min(position, matching.count - 1))
    let start = max(0, at - rows + 1)
    for (index, choice) in matching.dropFirst(start).prefix(rows).enumerated() {
      let line = inner.line(1 + index)
      let isChosen = start + index == at
      let left = min(20, inner.columns / 2)
      canvas.put(StyledText(isChosen ? "› " : "  ", .accent) + StyledText(choice.words, .strong), line)
      canvas.put(StyledText(choice.detail, .dim), line.inset(left: left))
      if isChosen { canvas.select(line) }
      canvas.touch(line, .choice(start + index))
    }
    if matching.isEmpty {
      let words =
        freeText == nil || field.text.isEmpty ? "nothing matches" : "Enter takes \(field.text) as \(freeText ?? "")"
      canvas.put(StyledText("  " + words, .dim), inner.line(1))
    }
    let forget = forgets == nil ? StyledText() : StyledText("   Ctrl-X", .key) + StyledText(" forget", .dim)
    canvas.put(
      StyledText("Enter", .key) + StyledText(" choose   ", .dim) + StyledText("Esc", .key) + StyledText(" leave", .dim)
        + forget, inner.line(inner.rows - 1))
  }
}
