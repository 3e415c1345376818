/// What happened, newest first.
struct ActivityScreen: ListScreen {
  var list: List<ActivityRow>
  private var peer: String?

  init() { list = List(Self.columns, searched: { "\($0.kind) \($0.peer) \($0.words)" }) }

  var crumb: String { "activity" }
  var detailRows: Int { 3 }

  let bindings = [
    Binding(.enter, does: .open, label: "expand", help: "all about it"),
    Binding("f", does: .onlyPeer, label: "only this peer", help: "only this peer, or all again"),
  ]

  private static let columns: [Column<ActivityRow>] = [
    Column(title: "TIME", minimum: 8, ideal: 8, cell: { row, _ in StyledText(Format.clock(row.clock), .dim) }),
    Column(
      title: "WHAT", minimum: 8, ideal: 10, priority: 1, isMeasured: true,
      cell: { row, _ in StyledText(row.kind, row.role) }),
    Column(
      title: "PEER", minimum: 12, ideal: 16, priority: 2, isMeasured: true,
      cell: { row, _ in StyledText(row.peer, .accent) }),
    Column(title: "WORDS", minimum: 16, ideal: 40, flex: 1, cell: { row, _ in StyledText(row.words) }),
  ]

  func identifier(_ world: World) -> String? { list.current?.words }

  func summary(_ world: World) -> StyledText {
    StyledText((peer.map { "only \($0) · " } ?? "") + list.summary("entry", "entries"), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered || peer != nil { return [StyledText("Nothing matches; Esc shows all.", .dim)] }
    return [
      "Nothing has happened yet.", "",
      StyledText("Associations in and out, their results and their errors appear here.", .dim),
      StyledText("1", .key) + StyledText(" then ", .dim) + StyledText("e", .key) + StyledText(" makes the first", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] {
    guard let row = list.current else { return [] }
    return [StyledText(row.words)] + row.details.map { StyledText($0, .dim) }
  }

  var escape: String? {
    if list.isFiltering { return "leave the field" }
    if list.isFiltered { return "clear the filter" }
    if peer != nil { return "show all peers" }
    return list.marks.isEmpty ? nil : "clear the marks"
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    if !list.isFiltering, !list.isFiltered, peer != nil {
      peer = nil
      fill(context.world)
      return true
    }
    if list.isFiltering {
      list.isFiltering = false
    } else if list.isFiltered {
      list.filter = TextField()
      list.arrange()
    } else if !list.marks.isEmpty {
      list.clearMarks()
    } else {
      return false
    }
    return true
  }

  private mutating func fill(_ world: World) {
    // On the newest entry one stays on the newest.
    let follows = list.cursorPosition == 0
    list.replace(peer.map { peer in world.activity.filter { $0.peer == peer } } ?? world.activity)
    if follows { list.move(to: 0) }
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .activity = message { fill(context.world) }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: if let row = list.current { context.push(EntryScreen(row: row)) }
    case .onlyPeer:
      guard peer != nil || list.current?.peer.isEmpty == false else {
        context.say("This entry is of no peer.", .dim)
        return true
      }
      if peer == nil { peer = list.current.map(\.peer) } else { peer = nil }
      fill(context.world)
    case .again: fill(context.world)
    default: return false
    }
    return true
  }
}

/// One entry of the activity, in full.
struct EntryScreen: Screen {
  let row: ActivityRow
  private var top = 0

  init(row: ActivityRow) { self.row = row }

  var crumb: String { Format.clock(row.clock) }
  let bindings: [Binding] = []
  let movement = Keymap.inPages
  func identifier(_ world: World) -> String? { ([row.words] + row.details).joined(separator: " ") }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .down: top = min(top + 1, max(0, row.details.count - 1))
    case .up: top = max(0, top - 1)
    case .pageDown, .halfDown: top = min(top + 10, max(0, row.details.count - 1))
    case .pageUp, .halfUp: top = max(0, top - 10)
    case .first: top = 0
    case .last: top = max(0, row.details.count - 1)
    default: return false
    }
    return true
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    let inside = area.inset(top: 1, left: 3, right: 2)
    var lines = [StyledText(row.kind, row.role) + StyledText("  \(row.peer)", .accent)]
    lines += CellText.wrap(row.words, inside.columns).map { StyledText($0, .strong) } + [""]
    lines += row.details.dropFirst(top).flatMap { CellText.wrap($0, inside.columns) }.map { StyledText($0) }
    for (index, line) in lines.prefix(inside.rows).enumerated() { canvas.put(line, inside.line(index)) }
  }
}
