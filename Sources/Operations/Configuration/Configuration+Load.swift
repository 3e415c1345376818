import Foundation
import LocalIndex

extension Configuration {
  /// Reads the configuration: `path` (a file, or a folder whose `*.json` are merged), else
  /// `$XDG_CONFIG_HOME/fluoro/fluoro.json`, which need not exist; then the modalities added in fluoro.
  ///
  /// - Parameters:
  ///   - path: `--config`.
  ///   - storage: `--storage`, which wins over `StorageDirectory`.
  ///   - environment: for `${VAR}` and the XDG folders.
  /// - Throws: ``ConfigurationError``: file, line, column, key, what was expected.
  public static func load(
    path: String? = nil, storage: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> Configuration {
    let home = FilePaths.home(environment)
    let ownFolder = FilePaths.configurationFolder(environment)
    let place = path.map { FilePaths.absolute($0, home: home) } ?? ownFolder + "/fluoro.json"
    let files = try configurationFiles(at: place, mustExist: path != nil)

    var configuration = Configuration(storageDirectory: FilePaths.dataFolder(environment))
    let merged = try MergedConfiguration(files: files, environment: environment)
    configuration.files = files
    try configuration.read(merged, home: home)

    // An Orthanc given its folder reads every *.json in it: ours must not be among them.
    let folder = FilePaths.isFolder(place) ? place : FilePaths.folder(of: place)
    configuration.modalitiesFile = (configuration.isOrthancs ? ownFolder : folder) + "/" + ModalityBook.fileName
    let book = try ModalityBook(file: configuration.modalitiesFile, environment: environment)
    configuration.warnings += book.warnings
    configuration.configured = configuration.modalities
    configuration.modalities = book.applied(to: configuration.configured)

    if let storage { configuration.storageDirectory = FilePaths.absolute(storage, home: home) }
    configuration.warnAtFirstStart(merged, ownFile: ownFolder + "/fluoro.json")
    return configuration
  }

  /// Two people on one host meet on the defaults.
  private mutating func warnAtFirstStart(_ merged: MergedConfiguration, ownFile: String) {
    let isChosen = !isOrthancs && merged["DicomAet"] != nil && merged["DicomPort"] != nil
    if isChosen || LocalIndex.isStorage(storageDirectory) { return }
    // What an Orthanc's own file says of these is that Orthanc's.
    let file = isOrthancs ? ownFile : files.first ?? ownFile
    warnings.append(
      "First start: we are \(dicomAET) on port \(dicomPort), and keep studies in \(storageDirectory). Two people on one "
        + "host need two titles and two ports: set DicomAet and DicomPort in \(file)")
  }

  private static func configurationFiles(at place: String, mustExist: Bool) throws(ConfigurationError) -> [String] {
    guard FilePaths.isFolder(place) else {
      if access(place, F_OK) == 0 { return [place] }
      let code = errno
      guard mustExist else { return [] }
      throw ConfigurationError(
        file: place,
        code == ENOENT ? "there is no such file or folder" : "it cannot be read: \(String(cString: strerror(code)))")
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: place)
    } catch {
      throw ConfigurationError(file: place, "the folder cannot be read")
    }
    let files = names.filter { $0.hasSuffix(".json") && $0 != ModalityBook.fileName && !$0.hasPrefix(".") }.sorted()
    guard !files.isEmpty else { throw ConfigurationError(file: place, "the folder contains no *.json") }
    return files.map { "\(place)/\($0)" }
  }

  private mutating func read(_ merged: MergedConfiguration, home: String) throws(ConfigurationError) {
    let marks = merged.values.map(\.key).filter(ConfigurationKeys.onlyOrthancs.contains)
    isOrthancs = !marks.isEmpty
    var modalityReader = ModalityReader(isLenient: isOrthancs)
    for (key, value) in merged.values {
      if key == "DicomModalities" {
        modalities = try modalityReader.modalities(value)
        warnings += modalityReader.warnings
      } else if ConfigurationKeys.ours.contains(key) {
        if !isOrthancs || ConfigurationKeys.takenFromOrthanc.contains(key) { try set(key, value, home: home) }
      } else if !OrthancKeys.all.contains(key) {
        warnings.append(
          ConfigurationKeys.warning(
            about: key, at: "\(value.file):\(value.node.position)",
            known: ConfigurationKeys.ours.union(OrthancKeys.all)))
      }
    }
    try checkTLS(merged)
    warnAboutWhatIsMissing()
    if isOrthancs { warnings.insert(contentsOf: wordsAboutOrthanc(marks: marks, merged), at: 0) }
  }

