import Dicom

/// What a modality answered, arriving as it answers: studies, and by Enter their series and instances.
struct ResultsScreen: ListScreen {
  var list: List<Record>
  /// One for each modality that is asked.
  private var orders: [FindOrder]
  /// The study, and the series, this is inside of.
  private let path: [Record]
  private var ends: [Int: Message.FindEnd] = [:]
  private var hasAsked = false
  /// When the last answer was complete, in seconds since 1970.
  private var completed = 0

  init(orders: [FindOrder], path: [Record]) {
    self.orders = orders
    self.path = path
    let level = orders.first?.level ?? .study
    let columns = RecordColumns.columns(level, isLocal: false, fromMany: orders.count > 1)
    let newestFirst = columns.firstIndex { $0.title == "DATE" }.map { List<Record>.Sort(column: $0, descending: true) }
    let byNumber = columns.firstIndex { $0.title == "NR" }.map { List<Record>.Sort(column: $0, descending: false) }
    list = List(columns, searched: RecordColumns.searched, sort: newestFirst ?? byNumber)
  }

  var crumb: String { path.last?.words ?? "" }
  var columnsName: String? { "results \(level.words)" }
  private var level: Level { orders.first?.level ?? .study }
  private var isDeepest: Bool { level == .instance }
  private var isLoading: Bool { ends.count < orders.count }
  private var isFromMany: Bool { orders.count > 1 }
  /// Who was asked, for sentences.
  private var asked: String { isFromMany ? "None of the \(orders.count) modalities" : orders.first?.modality ?? "" }
  private var failures: [(modality: String, words: String)] {
    orders.compactMap { order in
      guard let end = ends[order.token], end.failed else { return nil }
      return (order.modality, end.words)
    }
  }

  var bindings: [Binding] {
    let open = Binding(
      .enter, does: .open, label: level == .study ? "series" : "images", help: "drill down: study, series, images"
    )
    return (isDeepest ? [] : [open]) + [
      Binding("m", does: .retrieve, label: "retrieve", help: "retrieve it here (C-MOVE or C-GET), or the marked ones"),
      Binding("M", does: .retrieveTo, label: "move to another AE", help: "move it to another AE title"),
    ]
  }

  mutating func opened(_ context: inout Context) {
    // Coming back to it is no reason to ask again.
    guard !hasAsked else { return }
    hasAsked = true
    context.effects += orders.map { .find($0) }
  }

  private var findSubjects: Set<String> { Set(orders.map { "find-\($0.token)" }) }

  private func asking(_ world: World) -> JobView? { findSubjects.lazy.compactMap { world.running($0) }.first }

  func job(_ world: World) -> JobView? { list.current.flatMap { world.running($0.uid) } ?? asking(world) }

  func explains(_ job: JobView, _ world: World) -> Bool {
    list.rows.isEmpty && !job.subjects.isDisjoint(with: findSubjects)
  }

  func identifier(_ world: World) -> String? { list.current?.uid }
  var isAging: Bool { !isLoading && !list.rows.isEmpty }

  func summary(_ world: World) -> StyledText {
    let count = list.summary(level.word, level.words)
    if isLoading {
      let left = isFromMany ? ", \(orders.count - ends.count) of \(orders.count) still answer" : ""
      return StyledText("\(count) so far\(left)", .busy)
    }
    let failures = failures
    if failures.count == orders.count, list.rows.isEmpty { return StyledText("failed", .bad) }
    if let first = failures.first {
      return StyledText(isFromMany ? "\(count); \(first.modality) failed" : "\(count), then it failed", .bad)
    }
    if ends.values.contains(where: \.isCut) {
      return StyledText("first \(Format.count(list.rows.count)); narrow it, or r for all", .warning)
    }
    let age = world.clock - completed
    return StyledText(count + (age >= 60 ? " · \(Format.ago(age)), r asks again" : ""), .dim)
  }

