import Dicom
import Operations

/// What can be typed after `:`.
enum Command: Equatable {
  case screen(Int)
  case echo([String])
  case watch([String])
  case diagnose(String)
  case testStore(String)
  case query(String, keys: [String], isWorklist: Bool)
  case compare(String, String, keys: [String])
  case bulk(BulkOrder)
  case check(String)
  case importPaths([String])
  case export(folder: String)
  case save(path: String)
  /// What is shown, or what lies at a path.
  case send(String, path: String?)
  case commit(String)
  case move(String)
  /// By UIDs: from a modality to us, or to another.
  case retrieve(String, keys: [String], destination: String?, isGet: Bool)
  case filterLocal(String)
  case convert(from: String, to: String, TransferSyntax)
  case verify
  case reindex
  case statistics
  case add
  case addModality(ModalityDraft)
  case importModalities(path: String)
  case remove(String)
  case allow(String)
  case forbid(String)
  case dump(path: String)
  case explain(String)
  case theme(String)
  /// A key's verb, without an argument.
  case act(Action)
  case whoAmI
  /// What a command does.
  case help(String)
  case quit

  struct Complaint: Error, Equatable { var words: String }

  /// What follows the verb.
  private enum Argument {
    case none, modality, modalities, query, sides, path, modalityThenPath, command
    case other([String])
  }

  private static let arguments: [(name: String, argument: Argument, help: String)] = [
    (
      "echo", .modalities,
      "echo [MODALITY...]: a C-ECHO to each, or to all; echo --check MODALITY judges it as monitoring does"
    ),
    ("watch", .modalities, "watch [MODALITY...]: echoes again and again, with loss and times"),
    ("diagnose", .modality, "diagnose MODALITY: what works and what does not, layer by layer"),
    ("teststore", .modality, "teststore MODALITY: stores one synthetic image there and looks for it, after a question"),
    (
      "query", .query,
      "query MODALITY [Keyword=value...]: asks for studies; query MODALITY --from FILE asks for each row of a file"
    ),
    ("worklist", .query, "worklist MODALITY [Keyword=value...]: asks for what is scheduled"),
    (
      "compare", .sides,
      "compare A B [Keyword=value...]: which studies, and how many images, one of two sides lacks; local is this machine"
    ),
    ("get", .query, "get: what is shown or marked, by C-GET; get MODALITY StudyInstanceUID=...: what is named"),
    (
      "retrieve", .query,
      "retrieve: what is shown or marked, as the modality is set; retrieve MODALITY StudyInstanceUID=...: what is named"
    ),
    (
      "move", .query,
      "move TITLE: what is shown or marked, to another AE title; move MODALITY StudyInstanceUID=... TITLE: what is named"
    ),
    ("send", .modalityThenPath, "send MODALITY [PATH]: what is shown or marked, or what lies at a path"),
    ("commit", .modality, "commit MODALITY: asks it to keep what is shown or marked, and what it does not keep"),
    ("import", .path, "import PATH: a file, a folder, a ZIP archive or a DICOMDIR"),
    ("export", .path, "export FOLDER: writes what is shown or marked as a file-set with a DICOMDIR"),
    ("save", .path, "save FILE: the rows or the text on the screen"),
    ("delete", .none, "delete: what is shown or marked, from this machine, after a question"),
    ("protect", .none, "protect: keeps what is shown or marked from being recycled, or lets it go again"),
    ("verify", .none, "verify: reads every file of the storage"),
    ("reindex", .none, "reindex: makes the index anew from the files"),
    ("statistics", .none, "statistics: what the storage holds"),
    ("dump", .path, "dump FILE: the tags of a DICOM file, or of an identifier here"),
    ("convert", .path, "convert IN OUT [SYNTAX]: a DICOM file in another transfer syntax"),
    ("explain", .none, "explain CODE: what a status (A801), a rejection (1/1/7) or an abort (2/6) means"),
    ("history", .none, "history: what was done with this storage"),
    ("whoami", .none, "whoami: what others must know of us"),
    ("add", .none, "add: a form for a new modality; modalities add NAME AET HOST PORT adds it at once"),
    ("remove", .modality, "remove MODALITY: forgets it, after a question"),
    ("allow", .none, "allow TITLE: takes what this AE title stores here"),
    ("forbid", .none, "forbid TITLE: takes that back"),
    ("columns", .none, "columns: which are shown, and how wide"),
    ("clear", .none, "clear: the finished jobs"),
    ("theme", .other(Theme.Name.allCases.map(\.rawValue)), "theme dark, light or monochrome"),
    ("redraw", .none, "redraw: the screen"),
    ("help", .command, "help [COMMAND]: the keys that work here, or what a command does"),
    ("quit", .none, "quit: ends fluoro, after a question while something runs"),
    ("modalities", .other(["add", "import", "remove"]), "modalities: the first screen; modalities add, import, ..."),
    (
      "local", .other(["find", "import", "export", "delete", "protect", "verify", "reindex", "statistics"]),
      "local: the third screen; local find WORDS filters it"
    ),
    ("jobs", .none, "jobs: the fourth screen"),
    ("activity", .none, "activity: the fifth screen"),
  ]

