import Dicom

/// When a stored instance is acknowledged.
public enum Durability: String, Sendable {
  /// After its file and its folder are synced: it survives a power cut.
  case fsync
  /// After the system has the bytes: it survives a crash of the program only.
  case none
}

/// How a storage folder is used; DESIGN §2 names the configuration keys.
public struct StorageOptions: Sendable {
  public var durability: Durability
  /// Whether a different data set under a stored identity becomes the current one (`OverwriteInstances`). Both are kept
  /// either way.
  public var overwriteInstances: Bool
  /// The group that shares the folder (`StorageGroup`): modes 2770 and 0660 instead of 0700 and 0600.
  public var group: String?
  /// The character set of data sets that name none (`DefaultEncoding`).
  public var defaultCharacterSet: CharacterSet
  /// Those of what certain stations send (a modality's `DefaultEncoding`), by AE title in capitals. Identifiers follow.
  public var characterSets: [String: CharacterSet]

  public init(
    durability: Durability = .fsync, overwriteInstances: Bool = false, group: String? = nil,
    defaultCharacterSet: CharacterSet = .latin1, characterSets: [String: CharacterSet] = [:]
  ) {
    self.durability = durability
    self.overwriteInstances = overwriteInstances
    self.group = group
    self.defaultCharacterSet = defaultCharacterSet
    self.characterSets = characterSets
  }
}

extension StorageOptions {
  /// The character set of data sets from a station that name none.
  func characterSet(ofSender aeTitle: String?) -> CharacterSet {
    guard !characterSets.isEmpty, let aeTitle else { return defaultCharacterSet }
    return characterSets[aeTitle.uppercased()] ?? defaultCharacterSet
  }

  /// Reads a stored file, which says who has sent it.
  func file(_ path: String) throws -> DicomFile {
    let file = try DicomFile(path: path, defaultCharacterSet: defaultCharacterSet)
    let characterSet = characterSet(ofSender: file.metaInformation?.sendingAETitle)
    return characterSet == defaultCharacterSet ? file : try DicomFile(path: path, defaultCharacterSet: characterSet)
  }
}