  /// What can be written but is not there yet is said, not silently done otherwise.
  private mutating func warnAboutWhatIsMissing() {
    let secured = modalities.filter(\.useDicomTLS).map(\.name)
    if !secured.isEmpty, tls.trustedCertificates == nil {
      warnings.append(
        "\(secured.joined(separator: ", ")) cannot be reached: UseDicomTls needs DicomTlsTrustedCertificates, the "
          + "certificates to know the other side by")
    }
  }

  private func wordsAboutOrthanc(marks: [String], _ merged: MergedConfiguration) -> [String] {
    let place = files.count == 1 ? files[0] : FilePaths.folder(of: files.first ?? "")
    var words = [
      "\(place) is an Orthanc's own configuration (it has \(marks.prefix(2).joined(separator: ", "))): its "
        + "modalities, encoding, timeouts and TLS are used; its DicomAet, DicomPort and StorageDirectory are not. "
        + "We are \(dicomAET) on port \(dicomPort)."
    ]
    if let value = merged["DicomModalitiesInDatabase"], case .bool(true) = value.node.value {
      var port = "8042"
      if case .number(let text)? = merged["HttpPort"]?.node.value { port = text }
      words.append(
        "That Orthanc keeps its modalities in its database (DicomModalitiesInDatabase), so those in the file are not "
          + "the ones it uses. To have them here: curl 'http://localhost:\(port)/modalities?expand' > orthanc-modalities.json, "
          + "then fluoro modalities import orthanc-modalities.json")
    }
    return words
  }

  private mutating func set(_ key: String, _ value: ConfigurationValue, home: String) throws(ConfigurationError) {
    let services: [String: AllowedServices] = [
      "DicomAlwaysAllowEcho": .echo, "DicomAlwaysAllowStore": .store, "DicomAlwaysAllowFind": .find,
      "DicomAlwaysAllowFindWorklist": .findWorklist, "DicomAlwaysAllowGet": .get, "DicomAlwaysAllowMove": .move,
    ]
    if let service = services[key] {
      if try value.bool() { alwaysAllowed.insert(service) } else { alwaysAllowed.remove(service) }
      return
    }
    switch key {
    case "DicomAet": dicomAET = try value.aeTitle()
    case "DicomPort": dicomPort = try value.port()
    case "DicomBindAddress": dicomBindAddress = try value.string("an address in double quotes")
    case "DicomScuTimeout": scuTimeout = try value.seconds()
    case "DicomScpTimeout": scpTimeout = try value.seconds()
    case "DicomDefaultRetrieveMethod":
      let text = try value.choice(among: RetrieveMethod.allCases.map(\.rawValue))
      defaultRetrieveMethod = RetrieveMethod(rawValue: text) ?? .move
    case "DicomCheckCalledAet": checkCalledAET = try value.bool()
    case "DicomCheckModalityHost": checkModalityHost = try value.bool()
    case "StrictAetComparison": strictAETComparison = try value.bool()
    case "DicomUsers": dicomUsers = try Self.users(value)
    case "DicomTlsEnabled": tls.isEnabled = try value.bool()
    case "DicomTlsCertificate": tls.certificate = try value.filePath(home: home)
    case "DicomTlsPrivateKey": tls.privateKey = try value.filePath(home: home)
    case "DicomTlsTrustedCertificates": tls.trustedCertificates = try value.filePath(home: home)
    case "DicomTlsRemoteCertificateRequired": tls.remoteCertificateRequired = try value.bool()
    case "DefaultEncoding": defaultEncoding = try value.choice(among: OrthancKeys.encodings)
    default: try setStorage(key, value, home: home)
    }
  }

