import Dicom
import LocalIndex

/// How fluoro is set up. The keys and their meaning are Orthanc's where Orthanc has them.
///
/// A value of this type is whole and valid: ``load(path:storage:environment:)`` gives one or an error, never
/// a half-read one.
public struct Configuration: Sendable {
  /// What happens when ``maximumStorageSize`` is reached.
  public enum MaximumStorageMode: String, Sendable, CaseIterable {
    case reject = "Reject"
    case recycle = "Recycle"
  }

  /// The colours of the interface.
  public enum Theme: String, Sendable, CaseIterable { case dark, light, monochrome }

  /// Certificates for DICOM over TLS, in both directions.
  public struct TLS: Sendable, Equatable {
    public var isEnabled = false
    public var certificate: String?
    public var privateKey: String?
    public var trustedCertificates: String?
    /// Whether peers that connect to us must show a certificate; those we connect to always must.
    public var remoteCertificateRequired = true
  }

  /// `DicomAet`: the title we call with and answer to.
  public var dicomAET = "FLUORO"
  public var dicomPort = 4242
  public var dicomBindAddress = "0.0.0.0"
  /// In the order they are written.
  public var modalities: [Modality] = []
  /// `DicomScuTimeout`: the `response` timeout; nil for none.
  public var scuTimeout: Duration? = .seconds(10)
  /// `DicomScpTimeout`: how long an incoming association may be idle; nil for ever.
  public var scpTimeout: Duration? = .seconds(30)
  public var defaultRetrieveMethod = RetrieveMethod.move
  /// `DicomAlwaysAllow*`: what any station may ask of us.
  public var alwaysAllowed: AllowedServices = [.echo]
  public var checkCalledAET = false
  public var checkModalityHost = false
  public var strictAETComparison = false
  /// `DicomUsers`: who may open an association with us, by the username and passcode of its user identity. Empty: nobody
  /// is asked who he is.
  public var dicomUsers: [String: Secret] = [:]
  public var tls = TLS()
  /// Orthanc's name of the character set of data sets that name none.
  public var defaultEncoding = "Latin1"
  public var unknownSOPClassAccepted = true
  /// UIDs with `*` and `?`.
  public var acceptedTransferSyntaxes = ["1.2.840.10008.1.*"]
  /// UIDs with `*` and `?`; empty for all.
  public var acceptedSOPClasses: [String] = []
  public var rejectedSOPClasses: [String] = []
  public var overwriteInstances = false
  public var maximumPDULength = 131072
  /// Bytes; 0 for no limit.
  public var maximumStorageSize: Int64 = 0
  public var maximumStorageMode = MaximumStorageMode.reject
  /// Absolute.
  public var storageDirectory: String
  /// The group that shares the storage; nil: only its owner.
  public var storageGroup: String?
  public var durability = Durability.fsync
  public var readOnly = false
  public var rememberQueries = false
  /// How many matches a query in the TUI takes before it is cancelled; 0 for all.
  public var queryLimit = 500
  /// Whether the query form adds wildcards to what is typed of names and descriptions.
  public var queryWildcards = true
  public var mouse = false
  /// How the interface looks; nil: as the terminal says it is.
  public var theme: Theme?
  /// Other keys for verbs of the interface, as written: `"retrieve": ["R"]`. Who has the keys judges them.
  public var keys: [(verb: String, keys: [String])] = []

  /// The files read, absolute; empty when there was none.
  public var files: [String] = []
  /// Whether it is an Orthanc's own configuration, of which only some keys are taken.
  public var isOrthancs = false
  /// What a person should know, one sentence each, in the order found.
  public var warnings: [String] = []
  /// The modalities of the files, whatever `modalities.json` says of them.
  var configured: [Modality] = []
  /// Where modalities added or changed in fluoro are kept.
  public var modalitiesFile: String

  /// The defaults, for a program or a test.
  public init(storageDirectory: String, modalitiesFile: String? = nil) {
    self.storageDirectory = storageDirectory
    self.modalitiesFile = modalitiesFile ?? storageDirectory + "/modalities.json"
  }
}

