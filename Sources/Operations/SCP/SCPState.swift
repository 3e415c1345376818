/// Whether stations can send to us.
public enum SCPState: Sendable, Hashable {
  /// We listen on this port and answer to these titles.
  case listening(port: Int, titles: [String])
  /// Nobody can, and why.
  case off(reason: String)
  /// Another fluoro on this storage does.
  case elsewhere(Receiver)

  /// As long as nobody has asked for it.
  public static let notStarted = SCPState.off(reason: "not started")

  public struct Receiver: Sendable, Hashable {
    public var process: Int
    public var port: Int
    public var titles: [String]

    /// What the process that receives on a storage tells the others.
    var text: String { "\(process)\n\(port)\n\(titles.joined(separator: "\n"))" }

    init(process: Int, port: Int, titles: [String]) {
      self.process = process
      self.port = port
      self.titles = titles
    }

    init?(text: String) {
      let lines = text.split(separator: "\n").map(String.init)
      guard lines.count >= 3, let process = Int(lines[0]), let port = Int(lines[1]) else { return nil }
      self.init(process: process, port: port, titles: Array(lines.dropFirst(2)))
    }
  }

  /// One line.
  public var words: String {
    switch self {
    case .listening(let port, let titles): "listening on port \(port) as \(titles.joined(separator: ", "))"
    case .off(let reason): "off: \(reason)"
    case .elsewhere(let receiver):
      "another fluoro (process \(receiver.process)) listens on port \(receiver.port) as "
        + receiver.titles.joined(separator: ", ")
    }
  }

  /// The port listened on, here or there.
  public var port: Int? {
    switch self {
    case .listening(let port, _): port
    case .off: nil
    case .elsewhere(let receiver): receiver.port
    }
  }

  /// The titles answered to, here or there.
  public var titles: [String] {
    switch self {
    case .listening(_, let titles): titles
    case .off: []
    case .elsewhere(let receiver): receiver.titles
    }
  }
}
