/// What a screen asks of whoever holds it.
struct Context: Sendable {
  enum Move: Sendable {
    case push(any Screen)
    /// Shows one of the five, with this as its whole stack.
    case show(Int, [any Screen])
    case go(Int)
    case pop
    case ask(Question)
    case prompt(Prompt)
    case pick(Picker)
  }

  let world: World
  var effects: [Effect] = []
  var moves: [Move] = []
  var notice: Notice?
  var nextToken: Int

  mutating func token() -> Int {
    nextToken += 1
    return nextToken
  }

  mutating func push(_ screen: any Screen) { moves.append(.push(screen)) }
  mutating func say(_ words: String, _ role: Role = .text) { notice = Notice(words: words, role: role) }
}

/// A screen: its keys, what they do, what arrives for it, how it looks. A value; its work is effects.
protocol Screen: Sendable {
  /// Its name in the breadcrumb.
  var crumb: String { get }
  /// Its own verbs, in the footer's order; looked at before those that work everywhere.
  var bindings: [Binding] { get }
  /// The keys for moving about.
  var movement: [Binding] { get }
  /// Whether a text field has the keys.
  var isEditing: Bool { get }
  /// What Esc would do in here; nil: leave the screen.
  var escape: String? { get }
  /// What `y` copies.
  func identifier(_ world: World) -> String?
  /// The operation under the cursor.
  func job(_ world: World) -> JobView?
  /// Whether it shows by itself why a job failed.
  func explains(_ job: JobView, _ world: World) -> Bool
  /// The right end of the rule above: counts.
  func summary(_ world: World) -> StyledText

  /// Shown for the first time, or again.
  mutating func opened(_ context: inout Context)
  /// False: not its business.
  mutating func act(_ action: Action, _ context: inout Context) -> Bool
  mutating func edit(_ key: Key, _ context: inout Context)
  mutating func paste(_ text: String, _ context: inout Context)
  mutating func receive(_ message: Message, _ context: inout Context)
  /// One step out; false when there is none left in here.
  mutating func stepOut(_ context: inout Context) -> Bool
  /// Fits what is shown to the area it will be drawn in.
  mutating func settle(_ area: Area, _ world: World)
  /// What was settled has been drawn: a person has seen it.
  mutating func seen()
  func draw(into canvas: inout Canvas, _ area: Area, _ world: World)
}

extension Screen {
  var movement: [Binding] { Keymap.inLists }
  var isEditing: Bool { false }
  var escape: String? { nil }
  func identifier(_ world: World) -> String? { nil }
  func job(_ world: World) -> JobView? { nil }
  func explains(_ job: JobView, _ world: World) -> Bool { false }
  func summary(_ world: World) -> StyledText { StyledText() }
  mutating func opened(_ context: inout Context) {}
  mutating func edit(_ key: Key, _ context: inout Context) {}
  mutating func paste(_ text: String, _ context: inout Context) {}
  mutating func receive(_ message: Message, _ context: inout Context) {}
  mutating func stepOut(_ context: inout Context) -> Bool { false }
  mutating func settle(_ area: Area, _ world: World) {}
  mutating func seen() {}
}

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
  func details(_ world: World) -> [StyledText] { [] }
  mutating func filterChanged(_ context: inout Context) { list.arrange() }
  mutating func sortChanged(_ context: inout Context) {}
  mutating func moved(_ context: inout Context) {}

  var escape: String? {
    if list.isFiltering { return "leave the field" }
    if list.isFiltered { return "clear the filter" }
    return list.marks.isEmpty ? nil : "clear the marks"
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    if list.isFiltering {
      list.isFiltering = false
    } else if list.isFiltered {
      list.filter = TextField()
      filterChanged(&context)
    } else if !list.marks.isEmpty {
      list.clearMarks()
    } else {
      return false
    }
    return true
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
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
    case .filter: list.isFiltering = true
    case .mark: list.toggleMark()
    case .markAll: list.toggleAllMarks()
    case .sortRight, .sortLeft:
      list.sortBy(step: action == .sortRight ? 1 : -1)
      sortChanged(&context)
    case .invertSort:
      list.invertSort()
      sortChanged(&context)
    default: return false
    }
    return true
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter: list.isFiltering = false
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
    list.measure(world)
    list.settle(max(0, split(area, world).list.rows - 1 - (list.isFiltering || list.isFiltered ? 1 : 0)))
  }

  mutating func seen() { list.seen() }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    var (place, beside) = split(area, world)
    if list.isFiltering || list.isFiltered {
      let line = place.line(0)
      canvas.put(StyledText(" / ", .key), line.inset(right: line.columns - 3))
      list.filter.draw(
        into: &canvas, line.inset(left: 3, right: max(0, line.columns - 45)), focused: list.isFiltering,
        hint: "type to filter")
      place = place.inset(top: 1)
    }
    if list.isEmpty {
      for (index, line) in emptyWords(world).prefix(max(0, place.rows - 2)).enumerated() {
        canvas.put(line, place.line(2 + index).inset(left: 4, right: 2))
      }
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
      for row in 0..<area.rows { canvas.put(StyledText("│", .rule), area.line(row).inset(right: area.columns - 1)) }
      inside = area.inset(left: 2)
    } else {
      canvas.put(
        StyledText(String(repeating: "─", count: area.columns), .rule), area.line(0))
      inside = area.inset(top: 1, left: 2, right: 1)
    }
    var row = 0
    for line in details(world) {
      for piece in CellText.wrap(line, inside.columns) where row < inside.rows {
        canvas.put(piece, inside.line(row))
        row += 1
      }
    }
  }
}
