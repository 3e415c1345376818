/// All that is on the screen and all that it depends on: a value. Messages change it (`update`), effects leave it, and
/// `draw` turns it into cells.
struct Model: Sendable {
  enum Overlay: Sendable {
    case question(Question)
    case prompt(Prompt)
    case picker(Picker)
    case help(Help)
    case columns(ColumnChooser)
  }

  var world: World
  /// Each of the five screens keeps its own stack; the last is on top.
  var stacks: [[any Screen]]
  var current = 0
  /// The screens one came from by jumping, each once; Esc returns there.
  var trail: [Int] = []
  var overlay: Overlay?
  var notice: Notice?
  var nextToken = 0
  /// When Ctrl-C was last pressed: a second within two seconds quits.
  var lastInterrupt: ContinuousClock.Instant?

  init(world: World) {
    self.world = world
    stacks = [
      [ModalitiesScreen(world)], [QueryScreen(world, modalities: [])],
      [LocalScreen(level: .study, parent: nil)], [JobsScreen()], [ActivityScreen()],
    ]
  }

  var screen: any Screen {
    get { stacks[current].last ?? ModalitiesScreen(world) }
    set { stacks[current][stacks[current].count - 1] = newValue }
  }

  /// The keys that work now, first match first.
  var bindings: [Binding] {
    let all =
      screen.isEditing
      ? screen.fieldBindings + Keymap.inFields
      : screen.bindings + screen.movement + Keymap.everywhere + Keymap.inFields
    let chosen = world.keys.applied(to: all)
    // While characters are text, a verb cannot have one.
    return screen.isEditing ? chosen.filter { $0.keys.allSatisfy { $0.text == nil } } : chosen
  }

  /// The bindings the person has, of some of ours.
  func chosen(_ bindings: [Binding]) -> [Binding] {
    let now = Dictionary(
      world.keys.applied(to: screen.bindings + screen.movement + Keymap.everywhere + Keymap.inFields).map {
        ($0.action, $0.keys)
      }, uniquingKeysWith: { $0 + $1 })
    guard !world.keys.keys.isEmpty else { return bindings }
    return bindings.map { binding in
      var binding = binding
      let own = now[binding.action] ?? []
      binding.keys = world.keys.keys[binding.action] ?? binding.keys.filter(own.contains)
      return binding
    }
  }

  var breadcrumb: String {
    stacks[current].map(\.crumb).filter { !$0.isEmpty }.joined(separator: " › ")
  }

  /// What Esc will do now, for the footer; nil at the root.
  var escape: String? {
    if let inside = screen.escape { return inside }
    if stacks[current].count > 1 { return "back" }
    return trail.last.map { "to " + Keymap.screens[$0] }
  }

  /// Whether leaving needs a question: what would be broken off.
  var unfinished: [String] {
    let running = world.running.filter { !waitsForNextStart($0) }
    var lines = running.map { "\($0.words): \($0.phase.rawValue)" }
    if world.station.associations > 0 {
      lines.append(Format.count(world.station.associations, "association", "associations") + " open to us")
    }
    return lines
  }

  private func waitsForNextStart(_ job: JobView) -> Bool {
    world.station.keepsJobs && job.phase == .paused && (job.isKept || job.kind == .commit)
  }

  /// What becomes of it.
  var afterwards: [String] {
    guard world.running.contains(where: { $0.isKept && !waitsForNextStart($0) }) else { return [] }
    return [
      world.station.keepsJobs
        ? "Unfinished retrieves and sends come back, paused." : "What is unfinished is lost: nothing is kept here."
    ]
  }

  // MARK: Drawing

  /// When the next frame is due although nothing happens; nil: not before something does.
  var nextTick: ContinuousClock.Instant? {
    let countdown = world.isCountingDown ? world.now + .milliseconds(100) : nil
    let age = screen.isAging ? world.now + .seconds(30) : nil
    return [countdown, age, screen.changesAt, notice?.until, world.away?.until].compactMap { $0 }.min()
  }

  func draw() -> Canvas {
    var canvas = Canvas(world.size)
    Frame(self).draw(into: &canvas)
    switch overlay {
    case .question(let question): question.draw(into: &canvas)
    case .prompt(let prompt): prompt.draw(into: &canvas)
    case .picker(let picker): picker.draw(into: &canvas)
    case .help(let help): help.draw(into: &canvas)
    case .columns(let chooser): chooser.draw(into: &canvas)
    case nil: break
    }
    return canvas
  }

  /// The last frame has been shown: what is on it has been seen.
  mutating func seen() {
    screen.seen()
    if case .question(var question) = overlay, !question.isSeen {
      question.isSeen = true
      overlay = .question(question)
    }
  }
}
