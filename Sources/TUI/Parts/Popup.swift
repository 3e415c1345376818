/// A box over the screen: border, title, an empty inside.
enum Popup {
  /// Draws the box for so many inner rows and returns its inside.
  static func draw(_ title: String, rows: Int, columns: Int, into canvas: inout Canvas, role: Role = .accent) -> Area {
    let box = canvas.area.centered(rows: rows + 2, columns: columns)
    guard box.rows > 2, box.columns > 4 else {
      canvas.fill(canvas.area)
      return canvas.area
    }
    canvas.fill(box)
    canvas.cover()
    let bar = String(repeating: "─", count: box.columns - 2)
    canvas.put(StyledText("╭\(bar)╮", role), box.line(0))
    canvas.put(StyledText("╰\(bar)╯", role), box.line(box.rows - 1))
    for row in 1..<box.rows - 1 {
      canvas.put(StyledText("│", role), Area(row: box.row + row, column: box.column, rows: 1, columns: 1))
      canvas.put(
        StyledText("│", role), Area(row: box.row + row, column: box.column + box.columns - 1, rows: 1, columns: 1))
    }
    if !title.isEmpty {
      let label = StyledText(" \(title) ", .strong)
      canvas.put(label, box.line(0).inset(left: 2, right: max(2, box.columns - 2 - label.width)))
    }
    return box.inset(top: 1, left: 2, bottom: 1, right: 2)
  }
}
