/// What of a canvas goes to a terminal on a thin line: rows that a key changed at once, those that only time changed by
/// turns. A row that has to wait stays as it is shown.
struct Ration: Sendable {
  struct Part: Sendable {
    var canvas: Canvas
    /// Whether nothing had to wait.
    var isWhole = true
    /// About how much has to be sent; nil: nobody has counted.
    var bytes: Int?
  }

  /// The last canvas that was to be shown.
  private var wanted: Canvas?
  /// The row whose turn it is.
  private var turn = 0

  mutating func whole(_ canvas: Canvas) -> Part {
    wanted = canvas
    return Part(canvas: canvas)
  }

  /// What differs from the canvas before.
  mutating func changes(_ canvas: Canvas, on shown: Canvas?) -> Part {
    guard let shown, let wanted, shown.size == canvas.size, wanted.size == canvas.size else { return whole(canvas) }
    var part = Part(canvas: canvas)
    for row in 0..<canvas.size.rows where canvas.row(row) == wanted.row(row) && canvas.row(row) != shown.row(row) {
      part.canvas.take(row, from: shown)
      part.isWhole = false
    }
    self.wanted = canvas
    return part
  }

  /// As many rows as there is room for, and one at least; they begin with the first that has waited.
  mutating func rows(_ canvas: Canvas, on shown: Canvas?, room: Int) -> Part {
    guard let shown, shown.size == canvas.size else { return whole(canvas) }
    wanted = canvas
    var part = Part(canvas: canvas)
    var sent = Pen()
    let first = turn
    for index in 0..<canvas.size.rows {
      let row = (first + index) % canvas.size.rows
      guard canvas.row(row) != shown.row(row) else { continue }
      if part.isWhole {
        var pen = sent
        pen.write(row, canvas, over: shown)
        if sent.bytes == 0 || pen.bytes <= room {
          sent = pen
          continue
        }
      }
      if part.isWhole { turn = row }
      part.isWhole = false
      part.canvas.take(row, from: shown)
    }
    part.bytes = sent.bytes
    return part
  }

  /// What curses sends, roughly: the cells that differ, and the ways between them and changes of their look, which are most
  /// of it.
  private struct Pen {
    private(set) var bytes = 0
    private var place: (row: Int, column: Int)?
    private var style: Style?

    mutating func write(_ row: Int, _ canvas: Canvas, over shown: Canvas) {
      for column in 0..<canvas.size.columns where canvas[row, column] != shown[row, column] {
        let cell = canvas[row, column]
        if let place, place == (row - 1, column + 1) {
          bytes += 5
        } else if place.map({ $0 != (row, column) }) ?? true {
          bytes += 8
        }
        if style != cell.style { bytes += 13 }
        bytes += cell.scalar < 0x80 ? 1 : 3
        place = (row, column + 1)
        style = cell.style
      }
    }
  }
}
