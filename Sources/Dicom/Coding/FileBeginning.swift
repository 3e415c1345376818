import NIOCore

/// The beginnings of files (PS3.10 §7.1) that differ in their SOP Instance UID alone, as those of what comes over one
/// presentation context do: encoded once.
public struct FileBeginning: Sendable {
  private let meta: FileMetaInformation
  /// Up to the length of the identifier, which is zero here, and from behind the identifier on.
  private let head: ByteBuffer
  private let tail: ByteBuffer

  /// - Parameter meta: of any of the files.
  public init(_ meta: FileMetaInformation) {
    var meta = meta
    meta.mediaStorageSOPInstanceUID = ""
    self.meta = meta
    var whole = meta.encoded()
    let group = whole.getSlice(at: Self.groupOffset, length: whole.readableBytes - Self.groupOffset) ?? ByteBuffer()
    let (elements, _) = DataSetReader.readTolerantly(group, transferSyntax: .explicitVRLittleEndian)
    let offset = elements[.mediaStorageSOPInstanceUID]?.valueOffset ?? 0
    head = whole.readSlice(length: Self.groupOffset + offset) ?? ByteBuffer()
    tail = whole
  }

  /// The preamble, `DICM` and the meta information of one.
  public func encoded(sopInstanceUID: UID) -> ByteBuffer {
    let text = sopInstanceUID.rawValue
    let padding = text.utf8.count % 2
    let length = text.utf8.count + padding
    guard length <= UInt16.max, text.utf8.allSatisfy({ $0 < 0x80 }) else {
      var meta = meta
      meta.mediaStorageSOPInstanceUID = sopInstanceUID
      return meta.encoded()
    }
    var result = ByteBuffer()
    result.reserveCapacity(head.readableBytes + length + tail.readableBytes)
    result.writeImmutableBuffer(head)
    result.writeString(text)
    result.writeRepeatingByte(Ascii.null, count: padding)
    result.writeImmutableBuffer(tail)
    result.setInteger(UInt16(length), at: head.readableBytes - 2, endianness: .little)
    let group = result.readableBytes - Self.groupOffset
    result.setInteger(UInt32(group), at: Self.groupOffset - 4, endianness: .little)
    return result
  }

  /// Behind the preamble, the prefix and the group length.
  private static let groupOffset = FileMetaInformation.preambleLength + 16
}
