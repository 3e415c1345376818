import Foundation

/// Path arithmetic, and the folders of the XDG base directory specification.
enum FilePaths {
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  static func absolute(
    _ path: String, from folder: String = FileManager.default.currentDirectoryPath, home: String
  ) -> String {
    if path == "~" { return home }
    if path.hasPrefix("~/") { return home + path.dropFirst() }
    if path.hasPrefix("/") { return path }
    let base = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    return NSString(string: base + "/" + path).standardizingPath
  }

  static func home(_ environment: [String: String]) -> String {
    environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
  }

  static func configurationFolder(_ environment: [String: String]) -> String {
    base("XDG_CONFIG_HOME", ".config", environment) + "/fluoro"
  }

  static func dataFolder(_ environment: [String: String]) -> String {
    base("XDG_DATA_HOME", ".local/share", environment) + "/fluoro"
  }

  /// Relative paths in these variables are to be ignored, says the specification.
  private static func base(_ variable: String, _ otherwise: String, _ environment: [String: String]) -> String {
    if let folder = environment[variable], folder.hasPrefix("/") { return folder }
    return home(environment) + "/" + otherwise
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
