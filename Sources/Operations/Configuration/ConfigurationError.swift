/// A configuration that cannot be used: which file and place, which key, what is wrong and what would be right.
///
/// Nothing of such a configuration is ever used. The command exits with status 2.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file that says it; nil for a command-line option or a value given in a program.
  public var file: String?
  public var position: TextPosition?
  /// The path of the key, such as `DicomModalities.PACS1[0]`.
  public var key: String?
  /// What was found and what was expected.
  public var message: String

  public init(file: String? = nil, position: TextPosition? = nil, key: String? = nil, _ message: String) {
    self.file = file
    self.position = position
    self.key = key
    self.message = message
  }

  public var description: String {
    var text = ""
    if let file {
      text += file
      if let position { text += ":\(position)" }
      text += ": "
    }
    if let key { text += "\(key): " }
    return text + message
  }
}
