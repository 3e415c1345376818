import Foundation

/// A value of a configuration together with where it stands: the file, the place in it, the path of its key.
/// Asking it for a type it does not have gives an error that names all three.
struct ConfigurationValue {
  var node: JSONNode
  var file: String
  /// Such as `DicomModalities.PACS1[0]`.
  var path: String

  func failure(_ message: String) -> ConfigurationError {
    ConfigurationError(file: file, position: node.position, key: path.isEmpty ? nil : path, message)
  }

  private func expected(_ what: String) -> ConfigurationError {
    if let variable = node.unsetVariable {
      return failure(
        "the environment variable \(variable) is not set; set it, or give a default: ${\(variable):-value}")
    }
    return failure("expected \(what), found \(node.kindInWords)")
  }

  func string(_ what: String = "a text in double quotes") throws(ConfigurationError) -> String {
    guard case .string(let text) = node.value, node.unsetVariable == nil else { throw expected(what) }
    return text
  }

  func bool() throws(ConfigurationError) -> Bool {
    switch node.value {
    case .bool(let value): return value
    case .string("true") where node.isSubstituted: return true
    case .string("false") where node.isSubstituted: return false
    default: throw expected("true or false")
    }
  }

  /// - Parameter orText: whether the number may be written in quotes.
  func integer(
    in range: ClosedRange<Int>, _ what: String = "a whole number", orText: Bool = false
  ) throws(ConfigurationError) -> Int {
    let text: String
    switch node.value {
    case .number(let number): text = number
    case .string(let string) where (orText || node.isSubstituted) && node.unsetVariable == nil: text = string
    default: throw expected(what)
    }
    // Most are plain, and at every start some are read.
    let value = Int(text) ?? Int(text.trimmingCharacters(in: .whitespaces))
    if let value, range.contains(value) { return value }
    let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    guard let value else { throw expected("\(what), \(bounds)") }
    throw failure("\(value) is out of range; expected \(what), \(bounds)")
  }

  func port(orText: Bool = false) throws(ConfigurationError) -> Int {
    try integer(in: 1...65535, "a port", orText: orText)
  }

  /// Seconds, whole or with decimals; 0 is nil: no timeout.
  func seconds() throws(ConfigurationError) -> Duration? {
    let text: String
    switch node.value {
    case .number(let number): text = number
    case .string(let string) where node.isSubstituted: text = string
    default: throw expected("seconds, 0 for none")
    }
    guard let value = Double(text), value >= 0, value <= 86400 * 365 else {
      throw failure("\(text) is out of range; expected seconds, 0 for none")
    }
    return value == 0 ? nil : .seconds(value)
  }

  /// One of a few words. A near miss is suggested.
  func choice(among words: some Collection<String>) throws(ConfigurationError) -> String {
    let list = words.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
    let text = try string("one of \(list)")
    if words.contains(text) { return text }
    let hint = Nearest.suggestion(for: text, among: words.sorted())
    throw failure("\"\(text)\" is not known" + (hint.map { "; \($0)" } ?? "; expected one of \(list)"))
  }

  func aeTitle() throws(ConfigurationError) -> String {
    let title = try string("an AE title in double quotes")
    if let complaint = Modality.complaint(aboutAETitle: title) { throw failure(complaint) }
    return title
  }

  func strings() throws(ConfigurationError) -> [String] {
    var strings: [String] = []
    for value in try array("an array of texts") { strings.append(try value.string()) }
    return strings
  }

  func array(_ what: String) throws(ConfigurationError) -> [ConfigurationValue] {
    guard case .array(let nodes) = node.value else { throw expected(what) }
    return nodes.enumerated().map { ConfigurationValue(node: $1, file: file, path: "\(path)[\($0)]") }
  }

  func object(
    _ what: String = "an object { ... }"
  ) throws(ConfigurationError) -> [(key: String, value: ConfigurationValue)] {
    guard case .object(let members) = node.value else { throw expected(what) }
    return members.map {
      ($0.key, ConfigurationValue(node: $0.node, file: file, path: path.isEmpty ? $0.key : "\(path).\($0.key)"))
    }
  }

  /// A path, made absolute: relative ones are relative to the folder of the file that names them.
  func filePath(home: String) throws(ConfigurationError) -> String {
    let text = try string("a path in double quotes")
    guard !text.isEmpty else { throw failure("an empty path") }
    return FilePaths.absolute(text, from: FilePaths.folder(of: file), home: home)
  }
}
