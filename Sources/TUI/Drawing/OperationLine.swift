/// The line above the footer: the operation in front, how far it is, and the deadline that will fire first, named.
struct OperationLine {
  let world: World
  /// The running job to show; nil: the last that ended.
  let job: JobView?
  /// A field has the keys: a digit would be written into it.
  var isEditing = false

  func draw(into canvas: inout Canvas, _ area: Area) {
    guard let job else {
      canvas.put(ended(area.columns), area)
      return
    }
    // From the plain to the full: the richest that fits, the title giving way last.
    let others = world.running.count - 1
    let more = others > 0 ? StyledText("  +\(others)", .dim) : StyledText()
    let clock = self.clock(job)
    let bar =
      job.wait.map { StyledText(" ") + Bars.countdown($0, world.now, area.columns >= 100 ? 14 : 9) } ?? StyledText()
    let named = StyledText(job.wait?.words ?? phase(job), .text) + " "
    let progress = job.progress.isEmpty ? StyledText() : StyledText("  ") + job.progress.words
    let moving =
      job.progress.fraction.map { StyledText("  ") + Bars.bar($0, area.columns >= 100 ? 22 : 12, .accent) }
      ?? StyledText()
    let brief = StyledText(job.wait?.subject ?? phase(job)) + " "
    let toGo = job.toGo(world.now)
    let candidates: [(left: StyledText, right: StyledText)] = [
      (moving + progress + toGo, named + clock + bar), (progress + toGo, named + clock + bar),
      (moving + progress, named + clock + bar), (progress, named + clock + bar), (progress, named + clock),
      (progress, brief + clock + bar), (progress, brief + clock),
      (progress, clock + bar), (progress, clock), (StyledText(), clock),
    ]
    let light = job.phase == .paused ? job.phase.light : world.spinner
    let title = StyledText(" ") + light + StyledText(" " + job.words)
    let least = min(title.width, 24)
    let chosen =
      candidates.first { least + $0.left.width + more.width + 2 + $0.right.width + 1 <= area.columns }
      ?? (StyledText(), clock)
    let right = chosen.right + StyledText(" ")
    let room = max(0, area.columns - chosen.left.width - more.width - right.width - 2)
    canvas.put(title, Area(row: area.row, column: area.column, rows: 1, columns: min(room, title.width)))
    let after = min(room, title.width)
    canvas.put(chosen.left + more, area.inset(left: after, right: right.width))
    canvas.put(right, area.inset(left: max(0, area.columns - right.width)))
  }

  /// Between two echoes nothing is waited for.
  private func phase(_ job: JobView) -> String { job.kind == .watch ? "watching" : job.phase.rawValue }

  private func clock(_ job: JobView) -> StyledText {
    if job.phase == .paused { return StyledText("p", .key) + StyledText(" goes on", .dim) }
    guard let wait = job.wait else { return StyledText(Format.duration(job.elapsed(world.now)), .strong) }
    let role: Role = (wait.fraction(world.now) ?? 1) < 0.25 ? .bad : .strong
    return StyledText(wait.clock(world.now), role)
  }

  /// So many columns of an outcome tell something.
  private static let telling = 40

  private func ended(_ columns: Int) -> StyledText {
    guard let last = world.lastEnded else {
      return StyledText(" nothing is running", .dim)
    }
    let outcome = last.outcome.isEmpty ? last.phase.rawValue : last.outcome
    let full = StyledText(" ") + last.phase.light + StyledText(" \(last.words): \(outcome)", .dim)
    if full.width <= columns { return full }
    // The first clauses say what failed and why, those after them what to check.
    let head = StyledText(" ") + last.phase.light + StyledText(" \(last.words): ", .dim)
    let way = StyledText("; \(isEditing ? "Alt-4" : "4") Enter tells all", .dim)
    for end in [". ", "; "] {
      guard let range = outcome.firstRange(of: end) else { continue }
      let short = head + StyledText(String(outcome[..<range.lowerBound]), .dim) + way
      // After a clause of a few words (`The connection works`) a part of the next says more.
      if short.width <= columns, outcome[..<range.lowerBound].count >= Self.telling { return short }
    }
    // As much of it as there is room for: the reason is worth more than all that was asked for.
    let verb = String(last.title.prefix { $0 != " " })
    let heads = [last.words, last.title, verb].map { words in
      StyledText(" ") + last.phase.light + StyledText(" \(words): ", .dim)
    }
    let told = heads.map { ($0, CellText.wrap(outcome, max(1, columns - $0.width - way.width - 1)).first ?? "") }
    guard let (head, part) = told.first(where: { CellText.width($0.1) >= Self.telling }) ?? told.last else {
      return head
    }
    return head + StyledText(part + "…", .dim) + way
  }
}