extension Configuration {
  /// The modality of that name, or the one written as `AET@host:port`.
  ///
  /// - Throws: ``ConfigurationError`` with the nearest names when there is none.
  public func modality(named name: String) throws(ConfigurationError) -> Modality {
    if let modality = modalities.first(where: { $0.name == name }) { return modality }
    let sameButCase = modalities.filter { $0.name.lowercased() == name.lowercased() }
    if sameButCase.count == 1, let modality = sameButCase.first { return modality }
    if let modality = try Modality(parsing: name) { return modality }
    let names = modalities.map(\.name)
    var message = "no modality is called \"\(name)\""
    if let titled = modalities.first(where: { $0.aeTitle.lowercased() == name.lowercased() }) {
      message += "; that is the AE title of \(titled.name)"
    } else if let hint = Nearest.suggestion(for: name, among: names + modalities.map(\.aeTitle)) {
      message += "; \(hint)"
    } else if names.isEmpty {
      message += "; none is configured (write AET@host:port, or add one to DicomModalities)"
    } else {
      let shown = names.prefix(8).joined(separator: ", ")
      message += "; there are \(shown)\(names.count > 8 ? " and \(names.count - 8) more" : "")"
    }
    throw ConfigurationError(message)
  }

  /// Adds, changes or removes modalities and keeps that in ``modalitiesFile``. What another fluoro has written there
  /// meanwhile is kept too.
  ///
  /// - Throws: ``ConfigurationError`` when the file cannot be read or written; nothing has changed then.
  public mutating func changeModalities(_ body: (inout ModalityBook) -> Void) throws(ConfigurationError) {
    // A program sets the modalities without a file that could have configured them.
    if configured.isEmpty { configured = modalities.filter { $0.origin == .configuration } }
    var book = try ModalityBook(file: modalitiesFile)
    body(&book)
    try book.write()
    modalities = book.applied(to: configured)
  }

  /// Removes a modality, also one of the user's own file, which is marked so in ``modalitiesFile``.
  public mutating func removeModality(named name: String) throws(ConfigurationError) {
    let isConfigured = (configured.isEmpty ? modalities.filter { $0.origin == .configuration } : configured).contains {
      $0.name == name
    }
    try changeModalities { $0.remove(name, isConfigured: isConfigured) }
  }

  /// The title we call `modality` with, and by default the one it is to move to.
  public func callingAETitle(for modality: Modality, override: String? = nil) -> String {
    override ?? modality.localAET ?? dicomAET
  }

  /// Every title our SCP answers to: ours, and those we use towards single modalities.
  public var ownAETitles: [String] {
    var titles = [dicomAET]
    for title in modalities.compactMap(\.localAET) where !titles.contains(title) { titles.append(title) }
    return titles
  }

  /// Whether two AE titles are the same station's: without case unless `StrictAetComparison`, and without
  /// the padding at both ends that has no meaning (PS3.5 §6.2).
  public func isSameAETitle(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Self.withoutPadding(a), Self.withoutPadding(b))
    return strictAETComparison ? a == b : a.uppercased() == b.uppercased()
  }

  private static func withoutPadding(_ title: String) -> Substring {
    var title = title[...]
    while title.first == " " { title.removeFirst() }
    while title.last == " " { title.removeLast() }
    return title
  }

  /// The `response` timeout: the operation's own, else the modality's, else `DicomScuTimeout`; nil for none.
  public func responseTimeout(for modality: Modality, _ choice: TimeoutChoice) -> Duration? {
    switch choice {
    case .inherited: modality.timeout ?? scuTimeout
    case .none: nil
    case .limit(let duration): duration
    }
  }
}

/// The `response` timeout a person chose for one operation.
public enum TimeoutChoice: Sendable, Hashable {
  /// The modality's, else `DicomScuTimeout`.
  case inherited
  /// No limit.
  case none
  case limit(Duration)

  /// As on the command line: seconds, 0 for none.
  public init(seconds: Double) {
    self = seconds > 0 ? .limit(.seconds(seconds)) : .none
  }
}

extension Configuration {
  /// How the storage is to be used.
  public var storageOptions: StorageOptions {
    StorageOptions(
      durability: durability, overwriteInstances: overwriteInstances, group: storageGroup,
      defaultCharacterSet: CharacterSet(orthancName: defaultEncoding) ?? .latin1,
      characterSets: Dictionary(
        modalities.compactMap { modality in
          modality.defaultEncoding.flatMap(CharacterSet.init(orthancName:)).map {
            (modality.aeTitle.uppercased(), $0)
          }
        }, uniquingKeysWith: { first, _ in first }))
  }
}
