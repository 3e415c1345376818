/// What can be typed after `:`.
enum Command: Equatable {
  case screen(Int)
  case echo([String])
  case query(String)
  case importPaths([String])
  case help
  case quit

  struct Complaint: Error, Equatable { var words: String }

  static let names = ["echo", "query", "import", "help", "quit", "modalities", "local", "jobs", "activity"]

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
    switch verb {
    case "q", "quit", "exit": self = .quit
    case "h", "help": self = .help
    case "import":
      guard !rest.isEmpty else { throw Complaint(words: "import what? a file or a folder") }
      self = .importPaths([rest.joined(separator: " ")])
    case "echo":
      self = .echo(
        try rest.isEmpty ? modalities : rest.map { name throws(Complaint) in try Self.known(name, modalities) })
    case "query", "find":
      guard let name = rest.first else {
        self = .screen(2)
        return
      }
      self = .query(try Self.known(name, modalities))
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
}
