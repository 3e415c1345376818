import Dicom

/// What is known of an instance before its data set arrives.
public struct ReceptionDescription: Hashable, Sendable {
  public var sopClassUID: UID
  public var sopInstanceUID: UID
  public var transferSyntaxUID: UID
  /// The AE title of who sends; nil for a file that was imported.
  public var sendingAETitle: String?
  /// The title it was sent to.
  public var receivingAETitle: String?

  public init(
    sopClassUID: UID, sopInstanceUID: UID, transferSyntaxUID: UID, sendingAETitle: String? = nil,
    receivingAETitle: String? = nil
  ) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.transferSyntaxUID = transferSyntaxUID
    self.sendingAETitle = sendingAETitle
    self.receivingAETitle = receivingAETitle
  }

  var metaInformation: FileMetaInformation {
    var meta = FileMetaInformation(
      mediaStorageSOPClassUID: sopClassUID, mediaStorageSOPInstanceUID: sopInstanceUID,
      transferSyntax: transferSyntaxUID)
    meta.sendingAETitle = sendingAETitle
    meta.receivingAETitle = receivingAETitle
    return meta
  }
}

/// An instance on this machine.
public struct StoredInstance: Hashable, Sendable {
  public enum Novelty: Hashable, Sendable {
    /// There was none under this identity.
    case new
    /// The same data set was here already; nothing was written.
    case identical
    /// Another data set was here under this identity: both are kept, and this is `number` of them. `isCurrent` when
    /// `OverwriteInstances` made it the one that is shown.
    case version(number: Int, isCurrent: Bool)
    /// Read from the index.
    case known
  }

  public let identity: InstanceIdentity
  public let path: String
  /// Size of the file.
  public let bytes: Int
  public let sopClassUID: UID
  public let sopInstanceUID: UID
  public let transferSyntaxUID: UID
  public let novelty: Novelty

  public var id: String { identity.instance }
  public var isNew: Bool { novelty == .new }
  public var isNewVersion: Bool {
    if case .version = novelty { true } else { false }
  }
}
