/// What a key does, whichever screen is asked to do it.
enum Action: Hashable, Sendable {
  case screen(Int)
  case up, down, halfUp, halfDown, pageUp, pageDown, first, last, columnLeft, columnRight, otherPane
  case open, back, leave, cancel, interrupt
  case more, less, timeout, again
  case filter, nextMatch, previousMatch, sortRight, sortLeft, invertSort, mark, markAll, copy
  case command, help, redraw, suspend
  case save, openSaved, clearForm, columns
  case echo, echoAll, watch, testStore
  case add, settings
  case retrieve, retrieveTo
  case send, importFiles, delete, tags, preview
  case pause, sooner, later, clearFinished
  case onlyPeer, allow
}

/// Some keys, what they do, and what the footer and the help say about it.
struct Binding: Sendable {
  var keys: [Key]
  var action: Action
  /// In the footer; empty: only in the help.
  var label: String
  var help: String

  init(_ keys: Key..., does action: Action, label: String = "", help: String) {
    self.keys = keys
    self.action = action
    self.label = label
    self.help = help
  }
}

/// The keys as data: dispatch, footer and help all read the same tables and cannot disagree. A letter is one verb
/// wherever it appears; a capital is the same verb, wider.
enum Keymap {
  /// Names of the five screens, in the order of their digits.
  static let screens = ["modalities", "query", "local", "jobs", "activity"]

  /// The keys that also work in a text field.
  static let inFields: [Binding] =
    (1...5).map { number in
      Binding(.alt(Character("\(number)")), does: .screen(number), help: screens[number - 1])
    } + [
      Binding(Key(.function(1)), does: .help, help: "this help"),
      Binding(.escape, does: .back, help: "one step out; never stops network work"),
      Binding(.control("c"), does: .interrupt, help: "cancel the operation in front; twice quits"),
      Binding(.control("l"), does: .redraw, help: "draw the screen again"),
      Binding(.control("z"), does: .suspend, help: "suspend"),
    ]

  static let everywhere: [Binding] =
    (1...5).map { number in
      Binding(Key(.character(Character("\(number)"))), does: .screen(number), help: screens[number - 1])
    } + [
      Binding("?", does: .help, label: "help", help: "this help"),
      Binding("q", does: .leave, help: "back; at the root quit"),
      Binding("c", does: .cancel, help: "cancel the operation of this row"),
      Binding("+", does: .more, help: "10 s more for it"),
      Binding("-", does: .less, help: "10 s less for it"),
      Binding("t", does: .timeout, help: "set its timeout"),
      Binding(":", does: .command, help: "a command"),
    ]

  static let inLists: [Binding] = [
    Binding("j", .down, does: .down, help: "down"),
    Binding("k", .up, does: .up, help: "up"),
    Binding(.control("d"), does: .halfDown, help: "half a page down"),
    Binding(.control("u"), does: .halfUp, help: "half a page up"),
    Binding(Key(.pageDown), .control("f"), does: .pageDown, help: "a page down"),
    Binding(Key(.pageUp), .control("b"), does: .pageUp, help: "a page up"),
    Binding("g", Key(.home), does: .first, help: "to the first"),
    Binding("G", Key(.end), does: .last, help: "to the last"),
    Binding(.right, does: .columnRight, help: "columns further right"),
    Binding(.left, does: .columnLeft, help: "columns further left"),
    Binding("r", does: .again, help: "again: reload, rerun"),
    Binding("/", does: .filter, label: "filter", help: "filter"),
    Binding(">", does: .sortRight, help: "sort by the next column"),
    Binding("<", does: .sortLeft, help: "sort by the column before"),
    Binding("I", does: .invertSort, help: "invert the order"),
    Binding(" ", does: .mark, help: "mark the row"),
    Binding("*", does: .markAll, help: "mark all, or none"),
    Binding("|", does: .columns, help: "choose columns, and their width"),
    Binding(.tab, does: .otherPane, help: "to the details, and back"),
    Binding("y", does: .copy, help: "copy the identifier, in a tag tree the value"),
    Binding(.control("s"), does: .save, help: "save to a file what is shown, or the marked rows"),
  ]

  /// For what is read and searched: texts and trees.
  static let inTexts: [Binding] = [
    Binding("/", does: .filter, label: "search", help: "search"),
    Binding("n", does: .nextMatch, help: "next match"),
    Binding("N", does: .previousMatch, help: "match before"),
  ]

  /// For texts: moving, searching, copying.
  static let inPages: [Binding] =
    inLists.filter {
      switch $0.action {
      case .down, .up, .halfDown, .halfUp, .pageDown, .pageUp, .first, .last, .copy, .save: true
      default: false
      }
    } + inTexts

  /// For lists that are searched instead of filtered.
  static let inTrees: [Binding] = inLists.filter { $0.action != .filter } + inTexts

  /// For reading: the five screens on one line.
  static func joined(_ bindings: [Binding]) -> [Binding] {
    var lines: [Binding] = []
    for binding in bindings {
      if case .screen = binding.action, let last = lines.last, case .screen = last.action {
        lines[lines.count - 1].keys += binding.keys
        lines[lines.count - 1].help += ", \(binding.help)"
      } else {
        lines.append(binding)
      }
    }
    return lines
  }

  /// The action of a key among bindings.
  static func action(_ key: Key, _ bindings: [Binding]) -> Action? {
    bindings.first { $0.keys.contains(key) }?.action
  }
}
