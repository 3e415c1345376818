import Dicom
import Foundation
import LocalIndex

/// `modalities.json`: what was added, changed or removed in fluoro. The user's own configuration is never
/// rewritten, so an entry here wins over the one of the same name there, and `null` removes it.
public struct ModalityBook: Sendable {
  static let fileName = "modalities.json"

  public let file: String
  /// In the order they were added; nil removes the configured one.
  private(set) var entries: [(name: String, modality: Modality?)] = []
  private(set) var warnings: [String] = []

  /// Reads the file; one that is not there is empty.
  public init(
    file: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) {
    self.file = file
    guard FileManager.default.fileExists(atPath: file) else { return }
    var reader = ModalityReader()
    for (key, value) in try MergedConfiguration.root(of: file, environment: environment).object() {
      guard key == "DicomModalities" else {
        warnings.append(
          ConfigurationKeys.warning(
            about: key, at: "\(file):\(value.node.position)", known: ["DicomModalities"]))
        continue
      }
      for (name, value) in try value.object() {
        if case .null = value.node.value {
          entries.append((name, nil))
        } else {
          var modality = try reader.modality(name, value)
          modality.origin = .added
          entries.append((name, modality))
        }
      }
    }
    warnings += reader.warnings
  }

  /// The configured modalities with ours added, changed and removed.
  public func applied(to configured: [Modality]) -> [Modality] {
    var modalities = configured
    for (name, modality) in entries {
      let index = modalities.firstIndex { $0.name == name }
      switch (index, modality) {
      case (let index?, let modality?): modalities[index] = modality
      case (let index?, nil): modalities.remove(at: index)
      case (nil, let modality?): modalities.append(modality)
      case (nil, nil): break
      }
    }
    return modalities
  }

  /// Adds a modality or replaces the one of its name. Call ``write()`` to keep it.
  public mutating func set(_ modality: Modality) {
    var modality = modality
    modality.origin = .added
    if let index = entries.firstIndex(where: { $0.name == modality.name }) {
      entries[index].modality = modality
    } else {
      entries.append((modality.name, modality))
    }
  }

  /// Takes a modality away, also one of the user's own file. Call ``write()`` to keep that.
  public mutating func remove(_ name: String, isConfigured: Bool) {
    entries.removeAll { $0.name == name }
    if isConfigured { entries.append((name, nil)) }
  }

  /// Writes the whole file beside its place and renames it there, readable by its owner only: it may hold passwords.
  ///
  /// - Throws: ``ConfigurationError`` when the folder cannot be written.
  public func write() throws(ConfigurationError) {
    let members = entries.map { name, modality in
      "    \(JSONText.quoted(name)): \(modality.map(Self.json) ?? "null")"
    }
    let text = "{\n  \"DicomModalities\": {\n\(members.joined(separator: ",\n"))\n  }\n}\n"
    do {
      try FileManager.default.createDirectory(
        atPath: FilePaths.folder(of: file), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try DurableFile.write(Array(text.utf8), to: file, mode: 0o600)
    } catch let error as DurableFile.Failure {
      throw ConfigurationError(file: file, "cannot be written: \(error.reason)")
    } catch {
      throw ConfigurationError(file: file, "its folder cannot be made")
    }
  }

  /// Only what differs from the defaults, so that the file stays one a person can read and edit.
  private static func json(_ modality: Modality) -> String {
    var members = [
      "\"AET\": \(JSONText.quoted(modality.aeTitle))", "\"Host\": \(JSONText.quoted(modality.host))",
      "\"Port\": \(modality.port)",
    ]
    func add(_ key: String, _ value: String?) { if let value { members.append("\"\(key)\": \(value)") } }
    func flag(_ key: String, _ value: Bool, default standard: Bool) { add(key, value == standard ? nil : "\(value)") }
    add("Manufacturer", modality.manufacturer == .generic ? nil : JSONText.quoted(modality.manufacturer.rawValue))
    let services: [(String, AllowedServices)] = [
      ("AllowEcho", .echo), ("AllowFind", .find), ("AllowFindWorklist", .findWorklist), ("AllowGet", .get),
      ("AllowMove", .move), ("AllowStore", .store), ("AllowStorageCommitment", .storageCommitment),
    ]
    for (key, service) in services {
      flag(key, modality.allowed.contains(service), default: AllowedServices.modalityDefault.contains(service))
    }
    flag("AllowTranscoding", modality.allowTranscoding, default: true)
    flag("UseDicomTls", modality.useDicomTLS, default: false)
    add("LocalAet", modality.localAET.map(JSONText.quoted))
    add("Timeout", modality.timeout.map { "\($0.inSeconds)" })
    add("RetrieveMethod", modality.retrieveMethod.map { JSONText.quoted($0.rawValue) })
    add("DefaultEncoding", modality.defaultEncoding.map(JSONText.quoted))
    if modality.maximumAssociations != Modality.defaultMaximumAssociations {
      add("MaximumAssociations", "\(modality.maximumAssociations)")
    }
    add("Username", modality.username.map(JSONText.quoted))
    add("Password", modality.password.map { JSONText.quoted($0.value) })
    add("IdentityFile", modality.identityFile.map { JSONText.quoted($0.path) })
    add("IdentityType", modality.identityFile.map { JSONText.quoted($0.kind.rawValue) })
    flag("TlsVerifyHost", modality.tlsVerifyHost, default: false)
    flag("StorageCommitment", modality.storageCommitment, default: false)
    flag("Production", modality.isProduction, default: false)
    return "{ \(members.joined(separator: ", ")) }"
  }
}
