/// One column of a table: data, so that a screen is its columns and little else.
struct Column<Row: Sendable>: Sendable {
  let title: String
  /// Never narrower than this; columns that do not fit go, the highest `priority` number first.
  var minimum: Int
  var ideal: Int
  /// Its share of what is left when all have their ideal width.
  var flex = 0
  /// 0 stays always.
  var priority = 0
  /// As wide as what is in it, between half of its minimum and twice its ideal width; others change while one looks.
  var isMeasured = false
  /// Whether what a row has in it is measured. One that changes by itself is taken for as wide as is ideal.
  var measures: @Sendable (Row) -> Bool = { _ in true }
  var alignment = Alignment.left
  /// What it is sorted by; nil: it cannot be.
  var sortKey: (@Sendable (Row) -> SortKey)?
  let cell: @Sendable (Row, World) -> StyledText

  /// The same column of rows that hold such a row.
  func applied<Other>(to part: @escaping @Sendable (Other) -> Row) -> Column<Other> {
    let cell = cell
    var column = Column<Other>(
      title: title, minimum: minimum, ideal: ideal, flex: flex, priority: priority, isMeasured: isMeasured,
      alignment: alignment, cell: { row, world in cell(part(row), world) })
    column.measures = { [measures] in measures(part($0)) }
    if let sortKey { column.sortKey = { sortKey(part($0)) } }
    return column
  }
}

/// What rows are compared by. Numbers before text.
enum SortKey: Comparable, Sendable {
  case number(Double)
  case text(String)
}

/// Where the columns of a table stand in a given width.
struct TableLayout: Equatable {
  struct Place: Equatable {
    var column: Int
    var offset: Int
    var width: Int
  }
  var places: [Place] = []
  /// Columns left out for want of room.
  var hidden = 0

  let gap: Int
  /// From this priority on a column is shown only when all before it have their ideal width.
  static let optional = 7

  /// `shift` columns after the first are skipped, so that those behind them come into view.
  init<Row>(
    _ given: [Column<Row>], width: Int, shift: Int = 0, needs: [Int] = [], choice: ColumnChoice = ColumnChoice()
  ) {
    var columns = given
    for (index, need) in needs.enumerated() where index < columns.count && columns[index].isMeasured {
      let title = CellText.width(columns[index].title)
      let least = max(title, columns[index].minimum / 2)
      columns[index].minimum = max(least, min(columns[index].minimum, need))
      columns[index].ideal = max(columns[index].minimum, min(need, columns[index].ideal * 2))
    }
    for index in columns.indices {
      guard let chosen = choice.widths[columns[index].title] else { continue }
      columns[index].minimum = chosen
      columns[index].ideal = chosen
      columns[index].flex = 0
    }
    let gap = width < 100 ? 1 : 2
    self.gap = gap
    guard !columns.isEmpty, width > 0 else { return }
    let wanted = columns.indices.dropFirst().filter { !choice.hidden.contains(columns[$0].title) }
    var chosen = [0] + wanted.dropFirst(min(shift, max(0, wanted.count - 1)))
    func needed(_ list: [Int]) -> Int { list.reduce(-gap) { $0 + columns[$1].minimum + gap } }
    while needed(chosen) > width, chosen.count > 1 {
      let last = chosen.indices.dropFirst().max { left, right in
        (columns[chosen[left]].priority, left) < (columns[chosen[right]].priority, right)
      }
      guard let last else { break }
      chosen.remove(at: last)
    }
    // A column that is only nice to have does not make the others cut what is in them.
    while let last = chosen.dropFirst().max(by: { columns[$0].priority < columns[$1].priority }),
      columns[last].priority >= Self.optional,
      chosen.reduce(-gap, { $0 + columns[$1].ideal + gap }) > width
    { chosen.removeAll { $0 == last } }
    hidden = 1 + wanted.count - chosen.count
    var widths = chosen.map { min(columns[$0].minimum, width) }
    var spare = width - needed(chosen)
    for index in chosen.indices.sorted(by: { columns[chosen[$0]].priority < columns[chosen[$1]].priority }) {
      let more = max(0, min(spare, columns[chosen[index]].ideal - widths[index]))
      widths[index] += more
      spare -= more
    }
    let shares = chosen.reduce(0) { $0 + columns[$1].flex }
    if spare > 0, shares > 0 {
      for index in chosen.indices { widths[index] += spare * columns[chosen[index]].flex / shares }
    }
    var offset = 0
    for (index, column) in chosen.enumerated() {
      places.append(Place(column: column, offset: offset, width: widths[index]))
      offset += widths[index] + gap
    }
  }
}

