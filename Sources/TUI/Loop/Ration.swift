/// What of a canvas goes to a terminal on a thin line: rows that a key or a message changed at once, those that only time
/// changed by turns. A row that has to wait stays as it is shown.
struct Ration: Sendable {
  /// Why a frame is drawn; what stands later outweighs what stands before.
  enum Cause: Comparable, Sendable { case time, news, key }

  /// What a frame depends on besides what has happened.
  struct Moment: Sendable {
    var now: ContinuousClock.Instant
    /// What runs has no spinner.
    var isOnThinLine = false
  }

  struct Part: Sendable {
    var canvas: Canvas
    /// Whether nothing had to wait.
    var isWhole = true
    /// About how much has to be sent; nil: nobody has counted, or curses may find a shorter way.
    var bytes: Int?
  }

  /// What a key changed goes alone: with the countdowns anew it would take as long as they. But these stand no longer than that.
  private static let standstill = Duration.seconds(1)

  /// The last canvas that was to be shown, and what its countdowns stand at.
  private var last: (canvas: Canvas, moment: Moment)?
  /// The row whose turn it is.
  private var turn = 0

  /// - Parameters:
  ///   - room: About how many bytes may go of what only time has changed; nil: all of it.
  ///   - draw: Draws what is to be shown, as it is at a moment.
  mutating func part(
    _ cause: Cause, at moment: Moment, on shown: Canvas?, room: Int?, draw: (Moment) -> Canvas
  ) -> Part {
    guard let room, let shown, let last, shown.size == last.canvas.size else { return whole(moment, draw) }
    // With the clock stopped, what differs from the canvas before is more than time.
    let still = cause == .time ? last.canvas : draw(last.moment)
    guard still.size == shown.size else { return whole(moment, draw) }
    let isAlone = cause == .key && last.moment.now.duration(to: moment.now) < Self.standstill
    let canvas = isAlone ? still : draw(moment)
    guard canvas.size == shown.size else { return whole(moment, draw) }
    self.last = (canvas, isAlone ? last.moment : moment)
    var part = Part(canvas: canvas)
    var sent = Pen()
    let rows = (0..<canvas.size.rows).map { (turn + $0) % canvas.size.rows }
    let news = Set(rows.filter { still.row($0) != last.canvas.row($0) })
    for row in news.sorted() { sent.write(row, canvas, over: shown) }
    // As many of the others as there is room for, and one at least; they begin with the first that has waited.
    var isFirst = !isAlone
    for row in rows where !news.contains(row) && canvas.row(row) != shown.row(row) {
      if part.isWhole, !isAlone {
        var pen = sent
        pen.write(row, canvas, over: shown)
        if isFirst || pen.bytes <= room {
          (sent, isFirst) = (pen, false)
          continue
        }
      }
      if part.isWhole { turn = row }
      part.isWhole = false
      part.canvas.take(row, from: shown)
    }
    // Where a list scrolls, curses sends far less than the rows that differ.
    part.bytes = cause == .time ? sent.bytes : nil
    return part
  }

  private mutating func whole(_ moment: Moment, _ draw: (Moment) -> Canvas) -> Part {
    let canvas = draw(moment)
    last = (canvas, moment)
    return Part(canvas: canvas)
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
