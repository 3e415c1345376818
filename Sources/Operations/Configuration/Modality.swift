import Dicom

/// What a station may ask of another.
public struct AllowedServices: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let echo = AllowedServices(rawValue: 1)
  public static let store = AllowedServices(rawValue: 2)
  public static let find = AllowedServices(rawValue: 4)
  public static let findWorklist = AllowedServices(rawValue: 8)
  public static let get = AllowedServices(rawValue: 16)
  public static let move = AllowedServices(rawValue: 32)
  public static let storageCommitment = AllowedServices(rawValue: 64)

  /// What a configured modality may ask of us unless its `Allow*` keys say otherwise. Unlike Orthanc's,
  /// nobody searches our index unasked.
  public static let modalityDefault: AllowedServices = [.echo, .store, .storageCommitment]
}

/// How instances are fetched: the peer sends them to an AE title (C-MOVE), or over the same association (C-GET).
public enum RetrieveMethod: String, Sendable, CaseIterable {
  case move = "C-MOVE"
  case get = "C-GET"
}

/// Adaptations to what some products do not understand. The names are Orthanc's.
public enum Manufacturer: String, Sendable, CaseIterable {
  case generic = "Generic"
  /// `*` is replaced by an empty value in date fields of our queries.
  case genericNoWildcardInDates = "GenericNoWildcardInDates"
  /// A value that is only `*` is replaced by an empty one in every field.
  case genericNoUniversalWildcard = "GenericNoUniversalWildcard"
  case vitrea = "Vitrea"
  case ge = "GE"
  case siemensSyngoCT = "SiemensSyngoCT"
}

/// A text that never appears in output: printing, interpolating or dumping it shows bullets.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public let value: String
  public init(_ value: String) { self.value = value }
  public var description: String { "•••" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A ticket, assertion or token in a file, which is read for each association, since such things are renewed.
public struct IdentityFile: Sendable, Hashable {
  /// `IdentityType`
  public enum Kind: String, Sendable, CaseIterable {
    case kerberos = "Kerberos"
    case saml = "SAML"
    case jsonWebToken = "JWT"
  }

  public var kind: Kind
  /// Absolute.
  public var path: String

  public init(kind: Kind, path: String) {
    self.kind = kind
    self.path = path
  }
}

/// A DICOM station we know: `DicomModalities` in the configuration, or `AET@host:port`.
public struct Modality: Sendable, Hashable, Identifiable {
  /// Where a modality comes from, hence who may change it.
  public enum Origin: Sendable, Hashable {
    /// The user's own file, which is never rewritten.
    case configuration
    /// `modalities.json`, written by fluoro.
    case added
    /// Written on the command line as `AET@host:port`.
    case adHoc
  }

  public var name: String
  public var aeTitle: String
  public var host: String
  public var port: Int
  public var manufacturer: Manufacturer = .generic
  /// What this modality may ask of us.
  public var allowed: AllowedServices = .modalityDefault
  public var allowTranscoding = true
  public var useDicomTLS = false
  /// The title we call this modality with; nil: `DicomAet`.
  public var localAET: String?
  /// The `response` timeout for this modality; nil: `DicomScuTimeout`.
  public var timeout: Duration?
  /// nil: `DicomDefaultRetrieveMethod`.
  public var retrieveMethod: RetrieveMethod?
  /// Orthanc's name of the character set for text that names none; nil: the configuration's.
  public var defaultEncoding: String?
  /// How many associations we open to it at once.
  public var maximumAssociations = Modality.defaultMaximumAssociations
  /// Sent as the user identity of our associations (PS3.7 §D.3.3.7), with the password where there is one.
  public var username: String?
  public var password: Secret?
  /// The same by what another system has issued, instead of a username.
  public var identityFile: IdentityFile?
  public var tlsVerifyHost = false
  /// Ask for storage commitment after sending without being told to.
  public var storageCommitment = false
  /// Storing to, moving between third parties from, and deleting for it need the name typed.
  public var isProduction = false
  public var origin: Origin = .configuration

  public var id: String { name }

  public static let defaultMaximumAssociations = 4

  public init(name: String, aeTitle: String, host: String, port: Int) {
    self.name = name
    self.aeTitle = aeTitle
    self.host = host
    self.port = port
  }

  /// `AET@host:port`, the form that names a modality without a configuration.
  public var address: String {
    host.contains(":") ? "\(aeTitle)@[\(host)]:\(port)" : "\(aeTitle)@\(host):\(port)"
  }
}

extension Modality {
  /// A modality written as `AET@host:port` (an IPv6 address in brackets); nil when the text has no `@`.
  ///
  /// - Throws: ``ConfigurationError`` naming the part that is wrong.
  public init?(parsing text: String) throws(ConfigurationError) {
    guard let at = text.lastIndex(of: "@") else { return nil }
    let aeTitle = String(text[..<at])
    let address = text[text.index(after: at)...]
    guard let colon = address.lastIndex(of: ":"), address.last != "]" else {
      throw ConfigurationError(key: text, "a port is missing; written as AET@host:port")
    }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    if let complaint = Self.complaint(aboutAETitle: aeTitle) { throw ConfigurationError(key: text, complaint) }
    guard !host.isEmpty else { throw ConfigurationError(key: text, "the host is missing; written as AET@host:port") }
    let portText = String(address[address.index(after: colon)...])
    guard let port = Int(portText), (1...65535).contains(port) else {
      throw ConfigurationError(key: text, "\"\(portText)\" is not a port; expected 1 to 65535")
    }
    self.init(name: text, aeTitle: aeTitle, host: host, port: port)
    origin = .adHoc
  }

  /// What is wrong with an AE title, in words, or nil (PS3.5 §6.2: AE is at most 16 characters of the default
  /// repertoire without backslash and control characters, and not only spaces).
  public static func complaint(aboutAETitle title: String) -> String? {
    if title.isEmpty { return "an AE title is empty; expected 1 to 16 characters" }
    if title.unicodeScalars.count > 16 {
      return "AE title \"\(title)\" has \(title.unicodeScalars.count) characters; at most 16"
    }
    if title.allSatisfy({ $0 == " " }) { return "an AE title of only spaces; expected 1 to 16 characters" }
    if let bad = title.unicodeScalars.first(where: { !(0x20...0x7E).contains($0.value) || $0 == "\\" }) {
      let shown = bad.value < 0x20 ? "a control character" : "\"\(bad)\""
      return "AE title \"\(title)\" contains \(shown); expected ASCII letters, digits and signs other than \\"
    }
    return nil
  }
}
