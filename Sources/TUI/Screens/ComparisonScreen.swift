import Dicom
import Operations

/// A comparison of two sides, and how far it is: what the two screens of it share.
struct Comparison: Sendable {
  private(set) var order: CompareOrder
  private(set) var end: Message.FindEnd?
  private var hasAsked = false

  init(_ order: CompareOrder) { self.order = order }

  var isLoading: Bool { end == nil }
  var subject: String { "compare-\(order.token)" }
  /// This machine is called so beside modalities.
  private var modalities: [String] { [order.first, order.second].filter { $0 != ComparedSide.localName } }

  mutating func ask(_ context: inout Context, again: Bool = false) {
    guard again || !hasAsked else { return }
    if hasAsked { order.token = context.token() }
    hasAsked = true
    end = nil
    context.effects.append(.compare(order))
  }

  /// False: it was another's.
  mutating func take(_ token: Int, _ end: Message.FindEnd) -> Bool {
    guard token == order.token else { return false }
    self.end = end
    return true
  }

  func job(_ world: World) -> JobView? { world.running(subject) }

  /// - Parameter brought: so many of them are not different any more.
  func summary(_ count: String, brought: Int) -> StyledText {
    guard let end else { return StyledText("comparing", .busy) }
    if end.failed { return StyledText("failed", .bad) }
    let words = brought > 0 ? "\(Format.count(brought)) brought, r compares again" : end.words
    return [StyledText(count, .dim), StyledText(words, .dim)].joined(StyledText(" · ", .dim))
  }

  func emptyWords(_ nothing: String, _ world: World) -> [StyledText] {
    guard let end else {
      let wait = job(world)?.wait.map { StyledText(" \($0.words) ") + StyledText($0.clock(world.now), .strong) }
      return [world.spinner + (wait ?? StyledText(" asking \(modalities.joined(separator: " and "))", .dim))]
    }
    let keys =
      StyledText("r", .key) + StyledText(" compares again; ", .dim) + StyledText("Esc", .key)
      + StyledText(" goes back", .dim)
    return [end.failed ? StyledText(end.words, .bad) : StyledText(nothing, .good), "", keys]
  }

  // MARK: Bringing

  /// What brings what is missing in rows from where it is to where it is not.
  /// - Parameter isRest: after it a study lacks nothing of what the other side has.
  func bring(
    _ differences: [StudyDifference], _ words: String, all: Bool, isRest: (Bool) -> Bool = { _ in true },
    _ context: inout Context
  ) {
    let world = context.world
    var orders: [BringOrder] = []
    for toSecond in [true, false] {
      let lacking = differences.filter { $0.isLacking(inSecond: toSecond) }
      guard !lacking.isEmpty else { continue }
      orders.append(
        BringOrder(
          first: order.first, second: order.second, toSecond: toSecond, differences: lacking,
          isRest: isRest(toSecond),
          words: lacking.count == 1 && !all ? words : Format.count(lacking.count, "study", "studies")))
    }
    guard !orders.isEmpty else { return context.say("Neither side is known to lack anything here.", .warning) }
    if world.station.isReadOnly, let order = orders.first(where: { $0.target != ComparedSide.localName }) {
      return context.say(
        "This fluoro is read only (ReadOnly): nothing is brought to \(order.target).", .warning)
    }
    for index in orders.indices {
      orders[index].confirmation = Self.production(orders[index], world)?.name
    }
    let effects = orders.map { Effect.bring($0) }
    let names = orders.compactMap(\.confirmation)
    guard all || !names.isEmpty else {
      context.effects += effects
      return
    }
    var lines = orders.map { order in
      let counts = order.differences.map { $0.lacking(inSecond: order.toSecond) }
      let images = Format.count(counts.reduce(0) { $0 + ($1 ?? 0) }, "image", "images")
      return
        "\(order.words) to \(order.target): \(counts.contains(nil) ? "at least " : "")\(images) from \(order.source)."
    }
    lines += names.map { "\($0) is marked as Production." }
    let typed = names.isEmpty ? differences.count > 10 ? "\(differences.count)" : nil : names.joined(separator: " ")
    context.moves.append(
      .ask(
        Question(
          title: "Bring what is missing?", lines: lines, verb: "bring", typed: typed, purpose: .perform(effects))))
  }

  /// The station in production whose name must be typed.
  private static func production(_ order: BringOrder, _ world: World) -> ModalityRow? {
    guard order.target != ComparedSide.localName else { return nil }
    // Where both are in production it is the destination that counts.
    return [order.target, order.source].lazy.compactMap { world.modality($0) }.first(where: \.isProduction)
  }