  private mutating func setStorage(_ key: String, _ value: ConfigurationValue, home: String) throws(ConfigurationError)
  {
    switch key {
    case "UnknownSopClassAccepted": unknownSOPClassAccepted = try value.bool()
    case "AcceptedTransferSyntaxes": acceptedTransferSyntaxes = try Self.patterns(value)
    case "AcceptedSopClasses": acceptedSOPClasses = try Self.patterns(value)
    case "RejectedSopClasses": rejectedSOPClasses = try Self.patterns(value)
    case "OverwriteInstances": overwriteInstances = try Self.overwrites(value)
    case "MaximumPduLength": maximumPDULength = try value.integer(in: 4096...131072, "bytes")
    case "MaximumStorageSize":
      maximumStorageSize = Int64(try value.integer(in: 0...1_000_000_000, "megabytes, 0 for no limit")) * 1_048_576
    case "MaximumStorageMode":
      let text = try value.choice(among: MaximumStorageMode.allCases.map(\.rawValue))
      maximumStorageMode = MaximumStorageMode(rawValue: text) ?? .reject
    case "StorageDirectory": storageDirectory = try value.filePath(home: home)
    case "StorageGroup": storageGroup = try value.string("the name of a group in double quotes")
    case "Durability":
      durability = Durability(rawValue: try value.choice(among: ["fsync", "none"])) ?? .fsync
    case "ReadOnly": readOnly = try value.bool()
    case "RememberQueries": rememberQueries = try value.bool()
    case "QueryLimit": queryLimit = try value.integer(in: 0...(.max), "a number of matches, 0 for all")
    case "QueryWildcards": queryWildcards = try value.bool()
    case "Mouse": mouse = try value.bool()
    case "Theme": theme = Theme(rawValue: try value.choice(among: Theme.allCases.map(\.rawValue)))
    case "Keys":
      for (verb, value) in try value.object("an object of verbs and their keys") {
        let isList = if case .array = value.node.value { true } else { false }
        keys.append((verb, isList ? try value.strings() : [try value.string("a key, or an array of keys")]))
      }
    default: break
    }
  }

  private static func users(_ value: ConfigurationValue) throws(ConfigurationError) -> [String: Secret] {
    var users: [String: Secret] = [:]
    for (name, password) in try value.object("an object of users, { \"name\": \"password\" }") {
      users[name] = Secret(try password.string("a password in double quotes"))
    }
    return users
  }

  /// Orthanc's boolean of old, and its words since 1.12.12.
  private static func overwrites(_ value: ConfigurationValue) throws(ConfigurationError) -> Bool {
    guard case .string = value.node.value, !value.node.isSubstituted else { return try value.bool() }
    return try value.choice(among: ["Always", "Never", "IfChanged"]) != "Never"
  }

  private static func patterns(_ value: ConfigurationValue) throws(ConfigurationError) -> [String] {
    var patterns: [String] = []
    for element in try value.array("an array of UIDs, which may contain * and ?") {
      let text = try element.string("a UID, which may contain * and ?")
      guard !text.isEmpty, text.count <= 64, text.allSatisfy({ "0123456789.*?".contains($0) }) else {
        throw element.failure("\"\(text)\" is not a UID; expected digits and points, * and ? as wildcards")
      }
      patterns.append(text)
    }
    return patterns
  }

  private func checkTLS(_ merged: MergedConfiguration) throws(ConfigurationError) {
    guard !isOrthancs, tls.isEnabled, let value = merged["DicomTlsEnabled"] else { return }
    let needed = [
      ("DicomTlsCertificate", tls.certificate), ("DicomTlsPrivateKey", tls.privateKey),
    ]
    for (key, path) in needed where path == nil {
      throw value.failure("\(key) is missing; TLS needs it")
    }
    if tls.remoteCertificateRequired, tls.trustedCertificates == nil {
      throw value.failure(
        "DicomTlsTrustedCertificates is missing; those that connect to us are known by it, unless "
          + "DicomTlsRemoteCertificateRequired is false")
    }
  }
}
