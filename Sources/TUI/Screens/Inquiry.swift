import Dicom

/// A question to one modality, or to several at once, and how far its answers are.
struct Inquiry: Sendable {
  private(set) var orders: [FindOrder]
  private var ends: [Int: Message.FindEnd] = [:]
  private var hasAsked = false
  /// When the last answer was complete, in seconds since 1970.
  private var completed = 0

  init(_ orders: [FindOrder]) { self.orders = orders }

  var isFromMany: Bool { orders.count > 1 }
  var isLoading: Bool { ends.count < orders.count }
  var level: Level { orders.first?.level ?? .study }
  var modalities: [String] { orders.map(\.modality) }
  private var subjects: Set<String> { Set(orders.map { "find-\($0.token)" }) }

  /// The job of one that still answers.
  func asking(_ world: World) -> JobView? { allAsking(world).first }
  func allAsking(_ world: World) -> [JobView] { orders.compactMap { world.running("find-\($0.token)") } }
  func concerns(_ job: JobView) -> Bool { !job.subjects.isDisjoint(with: subjects) }

  private var isCancelled: Bool { ends.values.contains(where: \.isCancelled) }

  var failures: [(modality: String, words: String)] {
    orders.compactMap { order in ends[order.token].flatMap { $0.failed ? (order.modality, $0.words) : nil } }
  }

  // MARK: Asking

  /// Coming back to it is no reason to ask again.
  mutating func askOnce(_ context: inout Context) {
    guard !hasAsked else { return }
    hasAsked = true
    context.effects += orders.map { .find($0) }
  }

  /// The same once more: what still runs is cancelled, and those that were cut short, by us or by a person, are asked for
  /// all.
  mutating func askAgain(_ context: inout Context) {
    for index in orders.indices {
      let token = orders[index].token
      if let end = ends[token] {
        if end.isCut || end.isCancelled { orders[index].limit = 0 }
      } else if let job = context.world.running("find-\(token)") {
        context.effects.append(.cancel(job: job.id))
      }
      orders[index].token = context.token()
    }
    ends = [:]
    context.effects += orders.map { .find($0) }
  }

  // MARK: Wider

  /// The patient's name as it would be found anywhere in a name, where it was asked for without wildcards (but for the one
  /// that the form puts behind it) and nobody has it; nil: there is nothing to widen.
  var wider: String? {
    guard !isLoading, !isCancelled, failures.isEmpty else { return nil }
    guard var name = orders.first?.keys[Attribute.patientName.keyword] else { return nil }
    if name.hasSuffix("*") { name.removeLast() }
    return name.isEmpty || name.contains("*") || name.contains("?") ? nil : "*\(name)*"
  }

  mutating func askWider(_ context: inout Context) {
    guard let wider else { return }
    for index in orders.indices {
      let asked = orders[index].keys.updateValue(wider, forKey: Attribute.patientName.keyword) ?? ""
      orders[index].words = orders[index].words.replacing(asked, with: wider)
    }
    askAgain(&context)
  }

  // MARK: Answers

  /// What has come for it, each known to be one modality's where several are asked.
  func taken(_ token: Int, _ records: [Record]) -> [Record]? {
    guard let order = orders.first(where: { $0.token == token }) else { return nil }
    return isFromMany ? records.map { $0.from(order.modality) } : records
  }

  /// False: it was another's.
  mutating func end(_ token: Int, _ end: Message.FindEnd, _ world: World) -> Bool {
    guard orders.contains(where: { $0.token == token }) else { return false }
    ends[token] = end
    if !isLoading { completed = world.clock }
    return true
  }

  /// How many there are, and whether those are all.
  func summary(_ count: String, rows: Int, _ world: World) -> StyledText {
    if isLoading {
      let left = isFromMany ? ", \(orders.count - ends.count) of \(orders.count) still answer" : ""
      return StyledText("\(count) so far\(left)", .busy)
    }
    let failures = failures
    if failures.count == orders.count, rows == 0 { return StyledText("failed", .bad) }
    if let first = failures.first {
      let who = failures.count == 1 ? first.modality : "\(failures.count) of \(orders.count)"
      return StyledText(isFromMany ? "\(count); \(who) failed" : "\(count), then it failed", .bad)
    }
    if isCancelled {
      return StyledText("\(rows == 0 ? "cancelled" : "\(count), then cancelled"); r for all", .warning)
    }
    if ends.values.contains(where: \.isCut) {
      return StyledText("first \(Format.count(rows)); narrow it, or r for all", .warning)
    }
    let age = world.clock - completed
    return StyledText(count + (age >= 60 ? " · \(Format.ago(age)), r asks again" : ""), .dim)
  }

