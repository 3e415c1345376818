/// The configured modalities: who answers, how fast, and what runs there now.
struct ModalitiesScreen: ListScreen {
  var list: List<ModalityRow>

  init(_ world: World) {
    list = List(Self.columns, searched: { "\($0.name) \($0.aeTitle) \($0.host)" })
    list.replace(world.modalities)
    list.seen()
  }

  var crumb: String { "modalities" }
  var columnsName: String? { "modalities" }
  var detailRows: Int { 3 }

  /// Where there is none yet, the footer names first how there will be one.
  var bindings: [Binding] {
    list.rows.isEmpty ? [Self.add] + Self.verbs.filter { $0.action != .add } : Self.verbs
  }

  private static let add = Binding("a", does: .add, label: "add", help: "add a modality")
  private static let verbs = [
    Binding(.enter, does: .open, label: "query", help: "query it; the marked ones together"),
    Binding("e", does: .echo, label: "echo", help: "echo (C-ECHO); the marked ones together"),
    Binding("E", does: .echoAll, label: "echo all", help: "echo all at once"),
    Binding("w", does: .watch, label: "watch", help: "watch: echo again and again, with loss and times"),
    Binding("d", does: .diagnose, label: "diagnose", help: "diagnose: layer by layer, what works and what does not"),
    Binding("T", does: .testStore, label: "test store", help: "test store: one synthetic instance, stored and found"),
    Binding("L", does: .worklist, label: "worklist", help: "its worklist: what is scheduled; the marked ones together"),
    add,
    Binding("o", does: .settings, label: "settings", help: "its settings; title and address can be changed"),
    Binding("x", does: .delete, label: "remove", help: "remove it, after a question"),
  ]

  private static let columns: [Column<ModalityRow>] = [
    Column(
      title: "NAME", minimum: 8, ideal: 10, flex: 1, isMeasured: true, sortKey: { .text($0.name.lowercased()) },
      cell: { row, _ in StyledText(row.name, .strong) }),
    Column(title: "STATUS", minimum: 7, ideal: 8, cell: { row, world in status(row, world) }),
    Column(
      title: "AE TITLE", minimum: 8, ideal: 10, priority: 2, isMeasured: true, sortKey: { .text($0.aeTitle) },
      cell: { row, _ in StyledText(row.aeTitle) }),
    Column(
      title: "ADDRESS", minimum: 15, ideal: 15, flex: 1, priority: 3, isMeasured: true, sortKey: { .text($0.host) },
      cell: { row, _ in StyledText(row.address + (row.usesTLS ? " TLS" : ""), .dim) }),
    Column(
      title: "LAST ECHO / NOW", minimum: 17, ideal: 20, flex: 4, priority: 1, cell: { row, world in now(row, world) }),
    Column(title: "ECHOES", minimum: 8, ideal: 16, priority: 4, cell: { row, _ in Bars.sparkline(row.echoes, 16) }),
  ]

  static func status(_ row: ModalityRow, _ world: World) -> StyledText {
    if let job = world.working(row.name) {
      return world.spinner + StyledText(job.kind == .echo ? " echo" : " busy", .busy)
    }
    guard let echo = row.lastEcho else { return StyledText("○ –", .dim) }
    return echo.succeeded ? StyledText("● up", .good) : StyledText("✗ down", .bad)
  }

  /// The countdown while something runs, else the last echo.
  private static func now(_ row: ModalityRow, _ world: World) -> StyledText {
    if let job = world.working(row.name) {
      guard let wait = job.wait else { return StyledText(job.phase.rawValue, .busy) }
      // The seconds first: they must be readable where the column is narrow.
      return StyledText("\(wait.clock(world.now)) ", .strong) + Bars.countdown(wait, world.now, 8)
        + StyledText(world.size.columns >= 100 ? " \(wait.subject)" : "", .dim)
    }
    guard let echo = row.lastEcho else { return StyledText("not echoed yet", .dim) }
    let watch = world.watching(row.name) == nil ? "" : "  watched"
    let when = StyledText("  \(Format.clock(echo.clock))\(watch)", .dim)
    let answer =
      echo.succeeded ? StyledText(Format.milliseconds(echo.milliseconds), .good) : StyledText("failed", .bad)
    // The times stand below each other.
    return answer + StyledText(String(repeating: " ", count: max(0, 6 - answer.width))) + when
  }

  /// Puts the cursor on one that is spoken of elsewhere.
  mutating func show(_ name: String) {
    list.clearMarks()
    list.move(toID: name)
  }

  func job(_ world: World) -> JobView? { list.cursor.flatMap { world.running($0) } }
  /// Below the list, where there is room for that.
  func explains(_ job: JobView, _ world: World) -> Bool {
    job.kind == .echo && job.peer == list.cursor && world.size.rows >= 18 && world.size.columns >= 60
  }

  func identifier(_ world: World) -> String? {
    list.current.map { "\($0.aeTitle)@\($0.address)" }
  }