  /// What is different, or what became of it since.
  static func state(_ row: some ComparedRow, _ words: String, _ world: World) -> StyledText {
    let job = world.jobs.first { job in
      [.move, .get, .store].contains(job.kind) && job.subjects.contains(row.id)
        && (job.isRunning || job.started > row.since)
    }
    if let job, job.isRunning { return (job.isMoving ? world.spinner : job.phase.light) + " " + progress(job) }
    if row.isBrought { return JobView.Phase.done.light + " brought" }
    guard let job, job.phase != .done else { return StyledText(words, .warning) }
    return job.phase.light + StyledText(" \(job.phase.rawValue): \(job.outcome)")
  }

  private static func progress(_ job: JobView) -> StyledText {
    job.progress.isEmpty ? StyledText(job.phase.rawValue, .busy) : job.progress.words
  }
}

/// What is not the same on two sides.
protocol ComparedRow: Identifiable, Sendable where ID == String {
  /// When it was found.
  var since: ContinuousClock.Instant { get }
  /// What a transfer that settles it concerns beside the row itself.
  static func settling(_ order: CompareOrder, toSecond: Bool) -> String
  func isLacking(inSecond second: Bool) -> Bool
  /// One side has it now as the other has.
  mutating func settle(toSecond: Bool)
}

extension ComparedRow {
  var isBrought: Bool { !isLacking(inSecond: true) && !isLacking(inSecond: false) }
}

/// A list of what two sides have not in common; what has been brought stays in it, and is not brought again.
protocol ComparedScreen: ListScreen where Row: ComparedRow {
  var comparison: Comparison { get set }
  var noun: (one: String, many: String) { get }
  /// Said when there is no difference.
  var nothing: String { get }
}

extension ComparedScreen {
  func identifier(_ world: World) -> String? { list.current?.id }
  func job(_ world: World) -> JobView? { list.current.flatMap { world.running($0.id) } ?? comparison.job(world) }
  func explains(_ job: JobView, _ world: World) -> Bool { job.subjects.contains(comparison.subject) }

  func summary(_ world: World) -> StyledText {
    comparison.summary(list.summary(noun.one, noun.many), brought: list.rows.count(where: \.isBrought))
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered, !list.rows.isEmpty { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    return comparison.emptyWords(nothing, world)
  }

  mutating func opened(_ context: inout Context) { comparison.ask(&context) }

  mutating func compareAgain(_ context: inout Context) {
    list.replace([])
    comparison.ask(&context, again: true)
  }

  mutating func fill(_ rows: [Row]) {
    list.replace(rows)
    list.complete()
  }

  /// Takes what every comparison is told: that it has ended, and that something has been brought.
  mutating func take(_ message: Message) {
    switch message {
    case .findEnded(let token, let end): _ = comparison.take(token, end)
    case .job(let job) where job.phase == .done && !job.subjects.isEmpty:
      for toSecond in [true, false] where job.subjects.contains(Row.settling(comparison.order, toSecond: toSecond)) {
        var rows = list.rows.filter {
          job.subjects.contains($0.id) && job.started > $0.since && $0.isLacking(inSecond: toSecond)
        }
        guard !rows.isEmpty else { continue }
        for index in rows.indices { rows[index].settle(toSecond: toSecond) }
        list.merge(rows)
      }
    default: break
    }
  }

  /// Those of the rows that lack something which is not under way already; when there are none, says why.
  func lacking(_ rows: [Row], _ context: inout Context) -> [Row] {
    let left = rows.filter { row in
      !row.isBrought && !context.world.jobs.contains { $0.isRunning && $0.isTransfer && $0.subjects.contains(row.id) }
    }
    if left.isEmpty, !rows.isEmpty {
      context.say(
        rows.allSatisfy(\.isBrought) ? "It has been brought; r compares again." : "It is under way; c cancels it.",
        .warning)
    }
    return left
  }
}

/// Studies that are missing on one of two sides, or have another number of images there; by Enter the images of one.
struct ComparisonScreen: ComparedScreen {
  struct Row: ComparedRow {
    var record: Record
    var difference: StudyDifference
    var since: ContinuousClock.Instant
    var id: String { difference.studyInstanceUID }

    static func settling(_ order: CompareOrder, toSecond: Bool) -> String { order.way(toSecond, isRest: true) }
    func isLacking(inSecond second: Bool) -> Bool { difference.isLacking(inSecond: second) }

    mutating func settle(toSecond: Bool) {
      let most = [difference.firstCount, difference.secondCount].compactMap(\.self).max()
      difference[keyPath: toSecond ? \StudyDifference.isInSecond : \.isInFirst] = true
      difference[keyPath: toSecond ? \StudyDifference.secondCount : \.firstCount] = most
      for index in difference.instances?.indices ?? 0..<0 { difference.instances?[index].settle(toSecond: toSecond) }
    }
  }

