/// Which keys we read, and what a key that we do not read means.
enum ConfigurationKeys {
  /// Everything fluoro itself reads.
  static let ours: Set<String> = [
    "DicomAet", "DicomPort", "DicomBindAddress", "DicomModalities", "DicomScuTimeout", "DicomScpTimeout",
    "DicomDefaultRetrieveMethod", "DicomAlwaysAllowEcho", "DicomAlwaysAllowStore", "DicomAlwaysAllowFind",
    "DicomAlwaysAllowFindWorklist", "DicomAlwaysAllowGet", "DicomAlwaysAllowMove", "DicomCheckCalledAet",
    "DicomCheckModalityHost", "StrictAetComparison", "DicomTlsEnabled", "DicomTlsCertificate", "DicomTlsPrivateKey",
    "DicomTlsTrustedCertificates", "DicomTlsRemoteCertificateRequired", "DefaultEncoding", "UnknownSopClassAccepted",
    "AcceptedTransferSyntaxes", "AcceptedSopClasses", "RejectedSopClasses", "OverwriteInstances", "MaximumPduLength",
    "MaximumStorageSize", "MaximumStorageMode", "StorageDirectory", "StorageGroup", "Durability", "ReadOnly",
    "RememberQueries", "QueryLimit", "QueryWildcards", "Mouse", "Theme", "Keys", "DicomUsers",
  ]

  /// Keys whose presence says that a file is an Orthanc's own. `IndexDirectory` is among them although an index
  /// kept apart would be ours to honour: a folder named there is most likely a running Orthanc's.
  static let onlyOrthancs = OrthancKeys.all.subtracting(ours)

  /// What is taken from an Orthanc's own configuration: its modalities, encoding, timeouts and TLS.
  /// The rest describes that Orthanc (its title, port, folders, and who may ask *it* for what).
  static let takenFromOrthanc: Set<String> = [
    "DicomModalities", "DefaultEncoding", "DicomScuTimeout", "DicomScpTimeout", "DicomDefaultRetrieveMethod",
    "DicomTlsEnabled", "DicomTlsCertificate", "DicomTlsPrivateKey", "DicomTlsTrustedCertificates",
    "DicomTlsRemoteCertificateRequired",
  ]

  static let modality: Set<String> = OrthancKeys.modality.union([
    "DefaultEncoding", "MaximumAssociations", "Username", "Password", "IdentityFile", "IdentityType", "TlsVerifyHost",
    "StorageCommitment", "Production",
  ])

  /// A warning for a key that neither fluoro nor Orthanc knows. `word` is the last part of a path.
  static func warning(about path: String, at place: String, known: Set<String>, word: String? = nil) -> String {
    let hint = Nearest.suggestion(for: word ?? path, among: known.sorted())
    return "\(place): \(path) is a key of neither fluoro nor Orthanc and is ignored" + (hint.map { "; \($0)" } ?? "")
  }
}