  /// In place of rows, while there are none.
  func emptyWords(nothing: String, _ world: World) -> [StyledText] {
    if isLoading { return waiting(world) }
    let failures = failures
    if !failures.isEmpty {
      let width = max(20, world.size.columns - 8)
      return failures.flatMap { CellText.wrap($0.words, width) }.map { StyledText($0, .bad) } + [
        "",
        StyledText("r", .key) + StyledText(" tries again, ", .dim) + StyledText("Esc", .key)
          + StyledText(" goes back to the form", .dim),
      ]
    }
    if isCancelled {
      return [
        "Cancelled before anything came.",
        StyledText("r", .key) + StyledText(" asks again, for all", .dim),
      ]
    }
    let widening =
      wider.map { [StyledText("R", .key) + StyledText(" asks for ", .dim) + StyledText($0, .strong)] } ?? []
    return [StyledText(nothing)] + widening + [
      StyledText("Esc", .key) + StyledText(" goes back to the form; ", .dim) + StyledText("r", .key)
        + StyledText(" asks again", .dim)
    ]
  }

  private func waiting(_ world: World) -> [StyledText] {
    guard let wait = asking(world)?.wait else {
      return [world.spinner + StyledText(" asking \(modalities.joined(separator: ", "))", .dim)]
    }
    return [
      world.spinner + StyledText(" \(wait.words) ", .text) + StyledText(wait.clock(world.now), .strong),
      StyledText("  ") + Bars.countdown(wait, world.now, 30),
      "",
      StyledText("c", .key) + StyledText(" cancels, ", .dim) + StyledText("+", .key)
        + StyledText(" gives it 10 s more", .dim),
    ]
  }
}

/// A list of what modalities answer, filling while they do.
protocol AnswerScreen: ListScreen where Row == Record {
  var inquiry: Inquiry { get set }
  /// What a row is called, one and many.
  var noun: (one: String, many: String) { get }
  /// Said when nobody has anything.
  var nothing: String { get }
}

extension AnswerScreen {
  var isAging: Bool { !inquiry.isLoading && !list.rows.isEmpty }

  func explains(_ job: JobView, _ world: World) -> Bool { list.rows.isEmpty && inquiry.concerns(job) }

  func summary(_ world: World) -> StyledText {
    inquiry.summary(list.summary(noun.one, noun.many), rows: list.rows.count, world)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered, !list.rows.isEmpty { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    return inquiry.emptyWords(nothing: nothing, world)
  }

  mutating func opened(_ context: inout Context) { inquiry.askOnce(&context) }

  mutating func askAgain(_ context: inout Context) {
    list.replace([])
    inquiry.askAgain(&context)
  }

  /// Whoever still answers is told to stop; false: nobody does.
  func cancelAsking(_ context: inout Context) -> Bool {
    let asking = inquiry.allAsking(context.world)
    context.effects += asking.map { .cancel(job: $0.id) }
    if let first = asking.first {
      context.say(
        "Cancelling \(asking.count == 1 ? first.words : Format.count(asking.count, "query", "queries")).", .warning)
    }
    return !asking.isEmpty
  }

  /// The verb for a name that nobody has; only while there is one.
  var widening: [Binding] {
    list.rows.isEmpty && inquiry.wider != nil ? [Self.wider] : []
  }

  static var wider: Binding {
    Binding(
      "R", does: .wider, label: "anywhere in it", help: "where nobody has the name: ask for it anywhere in a name")
  }

  mutating func askWider(_ context: inout Context) {
    guard list.rows.isEmpty else { return }
    inquiry.askWider(&context)
  }

  /// Takes what is an answer to its question.
  mutating func take(_ message: Message, _ context: inout Context) {
    switch message {
    case .matches(let token, let records):
      guard let records = inquiry.taken(token, records) else { return }
      list.merge(records)
    case .findEnded(let token, let end):
      guard inquiry.end(token, end, context.world) else { return }
      if !inquiry.isLoading { list.complete() }
      guard end.failed, inquiry.isFromMany || !list.rows.isEmpty else { return }
      let who = inquiry.orders.first { $0.token == token }?.modality ?? ""
      context.say(inquiry.isFromMany ? "\(who): \(end.words)" : end.words, .bad)
    default: break
    }
  }
}
