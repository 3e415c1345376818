import Dicom

/// What is scheduled, as a modality's worklist, or those of several, say it.
struct WorklistScreen: ListScreen {
  var list: List<Record>
  private var orders: [FindOrder]
  private var ends: [Int: Message.FindEnd] = [:]
  private var hasAsked = false
  private var completed = 0

  init(orders: [FindOrder]) {
    self.orders = orders
    list = List(
      Self.columns(fromMany: orders.count > 1), searched: RecordColumns.searched,
      sort: .init(column: 0, descending: false))
  }

  let crumb = "scheduled"
  var columnsName: String? { "worklist" }
  var detailRows: Int { 3 }
  private var isLoading: Bool { ends.count < orders.count }
  var isAging: Bool { !isLoading && !list.rows.isEmpty }

  let bindings = [
    Binding(.enter, does: .open, label: "all of it", help: "everything that is said of it")
  ]

  private static func columns(fromMany: Bool) -> [Column<Record>] {
    let columns: [Column<Record>] = [
      Column(
        title: "SCHEDULED", minimum: 16, ideal: 16, sortKey: { .text($0[.stepDate] + $0[.stepTime]) },
        cell: { row, _ in
          StyledText(Format.date(row[.stepDate]), .strong) + StyledText(" \(Format.time(row[.stepTime]))")
        }),
      RecordColumns.text("PATIENT", .patientName, 16, 24, flex: 2, format: Format.name, role: .strong),
      RecordColumns.text("ID", .patientID, 8, 12, priority: 4),
      RecordColumns.text("BORN", .patientBirthDate, 10, 10, priority: 7, format: Format.date, role: .dim),
      RecordColumns.text("MOD", .modality, 3, 4, priority: 1, role: .accent),
      RecordColumns.text("STATION", .stationAETitle, 8, 14, priority: 3),
      RecordColumns.text("DESCRIPTION", .stepDescription, 12, 24, flex: 3, priority: 2),
      RecordColumns.text("STATUS", .stepStatus, 7, 10, priority: 6, role: .dim),
      RecordColumns.text("ACCESSION", .accessionNumber, 8, 12, priority: 5, role: .dim),
    ]
    return fromMany
      ? columns + [
        Column(
          title: "SOURCE", minimum: 8, ideal: 10, priority: 1, isMeasured: true, sortKey: { .text($0.source) },
          cell: { record, _ in StyledText(record.source, .accent) })
      ] : columns
  }

  private var subjects: Set<String> { Set(orders.map { "find-\($0.token)" }) }
  private func asking(_ world: World) -> JobView? { subjects.lazy.compactMap { world.running($0) }.first }
  func job(_ world: World) -> JobView? { asking(world) }
  func explains(_ job: JobView, _ world: World) -> Bool {
    list.rows.isEmpty && !job.subjects.isDisjoint(with: subjects)
  }
  func identifier(_ world: World) -> String? {
    list.current.map { $0[.accessionNumber].isEmpty ? $0[.patientID] : $0[.accessionNumber] }
  }

  func summary(_ world: World) -> StyledText {
    let count = list.summary("entry", "entries")
    if isLoading { return StyledText("\(count) so far", .busy) }
    if ends.values.contains(where: \.failed) { return StyledText("\(count), then it failed", .bad) }
    if ends.values.contains(where: \.isCut) {
      return StyledText("first \(Format.count(list.rows.count)); narrow it, or r for all", .warning)
    }
    let age = world.clock - completed
    return StyledText(count + (age >= 60 ? " · \(Format.ago(age)), r asks again" : ""), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if isLoading {
      guard let wait = asking(world)?.wait else { return [world.spinner + StyledText(" asking", .dim)] }
      return [world.spinner + StyledText(" \(wait.words) ") + StyledText(wait.clock(world.now), .strong)]
    }
    if list.isFiltered, !list.rows.isEmpty { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    let failures = orders.compactMap { order in ends[order.token].flatMap { $0.failed ? $0.words : nil } }
    if !failures.isEmpty {
      return failures.flatMap { CellText.wrap($0, max(20, world.size.columns - 8)) }.map { StyledText($0, .bad) }
    }
    return [
      "Nothing is scheduled for this.",
      StyledText("Esc", .key) + StyledText(" goes back to the form; ", .dim) + StyledText("r", .key)
        + StyledText(" asks again", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] { list.detailed.map { RecordColumns.details($0, inside: []) } ?? [] }

  mutating func opened(_ context: inout Context) {
    // Coming back to it is no reason to ask again.
    guard !hasAsked else { return }
    hasAsked = true
    context.effects += orders.map { .find($0) }
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .matches(let token, let records):
      guard let order = orders.first(where: { $0.token == token }) else { return }
      list.merge(orders.count > 1 ? records.map { $0.from(order.modality) } : records)
    case .findEnded(let token, let end):
      guard let order = orders.first(where: { $0.token == token }) else { return }
      ends[token] = end
      if !isLoading {
        completed = context.world.clock
        list.complete()
      }
      if end.failed, orders.count > 1 { context.say("\(order.modality): \(end.words)", .bad) }
    default: break
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open:
      guard !list.isUnseen, let row = list.current else { return true }
      context.push(RecordScreen(record: row))
    case .again:
      list.replace([])
      orders.askAgain(&ends, &context)
    default: return false
    }
    return true
  }
}

/// All that is known of one entry.
struct RecordScreen: PageScreen {
  let record: Record
  var page = TextPage()

  init(record: Record) { self.record = record }

  var crumb: String { record.words }
  let bindings: [Binding] = []
  func identifier(_ world: World) -> String? { record[.accessionNumber] }
  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    RecordColumns.details(record, inside: []).flatMap { CellText.wrap($0, columns) }
  }
}
