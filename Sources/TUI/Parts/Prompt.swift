/// One line asked for at the bottom of the screen: a path, a number of seconds, a command.
struct Prompt: Sendable {
  enum Purpose: Sendable {
    case command
    case timeout(job: Int)
    case importPaths
  }

  var label: String
  var hint = ""
  var purpose: Purpose
  var field: TextField
  /// What was wrong with the last answer.
  var complaint: String?

  init(_ label: String, hint: String = "", text: String = "", purpose: Purpose) {
    self.label = label
    self.hint = hint
    self.purpose = purpose
    field = TextField(text)
  }

  func draw(into canvas: inout Canvas) {
    let row = canvas.size.rows - 1
    guard row >= 0 else { return }
    let area = canvas.area.line(row)
    canvas.fill(area)
    let label = StyledText(" \(label) ", .key)
    canvas.put(label, area)
    // A complaint too long to stand beside the answer stands above it.
    let isLong = (complaint.map(CellText.width) ?? 0) + 3 > max(0, area.columns - label.width - 12)
    if let complaint, isLong || CellText.width(complaint) + 3 > area.columns / 2 {
      let lines = CellText.wrap(complaint, area.columns - 2).suffix(row)
      for (index, line) in lines.enumerated() {
        let above = canvas.area.line(row - lines.count + index)
        canvas.fill(above)
        canvas.put(StyledText(" \(line)", .bad), above)
      }
      field.draw(into: &canvas, area.inset(left: label.width), focused: true)
      return
    }
    let note = complaint.map { StyledText("  \($0) ", .bad) } ?? StyledText("  \(hint) ", .dim)
    let noteWidth = min(note.width, max(0, area.columns / 2))
    let left = label.width
    canvas.put(note, area.inset(left: area.columns - noteWidth))
    field.draw(into: &canvas, area.inset(left: left, right: noteWidth), focused: true)
  }
}