  var list: List<Row>
  var comparison: Comparison

  init(_ order: CompareOrder) {
    comparison = Comparison(order)
    let columns = Self.columns(order.first, order.second)
    list = List(
      columns, searched: { RecordColumns.searched($0.record) + " " + $0.difference.words("", "") },
      sort: columns.firstIndex { $0.title == "DATE" }.map { List<Row>.Sort(column: $0, descending: true) })
  }

  var crumb: String { "\(comparison.order.first) and \(comparison.order.second)" }
  var columnsName: String? { "compare" }
  var detailRows: Int { 3 }

  let bindings = [
    Binding(.enter, does: .open, label: "images", help: "which images of it are missing, and where"),
    Binding("s", does: .send, label: "bring the missing", help: "bring what is missing to where it is not"),
    Binding("S", does: .sendAll, label: "all of it", help: "bring all that is missing on either side"),
  ]

  private static func columns(_ first: String, _ second: String) -> [Column<Row>] {
    let about = RecordColumns.columns(.study, isLocal: false).filter { !["IMG", "HERE", "BORN"].contains($0.title) }
      .map { $0.applied(to: { (row: Row) in row.record }) }
    return about + [
      count(first) { ($0.isInFirst, $0.firstCount) }, count(second) { ($0.isInSecond, $0.secondCount) },
      Column(
        title: "DIFFERENCE", minimum: 18, ideal: 26, flex: 1, priority: 1, isMeasured: true,
        sortKey: { .text(words($0.difference, first, second)) },
        cell: { row, world in
          Comparison.state(row, words(row.difference, first, second), world)
        }),
      Column(
        title: "STUDY UID", minimum: 20, ideal: 30, priority: TableLayout.optional + 3,
        cell: { row, _ in StyledText(row.id, .dim) }),
    ]
  }

  /// Short: a column is narrow.
  private static func words(_ difference: StudyDifference, _ first: String, _ second: String) -> String {
    guard difference.isInFirst, difference.isInSecond else { return difference.words(first, second) }
    let lacks = [(second, true), (first, false)].compactMap { name, isSecond -> String? in
      let count = difference.lacking(inSecond: isSecond) ?? 0
      return count > 0 ? "\(name) lacks \(Format.count(count))" : nil
    }
    return lacks.joined(separator: ", ")
  }

  private static func count(
    _ title: String, _ value: @escaping @Sendable (StudyDifference) -> (isThere: Bool, count: Int?)
  ) -> Column<Row> {
    Column(
      title: title, minimum: 4, ideal: 6, priority: 1, isMeasured: true, alignment: .right,
      sortKey: { .number(Double(value($0.difference).count ?? -1)) },
      cell: { row, _ in
        let (isThere, count) = value(row.difference)
        return StyledText(isThere ? count.map { Format.count($0) } ?? "?" : "–", isThere ? .text : .bad)
      })
  }

  var noun: (one: String, many: String) { ("difference", "differences") }
  var nothing: String { "\(comparison.order.first) and \(comparison.order.second) have the same." }

  func details(_ world: World) -> [StyledText] {
    guard let row = list.detailed else { return [] }
    let order = comparison.order
    let lacks = [(order.second, true), (order.first, false)].compactMap { name, isSecond -> StyledText? in
      guard row.difference.isLacking(inSecond: isSecond) else { return nil }
      let images = row.difference.lacking(inSecond: isSecond).map { Format.count($0, "image", "images") } ?? "images"
      return StyledText("\(name) lacks \(images) that \(isSecond ? order.first : order.second) has.", .warning)
    }
    return lacks + RecordColumns.details(row.record, inside: [])
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .compared(comparison.order.token, let rows) = message { fill(rows) }
    take(message)
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open:
      guard !list.isUnseen, let row = list.current else { return true }
      var order = comparison.order
      (order.token, order.study, order.words) = (context.token(), row.id, row.record.words)
      context.push(InstanceComparisonScreen(order))
    case .again: compareAgain(&context)
    case .send:
      let rows = lacking(targets("bring", &context), &context)
      guard let first = rows.first else { return true }
      comparison.bring(rows.map(\.difference), first.record.words, all: false, &context)
    case .sendAll:
      guard !list.isEmpty else {
        context.say(comparison.isLoading ? "It is still being compared." : "Nothing here to bring.", .warning)
        return true
      }
      let rows = lacking(list.all, &context)
      if !rows.isEmpty { comparison.bring(rows.map(\.difference), "", all: true, &context) }
    default: return false
    }
    return true
  }
}

extension ComparedInstance {
  /// One side has it now as the other has.
  fileprivate mutating func settle(toSecond: Bool) {
    if toSecond { isInSecond = true } else { isInFirst = true }
  }
}

