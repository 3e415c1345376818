import Foundation

/// The modalities of another program's configuration: an Orthanc's (file, folder, or what its
/// `/modalities?expand` answers) or a `dcmqrscp.cfg`.
public struct ModalityImport: Sendable {
  public var modalities: [Modality] = []
  /// What was left out or changed, one sentence each.
  public var notes: [String] = []

  /// - Throws: ``ConfigurationError`` when the file is neither, or says something impossible.
  public static func read(
    _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> ModalityImport {
    if FilePaths.isFolder(path) { return try orthanc(path, environment: environment) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(file: path, "the file cannot be read")
    }
    let text = String(decoding: data, as: UTF8.self)
    let isCfg = text.split(separator: "\n").contains {
      $0.split(whereSeparator: \.isWhitespace).prefix(2).elementsEqual(["HostTable", "BEGIN"])
    }
    return isCfg ? try dcmqrscp(text, file: path) : try orthanc(path, environment: environment)
  }

  private static func orthanc(
    _ path: String, environment: [String: String]
  ) throws(ConfigurationError) -> ModalityImport {
    var result = ModalityImport()
    var reader = ModalityReader(isLenient: true)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let files =
      FilePaths.isFolder(path) ? names.filter { $0.hasSuffix(".json") }.sorted().map { "\(path)/\($0)" } : [path]
    let merged = try MergedConfiguration(files: files, environment: environment)
    if let value = merged["DicomModalities"] {
      result.modalities = try reader.modalities(value)
    } else if !merged.values.isEmpty, merged.values.allSatisfy({ Self.looksLikeModality($0.value.node) }) {
      for (name, value) in merged.values { result.modalities.append(try reader.modality(name, value)) }
    } else {
      throw ConfigurationError(file: path, "it has no DicomModalities, and no HostTable of a dcmqrscp.cfg")
    }
    result.notes = reader.warnings
    if let value = merged["DicomModalitiesInDatabase"], case .bool(true) = value.node.value {
      result.notes.append("that Orthanc uses the modalities of its database, not these (DicomModalitiesInDatabase)")
    }
    return result
  }

  private static func looksLikeModality(_ node: JSONNode) -> Bool {
    guard case .object(let members) = node.value else { return false }
    return members.contains { $0.key == "AET" } && members.contains { $0.key == "Host" }
  }

  /// The HostTable: `name = (AET, host, port), ...` or `name = name, ...` (a group); `#` begins a comment line.
  private static func dcmqrscp(_ text: String, file: String) throws(ConfigurationError) -> ModalityImport {
    var result = ModalityImport()
    var isInside = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      if words.count >= 2, words[0] == "HostTable" {
        isInside = words[1] == "BEGIN"
      } else if isInside {
        let position = TextPosition(line: index + 1, column: 1)
        try result.addHosts(String(line), file: file, position: position)
      }
    }
    return result
  }

  private mutating func addHosts(_ line: String, file: String, position: TextPosition) throws(ConfigurationError) {
    func failure(_ message: String) -> ConfigurationError {
      ConfigurationError(file: file, position: position, key: "HostTable", message)
    }
    guard let equals = line.firstIndex(of: "=") else { throw failure("expected name = (AET, host, port)") }
    let name = Self.unquoted(line[..<equals])
    let definition = line[line.index(after: equals)...]
    guard definition.contains("(") else {
      notes.append("\(name) is a group of others and was left out")
      return
    }
    let entries = definition.split(separator: "(").dropFirst().map { $0.prefix { $0 != ")" } }
    for (index, entry) in entries.enumerated() {
      let parts = entry.split(separator: ",").map { Self.unquoted($0) }
      guard parts.count == 3 else { throw failure("\(name): expected (AET, host, port), found (\(entry))") }
      if let complaint = Modality.complaint(aboutAETitle: parts[0]) { throw failure("\(name): \(complaint)") }
      guard let port = Int(parts[2]), (1...65535).contains(port) else {
        throw failure("\(name): \"\(parts[2])\" is not a port; expected 1 to 65535")
      }
      let unique = entries.count == 1 ? name : "\(name)-\(index + 1)"
      modalities.append(Modality(name: unique, aeTitle: parts[0], host: parts[1], port: port))
    }
  }

  private static func unquoted(_ text: Substring) -> String {
    String(text).trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "\"'")))
  }
}
