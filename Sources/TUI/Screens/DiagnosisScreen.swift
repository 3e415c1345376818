import Operations

/// What works towards a modality and what does not, layer by layer, as it is found out.
struct DiagnosisScreen: PageScreen {
  let name: String
  var page = TextPage()
  private var token: Int
  private var diagnosis: Diagnosis?

  init(_ name: String, token: Int) {
    self.name = name
    self.token = token
  }

  var crumb: String { "diagnose \(name)" }

  let bindings = [
    Binding("r", does: .again, label: "again", help: "diagnose it again"),
    Binding(
      "m", does: .retrieve, label: "move one here",
      help: "have one small instance sent here: it proves that it reaches us"),
  ]

  func identifier(_ world: World) -> String? { diagnosis?.outcome.words }
  func job(_ world: World) -> JobView? { world.running("diagnosis-\(token)") }
  func explains(_ job: JobView, _ world: World) -> Bool { job.subjects.contains("diagnosis-\(token)") }

  func summary(_ world: World) -> StyledText {
    guard let diagnosis else { return StyledText() }
    return StyledText(
      "\(diagnosis.aeTitle)@\(diagnosis.host):\(diagnosis.port), we are \(diagnosis.callingAETitle)", .dim)
  }

  func saved(_ world: World) -> SavedText? {
    guard let diagnosis else { return nil }
    return SavedText(what: "the diagnosis of \(name)", ending: "txt", lines: diagnosis.report)
  }

  mutating func opened(_ context: inout Context) { if diagnosis == nil { begin(moves: false, &context) } }

  private mutating func begin(moves: Bool, _ context: inout Context) {
    if let job = job(context.world) { context.effects.append(.cancel(job: job.id)) }
    token = context.token()
    diagnosis = nil
    context.effects.append(.diagnose(modality: name, moves: moves, token: token))
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .diagnosed(token, let diagnosis) = message { self.diagnosis = diagnosis }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .again: begin(moves: false, &context)
    case .retrieve: begin(moves: true, &context)
    default: return false
    }
    return true
  }

  // MARK: Drawing

  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    let steps = diagnosis?.steps ?? Diagnosis.Layer.allCases.map { Diagnosis.Step(layer: $0) }
    var lines = steps.flatMap { self.lines(of: $0, columns, world) }
    if let words = diagnosis?.outcome.words, !words.isEmpty {
      lines += ["", StyledText("What it comes to", .heading)]
      lines += CellText.wrap(words, columns).map { StyledText($0, .strong) }
    }
    if let diagnosis, !diagnosis.steps.allSatisfy(\.details.isEmpty) {
      lines += ["", StyledText("What was seen", .heading)]
      for step in diagnosis.steps where !step.details.isEmpty {
        lines += step.details.flatMap { CellText.wrap($0, max(20, columns - 18)) }.enumerated().map { index, text in
          StyledText(Self.padded(index == 0 ? step.layer.title : "", 18), .dim) + StyledText(text)
        }
      }
    }
    return lines
  }

  /// `✓ connection        0.3 ms  127.0.0.1:104 takes connections`
  private func lines(of step: Diagnosis.Step, _ columns: Int, _ world: World) -> [StyledText] {
    let time = step.milliseconds.map(Format.milliseconds) ?? ""
    let words = StyledText(step.words, step.verdict == .failed ? .bad : step.verdict == .skipped ? .dim : .text)
    let head =
      light(step.verdict, world) + StyledText(" " + Self.padded(step.layer.title, 16), .strong)
      + StyledText(String(repeating: " ", count: max(0, 8 - time.count)) + time + "  ", .dim)
    if step.verdict == .running, let wait = job(world)?.wait {
      return [head + countdown(wait, columns - head.width, world)]
    }
    let texts = CellText.wrap(words, max(20, columns - head.width))
    return texts.isEmpty
      ? [head]
      : texts.enumerated().map { index, text in
        (index == 0 ? head : StyledText(String(repeating: " ", count: head.width))) + text
      }
  }

  /// The seconds whole, whatever gives way: a bar that is wrapped is none.
  private func countdown(_ wait: Waiting, _ columns: Int, _ world: World) -> StyledText {
    let clock = StyledText(wait.clock(world.now), .strong)
    let bar = StyledText(" ") + Bars.countdown(wait, world.now, 10)
    let lines = [wait.words, wait.subject].flatMap { words in
      [StyledText("\(words) ", .busy) + clock + bar, StyledText("\(words) ", .busy) + clock]
    }
    return lines.first { $0.width <= columns } ?? clock
  }

  private func light(_ verdict: Diagnosis.Verdict, _ world: World) -> StyledText {
    switch verdict {
    case .pending: StyledText("·", .dim)
    case .running: world.spinner
    case .passed: StyledText("✓", .good)
    case .warning: StyledText("!", .warning)
    case .failed: StyledText("✗", .bad)
    case .unproven: StyledText("?", .warning)
    case .skipped: StyledText("–", .dim)
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