  static let names = arguments.map(\.name)

  /// As on the command line, some are a word of a group: `local verify`, `modalities import`. By itself most mean the same.
  private static func ungrouped(_ words: [String]) -> [String] {
    guard words.count > 1, let group = words.first?.lowercased(), ["local", "modalities"].contains(group) else {
      return words
    }
    let verb = words[1].lowercased()
    let isApart = verb == "find" || (group == "modalities" && ["add", "import"].contains(verb))
    return [isApart ? "\(group) \(verb)" : verb] + words.dropFirst(2)
  }

  init(_ text: String, modalities: [String]) throws(Complaint) {
    let words = Self.ungrouped(text.split(separator: " ").map(String.init))
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
    case "h", "help":
      guard let name = rest.first?.lowercased() else {
        self = .act(.help)
        return
      }
      guard let known = Self.arguments.first(where: { $0.name == name }) else { throw Self.unknown(name) }
      self = .help(known.help)
    case "columns": self = .act(.columns)
    case "history": self = .act(.history)
    case "clear": self = .act(.clearFinished)
    case "redraw": self = .act(.redraw)
    case "delete": self = .act(.delete)
    case "protect": self = .act(.protect)
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
      _ = try one("what? a DICOM file, or an identifier")
      self = .dump(path: path)
    case "convert":
      let name = rest.count > 2 ? rest[2] : "explicit"
      let names = Conversion.names.map(\.name).joined(separator: ", ")
      guard (2...3).contains(rest.count) else { throw Complaint(words: "convert IN OUT, and one of \(names)") }
      guard let syntax = Conversion.transferSyntax(named: name) else {
        throw Complaint(words: "no transfer syntax \(name); there are \(names), and any UID")
      }
      self = .convert(from: rest[0], to: rest[1], syntax)
    case "verify": self = .verify
    case "reindex": self = .reindex
    case "statistics": self = .statistics
    case "local find": self = .filterLocal(path)
    case "modalities import":
      _ = try one("what? an orthanc.json or a dcmqrscp.cfg")
      self = .importModalities(path: path)
    case "modalities add": self = .addModality(try Self.draft(rest, modalities))
    case "echo" where rest.contains("--check"):
      guard let name = rest.first(where: { $0 != "--check" }), rest.count == 2 else {
        throw Complaint(words: "echo --check what? a modality")
      }
      self = .check(try Self.known(name, modalities))
    case _ where rest.contains("--from") && ["find", "query", "move", "store", "send"].contains(verb):
      self = .bulk(try BulkOrder(verb, rest, Self.known(try one("where? a modality"), modalities)))
    case "echo": self = .echo(try names())
    case "watch": self = .watch(try names())
    case "diagnose": self = .diagnose(try Self.known(try one("what? a modality"), modalities))
    case "teststore": self = .testStore(try Self.known(try one("where? a modality"), modalities))
    case "send", "store":
      let path = rest.dropFirst().joined(separator: " ")
      self = .send(
        try Self.known(try one("where? a modality"), modalities), path: path.isEmpty ? nil : path)
    case "commit": self = .commit(try Self.known(try one("where? a modality"), modalities))
    case "get", "retrieve":
      guard let name = rest.first else {
        self = .act(verb == "get" ? .get : .retrieve)
        return
      }
      self = .retrieve(
        try Self.known(name, modalities), keys: try Self.unique(rest.dropFirst()), destination: nil,
        isGet: verb == "get")
    case "move" where rest.contains(where: { $0.contains("=") }):
      let others = rest.dropFirst().filter { !$0.contains("=") }
      self = .retrieve(
        try Self.known(try one("from where? a modality"), modalities),
        keys: try Self.unique(rest.dropFirst().filter { $0.contains("=") }), destination: others.first, isGet: false)
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
          words: "no theme \(name); \(Format.offer(Theme.Name.allCases.map(\.rawValue)))")
      }
      self = .theme(name)
    case "query", "find", "worklist":
      guard let name = rest.first else {
        self = .screen(2)
        return
      }
      self = .query(
        try Self.known(name, modalities), keys: try Self.keys(rest.dropFirst()), isWorklist: verb == "worklist")
    case "compare":
      guard rest.count > 1 else { throw Complaint(words: "compare what? two modalities, or one and local") }
      let (first, second) = (try Self.side(rest[0], modalities), try Self.side(rest[1], modalities))
      if first == second { throw Complaint(words: "\(first) and \(second): there is nothing to compare") }
      self = .compare(first, second, keys: try Self.keys(rest.dropFirst(2)))
    default:
      throw Self.unknown(verb)
    }
  }

  private static func unknown(_ verb: String) -> Complaint {
    let near = Nearest.names(to: verb, among: names)
    return Complaint(words: "no command \(verb); \(Format.offer(near.isEmpty ? names : near))")
  }

  private static func known(_ name: String, _ modalities: [String]) throws(Complaint) -> String {
    if let exact = modalities.first(where: { $0.lowercased() == name.lowercased() }) { return exact }
    let near = Nearest.names(to: name, among: modalities)
    let shown = (near.isEmpty ? modalities : near).prefix(4)
    throw Complaint(words: "no modality \(name)" + (shown.isEmpty ? "" : "; \(Format.offer(Array(shown)))"))
  }

  /// A modality, or this machine.
  private static func side(_ name: String, _ modalities: [String]) throws(Complaint) -> String {
    name.lowercased() == ComparedSide.localName ? ComparedSide.localName : try known(name, modalities)
  }

  private static func keys(_ words: some Sequence<String>) throws(Complaint) -> [String] {
    let keys = Array(words)
    if let bad = keys.first(where: { Tag(parsing: String($0.prefix { $0 != "=" })) == nil }) {
      throw Complaint(words: "\(bad): expected Keyword=value")
    }
    return keys
  }

  /// Keys of a retrieve: no others than UIDs, and the study's among them (PS3.4 §C.4.2.1.4).
  private static func unique(_ words: some Sequence<String>) throws(Complaint) -> [String] {
    let keys = try keys(words)
    guard keys.contains(where: { $0.lowercased().hasPrefix("studyinstanceuid=") }) else {
      throw Complaint(words: "StudyInstanceUID=... is missing; SeriesInstanceUID= and SOPInstanceUID= may follow")
    }
    return keys
  }

  private static func draft(_ words: [String], _ modalities: [String]) throws(Complaint) -> ModalityDraft {
    guard words.count == 4 else { throw Complaint(words: "modalities add NAME AET HOST PORT") }
    if modalities.contains(words[0]) { throw Complaint(words: "there is a modality \(words[0]) already") }
    if let complaint = Modality.complaint(aboutAETitle: words[1]) { throw Complaint(words: complaint) }
    guard let port = Int(words[3]), (1...65535).contains(port) else {
      throw Complaint(words: "\(words[3]) is no port, 1 to 65535")
    }
    return ModalityDraft(name: words[0], aeTitle: words[1], host: words[2], port: port)
  }

  // MARK: Completion

  /// The path in a command that takes one; nil: no path is being typed.
  static func pathBeingTyped(_ text: String) -> String? {
    let (_, typed) = split(text)
    if let path = BulkOrder.pathBeingTyped(typed) { return path }
    guard let blank = typed.firstIndex(of: " ") else { return nil }
    let rest = typed[typed.index(after: blank)...].drop { $0 == " " }
    switch argument(of: typed) {
    // One that takes two paths completes the last.
    case .path where typed.hasPrefix("convert"):
      return String(rest.split(separator: " ", omittingEmptySubsequences: false).last ?? "")
    case .path: return String(rest)
    case .modalityThenPath: return rest.firstIndex(of: " ").map { String(rest[rest.index(after: $0)...]) }
    default: return nil
    }
  }

  /// The word of a group, when one follows it, and the rest, which is read as if the group were not there.
  private static func split(_ text: String) -> (group: Substring, rest: Substring) {
    for group in ["local ", "modalities "] where text.lowercased().hasPrefix(group) {
      let rest = text.dropFirst(group.count)
      if rest.contains(" ") { return (text.prefix(group.count), rest) }
    }
    return ("", text[...])
  }

  private static func argument(of text: some StringProtocol) -> Argument? {
    let verb = text.prefix { $0 != " " }.lowercased()
    return arguments.first { $0.name == verb }?.argument
  }

  /// The options of a command.
  private static func options(_ text: some StringProtocol) -> [String] {
    switch text.prefix(while: { $0 != " " }).lowercased() {
    case "echo": ["--check"]
    case "move": BulkOrder.options + ["--target"]
    case "find", "query", "store", "send": BulkOrder.options
    default: []
    }
  }

  /// What a command may become, each as the whole line.
  static func completions(_ text: String, _ world: World) -> [String] {
    let (group, typed) = split(text)
    guard let blank = typed.lastIndex(of: " ") else {
      return names.filter { $0.hasPrefix(text.lowercased()) }.map { $0 + " " }
    }
    let before = typed[...blank]
    let word = typed[typed.index(after: blank)...].lowercased()
    let place = before.split(separator: " ").count
    let isFirst = place == 1
    let candidates: [String]
    if word.hasPrefix("-") {
      return options(typed).filter { $0.hasPrefix(word) && !before.contains($0) }.map { group + before + $0 + " " }
    }
    switch argument(of: typed) {
    case .modalities: candidates = world.modalities.map(\.name)
    case .modality, .modalityThenPath: candidates = isFirst ? world.modalities.map(\.name) : []
    case .query:
      candidates = isFirst ? world.modalities.map(\.name) : Attributes.completions(String(word)).map { $0 + "=" }
    case .sides:
      candidates =
        place < 3
        ? (world.modalities.map(\.name) + [ComparedSide.localName]).filter {
          !before.split(separator: " ").contains($0[...])
        }
        : Attributes.completions(String(word)).map { $0 + "=" }
    case .other(let words): candidates = isFirst ? words : []
    case .command: candidates = isFirst ? names : []
    default: candidates = []
    }
    return candidates.filter { $0.lowercased().hasPrefix(word) }.map { group + before + $0 }
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
