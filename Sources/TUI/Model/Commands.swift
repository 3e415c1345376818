import Dicom
import Operations

/// What can be typed after `:`.
enum Command: Equatable {
  case screen(Int)
  case echo([String])
  case watch([String])
  case testStore(String)
  case query(String, keys: [String], isWorklist: Bool)
  case importPaths([String])
  case export(folder: String)
  case save(path: String)
  case send(String)
  case move(String)
  case add
  case remove(String)
  case allow(String)
  case forbid(String)
  case dump(path: String)
  case explain(String)
  case theme(String)
  /// A key's verb, without an argument.
  case act(Action)
  case whoAmI
  case quit

  struct Complaint: Error, Equatable { var words: String }

  /// What follows the verb.
  private enum Argument {
    case none, modality, modalities, query, path
    case other([String])
  }

  private static let arguments: [(name: String, argument: Argument)] = [
    ("echo", .modalities), ("watch", .modalities), ("teststore", .modality), ("query", .query), ("worklist", .query),
    ("import", .path),
    ("export", .path), ("save", .path), ("send", .modality), ("move", .modality), ("delete", .none), ("add", .none),
    ("remove", .modality), ("allow", .none), ("forbid", .none), ("dump", .path), ("explain", .none), ("whoami", .none),
    ("columns", .none), ("clear", .none), ("theme", .other(Theme.Name.allCases.map(\.rawValue))), ("redraw", .none),
    ("help", .none), ("quit", .none), ("modalities", .none), ("local", .none), ("jobs", .none), ("activity", .none),
  ]

  static let names = arguments.map(\.name)

  init(_ text: String, modalities: [String]) throws(Complaint) {
    let words = text.split(separator: " ").map(String.init)
    guard let verb = words.first?.lowercased() else { throw Complaint(words: "type a command, or Esc") }
    let rest = Array(words.dropFirst())
    if let number = Int(verb), (1...5).contains(number) {
      self = .screen(number)
      return
    }
    if verb != "query", let index = Keymap.screens.firstIndex(of: verb) {
      self = .screen(index + 1)
      return
    }
    // A path may hold blanks.
    let path = rest.joined(separator: " ")
    func one(_ what: String) throws(Complaint) -> String {
      guard let first = rest.first else { throw Complaint(words: "\(verb) \(what)") }
      return first
    }
    func names() throws(Complaint) -> [String] {
      try rest.isEmpty ? modalities : rest.map { name throws(Complaint) in try Self.known(name, modalities) }
    }
    switch verb {
    case "q", "quit", "exit": self = .quit
    case "h", "help": self = .act(.help)
    case "columns": self = .act(.columns)
    case "clear": self = .act(.clearFinished)
    case "redraw": self = .act(.redraw)
    case "delete": self = .act(.delete)
    case "add": self = .add
    case "whoami": self = .whoAmI
    case "import":
      _ = try one("what? a file or a folder")
      self = .importPaths([path])
    case "export":
      _ = try one("where? a folder")
      self = .export(folder: path)
    case "save":
      _ = try one("where? a new file")
      self = .save(path: path)
    case "dump":
      _ = try one("what? a DICOM file")
      self = .dump(path: path)
    case "echo": self = .echo(try names())
    case "watch": self = .watch(try names())
    case "teststore": self = .testStore(try Self.known(try one("where? a modality"), modalities))
    case "send": self = .send(try Self.known(try one("where? a modality"), modalities))
    case "remove": self = .remove(try Self.known(try one("what? a modality"), modalities))
    case "move": self = .move(try one("where? an AE title"))
    case "allow": self = .allow(try one("whom? an AE title"))
    case "forbid": self = .forbid(try one("whom? an AE title"))
    case "explain":
      _ = try one("what? a status such as A801, a rejection such as 1/1/7")
      self = .explain(path)
    case "theme":
      let name = try one("which? \(Theme.Name.allCases.map(\.rawValue).joined(separator: ", "))").lowercased()
      guard Theme.Name(rawValue: name) != nil else {
        throw Complaint(
          words: "no theme \(name); there is \(Theme.Name.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self = .theme(name)
    case "query", "find", "worklist":
      guard let name = rest.first else {
        self = .screen(2)
        return
      }
      let keys = Array(rest.dropFirst())
      if let bad = keys.first(where: { Tag(parsing: String($0.prefix { $0 != "=" })) == nil }) {
        throw Complaint(words: "\(bad): expected Keyword=value")
      }
      self = .query(try Self.known(name, modalities), keys: keys, isWorklist: verb == "worklist")
    default:
      let near = Self.names.filter { $0.first == verb.first }
      throw Complaint(
        words: "no command \(verb); there is \((near.isEmpty ? Self.names : near).joined(separator: ", "))")
    }
  }

  private static func known(_ name: String, _ modalities: [String]) throws(Complaint) -> String {
    if let exact = modalities.first(where: { $0.lowercased() == name.lowercased() }) { return exact }
    let near = modalities.filter { $0.lowercased().hasPrefix(name.lowercased().prefix(1)) }
    let shown = (near.isEmpty ? modalities : near).prefix(4).joined(separator: ", ")
    throw Complaint(words: "no modality \(name)" + (shown.isEmpty ? "" : "; there is \(shown)"))
  }

  // MARK: Completion

  /// The path in a command that takes one; nil: no path is being typed.
  static func pathBeingTyped(_ text: String) -> String? {
    guard let blank = text.firstIndex(of: " "), case .path? = argument(of: text) else { return nil }
    return String(text[text.index(after: blank)...].drop { $0 == " " })
  }

  private static func argument(of text: String) -> Argument? {
    let verb = text.prefix { $0 != " " }.lowercased()
    return arguments.first { $0.name == verb }?.argument
  }

  /// What a command may become, each as the whole line.
  static func completions(_ text: String, _ world: World) -> [String] {
    guard let blank = text.lastIndex(of: " ") else {
      return names.filter { $0.hasPrefix(text.lowercased()) }.map { $0 + " " }
    }
    let before = text[...blank]
    let word = text[text.index(after: blank)...].lowercased()
    let isFirst = before.split(separator: " ").count == 1
    let candidates: [String]
    switch argument(of: text) {
    case .modalities: candidates = world.modalities.map(\.name)
    case .modality: candidates = isFirst ? world.modalities.map(\.name) : []
    case .query:
      candidates = isFirst ? world.modalities.map(\.name) : Attributes.completions(String(word)).map { $0 + "=" }
    case .other(let words): candidates = isFirst ? words : []
    default: candidates = []
    }
    return candidates.filter { $0.lowercased().hasPrefix(word) }.map { before + $0 }
  }
}

/// The attributes that a query can ask for, by keyword.
enum Attributes {
  private static let keywords = QueryAttributes.suggested.compactMap(\.keyword).sorted()

  /// Keywords that begin with what is typed, those usual in queries first; then any of the dictionary's.
  static func completions(_ text: String) -> [String] {
    let text = text.lowercased()
    return keywords.filter { $0.lowercased().hasPrefix(text) }
  }
}
