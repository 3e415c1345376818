/// A screen that is a list: it says its columns and its verbs, the rest is here once.
protocol ListScreen: Screen {
  associatedtype Row: Identifiable & Sendable where Row.ID: Hashable & Sendable
  var list: List<Row> { get set }
  /// More about the row under the cursor, beside the list or below it.
  func details(_ world: World) -> [StyledText]
  /// Rows the details have below the list, where there is room.
  var detailRows: Int { get }
  /// Said in place of an empty list.
  func emptyWords(_ world: World) -> [StyledText]
  /// What a person's choice of columns is kept under; nil: they are not chosen.
  var columnsName: String? { get }
  /// What Esc does about whatever leaves out rows beside the filter; nil: nothing does.
  var narrowed: String? { get }
  /// Shows the rows that were left out so.
  mutating func widen(_ context: inout Context)
  /// Its own verbs.
  mutating func perform(_ action: Action, _ context: inout Context) -> Bool
  /// The text in the filter is another.
  mutating func filterChanged(_ context: inout Context)
  /// The order is another.
  mutating func sortChanged(_ context: inout Context)
  /// The cursor is on another row.
  mutating func moved(_ context: inout Context)
}

extension ListScreen {
  /// From so many columns on, list and details stand side by side.
  static var sideBySide: Int { 160 }

  var isEditing: Bool { list.isFiltering }
  var detailRows: Int { 0 }
  var columnsName: String? { nil }
  func details(_ world: World) -> [StyledText] { [] }
  mutating func filterChanged(_ context: inout Context) {
    if list.isSearch { _ = list.seek(1, staying: true) } else { list.arrange() }
  }
  mutating func sortChanged(_ context: inout Context) {}
  mutating func moved(_ context: inout Context) {}
  var narrowed: String? { nil }
  mutating func widen(_ context: inout Context) {}

  var escape: String? {
    if list.isFiltering { return "leave the field" }
    if list.isInDetails { return "to the list" }
    if list.isFiltered { return list.isSearch ? "clear the search" : "clear the filter" }
    return narrowed ?? (list.marks.isEmpty ? nil : "clear the marks")
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    if list.isFiltering {
      list.isFiltering = false
    } else if list.isInDetails {
      list.isInDetails = false
      list.detailsTop = 0
    } else if list.isFiltered {
      list.filter = TextField()
      filterChanged(&context)
    } else if narrowed != nil {
      widen(&context)
    } else if !list.marks.isEmpty {
      list.clearMarks()
    } else {
      return false
    }
    return true
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    if list.isInDetails, scrollDetails(action) { return true }
    if perform(action, &context) { return true }
    let before = list.cursor
    defer { if list.cursor != before { moved(&context) } }
    switch action {
    case .down: list.move(by: 1)
    case .up: list.move(by: -1)
    case .halfDown: list.move(by: max(1, list.height / 2))
    case .halfUp: list.move(by: -max(1, list.height / 2))
    case .pageDown: list.move(by: max(1, list.height - 1))
    case .pageUp: list.move(by: -max(1, list.height - 1))
    case .first: list.move(to: 0)
    case .last: list.move(to: list.count - 1)
    case .columnRight: list.shift = min(list.shift + 1, max(0, list.columns.count - 2))
    case .columnLeft: list.shift = max(0, list.shift - 1)
    case .otherPane: enterDetails(&context)
    case .columns:
      guard let columnsName else {
        context.say("The columns of this list stand as they are.", .dim)
        return true
      }
      context.moves.append(.chooseColumns(ColumnChooser(columnsName, list.columns.map(\.title), list.choice)))
    case .nextMatch, .previousMatch:
      guard list.isSearch else { return false }
      if !list.isFiltered {
        context.say("Nothing is searched for; / does.", .dim)
      } else if !list.seek(action == .nextMatch ? 1 : -1) {
        context.say("\(list.filter.text) is nowhere here.", .warning)
      }
    case .filter: list.isFiltering = true
    case .mark: list.toggleMark()
    case .markAll: list.toggleAllMarks()
    case .sortRight, .sortLeft:
      list.sortBy(step: action == .sortRight ? 1 : -1)
      sortChanged(&context)
      // The mark in its head says it, where there is room for that.
      if let sort = list.sort, !list.columnsInSight.contains(sort.column) {
        context.hint("Sorted by \(list.columns[sort.column].title), which has no room here; Right shows more columns.")
      }
    case .invertSort:
      list.invertSort()
      sortChanged(&context)
    default: return false
    }
    return true
  }

