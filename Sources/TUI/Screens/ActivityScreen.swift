/// What happened, newest first.
struct ActivityScreen: ListScreen {
  var list: List<ActivityRow>
  private var peer: String?

  init() { list = List(Self.columns, searched: { "\($0.kind) \($0.peer) \($0.words)" }) }

  var crumb: String { "activity" }
  var columnsName: String? { "activity" }
  var detailRows: Int { 3 }

  /// The footer names allowing where there is a title to allow.
  var bindings: [Binding] {
    var allow = Self.allow
    if list.current?.refusedAETitle == nil { allow.label = "" }
    return [
      Binding(.enter, does: .open, label: "expand", help: "all about it"),
      Binding("f", does: .onlyPeer, label: "only this peer", help: "only this peer, or all again"),
      allow, Binding("H", does: .history, label: "history", help: "the history: what was done before, and by others"),
    ]
  }

  static let allow = Binding(
    "a", does: .allow, label: "allow its title", help: "allow the rejected AE title to store here")

  private static let columns: [Column<ActivityRow>] = [
    Column(title: "TIME", minimum: 8, ideal: 8, cell: { row, _ in StyledText(Format.clock(row.clock), .dim) }),
    Column(
      title: "KIND", minimum: 8, ideal: 10, priority: 1, isMeasured: true,
      cell: { row, _ in StyledText(row.kind, row.role) }),
    Column(
      title: "PEER", minimum: 12, ideal: 16, priority: 2, isMeasured: true,
      cell: { row, world in
        // Where its address would be cut off it is left out.
        StyledText(world.size.columns < 100 ? String(row.peer.prefix { $0 != " " }) : row.peer, .accent)
      }),
    Column(title: "WHAT HAPPENED", minimum: 16, ideal: 40, flex: 1, cell: { row, _ in StyledText(row.words) }),
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
    guard let row = list.detailed else { return [] }
    return [StyledText(row.words)] + row.details.map { StyledText($0, .dim) }
  }

  var narrowed: String? { peer == nil ? nil : "show all peers" }

  mutating func widen(_ context: inout Context) {
    peer = nil
    fill(context.world)
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
    case .history: context.push(HistoryScreen())
    case .onlyPeer:
      guard peer != nil || list.current?.peer.isEmpty == false else {
        context.say("This entry is of no peer.", .dim)
        return true
      }
      if peer == nil { peer = list.current.map(\.peer) } else { peer = nil }
      fill(context.world)
    case .allow:
      if let row = targets("allow", &context).first { Self.allow(row, &context) }
    case .again: fill(context.world)
    default: return false
    }
    return true
  }

  static func allow(_ row: ActivityRow, _ context: inout Context) {
    guard let title = row.refusedAETitle else {
      return context.say("Nothing was refused here that could be allowed.", .dim)
    }
    context.moves.append(
      .ask(
        Question(
          title: "Allow \(title) to store here?",
          lines: ["Whoever calls as \(title) may then send instances here (C-STORE). :forbid \(title) takes it back."],
          verb: "allow", purpose: .perform([.allow(aeTitle: title)]))))
  }
}

/// One entry of the activity, in full.
struct EntryScreen: PageScreen {
  let row: ActivityRow
  var page = TextPage()
  private var traces: [String] = []

  init(row: ActivityRow) { self.row = row }

  var crumb: String { Format.clock(row.clock) }
  var bindings: [Binding] { row.refusedAETitle == nil ? [] : [ActivityScreen.allow] }
  func identifier(_ world: World) -> String? { ([row.words] + row.details).joined(separator: " ") }

  mutating func opened(_ context: inout Context) { context.effects.append(.trace(entry: row.id)) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .trace(let entry, let lines) = message, entry == row.id { traces = lines }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    guard action == .allow else { return false }
    ActivityScreen.allow(row, &context)
    return true
  }

  /// A line of the trace; what a PDU holds stands indented below it.
  private func wire(_ line: String, _ columns: Int) -> [StyledText] {
    var text = String(line.drop { $0 == " " })
    let indent = String(repeating: " ", count: min(line.count - text.count, 12))
    // The day is known, the time stays: `2026-11-29T08:15:02.123Z`.
    if indent.isEmpty, text.dropFirst(10).first == "T" { text.removeFirst(11) }
    return CellText.wrap(text, max(20, columns - indent.count)).map {
      StyledText(indent) + StyledText($0, indent.isEmpty ? .text : .dim)
    }
  }

  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    var lines = [StyledText(row.kind, row.role) + StyledText("  \(row.peer)", .accent)]
    lines += CellText.wrap(row.words, columns).map { StyledText($0, .strong) }
    if !row.details.isEmpty { lines.append("") }
    lines += row.details.flatMap { CellText.wrap($0, columns) }.map { StyledText($0) }
    return lines + (traces.isEmpty ? [] : ["", StyledText("on the wire", .heading)])
      + traces.flatMap { wire($0, columns) }
  }
}
