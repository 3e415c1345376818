/// One key as a person pressed it: what it is, and what was held with it.
struct Key: Hashable, Sendable {
  enum Code: Hashable, Sendable {
    case character(Character)
    case enter, tab, backspace, escape, delete, insert
    case up, down, left, right, home, end, pageUp, pageDown
    case function(Int)
  }

  struct Modifiers: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let shift = Modifiers(rawValue: 1)
    static let alt = Modifiers(rawValue: 2)
    static let control = Modifiers(rawValue: 4)
  }

  var code: Code
  var modifiers: Modifiers

  init(_ code: Code, _ modifiers: Modifiers = []) {
    self.code = code
    self.modifiers = modifiers
  }

  static func control(_ character: Character) -> Key { Key(.character(character), .control) }
  static func alt(_ character: Character) -> Key { Key(.character(character), .alt) }
  static let enter = Key(.enter)
  static let tab = Key(.tab)
  static let backTab = Key(.tab, .shift)
  static let backspace = Key(.backspace)
  static let escape = Key(.escape)
  static let up = Key(.up)
  static let down = Key(.down)
  static let left = Key(.left)
  static let right = Key(.right)

  /// The character this key writes into a text field; nil for a key that acts.
  var text: Character? {
    guard case .character(let character) = code, modifiers.isDisjoint(with: [.alt, .control]) else { return nil }
    return character
  }
}

extension Key {
  /// A key as ``description`` and people write it: `Ctrl-D`, `ctrl-d`, `Alt-1`, `Space`, `F5`, `PgDn`, `j`; nil: no key.
  init?(parsing text: String) {
    var rest = text[...]
    var modifiers: Modifiers = []
    let prefixes: [(String, Modifiers)] = [("ctrl-", .control), ("alt-", .alt), ("shift-", .shift)]
    while let (prefix, modifier) = prefixes.first(where: { rest.lowercased().hasPrefix($0.0) }),
      rest.count > prefix.count
    {
      rest = rest.dropFirst(prefix.count)
      modifiers.insert(modifier)
    }
    let names: [String: Code] = [
      "enter": .enter, "tab": .tab, "space": .character(" "), "backspace": .backspace, "esc": .escape, "del": .delete,
      "ins": .insert, "up": .up, "down": .down, "left": .left, "right": .right, "home": .home, "end": .end,
      "pgup": .pageUp, "pgdn": .pageDown,
    ]
    if let code = names[rest.lowercased()] {
      self.init(code, modifiers)
    } else if rest.count == 1, let character = rest.first {
      // With Ctrl large and small are one.
      let plain = modifiers.contains(.control) ? Character(character.lowercased()) : character
      self.init(.character(plain), modifiers)
    } else if rest.first?.lowercased() == "f", let number = Int(rest.dropFirst()), (1...24).contains(number) {
      self.init(.function(number), modifiers)
    } else {
      return nil
    }
  }
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
  init(extendedGraphemeClusterLiteral value: Character) { self.init(.character(value)) }
}

extension Key: CustomStringConvertible {
  /// The key as the footer and the help write it: `Ctrl-D`, `Alt-1`, `Esc`, `j`.
  var description: String {
    var words = ""
    if modifiers.contains(.control) { words += "Ctrl-" }
    if modifiers.contains(.alt) { words += "Alt-" }
    if modifiers.contains(.shift) { words += "Shift-" }
    switch code {
    case .character(" "): return words + "Space"
    case .character(let character):
      return words + (modifiers.contains(.control) ? String(character).uppercased() : String(character))
    case .enter: return words + "Enter"
    case .tab: return words + "Tab"
    case .backspace: return words + "Backspace"
    case .escape: return words + "Esc"
    case .delete: return words + "Del"
    case .insert: return words + "Ins"
    case .up: return words + "Up"
    case .down: return words + "Down"
    case .left: return words + "Left"
    case .right: return words + "Right"
    case .home: return words + "Home"
    case .end: return words + "End"
    case .pageUp: return words + "PgUp"
    case .pageDown: return words + "PgDn"
    case .function(let number): return words + "F\(number)"
    }
  }
}

/// What came from the terminal.
enum Input: Equatable, Sendable {
  case key(Key)
  /// A bracketed paste, whole, with line ends and controls removed.
  case paste(String)
  /// The answer to `CSI 5 n`: the terminal has processed everything sent before the question.
  case ready
  case mouse(MouseEvent)
  /// The answer to `OSC 11 ; ?`: what the terminal's background is like.
  case background(isLight: Bool)
}

/// What the mouse did, where it is switched on. Rows and columns from 0.
struct MouseEvent: Equatable, Sendable {
  enum Kind: Equatable, Sendable { case press, wheelUp, wheelDown }
  var kind: Kind
  var row: Int
  var column: Int
}
