/// Everything a person asked for: running and ended, with progress and the deadline that fires first.
struct JobsScreen: ListScreen {
  var list: List<JobView>

  init() { list = List(Self.columns, searched: { "\($0.title) \($0.peer) \($0.phase.rawValue)" }) }

  var crumb: String { "jobs" }
  var detailRows: Int { 3 }

  let bindings = [
    Binding(.enter, does: .open, label: "details", help: "details: failed instances and their reasons"),
    Binding("c", does: .cancel, label: "cancel", help: "cancel it"),
    Binding("+", does: .more, label: "10 s more", help: "10 s more for it"),
    Binding("-", does: .less, label: "less", help: "10 s less for it"),
    Binding("t", does: .timeout, label: "timeout", help: "set its timeout"),
    Binding("X", does: .clearFinished, label: "clear finished", help: "clear the finished"),
  ]

  private static let columns: [Column<JobView>] = [
    Column(
      title: "JOB", minimum: 14, ideal: 28, flex: 2, cell: { job, _ in StyledText(job.title, .strong) }),
    Column(
      title: "STATE", minimum: 11, ideal: 13, sortKey: { .text($0.phase.rawValue) },
      cell: { job, world in
        (job.isRunning && job.phase != .queued ? world.spinner : job.phase.light) + StyledText(" \(job.phase.rawValue)")
      }),
    Column(
      title: "PEER", minimum: 8, ideal: 12, priority: 3, sortKey: { .text($0.peer) },
      cell: { job, _ in StyledText(job.peer) }),
    Column(
      title: "DEADLINE / OUTCOME", minimum: 18, ideal: 36, flex: 2, priority: 1,
      cell: { job, world in
        guard job.isRunning else { return StyledText(job.outcome, job.phase == .done ? .dim : .warning) }
        guard let wait = job.wait else { return StyledText() }
        return StyledText("\(wait.clock(world.now)) ", .strong) + Bars.countdown(wait, world.now, 8)
          + StyledText(world.size.columns >= 100 ? " \(wait.words)" : "", .dim)
      }),
    Column(title: "PROGRESS", minimum: 9, ideal: 26, priority: 2, cell: { job, _ in job.progress.words }),
    Column(
      title: "TIME", minimum: 7, ideal: 7, priority: 4, alignment: .right,
      cell: { job, world in StyledText(Format.duration(job.elapsed(world.now)), .dim) }),
    Column(
      title: "START", minimum: 8, ideal: 8, priority: 5,
      cell: { job, _ in StyledText(job.startedClock > 0 ? Format.clock(job.startedClock) : "", .dim) }),
  ]

  func job(_ world: World) -> JobView? { list.current }
  func identifier(_ world: World) -> String? { list.current.map { $0.outcome.isEmpty ? $0.title : $0.outcome } }

  func summary(_ world: World) -> StyledText {
    let running = world.running.count
    return StyledText(list.summary("job", "jobs") + (running > 0 ? " · \(running) running" : ""), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if list.isFiltered { return [StyledText("No job matches; Esc clears the filter.", .dim)] }
    return [
      "Nothing has been asked for yet.", "",
      StyledText("1", .key) + StyledText(" then ", .dim) + StyledText("e", .key)
        + StyledText(" echoes a modality, ", .dim) + StyledText("Enter", .key) + StyledText(" queries it", .dim),
    ]
  }

  func details(_ world: World) -> [StyledText] { list.current.map { JobDetails.lines($0, world) } ?? [] }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .job = message { list.replace(context.world.jobs) }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open: if let job = list.current { context.push(JobScreen(id: job.id, title: job.title)) }
    case .clearFinished:
      context.effects.append(.clearFinishedJobs)
      list.replace(list.rows.filter(\.isRunning))
    case .again: list.replace(context.world.jobs)
    default: return false
    }
    return true
  }
}

/// A job in words.
enum JobDetails {
  static func lines(_ job: JobView, _ world: World) -> [StyledText] {
    var lines = [
      job.phase.light + StyledText(" \(job.words)  ", .strong) + StyledText(job.phase.rawValue)
        + StyledText("  \(Format.duration(job.elapsed(world.now)))", .dim)
    ]
    if let wait = job.wait, job.isRunning {
      lines.append(
        StyledText("\(wait.words) ") + StyledText(wait.clock(world.now), .strong) + StyledText(" ")
          + Bars.countdown(wait, world.now, 20))
    }
    if !job.progress.isEmpty, job.kind != .find || job.isRunning {
      lines.append(
        (job.progress.fraction.map { Bars.bar($0, 24, .accent) + StyledText(" ") } ?? StyledText()) + job.progress.words
      )
    }
    if !job.outcome.isEmpty { lines.append(StyledText(job.outcome, job.phase == .done ? .text : .bad)) }
    return lines
  }
}

/// One job: how it stands, what failed and why.
struct JobScreen: Screen {
  let id: Int
  let title: String
  private var top = 0

  init(id: Int, title: String) {
    self.id = id
    self.title = title
  }

  var crumb: String { title }
  let bindings = [
    Binding("c", does: .cancel, label: "cancel", help: "cancel it"),
    Binding("+", does: .more, label: "10 s more", help: "10 s more for it"),
    Binding("-", does: .less, label: "less", help: "10 s less for it"),
    Binding("t", does: .timeout, label: "timeout", help: "set its timeout"),
  ]

  func job(_ world: World) -> JobView? { world.job(id) }
  func identifier(_ world: World) -> String? { world.job(id)?.outcome }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    let count = context.world.job(id)?.details.count ?? 0
    switch action {
    case .down: top = min(top + 1, max(0, count - 1))
    case .up: top = max(0, top - 1)
    case .pageDown, .halfDown: top = min(top + 10, max(0, count - 1))
    case .pageUp, .halfUp: top = max(0, top - 10)
    case .first: top = 0
    case .last: top = max(0, count - 1)
    default: return false
    }
    return true
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    let inside = area.inset(top: 1, left: 3, right: 2)
    guard let job = world.job(id) else {
      canvas.put(StyledText("This job has been cleared; Esc goes back.", .dim), inside.line(0))
      return
    }
    var lines = JobDetails.lines(job, world).flatMap { CellText.wrap($0, inside.columns) }
    if !job.details.isEmpty {
      lines.append("")
      lines += job.details.dropFirst(top).flatMap { CellText.wrap($0, inside.columns) }.map { StyledText($0, .dim) }
    }
    for (index, line) in lines.prefix(inside.rows).enumerated() { canvas.put(line, inside.line(index)) }
  }
}
