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

  public init(
    durability: Durability = .fsync, overwriteInstances: Bool = false, group: String? = nil,
    defaultCharacterSet: CharacterSet = .latin1
  ) {
    self.durability = durability
    self.overwriteInstances = overwriteInstances
    self.group = group
    self.defaultCharacterSet = defaultCharacterSet
  }
}
