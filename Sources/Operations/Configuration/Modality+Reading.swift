import Foundation

/// Reading the entries of `DicomModalities`, in both of Orthanc's forms.
struct ModalityReader {
  /// In an Orthanc's own file an unknown manufacturer is that Orthanc's business.
  var isLenient = false
  var warnings: [String] = []

  mutating func modalities(_ value: ConfigurationValue) throws(ConfigurationError) -> [Modality] {
    var modalities: [Modality] = []
    for (name, value) in try value.object("an object of modalities, { \"NAME\": [\"AET\", \"host\", port] }") {
      modalities.append(try modality(name, value))
    }
    return modalities
  }

  mutating func modality(_ name: String, _ value: ConfigurationValue) throws(ConfigurationError) -> Modality {
    guard !name.isEmpty, name.count <= 64, !name.contains(where: { $0.isNewline || $0 == "\0" }) else {
      throw value.failure("a modality needs a name of 1 to 64 characters")
    }
    if case .array = value.node.value { return try fromArray(name, value) }
    if case .object = value.node.value { return try fromObject(name, value) }
    throw value.failure(
      "expected [\"AET\", \"host\", port] or { \"AET\": ..., \"Host\": ..., \"Port\": ... }, found \(value.node.kindInWords)"
    )
  }

  private mutating func fromArray(_ name: String, _ value: ConfigurationValue) throws(ConfigurationError) -> Modality {
    let values = try value.array("an array")
    guard (3...4).contains(values.count) else {
      throw value.failure(
        "expected [\"AET\", \"host\", port] or [\"AET\", \"host\", port, \"manufacturer\"], found \(values.count) values"
      )
    }
    var modality = Modality(
      name: name, aeTitle: try values[0].aeTitle(), host: try host(values[1]), port: try values[2].port(orText: true))
    if values.count == 4 { modality.manufacturer = try manufacturer(values[3]) }
    return modality
  }

  private mutating func fromObject(_ name: String, _ value: ConfigurationValue) throws(ConfigurationError) -> Modality {
    let members = try value.object()
    func required(_ key: String) throws(ConfigurationError) -> ConfigurationValue {
      guard let member = members.first(where: { $0.key == key }) else { throw value.failure("\"\(key)\" is missing") }
      return member.value
    }
    var modality = Modality(
      name: name, aeTitle: try required("AET").aeTitle(), host: try host(try required("Host")),
      port: try required("Port").port(orText: true))
    for (key, value) in members {
      try set(key, value, of: &modality)
    }
    try checkIdentity(of: modality, members.map(\.key), value)
    return modality
  }

  /// One identity, and that whole.
  private func checkIdentity(
    of modality: Modality, _ keys: [String], _ value: ConfigurationValue
  ) throws(ConfigurationError) {
    if modality.password != nil, modality.username == nil { throw value.failure("\"Password\" needs a \"Username\"") }
    if keys.contains("IdentityType"), !keys.contains("IdentityFile") {
      throw value.failure("\"IdentityType\" needs an \"IdentityFile\"")
    }
    if modality.identityFile != nil, modality.username != nil {
      throw value.failure("\"Username\" and \"IdentityFile\" are two identities; only one can be sent")
    }
  }

  private mutating func set(
    _ key: String, _ value: ConfigurationValue, of modality: inout Modality
  ) throws(ConfigurationError) {
    let services: [String: AllowedServices] = [
      "AllowEcho": .echo, "AllowStore": .store, "AllowFind": .find, "AllowFindWorklist": .findWorklist,
      "AllowGet": .get, "AllowMove": .move, "AllowStorageCommitment": .storageCommitment,
      "AllowNAction": .storageCommitment,
    ]
    if let service = services[key] {
      if try value.bool() { modality.allowed.insert(service) } else { modality.allowed.remove(service) }
      return
    }
    switch key {
    case "AET", "Host", "Port": break
    // Reports on our own requests are always taken.
    case "AllowNEventReport", "AllowEventReport": _ = try value.bool()
    case "Manufacturer": modality.manufacturer = try manufacturer(value)
    case "AllowTranscoding": modality.allowTranscoding = try value.bool()
    case "UseDicomTls": modality.useDicomTLS = try value.bool()
    case "LocalAet":
      // Orthanc exports an empty LocalAet for "the default one".
      if case .string("") = value.node.value { break }
      modality.localAET = try value.aeTitle()
    case "Timeout": modality.timeout = try value.seconds()
    case "RetrieveMethod":
      modality.retrieveMethod = RetrieveMethod(
        rawValue: try value.choice(among: RetrieveMethod.allCases.map(\.rawValue) + ["SystemDefault"]))
    case "DefaultEncoding": modality.defaultEncoding = try value.choice(among: OrthancKeys.encodings)
    case "MaximumAssociations": modality.maximumAssociations = try value.integer(in: 1...64)
    case "Username": modality.username = try value.string()
    case "Password": modality.password = Secret(try value.string())
    case "IdentityFile":
      let path = try value.filePath(home: FilePaths.home(ProcessInfo.processInfo.environment))
      modality.identityFile = IdentityFile(kind: modality.identityFile?.kind ?? .jsonWebToken, path: path)
    case "IdentityType":
      let kind = IdentityFile.Kind(rawValue: try value.choice(among: IdentityFile.Kind.allCases.map(\.rawValue)))
      modality.identityFile = IdentityFile(kind: kind ?? .jsonWebToken, path: modality.identityFile?.path ?? "")
    case "TlsVerifyHost": modality.tlsVerifyHost = try value.bool()
    case "StorageCommitment": modality.storageCommitment = try value.bool()
    case "Production": modality.isProduction = try value.bool()
    default:
      warnings.append(
        ConfigurationKeys.warning(
          about: value.path, at: "\(value.file):\(value.node.position)", known: ConfigurationKeys.modality, word: key))
    }
  }

  private func host(_ value: ConfigurationValue) throws(ConfigurationError) -> String {
    let host = try value.string("a host name or address in double quotes")
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace }) else {
      throw value.failure("\"\(host)\" is not a host name or address")
    }
    return host
  }

  private mutating func manufacturer(_ value: ConfigurationValue) throws(ConfigurationError) -> Manufacturer {
    let text = try value.string()
    if let manufacturer = Manufacturer(rawValue: text) { return manufacturer }
    if OrthancKeys.obsoleteManufacturers.contains(text) { return .generic }
    if isLenient {
      warnings.append(
        "\(value.file):\(value.node.position): \(value.path): the manufacturer \"\(text)\" is not known here and is taken as Generic"
      )
      return .generic
    }
    return Manufacturer(rawValue: try value.choice(among: Manufacturer.allCases.map(\.rawValue))) ?? .generic
  }
}