/// Images of one study that only one of two sides has.
struct InstanceComparisonScreen: ComparedScreen {
  struct Row: ComparedRow {
    var instance: ComparedInstance
    var since: ContinuousClock.Instant
    var id: String { instance.sopInstanceUID }

    static func settling(_ order: CompareOrder, toSecond: Bool) -> String { order.way(toSecond) }
    func isLacking(inSecond second: Bool) -> Bool { second ? !instance.isInSecond : !instance.isInFirst }
    mutating func settle(toSecond: Bool) { instance.settle(toSecond: toSecond) }
  }

  var list: List<Row>
  var comparison: Comparison

  init(_ order: CompareOrder) {
    comparison = Comparison(order)
    list = List(
      Self.columns(order.first, order.second),
      searched: { "\($0.instance.seriesNumber) \($0.instance.modality) \($0.instance.instanceNumber) \($0.id)" },
      sort: List<Row>.Sort(column: 1, descending: false))
  }

  var crumb: String { comparison.order.words }
  var columnsName: String? { "compare images" }

  let bindings = [
    Binding("s", does: .send, label: "bring it", help: "bring the image to where it is not, or the marked ones"),
    Binding("S", does: .sendAll, label: "all of them", help: "bring all images to where they are not"),
  ]

  private static func columns(_ first: String, _ second: String) -> [Column<Row>] {
    [
      text("NR", 5, \.instanceNumber), text("SERIES", 6, \.seriesNumber) { inSeries($0) },
      text("MOD", 4, \.modality),
      mark(first) { $0.isInFirst }, mark(second) { $0.isInSecond },
      Column(
        title: "DIFFERENCE", minimum: 18, ideal: 26, flex: 1, priority: 1, isMeasured: true,
        sortKey: { .text(words($0.instance, first, second)) },
        cell: { row, world in Comparison.state(row, words(row.instance, first, second), world) }),
      Column(
        title: "SOP INSTANCE UID", minimum: 20, ideal: 40, flex: 1, priority: 2,
        cell: { row, _ in StyledText(row.id, .dim) }),
    ]
  }

  private static func words(_ instance: ComparedInstance, _ first: String, _ second: String) -> String {
    "missing on \(instance.isInFirst ? second : first)"
  }

  /// Images of a series by their number.
  private static func inSeries(_ instance: ComparedInstance) -> SortKey {
    guard let series = Double(instance.seriesNumber) else { return .text(instance.seriesNumber) }
    return .number(series * 1e6 + (Double(instance.instanceNumber) ?? 0))
  }

  private static func text(
    _ title: String, _ width: Int, _ value: @escaping @Sendable (ComparedInstance) -> String,
    by key: (@Sendable (ComparedInstance) -> SortKey)? = nil
  ) -> Column<Row> {
    Column(
      title: title, minimum: width, ideal: width, isMeasured: true,
      sortKey: { row in
        key?(row.instance) ?? Double(value(row.instance)).map(SortKey.number) ?? .text(value(row.instance))
      },
      cell: { row, _ in StyledText(value(row.instance)) })
  }

  private static func mark(
    _ title: String, _ isThere: @escaping @Sendable (ComparedInstance) -> Bool
  ) -> Column<Row> {
    Column(
      title: title, minimum: 4, ideal: 6, priority: 1, isMeasured: true,
      sortKey: { .number(isThere($0.instance) ? 1 : 0) },
      cell: { row, _ in isThere(row.instance) ? StyledText("●", .good) : StyledText("○", .bad) })
  }

  var noun: (one: String, many: String) { ("image differs", "images differ") }
  var nothing: String { "\(comparison.order.first) and \(comparison.order.second) have the same images of it." }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .comparedImages(comparison.order.token, let rows) = message { fill(rows) }
    take(message)
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .again: compareAgain(&context)
    case .send: bring(targets("bring", &context), &context)
    case .sendAll: bring(list.all, &context)
    default: return false
    }
    return true
  }

  private func bring(_ rows: [Row], _ context: inout Context) {
    let rows = lacking(rows, &context)
    guard !rows.isEmpty else { return }
    let difference = StudyDifference(
      studyInstanceUID: comparison.order.study ?? "", isInFirst: true, isInSecond: true,
      instances: rows.map(\.instance))
    let words = "\(Format.count(rows.count, "image", "images")) of \(comparison.order.words)"
    let chosen = Set(rows.map(\.id))
    comparison.bring(
      [difference], words, all: false,
      isRest: { toSecond in
        list.rows.allSatisfy { !$0.isLacking(inSecond: toSecond) || chosen.contains($0.id) }
      }, &context)
  }
}
