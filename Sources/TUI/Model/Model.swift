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
    if screen.isEditing { return screen.fieldBindings + Keymap.inFields }
    return screen.bindings + screen.movement + Keymap.everywhere + Keymap.inFields
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
    var lines = world.running.map { "\($0.words): \($0.phase.rawValue)" }
    if world.station.associations > 0 {
      lines.append(Format.count(world.station.associations, "association", "associations") + " open to us")
    }
    return lines
  }

  // MARK: Drawing

  /// When the next frame is due although nothing happens; nil: not before something does.
  var nextTick: ContinuousClock.Instant? {
    let countdown = world.isCountingDown ? world.now + .milliseconds(100) : nil
    let age = screen.isAging ? world.now + .seconds(30) : nil
    return [countdown, age, notice?.until].compactMap { $0 }.min()
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
