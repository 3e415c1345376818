import Operations

/// Everything a person asked for: running and ended, with progress and the deadline that fires first.
struct JobsScreen: ListScreen {
  var list: List<JobView>

  init() { list = List(Self.columns, searched: { "\($0.title) \($0.peer) \($0.phase.rawValue)" }) }

  var crumb: String { "jobs" }
  var columnsName: String? { "jobs" }
  var detailRows: Int { 3 }

  /// What can be done to one job, in the list and in its details.
  static let verbs = [
    Binding("c", does: .cancel, label: "cancel", help: "cancel it"),
    Binding("+", does: .more, label: "10 s more", help: "10 s more for it"),
    Binding("-", does: .less, label: "less", help: "10 s less for it"),
    Binding("t", does: .timeout, label: "timeout", help: "set its timeout"),
    Binding("r", does: .again, label: "retry", help: "the same again, once it has ended; only what failed"),
    Binding(
      "p", does: .pause, label: "pause", help: "pause it, or resume it: a retrieve or a send goes on with what is left"),
  ]

  /// The same, of a job as it stands. What can still be done with it is named in the footer; of a paused one what one would do
  /// comes first.
  static func verbs(_ phase: JobView.Phase?, _ kind: JobView.Kind?) -> [Binding] {
    var verbs = verbs.map { binding in
      var binding = binding
      switch binding.action {
      case .again where phase?.isEnded != true || kind == .find: binding.label = ""
      case .cancel, .more, .less, .timeout, .pause: if phase?.isEnded != false { binding.label = "" }
      default: break
      }
      return binding
    }
    guard phase == .paused, let pause = verbs.firstIndex(where: { $0.action == .pause }) else { return verbs }
    var resume = verbs.remove(at: pause)
    resume.label = "go on with it"
    return [resume] + verbs
  }

  var bindings: [Binding] {
    let open = Binding(.enter, does: .open, label: "details", help: "details: failed instances and their reasons")
    let verbs = Self.verbs(list.current?.phase, list.current?.kind)
    return (list.current?.phase == .paused ? [verbs[0], open] + verbs.dropFirst() : [open] + verbs) + [
      Binding("J", does: .later, help: "later in its queue"),
      Binding("K", does: .sooner, help: "sooner in its queue"),
      Binding("X", does: .clearFinished, label: "clear finished", help: "clear the finished"),
      Binding("H", does: .history, label: "history", help: "the history: what was done before, and by others"),
    ]
  }

  private static let columns: [Column<JobView>] = [
    Column(
      title: "JOB", minimum: 12, ideal: 13, flex: 1, isMeasured: true,
      cell: { job, _ in StyledText(job.title, .strong) }),
    Column(
      title: "STATE", minimum: 11, ideal: 13, isMeasured: true, measures: { $0.phase.isEnded },
      sortKey: { .text($0.phase.rawValue) },
      cell: { job, world in
        (job.isMoving ? world.spinner : job.phase.light) + StyledText(" \(job.phase.rawValue)")
          + StyledText(job.place.map { " \($0)" } ?? "", .dim)
      }),
    Column(
      title: "PEER", minimum: 10, ideal: 10, priority: 3, isMeasured: true, sortKey: { .text($0.peer) },
      cell: { job, _ in StyledText(job.peer) }),
    Column(
      title: "DEADLINE / OUTCOME", minimum: 20, ideal: 34, flex: 2, isMeasured: true, measures: { !$0.isRunning },
      cell: { job, world in state(job, world) }),
    Column(
      title: "TIME", minimum: 7, ideal: 7, priority: TableLayout.optional, alignment: .right,
      cell: { job, world in StyledText(elapsed(job, world), .dim) }),
    Column(
      title: "START", minimum: 8, ideal: 8, priority: TableLayout.optional + 1,
      cell: { job, _ in StyledText(job.startedClock > 0 ? Format.clock(job.startedClock) : "", .dim) }),
  ]

  /// While it runs, what will end it and how far it is; then how it ended. The seconds first: they must be readable
  /// where the column is narrow.
  private static func state(_ job: JobView, _ world: World) -> StyledText {
    if job.phase == .queued, let place = job.place {
      return StyledText(place == 1 ? "next for \(job.peer)" : "\(place - 1) before it for \(job.peer)", .dim)
    }
    if job.phase == .paused { return StyledText("p goes on", .key) + StyledText(origin(job), .dim) }
    guard job.isRunning else { return StyledText(job.outcome, job.phase == .done ? .dim : .warning) }
    let clock = job.wait.map { StyledText("\($0.clock(world.now)) ", .strong) + Bars.countdown($0, world.now, 6) + " " }
    let progress = job.progress.isEmpty ? StyledText(job.wait?.subject ?? "", .dim) : job.progress.words
    let current = job.progress.current.width > 0 ? StyledText(" · ", .dim) + job.progress.current : StyledText()
    return (clock ?? StyledText()) + progress + job.toGo(world.now) + current
  }

  /// A clock while it runs, which must not change its unit every tenth of a second.
  static func elapsed(_ job: JobView, _ world: World) -> String {
    let elapsed = job.elapsed(world.now)
    return job.isRunning ? Format.duration(elapsed) : Words.elapsed(elapsed.inSeconds)
  }

  private static func origin(_ job: JobView) -> String { job.origin.isEmpty ? "" : "; \(job.origin)" }

  /// Puts the cursor on a job that is spoken of elsewhere.
  mutating func show(_ id: Int) { list.move(toID: id) }

  func job(_ world: World) -> JobView? { list.current }
  func identifier(_ world: World) -> String? { list.current.map { $0.outcome.isEmpty ? $0.title : $0.outcome } }