  func summary(_ world: World) -> StyledText {
    StyledText(list.summary("modality", "modalities"), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered { return [StyledText("No modality matches; Esc clears the filter.", .dim)] }
    return [
      "No modality is configured yet.", "",
      StyledText("a", .key) + StyledText(" adds one; or name them under", .dim),
      StyledText("DicomModalities", .strong) + StyledText(" in fluoro.json, as Orthanc does.", .dim),
      StyledText("3", .key) + StyledText(" shows the studies on this machine.", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] {
    guard let row = list.detailed else { return [] }
    var lines = world.size.columns >= Self.sideBySide ? Self.labelled(row) : [Self.inOneLine(row)]
    if let job = world.running(row.name), let wait = job.wait {
      lines.append(
        StyledText("\(job.title): \(wait.words) ") + StyledText(wait.clock(world.now), .strong) + StyledText(" ")
          + Bars.countdown(wait, world.now, 16))
    } else if let echo = row.lastEcho {
      lines.append(StyledText(echo.words, echo.succeeded ? .dim : .bad))
    }
    return lines
  }

  private static func inOneLine(_ row: ModalityRow) -> StyledText {
    let called = row.callingAETitle.isEmpty ? "" : "we call as \(row.callingAETitle)"
    return [
      StyledText("\(row.aeTitle)@\(row.address)", .strong), StyledText(called, .dim),
      StyledText("retrieves by \(row.retrieveMethod)", .dim),
    ].joined(StyledText(" · ", .dim))
  }

  private static func labelled(_ row: ModalityRow) -> [StyledText] {
    let facts = [
      ("Name", row.name), ("AE title", row.aeTitle), ("Address", row.address + (row.usesTLS ? " TLS" : "")),
      ("We call as", row.callingAETitle), ("Retrieves by", row.retrieveMethod),
    ]
    let known = facts + row.settings.map { ($0.key, $0.value) }
    let width = 2 + (known.map { CellText.width($0.0) }.max() ?? 0)
    return known.filter { !$0.1.isEmpty }.enumerated().map { index, fact in
      .detail(fact.0, StyledText(fact.1, index == 0 ? .strong : .text), width: width)
    } + [""]
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .modalities, .echoed: list.replace(context.world.modalities)
    default: break
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .echo, .again:
      context.effects += targets("echo", &context).map { .echo(modality: $0.name) }
    case .echoAll:
      if list.rows.isEmpty { context.say("No modality is configured.", .warning) }
      context.effects += list.rows.map { .echo(modality: $0.name) }
    case .open:
      let names = targets("query", &context).map(\.name)
      guard !names.isEmpty else { return true }
      context.moves.append(.show(1, [QueryScreen(context.world, modalities: names)]))
    case .watch:
      let names = targets("watch", &context).map(\.name)
      guard !names.isEmpty else { return true }
      context.effects += names.filter { context.world.watching($0) == nil }.map { .watch(modality: $0) }
      context.push(WatchScreen(context.world))
    case .diagnose:
      guard let row = targets("diagnose", &context).first else { return true }
      guard list.marks.count < 2 else {
        context.say("Diagnose one modality at a time; Esc clears the marks.", .warning)
        return true
      }
      context.push(DiagnosisScreen(row.name, token: context.token()))
    case .testStore: testStore(&context)
    case .worklist:
      let names = targets("ask", &context).map(\.name)
      guard !names.isEmpty else { return true }
      context.moves.append(.show(1, [QueryScreen(context.world, modalities: names, isWorklist: true)]))
    case .add: context.push(ModalityScreen(nil))
    case .settings:
      guard !list.isUnseen, let row = list.current else { return true }
      context.push(ModalityScreen(row))
    case .delete: remove(&context)
    default: return false
    }
    return true
  }

  private func testStore(_ context: inout Context) {
    if let words = context.world.station.refusal("nothing is sent to other stations") {
      return context.say(words, .warning)
    }
    guard let row = targets("test", &context).first else { return }
    guard list.marks.count < 2 else {
      return context.say("Test one modality at a time; Esc clears the marks.", .warning)
    }
    context.moves.append(
      .ask(
        Question(
          title: "Store a test image on \(row.name)?",
          lines: [
            "One synthetic image of patient FLUORO^TEST is sent there and looked for. It stays until somebody deletes it."
          ], verb: "store", typed: row.isProduction ? row.name : nil,
          purpose: .perform([.testStore(modality: row.name, confirmation: row.isProduction ? row.name : nil)]))))
  }

  private func remove(_ context: inout Context) {
    guard list.marks.count < 2 else {
      return context.say("Remove one modality at a time; Esc clears the marks.", .warning)
    }
    guard let row = targets("remove", &context).first else { return }
    let job = context.world.running(row.name)
    if let job { return context.say("\(job.words) is still running; c cancels it.", .warning) }
    context.moves.append(
      .ask(
        Question(
          title: "Remove \(row.name)?",
          lines: [
            "\(row.aeTitle)@\(row.address) is forgotten in modalities.json; your own configuration file stays as it is."
          ], verb: "remove", typed: row.isProduction ? row.name : nil,
          purpose: .perform([.removeModality(name: row.name)]))))
  }
}
