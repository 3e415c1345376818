import NIOCore

/// An encoded data set to be stored at a peer.
public struct StoreSource: Sendable {
  public enum Content: Sendable {
    /// The data set begins at `offset` of the file and goes to its end.
    case file(path: String, offset: Int)
    /// From memory it goes as a whole: a small one.
    case memory(Memory)

    public static func bytes(_ bytes: ByteBuffer) -> Content { .memory(.bytes(bytes)) }
  }

  public enum Memory: Sendable {
    case bytes(ByteBuffer)
    case kept(StoreMemory.Bytes)

    var count: Int {
      switch self {
      case .bytes(let bytes): bytes.readableBytes
      case .kept(let bytes): bytes.count
      }
    }

    /// Appends so many of its bytes, from one of them on.
    func write(at offset: Int, count: Int, into buffer: inout ByteBuffer) {
      switch self {
      case .bytes(let bytes):
        if let slice = bytes.getSlice(at: bytes.readerIndex + offset, length: count) {
          buffer.writeImmutableBuffer(slice)
        }
      case .kept(let bytes): bytes.write(at: offset, count: count, into: &buffer)
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