  /// The first click stands on the row, one on the row one stands on opens it.
  mutating func touch(row: Int, _ context: inout Context) {
    list.isFiltering = false
    if row == list.cursorPosition, !list.isUnseen {
      _ = perform(.open, &context)
    } else {
      list.move(to: row)
      moved(&context)
    }
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter:
      list.isFiltering = false
      if list.isSearch, list.isFiltered, !list.seek(1, staying: true) {
        context.say("\(list.filter.text) is nowhere here.", .warning)
      }
    case .down: list.move(by: 1)
    case .up: list.move(by: -1)
    default:
      let before = list.filter.text
      if list.filter.take(key), list.filter.text != before { filterChanged(&context) }
    }
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    list.isFiltering = true
    list.filter.insert(text)
    filterChanged(&context)
  }

  // MARK: Details

  private mutating func enterDetails(_ context: inout Context) {
    guard list.current != nil, !details(context.world).isEmpty else {
      return context.say("There are no details here.", .dim)
    }
    list.isInDetails.toggle()
    list.detailsTop = 0
  }

  /// The keys that move, while the details have them.
  private mutating func scrollDetails(_ action: Action) -> Bool {
    switch action {
    case .down: list.detailsTop += 1
    case .up: list.detailsTop -= 1
    case .halfDown, .pageDown: list.detailsTop += 5
    case .halfUp, .pageUp: list.detailsTop -= 5
    case .first: list.detailsTop = 0
    case .last: list.detailsTop = .max / 2
    default: return false
    }
    list.detailsTop = max(0, list.detailsTop)
    return true
  }

  /// The marked rows, or all that are shown, with all their columns.
  func saved(_ world: World) -> SavedText? {
    let rows = list.marks.isEmpty ? list.all : list.targets
    guard !rows.isEmpty else { return nil }
    let head = SavedText.row(list.columns.map(\.title))
    let lines = rows.map { row in SavedText.row(list.columns.map { $0.cell(row, world).plain }) }
    return SavedText(what: Format.count(rows.count, "row", "rows"), ending: "csv", lines: [head] + lines)
  }

  /// The rows a verb is for; when there are none, says why.
  func targets(_ verb: String, _ context: inout Context) -> [Row] {
    let rows = list.targets
    if rows.isEmpty {
      context.say(
        list.isEmpty ? "Nothing here to \(verb)." : "The row under the cursor has changed; press the key again.",
        .warning)
    }
    return rows
  }

  /// Where the list and where the details stand.
  private func split(_ area: Area, _ world: World) -> (list: Area, details: Area?) {
    if area.columns >= Self.sideBySide, !details(world).isEmpty {
      let width = area.columns / 3
      return (
        area.inset(right: width + 1), area.inset(left: area.columns - width)
      )
    }
    guard detailRows > 0, area.rows >= detailRows + 8 else { return (area, nil) }
    // Sentences that say what failed take more lines than a row's facts: where there is room they have it.
    let rows = detailRows + max(0, min(4, (area.rows - 13) / 3))
    return (area.inset(bottom: rows + 1), area.inset(top: area.rows - rows - 1))
  }

  mutating func settle(_ area: Area, _ world: World) {
    if let columnsName { list.choice = world.columnChoice(columnsName) }
    list.measure(world)
    list.follow(world.now)
    let lines = details(world).count
    if lines == 0 { list.isInDetails = false }
    list.detailsTop = max(0, min(list.detailsTop, lines - 1))
    let place = split(area, world).list
    list.columnsInSight = Set(Table.layout(list, list.columns, place.columns).places.map(\.column))
    list.settle(max(0, place.rows - 1 - (list.isFiltering || list.isFiltered ? 1 : 0)))
  }

  mutating func seen() { list.seen() }
  var changesAt: ContinuousClock.Instant? { list.detailsFollowAt }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    var (place, beside) = split(area, world)
    if list.isFiltering || list.isFiltered {
      let line = place.line(0)
      canvas.put(StyledText(" / ", .key), line.inset(right: line.columns - 3))
      list.filter.draw(
        into: &canvas, line.inset(left: 3, right: max(0, line.columns - 45)), focused: list.isFiltering,
        hint: list.isSearch ? "type to search" : "type to filter")
      place = place.inset(top: 1)
    }
    if list.isEmpty {
      // Details have nothing to say of an empty list: their room is its.
      let room = area.inset(top: place.row - area.row + 2, left: 4, right: 2)
      let words = emptyWords(world).flatMap { $0.isEmpty ? [$0] : CellText.wrap($0, room.columns) }
      for (index, line) in words.prefix(room.rows).enumerated() { canvas.put(line, room.line(index)) }
      Table.draw(list, list.columns, into: &canvas, place.inset(bottom: max(0, place.rows - 1)), world)
    } else {
      Table.draw(list, list.columns, into: &canvas, place, world)
    }
    guard let beside, !list.isEmpty else { return }
    drawDetails(into: &canvas, beside, world)
  }

  private func drawDetails(into canvas: inout Canvas, _ area: Area, _ world: World) {
    var inside = area
    if area.columns < canvas.size.columns {
      let role: Role = list.isInDetails ? .key : .rule
      for row in 0..<area.rows { canvas.put(StyledText("│", role), area.line(row).inset(right: area.columns - 1)) }
      inside = area.inset(left: 2)
    } else {
      canvas.put(
        StyledText(String(repeating: "─", count: area.columns), list.isInDetails ? .key : .rule), area.line(0))
      inside = area.inset(top: 1, left: 2, right: 1)
    }
    let lines = details(world).flatMap { CellText.wrap($0, inside.columns) }
    let top = min(list.detailsTop, max(0, lines.count - inside.rows))
    for (row, line) in lines.dropFirst(top).prefix(inside.rows).enumerated() { canvas.put(line, inside.line(row)) }
  }
}
