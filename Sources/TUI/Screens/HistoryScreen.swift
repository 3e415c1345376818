/// What was done with this storage, by every fluoro on it and by other stations, newest first. `/` searches all that is
/// kept; the newest matches are shown.
struct HistoryScreen: ListScreen {
  static let shownEntries = 1000

  var list: List<HistoryRow>
  private var token = 0
  private var isLoading = false

  init() { list = List(Self.columns, sort: List<HistoryRow>.Sort(column: 0, descending: true)) }

  var crumb: String { "history" }
  var columnsName: String? { "history" }
  var detailRows: Int { 3 }
  let bindings = [Binding(.enter, does: .open, label: "expand", help: "all about it")]

  private static let columns: [Column<HistoryRow>] = [
    Column(
      title: "ENDED", minimum: 11, ideal: 14, sortKey: { .number($0.ended) },
      cell: { row, _ in StyledText(row.time, .dim) }),
    Column(
      title: "WHAT", minimum: 8, ideal: 10, isMeasured: true, sortKey: { .text($0.operation) },
      cell: { row, _ in StyledText(row.isIncoming ? "← " : "→ ", .dim) + StyledText(row.operation, .strong) }),
    Column(
      title: "PEER", minimum: 10, ideal: 12, priority: 1, isMeasured: true, sortKey: { .text($0.peer) },
      cell: { row, _ in StyledText(row.peer, .accent) }),
    Column(
      title: "OUTCOME", minimum: 9, ideal: 11, sortKey: { .text($0.phase.rawValue) },
      cell: { row, _ in row.phase.light + StyledText(" \(row.phase.rawValue)") }),
    Column(
      title: "REASON", minimum: 16, ideal: 40, flex: 1,
      cell: { row, _ in StyledText(row.summary, row.phase == .done ? .dim : .text) }),
    Column(
      title: "TOOK", minimum: 7, ideal: 8, priority: TableLayout.optional, alignment: .right,
      sortKey: { .number($0.seconds) }, cell: { row, _ in StyledText(row.took, .dim) }),
    Column(
      title: "USER", minimum: 6, ideal: 8, priority: TableLayout.optional + 1, isMeasured: true,
      sortKey: { .text($0.user) }, cell: { row, _ in StyledText(row.user, .dim) }),
    Column(
      title: "REQUEST", minimum: 16, ideal: 30, priority: TableLayout.optional + 2,
      cell: { row, _ in StyledText(row.request, .dim) }),
  ]

  private mutating func load(_ context: inout Context) {
    token = context.token()
    isLoading = true
    context.effects.append(.history(token: token, text: list.filter.text, limit: Self.shownEntries))
  }

  mutating func opened(_ context: inout Context) { load(&context) }
  mutating func filterChanged(_ context: inout Context) { load(&context) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .history(token, let rows):
      isLoading = false
      list.replace(rows)
    default: break
    }
  }

  func identifier(_ world: World) -> String? { list.current.map { "\($0.operation) \($0.peer) \($0.summary)" } }

  func summary(_ world: World) -> StyledText {
    if isLoading, list.rows.isEmpty { return StyledText("loading", .busy) }
    let count = Format.count(list.count, "entry", "entries")
    return StyledText(list.count < Self.shownEntries ? count : "the newest \(count)", .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if isLoading { return [StyledText("loading", .dim)] }
    if list.isFiltered { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    return [
      StyledText("Nothing has been done yet; what is done from now on is kept here.", .dim),
      StyledText("1", .key) + StyledText(" then ", .dim) + StyledText("e", .key)
        + StyledText(" makes the first entry", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] { list.detailed?.lines ?? [] }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: if let row = list.current { context.push(HistoryEntryScreen(row: row)) }
    case .again: load(&context)
    default: return false
    }
    return true
  }
}

/// One entry of the history, in full.
struct HistoryEntryScreen: PageScreen {
  let row: HistoryRow
  var page = TextPage()

  init(row: HistoryRow) { self.row = row }

  var crumb: String { row.time }
  let bindings: [Binding] = []
  func identifier(_ world: World) -> String? { row.lines.map(\.plain).joined(separator: "\n") }
  mutating func perform(_ action: Action, _ context: inout Context) -> Bool { false }
  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    row.lines.flatMap { line in CellText.wrap(line, columns) }
  }
}

/// An operation that has ended, as the history has it.
struct HistoryRow: Identifiable, Sendable {
  let id: Int64
  /// When it ended, in words and in seconds since 1970.
  var time: String
  var ended: Double
  /// When it began.
  var began: String
  var operation: String
  var isIncoming: Bool
  var peer: String
  var address: String
  var user: String
  var request: String
  var phase: JobView.Phase
  /// The reason, or what was counted.
  var summary: String
  var took: String
  var seconds: Double

  var lines: [StyledText] {
    [
      phase.light + StyledText(" \(isIncoming ? "asked of us: " : "")\(operation)  ", .strong)
        + StyledText(peer, .accent) + StyledText("  \(phase.rawValue)  ") + StyledText("\(began), \(took)", .dim),
      summary.isEmpty ? nil : StyledText(summary, phase == .done ? .text : .bad),
      request.isEmpty ? nil : StyledText(request),
      StyledText([address, user.isEmpty ? "" : "user \(user)"].filter { !$0.isEmpty }.joined(separator: " · "), .dim),
    ].compactMap { $0 }
  }
}
