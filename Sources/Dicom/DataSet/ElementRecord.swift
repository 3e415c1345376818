import NIOCore

/// Where an element lies in the bytes it was read from: 24 bytes an element, no object.
///
/// A reader appends records block by block: the elements of a data set, or the items of a sequence, lie side by side
/// in ``DataSetSource/records``; a sequence's record points at the block of its items, an item's at the block of its
/// elements. A data set is a block, so an element is found by binary search at any depth.
struct ElementRecord: Sendable {
  struct Flags: OptionSet, Sendable {
    let rawValue: UInt8
    /// The length in the element's header is FFFFFFFFH; a delimiter of 8 bytes follows the value.
    static let undefinedLength = Flags(rawValue: 1)
    /// The header has no VR.
    static let implicitVR = Flags(rawValue: 2)
    /// Numbers in header and value have their highest byte first.
    static let bigEndian = Flags(rawValue: 4)
    /// The VR is not the one in the header: the dictionary or a rule of the standard knows better.
    static let interpretedVR = Flags(rawValue: 8)
    /// The value is shorter than its header says, or an undefined length ended without its delimiter.
    static let incomplete = Flags(rawValue: 16)
    /// The value was left in the file it comes from.
    static let leftInFile = Flags(rawValue: 32)
    /// The value is somewhere else; what stands in its place is the URI.
    static let bulkData = Flags(rawValue: 64)

    /// Whether the value is not among the bytes.
    var isAbsent: Bool { !isDisjoint(with: [.leftInFile, .bulkData]) }
  }

  enum Form: UInt8, Sendable {
    case value, sequence, item, fragments
  }

  var tag: Tag
  var vr: VR
  var form: Form
  var flags: Flags
  var headerLength: UInt8
  var valueOffset: UInt32
  /// Without the delimiter.
  var valueLength: UInt32
  /// The block of a sequence's items, an item's elements, or a fragment sequence's fragments (form `item`).
  var blockStart: UInt32 = 0
  var blockCount: UInt32 = 0

  var block: Range<Int> { Int(blockStart)..<Int(blockStart) + Int(blockCount) }
  var valueRange: Range<Int> { Int(valueOffset)..<Int(valueOffset) + Int(valueLength) }
  /// Header, value and delimiter.
  var extent: Range<Int> {
    let delimiter = flags.contains(.undefinedLength) && !flags.contains(.incomplete) ? 8 : 0
    return Int(valueOffset) - Int(headerLength)..<Int(valueOffset) + Int(valueLength) + delimiter
  }
}

/// The bytes of a data set and the records of all elements in them, shared by it and by its items.
final class DataSetSource: Sendable {
  let bytes: ByteBuffer
  let records: [ElementRecord]
  /// What the bytes were inflated from.
  let deflated: ByteBuffer?
  /// Whether the value of any element is somewhere else.
  let hasAbsentValues: Bool

  init(bytes: ByteBuffer, records: [ElementRecord], deflated: ByteBuffer? = nil) {
    self.bytes = bytes
    self.records = records
    self.deflated = deflated
    hasAbsentValues = records.contains { $0.flags.isAbsent }
  }

  static let empty = DataSetSource(bytes: ByteBuffer(), records: [])

  /// A slice that shares the storage.
  func slice(_ range: Range<Int>) -> ByteBuffer {
    bytes.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
  }
}
