import Operations

/// Modalities that are echoed again and again: loss, times, their history and their outages.
struct WatchScreen: ListScreen {
  struct Row: Identifiable, Sendable {
    let id: String
    var statistics: EchoStatistics
  }

  var list: List<Row>

  init(_ world: World) {
    list = List(Self.columns, searched: { $0.id })
    fill(world)
    list.seen()
  }

  var crumb: String { "watch" }
  var detailRows: Int { 5 }

  /// Those that are watched still.
  private var watched: Set<String> = []

  /// The footer names what can be done with the one under the cursor.
  var bindings: [Binding] {
    let isWatched = list.cursor.map(watched.contains) ?? false
    return [
      Binding("c", does: .cancel, label: isWatched ? "stop" : "", help: "stop watching it"),
      Binding("w", does: .watch, label: isWatched ? "" : "watch on", help: "watch it on, from zero"),
      Binding("e", does: .echo, help: "one echo more, with the time of each step"),
    ]
  }

  private static let columns: [Column<Row>] = [
    Column(
      title: "NAME", minimum: 14, ideal: 14, flex: 1, isMeasured: true, sortKey: { .text($0.id.lowercased()) },
      cell: { row, _ in StyledText(row.id, .strong) }),
    Column(title: "STATE", minimum: 9, ideal: 9, cell: { row, world in state(row, world) }),
    Column(
      title: "LOSS", minimum: 6, ideal: 6, alignment: .right, sortKey: { .number($0.statistics.loss) },
      cell: { row, _ in
        let loss = row.statistics.loss
        return StyledText(Format.decimal(loss * 100) + "%", loss == 0 ? .good : loss < 0.1 ? .warning : .bad)
      }),
    Column(
      title: "SENT", minimum: 5, ideal: 6, priority: 5, alignment: .right,
      cell: { row, _ in StyledText(Format.count(row.statistics.sent), .dim) }),
    time("LAST", priority: 1) { $0.last },
    time("MIN", priority: 3) { $0.minimum },
    time("AVG", priority: 2) { $0.mean },
    time("MAX", priority: 3) { $0.maximum },
    time("JITTER", priority: 6) { $0.jitter },
    Column(
      title: "HISTORY", minimum: 12, ideal: 60, flex: 4, priority: 2,
      cell: { row, _ in Bars.sparkline(row.statistics.recent, 120) }),
  ]

  private static func time(
    _ title: String, priority: Int, _ value: @escaping @Sendable (EchoStatistics) -> Double?
  ) -> Column<Row> {
    Column(
      title: title, minimum: 8, ideal: 8, priority: priority, alignment: .right,
      sortKey: { .number(value($0.statistics) ?? -1) },
      cell: { row, _ in StyledText(value(row.statistics).map(Format.milliseconds) ?? "–") })
  }

  private static func state(_ row: Row, _ world: World) -> StyledText {
    guard let job = world.watching(row.id) else { return StyledText("– stopped", .dim) }
    if let wait = job.wait?.remaining(world.now), wait < .seconds(8) {
      return world.spinner + StyledText(" \(Format.duration(wait))", .busy)
    }
    guard row.statistics.sent > 0 else { return world.spinner + StyledText(" first", .busy) }
    return row.statistics.last == nil ? StyledText("✗ lost", .bad) : StyledText("● up", .good)
  }

  func job(_ world: World) -> JobView? { list.cursor.flatMap { world.watching($0) ?? world.running($0) } }
  func identifier(_ world: World) -> String? { list.current.map { "\($0.id): \($0.statistics.words)" } }
  func summary(_ world: World) -> StyledText { StyledText(list.summary("modality", "modalities"), .dim) }

  func emptyWords(_ world: World) -> [StyledText] {
    [StyledText("Nothing is watched; ", .dim) + StyledText("w", .key) + StyledText(" on a modality watches it.", .dim)]
  }

  func details(_ world: World) -> [StyledText] {
    guard let row = list.detailed else { return [] }
    let outages = row.statistics.outages.suffix(20).reversed().map { outage in
      let start = Int(outage.start.timeIntervalSince1970)
      let end = outage.end.map { Int($0.timeIntervalSince1970) }
      let lasted = end.map { Format.duration(.seconds(max(0, $0 - start))) } ?? "until now"
      return StyledText("\(Format.clock(start))  ", .dim) + StyledText("\(lasted), \(outage.lost) lost", .bad)
        + StyledText("  \(outage.reason)", .dim)
    }
    let head = StyledText(row.id, .strong) + StyledText("  \(row.statistics.words)", .dim)
    return [head] + (outages.isEmpty ? [StyledText("no outage so far", .dim)] : outages)
  }

  private mutating func fill(_ world: World) {
    // Those that have been watched stay, so that their figures can be read.
    let names = world.modalities.map(\.name).filter { world.watches[$0] != nil || world.watching($0) != nil }
    watched = Set(names.filter { world.watching($0) != nil })
    list.replace(names.map { Row(id: $0, statistics: world.watches[$0] ?? EchoStatistics()) })
  }

  mutating func opened(_ context: inout Context) { fill(context.world) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .watched, .modalities: fill(context.world)
    case .job(let job) where job.kind == .watch: fill(context.world)
    default: break
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .echo: context.effects += targets("echo", &context).map { .echo(modality: $0.id) }
    case .watch, .again: Self.watch(targets("watch", &context).map(\.id), &context)
    default: return false
    }
    return true
  }

  /// Watches those that are not watched yet.
  static func watch(_ names: [String], _ context: inout Context) {
    let new = names.filter { context.world.watching($0) == nil }
    if new.isEmpty, !names.isEmpty { context.say("It is watched already; c stops it.", .dim) }
    context.effects += new.map { .watch(modality: $0) }
  }
}
