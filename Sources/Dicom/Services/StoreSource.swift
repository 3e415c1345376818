import NIOCore

/// An encoded data set to be stored at a peer.
public struct StoreSource: Sendable {
  public enum Content: Sendable {
    /// The data set begins at `offset` of the file and goes to its end.
    case file(path: String, offset: Int)
    /// In memory, from where it goes as a whole: a small one.
    case bytes(ByteBuffer)
    case kept(StoreMemory.Bytes)

    /// Bytes of what is in memory.
    var countInMemory: Int {
      switch self {
      case .file: 0
      case .bytes(let bytes): bytes.readableBytes
      case .kept(let bytes): bytes.count
      }
    }
  }

  public var content: Content
  public var sopClassUID: UID
  public var sopInstanceUID: UID
  /// How the data set is encoded; it is sent as it is.
  public var transferSyntax: UID

  public init(content: Content, sopClassUID: UID, sopInstanceUID: UID, transferSyntax: UID) {
    self.content = content
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.transferSyntax = transferSyntax
  }

  public init(path: String, offset: Int, sopClassUID: UID, sopInstanceUID: UID, transferSyntax: UID) {
    self.init(
      content: .file(path: path, offset: offset), sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID,
      transferSyntax: transferSyntax)
  }
}