/// Draws the head and the visible rows of a list.
enum Table {
  /// Columns before the first: the cursor's bar and the mark.
  static let gutter = 2

  static func layout<Row>(_ list: List<Row>, _ columns: [Column<Row>], _ width: Int) -> TableLayout {
    TableLayout(columns, width: width - gutter - 2, shift: list.shift, needs: list.needs, choice: list.choice)
  }

  static func draw<Row>(
    _ list: List<Row>, _ columns: [Column<Row>], into canvas: inout Canvas, _ area: Area, _ world: World
  ) {
    guard area.rows > 0 else { return }
    let layout = layout(list, columns, area.columns)
    head(columns, layout, list, into: &canvas, area.line(0))
    let body = area.inset(top: 1)
    let first = list.windowStart(body.rows)
    for (line, row) in list.window(body.rows).enumerated() {
      let place = body.line(line)
      canvas.touch(place, .row(first + line))
      draw(
        row, columns, layout, isCursor: row.id == list.cursor, isMarked: list.marks.contains(row.id), into: &canvas,
        place, world)
      if list.isSearch, list.isMatch(row) { canvas.highlight(list.filter.text, place) }
    }
  }

  private static func head<Row>(
    _ columns: [Column<Row>], _ layout: TableLayout, _ list: List<Row>, into canvas: inout Canvas, _ area: Area
  ) {
    for place in layout.places {
      let column = columns[place.column]
      var title = StyledText(column.title, .heading)
      if list.sort?.column == place.column {
        title += StyledText(list.sort?.descending == true ? "▼" : "▲", .accent)
      }
      let room = column.alignment != .right && title.width == place.width + 1 ? 1 : 0
      let width = min(place.width + room, area.columns - gutter - place.offset)
      let left = column.alignment == .right && title.width > place.width ? title.width - place.width : 0
      canvas.put(
        title,
        Area(row: area.row, column: area.column + gutter + place.offset - left, rows: 1, columns: width + left),
        column.alignment)
    }
    if layout.hidden > 0 {
      canvas.put(
        StyledText("→", .dim), Area(row: area.row, column: area.column + area.columns - 1, rows: 1, columns: 1))
    }
  }

  private static func draw<Row>(
    _ row: Row, _ columns: [Column<Row>], _ layout: TableLayout, isCursor: Bool, isMarked: Bool,
    into canvas: inout Canvas, _ area: Area, _ world: World
  ) {
    canvas.put(
      (isCursor ? StyledText("›", .accent) : " ") + (isMarked ? StyledText("*", .key) : " "),
      Area(row: area.row, column: area.column, rows: 1, columns: gutter))
    for place in layout.places {
      let column = columns[place.column]
      let cell = column.cell(row, world)
      canvas.put(
        cell, Area(row: area.row, column: area.column + gutter + place.offset, rows: 1, columns: place.width),
        column.alignment)
      // What says which row it is stands out, and no more of it: a step of the cursor is two changes of a few cells, and
      // the terminal is sent little.
      guard isCursor, place == layout.places.first else { continue }
      let width = column.alignment == .right ? place.width : min(cell.width, place.width)
      canvas.select(area.inset(right: max(0, area.columns - gutter - place.offset - width)))
    }
  }
}