  func details(_ world: World) -> [StyledText] {
    guard world.size.columns >= Self.sideBySide, let row = list.detailed else { return [] }
    return RecordColumns.details(row, inside: path)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if isLoading {
      guard let job = asking(world), let wait = job.wait else {
        return [world.spinner + StyledText(" asking \(orders.map(\.modality).joined(separator: ", "))", .dim)]
      }
      return [
        world.spinner + StyledText(" \(wait.words) ", .text) + StyledText(wait.clock(world.now), .strong),
        StyledText("  ") + Bars.countdown(wait, world.now, 30),
        "",
        StyledText("c", .key) + StyledText(" cancels, ", .dim) + StyledText("+", .key)
          + StyledText(" gives it 10 s more", .dim),
      ]
    }
    if list.isFiltered, !list.rows.isEmpty { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    if !failures.isEmpty {
      let width = max(20, world.size.columns - 8)
      return failures.flatMap { CellText.wrap($0.words, width) }.map { StyledText($0, .bad) } + [
        "",
        StyledText("r", .key) + StyledText(" tries again, ", .dim) + StyledText("Esc", .key)
          + StyledText(" goes back to the form", .dim),
      ]
    }
    return [
      StyledText("\(asked) has no \(level.words) for this."),
      StyledText("Esc", .key) + StyledText(" goes back to the form; ", .dim) + StyledText("r", .key)
        + StyledText(" asks again", .dim),
    ]
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .matches(let token, let records):
      guard let order = orders.first(where: { $0.token == token }) else { return }
      list.merge(isFromMany ? records.map { $0.from(order.modality) } : records)
      let uids = records.map(\.uid).filter { !$0.isEmpty }
      if !uids.isEmpty { context.effects.append(.holdings(level, uids)) }
    case .findEnded(let token, let end):
      guard let order = orders.first(where: { $0.token == token }) else { return }
      ends[token] = end
      if !isLoading {
        completed = context.world.clock
        list.complete()
      }
      if end.failed, isFromMany || !list.rows.isEmpty {
        context.say(isFromMany ? "\(order.modality): \(end.words)" : end.words, .bad)
      }
    case .indexChanged(let studies):
      // Only what is shown can have become more by this.
      let isAll = level != .study || studies.contains(Message.everyStudy)
      let uids = list.rows.filter { isAll || studies.contains($0.uid) }.map(\.uid)
      if !uids.isEmpty { context.effects.append(.holdings(level, uids)) }
    default: break
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: drillDown(&context)
    case .again:
      list.replace([])
      orders.askAgain(&ends, &context)
    case .retrieve: context.effects += retrievals(&context).map { .retrieve($0) }
    case .retrieveTo: retrieveTo(&context)
    default: return false
    }
    return true
  }

  private func retrieveTo(_ context: inout Context) {
    if context.world.station.isReadOnly {
      context.say("This fluoro is read only (ReadOnly): nothing is moved between other stations.", .warning)
      return
    }
    let orders = retrievals(&context)
    guard !orders.isEmpty else { return }
    let sources = Set(orders.map(\.modality))
    let choices = context.world.modalities.filter { sources != [$0.name] }.map { Picker.Choice($0, id: $0.aeTitle) }
    let what = Format.count(orders.reduce(0) { $0 + $1.items.count }, level.word, level.words)
    context.moves.append(
      .pick(
        Picker(
          title: "Move \(what) from \(sources.sorted().joined(separator: ", ")) to", choices: choices,
          freeText: "an AE title", purpose: .retrieveTo(orders))))
  }

  /// One order for each modality that the rows come from.
  private func retrievals(_ context: inout Context) -> [RetrieveOrder] {
    if isLoading, list.isEmpty {
      let who = isFromMany ? "Nobody has answered yet" : "\(orders.first?.modality ?? "") has not answered yet"
      context.say("\(who); press the key again when there are rows.", .warning)
      return []
    }
    let rows = targets("retrieve", &context)
    return orders.compactMap { order in
      let items = rows.filter { !isFromMany || $0.source == order.modality }.map(item)
      return items.isEmpty ? nil : RetrieveOrder(modality: order.modality, level: level, items: items)
    }
  }

  private func item(_ row: Record) -> RetrieveOrder.Item {
    RetrieveOrder.Item(
      studyInstanceUID: row[.studyInstanceUID].isEmpty
        ? path.first?[.studyInstanceUID] ?? "" : row[.studyInstanceUID],
      seriesInstanceUID: level >= .series ? row[.seriesInstanceUID] : nil,
      sopInstanceUID: level == .instance ? row[.sopInstanceUID] : nil,
      words: ([path.first].compactMap { $0 } + [row]).map(\.words).joined(separator: " "),
      instances: row.instances)
  }

  private mutating func drillDown(_ context: inout Context) {
    guard !isDeepest, !list.isUnseen, let row = list.current else { return }
    let next: Level = level == .study ? .series : .instance
    let study = path.first ?? row
    var keys = [Attribute.studyInstanceUID.rawValue: study[.studyInstanceUID]]
    if next == .instance { keys[Attribute.seriesInstanceUID.rawValue] = row[.seriesInstanceUID] }
    let modality = row.source.isEmpty ? orders.first?.modality ?? "" : row.source
    let order = FindOrder(
      token: context.token(), modality: modality, level: next, keys: keys, limit: 0, words: row.words)
    context.push(ResultsScreen(orders: [order], path: path + [row]))
  }
}
