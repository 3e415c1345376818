import Operations

/// What a key does, whichever screen is asked to do it.
enum Action: Hashable, Sendable {
  case screen(Int)
  case up, down, halfUp, halfDown, pageUp, pageDown, first, last, columnLeft, columnRight, otherPane
  case open, back, leave, cancel, interrupt
  case more, less, timeout, again, wider
  case filter, nextMatch, previousMatch, sortRight, sortLeft, invertSort, mark, markAll, copy
  case command, help, redraw, suspend
  case save, openSaved, clearForm, columns
  case echo, echoAll, watch, diagnose, testStore, worklist
  case add, settings, tryOut
  case retrieve, retrieveTo, get
  case send, sendAll, commit, importFiles, delete, protect, tags, preview
  case pause, sooner, later, clearFinished
  case onlyPeer, allow, history
}

extension Action {
  /// The verbs whose keys can be others, by the names that the configuration gives them. Esc, Enter's opening and Ctrl-C stay:
  /// there must be a way out whatever is written there.
  static let named: [(name: String, action: Action)] = [
    ("modalities", .screen(1)), ("query", .screen(2)), ("local", .screen(3)), ("jobs", .screen(4)),
    ("activity", .screen(5)), ("up", .up), ("down", .down), ("halfUp", .halfUp), ("halfDown", .halfDown),
    ("pageUp", .pageUp), ("pageDown", .pageDown), ("first", .first), ("last", .last), ("columnLeft", .columnLeft),
    ("columnRight", .columnRight), ("otherPane", .otherPane), ("leave", .leave), ("cancel", .cancel), ("more", .more),
    ("less", .less), ("timeout", .timeout), ("again", .again), ("wider", .wider), ("filter", .filter),
    ("nextMatch", .nextMatch),
    ("previousMatch", .previousMatch), ("sortRight", .sortRight), ("sortLeft", .sortLeft), ("invertSort", .invertSort),
    ("mark", .mark), ("markAll", .markAll), ("copy", .copy), ("command", .command), ("help", .help),
    ("redraw", .redraw), ("suspend", .suspend), ("save", .save), ("openSaved", .openSaved), ("clearForm", .clearForm),
    ("columns", .columns), ("echo", .echo), ("echoAll", .echoAll), ("watch", .watch), ("diagnose", .diagnose),
    ("testStore", .testStore),
    ("worklist", .worklist),
    ("add", .add), ("settings", .settings), ("tryOut", .tryOut), ("retrieve", .retrieve), ("retrieveTo", .retrieveTo),
    ("send", .send), ("sendAll", .sendAll),
    ("import", .importFiles), ("delete", .delete), ("protect", .protect), ("tags", .tags), ("preview", .preview),
    ("pause", .pause),
    ("sooner", .sooner), ("later", .later), ("clearFinished", .clearFinished), ("onlyPeer", .onlyPeer),
    ("allow", .allow), ("history", .history),
  ]
}

/// The keys a person wants instead of ours.
struct KeyChoice: Sendable, Equatable {
  private(set) var keys: [Action: [Key]] = [:]
  /// What of it cannot be, a sentence each.
  private(set) var complaints: [String] = []

  init() {}

  init(_ wanted: [(verb: String, keys: [String])]) {
    for (verb, texts) in wanted {
      guard let action = Action.named.first(where: { $0.name.lowercased() == verb.lowercased() })?.action else {
        let near = Nearest.names(to: verb, among: Action.named.map(\.name))
        complaints.append(
          "Keys: there is no verb \(verb)" + (near.isEmpty ? "" : "; \(Format.offer(near))"))
        continue
      }
      let parsed = texts.map { ($0, Key(parsing: $0)) }
      for (text, key) in parsed where key == nil { complaints.append("Keys: \(text) of \(verb) is no key") }
      let fixed: [Key] = [.escape, .control("c")]
      for (text, key) in parsed where key.map(fixed.contains) == true {
        complaints.append("Keys: \(text) of \(verb) always leads out and stays as it is")
      }
      let good = parsed.compactMap(\.1).filter { !fixed.contains($0) }
      if !good.isEmpty || texts.isEmpty { keys[action] = good }
    }
  }

  /// The bindings with the person's keys; a key given to another verb is taken from the one that had it.
  func applied(to bindings: [Binding]) -> [Binding] {
    if keys.isEmpty { return bindings }
    let present = Set(bindings.map(\.action))
    let taken = keys.filter { present.contains($0.key) }
    return bindings.map { binding in
      var binding = binding
      if let own = keys[binding.action] {
        binding.keys = own
      } else {
        binding.keys.removeAll { key in taken.contains { $0.value.contains(key) } }
      }
      return binding
    }
  }
}

/// Some keys, what they do, and what the footer and the help say about it.
struct Binding: Sendable, Equatable {
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
