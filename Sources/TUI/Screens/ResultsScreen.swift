import Dicom

/// What a modality answered, arriving as it answers: studies, and by Enter their series and instances.
struct ResultsScreen: ListScreen {
  var list: List<Record>
  private var order: FindOrder
  /// The study, and the series, this is inside of.
  private let path: [Record]
  private var isLoading = true
  private var end: Message.FindEnd?

  init(order: FindOrder, path: [Record]) {
    self.order = order
    self.path = path
    let columns = RecordColumns.columns(order.level, isLocal: false)
    let newestFirst = columns.firstIndex { $0.title == "DATE" }.map { List<Record>.Sort(column: $0, descending: true) }
    let byNumber = columns.firstIndex { $0.title == "NR" }.map { List<Record>.Sort(column: $0, descending: false) }
    list = List(columns, searched: RecordColumns.searched, sort: newestFirst ?? byNumber)
  }

  var crumb: String { path.last?.words ?? "" }
  private var isDeepest: Bool { order.level == .instance }

  var bindings: [Binding] {
    let open = Binding(
      .enter, does: .open, label: order.level == .study ? "series" : "images", help: "drill down: study, series, images"
    )
    return (isDeepest ? [] : [open]) + [
      Binding("m", does: .retrieve, label: "retrieve", help: "retrieve it here (C-MOVE or C-GET), or the marked ones"),
      Binding("M", does: .retrieveTo, label: "move to another AE", help: "move it to another AE title"),
    ]
  }

  mutating func opened(_ context: inout Context) {
    if list.rows.isEmpty, end == nil { context.effects.append(.find(order)) }
  }

  private var findSubject: String { "find-\(order.token)" }

  func job(_ world: World) -> JobView? {
    list.current.flatMap { world.running($0.uid) } ?? world.running(findSubject)
  }

  func explains(_ job: JobView, _ world: World) -> Bool { list.rows.isEmpty && job.subjects.contains(findSubject) }
  func identifier(_ world: World) -> String? { list.current?.uid }

  func summary(_ world: World) -> StyledText {
    let count = list.summary(order.level.word, order.level.words)
    if isLoading { return StyledText("\(count) so far", .busy) }
    guard let end else { return StyledText(count, .dim) }
    if end.failed, list.rows.isEmpty { return StyledText("failed", .bad) }
    if end.failed { return StyledText("\(count), then it failed", .bad) }
    if end.isCut { return StyledText("first \(Format.count(list.rows.count)); narrow it, or r for all", .warning) }
    return StyledText(count, .dim)
  }

  func details(_ world: World) -> [StyledText] {
    guard world.size.columns >= Self.sideBySide, let row = list.current else { return [] }
    return RecordColumns.details(row, inside: path)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if isLoading {
      guard let job = world.running(findSubject), let wait = job.wait else {
        return [world.spinner + StyledText(" asking \(order.modality)", .dim)]
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
    if let end, end.failed {
      let width = max(20, world.size.columns - 8)
      return CellText.wrap(end.words, width).map { StyledText($0, .bad) } + [
        "",
        StyledText("r", .key) + StyledText(" tries again, ", .dim) + StyledText("Esc", .key)
          + StyledText(" goes back to the form", .dim),
      ]
    }
    return [
      StyledText("\(order.modality) has no \(order.level.words) for this."),
      StyledText("Esc", .key) + StyledText(" goes back to the form; ", .dim) + StyledText("r", .key)
        + StyledText(" asks again", .dim),
    ]
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .matches(let token, let records) where token == order.token:
      list.merge(records)
      let uids = records.map(\.uid).filter { !$0.isEmpty }
      if !uids.isEmpty { context.effects.append(.holdings(order.level, uids)) }
    case .findEnded(let token, let end) where token == order.token:
      isLoading = false
      self.end = end
      list.complete()
      if end.failed, !list.rows.isEmpty { context.say(end.words, .bad) }
    case .indexChanged(let studies):
      // Only what is shown can have become more by this.
      let isAll = order.level != .study || studies.contains(Message.everyStudy)
      let uids = list.rows.filter { isAll || studies.contains($0.uid) }.map(\.uid)
      if !uids.isEmpty { context.effects.append(.holdings(order.level, uids)) }
    default: break
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: drillDown(&context)
    case .again:
      if let end, end.isCut { order.limit = 0 }
      order.token = context.token()
      isLoading = true
      end = nil
      list.replace([])
      context.effects.append(.find(order))
    case .retrieve:
      guard let retrieval = retrieval(&context) else { return true }
      context.effects.append(.retrieve(retrieval))
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
    guard let retrieval = retrieval(&context) else { return }
    let choices = context.world.modalities.filter { $0.name != order.modality }.map {
      Picker.Choice($0, id: $0.aeTitle)
    }
    let what = Format.count(retrieval.items.count, order.level.word, order.level.words)
    context.moves.append(
      .pick(
        Picker(
          title: "Move \(what) from \(order.modality) to", choices: choices, freeText: "an AE title",
          purpose: .retrieveTo(retrieval))))
  }

  private func retrieval(_ context: inout Context) -> RetrieveOrder? {
    if isLoading, list.isEmpty {
      context.say("\(order.modality) has not answered yet; press the key again when there are rows.", .warning)
      return nil
    }
    let rows = targets("retrieve", &context)
    guard !rows.isEmpty else { return nil }
    return RetrieveOrder(
      modality: order.modality, level: order.level,
      items: rows.map { row in
        RetrieveOrder.Item(
          studyInstanceUID: row[.studyInstanceUID].isEmpty
            ? path.first?[.studyInstanceUID] ?? "" : row[.studyInstanceUID],
          seriesInstanceUID: order.level >= .series ? row[.seriesInstanceUID] : nil,
          sopInstanceUID: order.level == .instance ? row[.sopInstanceUID] : nil,
          words: ([path.first].compactMap { $0 } + [row]).map(\.words).joined(separator: " "),
          instances: row.instances)
      })
  }

  private mutating func drillDown(_ context: inout Context) {
    guard !isDeepest, !list.isUnseen, let row = list.current else { return }
    let next: Level = order.level == .study ? .series : .instance
    let study = path.first ?? row
    var keys = [Attribute.studyInstanceUID.rawValue: study[.studyInstanceUID]]
    if next == .instance { keys[Attribute.seriesInstanceUID.rawValue] = row[.seriesInstanceUID] }
    let order = FindOrder(
      token: context.token(), modality: order.modality, level: next, keys: keys, limit: 0, words: row.words)
    context.push(ResultsScreen(order: order, path: path + [row]))
  }
}
