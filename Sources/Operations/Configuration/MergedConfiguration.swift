import Foundation

/// The top-level keys of one or several files. Like Orthanc, a key may stand in one of them only.
struct MergedConfiguration {
  private(set) var values: [(key: String, value: ConfigurationValue)] = []
  private var indexOfKey: [String: Int] = [:]

  init(files: [String], environment: [String: String]) throws(ConfigurationError) {
    for file in files {
      let root = try Self.root(of: file, environment: environment)
      for (key, value) in try root.object("{ at the beginning of a configuration") {
        if let other = indexOfKey[key].map({ values[$0].value }) {
          throw ConfigurationError(
            file: file, position: value.node.position, key: key,
            "is given in two files, also in \(other.file), line \(other.node.position.line)")
        }
        indexOfKey[key] = values.count
        values.append((key, value))
      }
    }
  }

  subscript(key: String) -> ConfigurationValue? { indexOfKey[key].map { values[$0].value } }

  /// The value of a whole file.
  static func root(of file: String, environment: [String: String]) throws(ConfigurationError) -> ConfigurationValue {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw ConfigurationError(file: file, "the file cannot be read")
    }
    do {
      return ConfigurationValue(
        node: try JSONParser.parse([UInt8](data), environment: environment), file: file, path: "")
    } catch {
      throw ConfigurationError(file: file, position: error.position, error.message)
    }
  }
}
