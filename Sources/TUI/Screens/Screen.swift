/// What a screen asks of whoever holds it.
struct Context: Sendable {
  enum Move: Sendable {
    case push(any Screen)
    /// Shows one of the five, with this as its whole stack.
    case show(Int, [any Screen])
    case go(Int)
    case pop
    case ask(Question)
    case prompt(Prompt)
    case pick(Picker)
    case chooseColumns(ColumnChooser)
    /// Keeps a text by its kind and name, in memory and where it outlasts the program; nil forgets it.
    case keep(Kept, name: String, text: String?)
  }

  let world: World
  var effects: [Effect] = []
  var moves: [Move] = []
  var notice: Notice?
  var nextToken: Int

  mutating func token() -> Int {
    nextToken += 1
    return nextToken
  }

  mutating func push(_ screen: any Screen) { moves.append(.push(screen)) }
  mutating func say(_ words: String, _ role: Role = .text) { notice = Notice(words: words, role: role) }
  /// Said until the next key, which may make it untrue.
  mutating func hint(_ words: String) { notice = Notice(words: words, role: .dim, isHint: true) }
}

/// A screen: its keys, what they do, what arrives for it, how it looks. A value; its work is effects.
protocol Screen: Sendable {
  /// Its name in the breadcrumb.
  var crumb: String { get }
  /// Its own verbs, in the footer's order; looked at before those that work everywhere.
  var bindings: [Binding] { get }
  /// The keys for moving about.
  var movement: [Binding] { get }
  /// Its verbs that work while a text field has the keys: none of them writes a character.
  var fieldBindings: [Binding] { get }
  /// Whether a text field has the keys.
  var isEditing: Bool { get }
  /// What Esc would do in here; nil: leave the screen.
  var escape: String? { get }
  /// What `y` copies.
  func identifier(_ world: World) -> String?
  /// What `Ctrl-S` writes into a file; nil: there is nothing to write.
  func saved(_ world: World) -> SavedText?
  /// The operation under the cursor.
  func job(_ world: World) -> JobView?
  /// Whether it shows by itself why a job failed.
  func explains(_ job: JobView, _ world: World) -> Bool
  /// When something on it will be another although nothing happens.
  var changesAt: ContinuousClock.Instant? { get }
  /// Whether it shows how old something is, which changes although nothing happens.
  var isAging: Bool { get }
  /// The right end of the rule above: counts.
  func summary(_ world: World) -> StyledText

  /// Shown for the first time, or again.
  mutating func opened(_ context: inout Context)
  /// False: not its business.
  mutating func act(_ action: Action, _ context: inout Context) -> Bool
  /// A click on a row of it.
  mutating func touch(row: Int, _ context: inout Context)
  mutating func edit(_ key: Key, _ context: inout Context)
  mutating func paste(_ text: String, _ context: inout Context)
  mutating func receive(_ message: Message, _ context: inout Context)
  /// One step out; false when there is none left in here.
  mutating func stepOut(_ context: inout Context) -> Bool
  /// Fits what is shown to the area it will be drawn in.
  mutating func settle(_ area: Area, _ world: World)
  /// What is in sight is settled: asks for what is not known of it yet.
  mutating func look(_ context: inout Context)
  /// What was settled has been drawn: a person has seen it.
  mutating func seen()
  func draw(into canvas: inout Canvas, _ area: Area, _ world: World)
}

extension Screen {
  var movement: [Binding] { Keymap.inLists }
  var fieldBindings: [Binding] { [] }
  var isEditing: Bool { false }
  var escape: String? { nil }
  func identifier(_ world: World) -> String? { nil }
  func saved(_ world: World) -> SavedText? { nil }
  func job(_ world: World) -> JobView? { nil }
  func explains(_ job: JobView, _ world: World) -> Bool { false }
  var changesAt: ContinuousClock.Instant? { nil }
  var isAging: Bool { false }
  func summary(_ world: World) -> StyledText { StyledText() }
  mutating func opened(_ context: inout Context) {}
  mutating func touch(row: Int, _ context: inout Context) {}
  mutating func edit(_ key: Key, _ context: inout Context) {}
  mutating func paste(_ text: String, _ context: inout Context) {}
  mutating func receive(_ message: Message, _ context: inout Context) {}
  mutating func stepOut(_ context: inout Context) -> Bool { false }
  mutating func settle(_ area: Area, _ world: World) {}
  mutating func look(_ context: inout Context) {}
  mutating func seen() {}
}