  func summary(_ world: World) -> StyledText {
    let unfinished = world.running
    let waiting = [JobView.Phase.queued, .paused].map { phase in
      (phase.rawValue, unfinished.count { $0.phase == phase })
    }
    let running = unfinished.count - waiting.reduce(0) { $0 + $1.1 }
    let counts = ([("running", running)] + waiting).filter { $0.1 > 0 }.map { " · \(Format.count($0.1)) \($0.0)" }
    return StyledText(list.summary("job", "jobs") + counts.joined(), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered { return [StyledText("No job matches; Esc clears the filter.", .dim)] }
    return [
      "Nothing has been asked for yet.", "",
      StyledText("1", .key) + StyledText(" then ", .dim) + StyledText("e", .key)
        + StyledText(" echoes a modality, ", .dim) + StyledText("Enter", .key) + StyledText(" queries it", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] { list.detailed.map { JobDetails.lines($0, world) } ?? [] }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .job = message { list.replace(context.world.jobs) }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: if let job = list.current { context.push(JobScreen(job)) }
    case .history: context.push(HistoryScreen())
    case .clearFinished:
      context.effects.append(.clearFinishedJobs)
      list.replace(list.rows.filter(\.isRunning))
    default: return JobDetails.perform(action, list.isUnseen ? nil : list.current, &context)
    }
    return true
  }
}

/// A job in words.
enum JobDetails {
  /// What is done to one job.
  static func perform(_ action: Action, _ job: JobView?, _ context: inout Context) -> Bool {
    switch action {
    case .again: retry(job, &context)
    case .pause, .sooner, .later: queue(action, job, &context)
    default: return false
    }
    return true
  }

  private static func queue(_ action: Action, _ job: JobView?, _ context: inout Context) {
    guard let job else { return context.say("There is no job here.", .warning) }
    let canPause = action == .pause && job.isRunning && job.isKept && job.phase != .cancelling
    guard job.phase == .queued || job.phase == .paused || canPause else {
      return context.say("\(job.words) \(refusal(action, job))", .warning)
    }
    switch action {
    case .pause: context.effects.append(.pause(job: job.id))
    case .sooner: context.effects.append(.shift(job: job.id, sooner: true))
    default: context.effects.append(.shift(job: job.id, sooner: false))
    }
  }

  /// Why it cannot be paused, or moved in its queue.
  private static func refusal(_ action: Action, _ job: JobView) -> String {
    if !job.isRunning { return "has ended." }
    if job.phase == .cancelling { return "is being cancelled." }
    return action == .pause
      ? "has begun: only retrieves and sends can be paused then. c cancels it."
      : "runs already: only what waits can be moved in its queue."
  }

  /// The same again as a new job.
  private static func retry(_ job: JobView?, _ context: inout Context) {
    guard let job else { return context.say("There is no job here to retry.", .warning) }
    if job.isRunning { return context.say("\(job.words) is still running; c cancels it.", .warning) }
    if job.kind == .find {
      return context.say("A query is asked again where its results are: 2, then r.", .warning)
    }
    context.effects.append(.retry(job: job.id))
  }

  static func lines(_ job: JobView, _ world: World) -> [StyledText] {
    var lines = [
      job.phase.light + StyledText(" \(job.words)  ", .strong) + StyledText(job.phase.rawValue)
        + StyledText("  \(JobsScreen.elapsed(job, world))", .dim)
        + StyledText(job.startedClock > 0 ? "  since \(Format.clock(job.startedClock))" : "", .dim)
    ]
    if !job.origin.isEmpty { lines.append(StyledText("Left unfinished: \(job.origin).", .dim)) }
    if job.phase == .paused {
      lines.append(
        StyledText("p", .key) + StyledText(" goes on with it, ", .dim) + StyledText("c", .key)
          + StyledText(" cancels and forgets it", .dim))
    }
    if let wait = job.wait, job.isRunning {
      lines.append(
        StyledText("\(wait.words) ") + StyledText(wait.clock(world.now), .strong) + StyledText(" ")
          + Bars.countdown(wait, world.now, 20))
    }
    if !job.progress.isEmpty, job.kind != .find || job.isRunning {
      lines.append(
        (job.progress.fraction.map { Bars.bar($0, 24, .accent) + StyledText(" ") } ?? StyledText()) + job.progress.words
          + job.toGo(world.now)
      )
    }
    if job.isRunning, job.progress.current.width > 0 { lines.append(job.progress.current) }
    if !job.outcome.isEmpty { lines.append(StyledText(job.outcome, job.phase == .done ? .text : .bad)) }
    return lines
  }
}

/// One job: how it stands, what failed and why.
struct JobScreen: PageScreen {
  let id: Int
  let title: String
  private var phase: JobView.Phase
  private let kind: JobView.Kind
  var page = TextPage()

  init(_ job: JobView) {
    id = job.id
    title = job.title
    phase = job.phase
    kind = job.kind
  }

  var crumb: String { title }
  var bindings: [Binding] { JobsScreen.verbs(phase, kind) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .job(let job) = message, job.id == id { phase = job.phase }
  }

  func job(_ world: World) -> JobView? { world.job(id) }
  func explains(_ job: JobView, _ world: World) -> Bool { job.id == id }
  func identifier(_ world: World) -> String? { world.job(id)?.outcome }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    JobDetails.perform(action, context.world.job(id), &context)
  }

  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    guard let job = world.job(id) else { return [StyledText("This job has been cleared; Esc goes back.", .dim)] }
    var lines = JobDetails.lines(job, world).flatMap { CellText.wrap($0, columns) }
    if !job.details.isEmpty { lines.append("") }
    return lines + job.details.flatMap { CellText.wrap($0, columns) }.map { StyledText($0, .dim) }
  }
}
