#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Which instance a file holds, read in one pass over its first bytes. It knows files as nearly all are: with meta
/// information, little endian, nothing odd before SOP Instance UID (0008,0018). Any other is for ``DicomFile`` to read.
public struct FileIdentity: Hashable, Sendable {
  public let sopClassUID: UID
  public let sopInstanceUID: UID
  public var transferSyntax: UID { encoding.uid }
  let encoding: TransferSyntax
  /// Where the data set begins.
  public let dataSetOffset: Int

  /// - Parameters:
  ///   - bytes: the beginning of a file (PS3.10 §7.1).
  ///   - neighbour: another file's, which may well have the same SOP class and transfer syntax; they are then shared.
  /// - Returns: nil for a file that is not as nearly all are, or ends too soon.
  public init?(_ bytes: UnsafeRawBufferPointer, neighbour: FileIdentity? = nil) {
    let prefix = FileMetaInformation.preambleLength
    guard bytes.count > prefix + 4,
      Self.isEqual(FileMetaInformation.prefix, UnsafeRawBufferPointer(rebasing: bytes[prefix..<prefix + 4]))
    else { return nil }
    var scanner = Scanner(bytes: bytes, position: prefix + 4, isExplicitVR: true)
    var syntax: UID?
    while let group = scanner.group, group == 0x0002 {
      guard let (tag, vr, value) = scanner.next() else { return nil }
      if tag == .transferSyntaxUID { syntax = Self.uid(bytes, vr, value, neighbour?.transferSyntax) }
    }
    dataSetOffset = scanner.position
    guard let syntax else { return nil }
    if let likely = neighbour?.encoding, likely.uid == syntax {
      encoding = likely
    } else {
      encoding = TransferSyntax(uid: syntax)
    }
    guard encoding.isLittleEndian, !encoding.isDeflated else { return nil }
    scanner.isExplicitVR = encoding.isExplicitVR

    var sopClass: UID?
    while let (tag, vr, value) = scanner.next() {
      if tag == .sopClassUID { sopClass = Self.uid(bytes, vr, value, neighbour?.sopClassUID) }
      guard tag >= .sopInstanceUID else { continue }
      guard tag == .sopInstanceUID, let sopClass, let sopInstance = Self.uid(bytes, vr, value, nil),
        !scanner.isRepeated
      else { return nil }
      (sopClassUID, sopInstanceUID) = (sopClass, sopInstance)
      return
    }
    return nil
  }

  /// Nil for anything but digits and dots, with one byte of padding at most.
  private static func uid(
    _ bytes: UnsafeRawBufferPointer, _ vr: VR, _ range: Range<Int>, _ likely: UID?
  ) -> UID? {
    guard vr == .UI else { return nil }
    var value = UnsafeRawBufferPointer(rebasing: bytes[range])
    if value.last == Ascii.null { value = UnsafeRawBufferPointer(rebasing: value.dropLast()) }
    if let likely, isEqual(likely.rawValue, value) { return likely }
    let isPlain = value.allSatisfy { $0 == Ascii.period || (Ascii.digitZero...Ascii.digitNine).contains($0) }
    return isPlain && !value.isEmpty ? UID(String(decoding: value, as: UTF8.self)) : nil
  }

  /// Byte by byte it takes a third of the whole pass.
  private static func isEqual(_ text: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { text in
      text.count == bytes.count && memcmp(text.baseAddress!, bytes.baseAddress!, text.count) == 0
    } ?? text.utf8.elementsEqual(bytes)
  }

  /// Goes from element to element, in ascending order of tags.
  private struct Scanner {
    let bytes: UnsafeRawBufferPointer
    var position: Int
    var isExplicitVR: Bool
    private var last = Tag(0, 0)

    init(bytes: UnsafeRawBufferPointer, position: Int, isExplicitVR: Bool) {
      (self.bytes, self.position, self.isExplicitVR) = (bytes, position, isExplicitVR)
    }

    /// Of the element that comes now; nil at the end.
    var group: UInt16? { bytes.count - position >= 12 ? load(0) : nil }

    /// What comes now is not behind the last element.
    var isRepeated: Bool { group.map { Tag($0, load(2)) <= last } ?? false }

    /// Passes over an element, which is UI where it has no VR. Nil: it is not in order, not whole, or of undefined length.
    mutating func next() -> (tag: Tag, vr: VR, value: Range<Int>)? {
      guard let group else { return nil }
      let tag = Tag(group, load(2))
      guard tag > last else { return nil }
      last = tag
      var vr = VR.UI
      var header = 8
      var length = Int(load(4) as UInt32)
      if isExplicitVR {
        guard let known = VR(bytes[position + 4], bytes[position + 5]) else { return nil }
        vr = known
        header = vr.hasLongLength ? 12 : 8
        length = vr.hasLongLength ? Int(load(8) as UInt32) : Int(load(6) as UInt16)
      }
      let start = position + header
      guard length <= bytes.count - start else { return nil }
      position = start + length
      return (tag, vr, start..<position)
    }

    private func load<Number: FixedWidthInteger>(_ offset: Int) -> Number {
      Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position + offset, as: Number.self))
    }
  }
}
