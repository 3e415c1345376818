import Dicom

/// What a modality answered, arriving as it answers: studies, and by Enter their series and instances.
struct ResultsScreen: AnswerScreen {
  var list: List<Record>
  var inquiry: Inquiry
  /// The study, and the series, this is inside of.
  private let path: [Record]
  /// Those of which it was asked how much is here, since that changed last.
  private var counted: Set<String> = []

  init(orders: [FindOrder], path: [Record]) {
    inquiry = Inquiry(orders)
    self.path = path
    let columns = RecordColumns.columns(inquiry.level, isLocal: false, sources: inquiry.modalities)
    let newestFirst = columns.firstIndex { $0.title == "DATE" }.map { List<Record>.Sort(column: $0, descending: true) }
    let byNumber = columns.firstIndex { $0.title == "NR" }.map { List<Record>.Sort(column: $0, descending: false) }
    list = List(columns, searched: RecordColumns.searched, sort: newestFirst ?? byNumber)
  }

  var crumb: String { path.last?.crumb ?? "" }
  var columnsName: String? { "results \(level.words)" }
  private var level: Level { inquiry.level }
  private var isDeepest: Bool { level == .instance }
  var noun: (one: String, many: String) { (level.word, level.words) }
  var nothing: String {
    let asked = inquiry.isFromMany ? "None of the \(inquiry.orders.count) modalities" : inquiry.modalities.first ?? ""
    return "\(asked) has no \(level.words) for this."
  }

  var bindings: [Binding] {
    let open = Binding(
      .enter, does: .open, label: level == .study ? "series" : "images", help: "drill down: study, series, images"
    )
    return widening + (isDeepest ? [] : [open]) + [
      Binding("m", does: .retrieve, label: "retrieve", help: "retrieve it here (C-MOVE or C-GET), or the marked ones"),
      Binding("M", does: .retrieveTo, label: "move to another AE", help: "move it to another AE title"),
    ]
  }

  func job(_ world: World) -> JobView? { list.current.flatMap { world.running($0.uid) } ?? inquiry.asking(world) }
  func identifier(_ world: World) -> String? { list.current?.uid }

  func details(_ world: World) -> [StyledText] {
    guard world.size.columns >= Self.sideBySide, let row = list.detailed else { return [] }
    return RecordColumns.details(row, inside: path)
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    take(message, &context)
    guard case .indexChanged(let studies) = message else { return }
    if level != .study || studies.contains(Message.everyStudy) {
      counted = []
    } else {
      counted.subtract(studies)
    }
  }

  /// Only of what is in sight it is asked how much is here: an answer may have a hundred thousand rows.
  mutating func look(_ context: inout Context) {
    let uids = list.window.map(\.uid).filter { !$0.isEmpty && !counted.contains($0) }
    guard !uids.isEmpty else { return }
    counted.formUnion(uids)
    context.effects.append(.holdings(level, uids))
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: drillDown(&context)
    case .again: askAgain(&context)
    case .wider: askWider(&context)
    case .cancel where list.current.flatMap({ context.world.running($0.uid) }) == nil: return cancelAsking(&context)
    case .retrieve: context.effects += retrievals(&context).map { .retrieve($0) }
    case .get:
      context.effects += retrievals(&context).map { order in
        var order = order
        order.isGet = true
        return .retrieve(order)
      }
    case .retrieveTo: retrieveTo(&context)
    default: return false
    }
    return true
  }

  private func retrieveTo(_ context: inout Context) {
    if let words = context.world.station.refusal("nothing is moved between other stations") {
      return context.say(words, .warning)
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
    if inquiry.isLoading, list.isEmpty {
      let who =
        inquiry.isFromMany ? "Nobody has answered yet" : "\(inquiry.modalities.first ?? "") has not answered yet"
      context.say("\(who); press the key again when there are rows.", .warning)
      return []
    }
    let rows = targets("retrieve", &context)
    return inquiry.orders.compactMap { order in
      let items = rows.filter { !inquiry.isFromMany || $0.source == order.modality }.map(item)
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
    var keys = [Attribute.studyInstanceUID.keyword: study[.studyInstanceUID]]
    if next == .instance { keys[Attribute.seriesInstanceUID.keyword] = row[.seriesInstanceUID] }
    let modality = row.source.isEmpty ? inquiry.modalities.first ?? "" : row.source
    let order = FindOrder(
      token: context.token(), modality: modality, level: next, keys: keys, limit: 0, words: row.words)
    context.push(ResultsScreen(orders: [order], path: path + [row]))
  }
}
