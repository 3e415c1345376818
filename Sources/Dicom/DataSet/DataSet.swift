import NIOCore

/// A DICOM data set (PS3.5 §7): elements in ascending order of their tags, each tag once.
///
/// A data set that was read shares its bytes with its items and elements; values are slices of them and are decoded
/// when asked for. It becomes a list of its own only when it is changed, and then elements that are not touched still
/// share. Looking an element up takes O(log n).
@dynamicMemberLookup
public struct DataSet: Sendable {
  /// An element as it was read, or as it was set.
  enum Content: Sendable {
    case read(ElementRecord)
    case value(Tag, VR, ByteBuffer)
    case sequence(Tag, [DataSet])
    case fragments(Tag, VR, [ByteBuffer])

    var tag: Tag {
      switch self {
      case .read(let record): record.tag
      case .value(let tag, _, _), .sequence(let tag, _), .fragments(let tag, _, _): tag
      }
    }
  }

  let source: DataSetSource
  /// The records of this data set's elements in its source; not looked at once there are edits.
  let block: Range<Int>
  /// Everything the data set holds, once it has been changed.
  var edits: [Content]?
  /// Where this data set lies in the bytes of its source.
  let extent: Range<Int>
  /// The form in which it was read; nil when it was not.
  let form: EncodingForm?
  /// What text is encoded in where no (0008,0005) says so.
  var inheritedCharacterSet: CharacterSet

  public init() {
    self.init(source: .empty, block: 0..<0, extent: 0..<0, form: nil, inheritedCharacterSet: .latin1)
    edits = []
  }

  init(
    source: DataSetSource, block: Range<Int>, extent: Range<Int>, form: EncodingForm?,
    inheritedCharacterSet: CharacterSet
  ) {
    self.source = source
    self.block = block
    self.extent = extent
    self.form = form
    self.inheritedCharacterSet = inheritedCharacterSet
  }

  public var count: Int { edits?.count ?? block.count }
  public var isEmpty: Bool { count == 0 }

  /// Whether this is exactly what was read.
  public var isUnmodified: Bool { edits == nil }

  /// The elements in ascending order of their tags.
  public var elements: Elements { Elements(dataSet: self) }

  /// The element with this tag.
  public subscript(_ tag: Tag) -> Element? {
    position(of: tag).map { Element(dataSet: self, position: $0) }
  }

  /// Whether there is an element with this tag, be it empty.
  public func contains(_ tag: Tag) -> Bool { position(of: tag) != nil }

  /// The tags in ascending order.
  public var tags: [Tag] { (0..<count).map(tag(at:)) }

  func tag(at position: Int) -> Tag {
    if let edits { return edits[position].tag }
    return source.records[block.lowerBound + position].tag
  }

  func content(at position: Int) -> Content {
    if let edits { return edits[position] }
    return .read(source.records[block.lowerBound + position])
  }

  func position(of tag: Tag) -> Int? {
    let position = insertionPosition(of: tag)
    return position < count && self.tag(at: position) == tag ? position : nil
  }

  /// The position of the first element whose tag is not below this one.
  func insertionPosition(of tag: Tag) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self.tag(at: middle) < tag { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The items of a sequence that was read, with the character set they inherit.
  func item(of record: ElementRecord, inheriting characterSet: CharacterSet) -> DataSet {
    DataSet(
      source: source, block: record.block, extent: record.valueRange,
      form: EncodingForm(record.flags), inheritedCharacterSet: characterSet)
  }

  /// The elements of a data set as a collection of O(1) access.
  public struct Elements: RandomAccessCollection, Sendable {
    public typealias Element = Dicom.Element
    let dataSet: DataSet

    public var startIndex: Int { 0 }
    public var endIndex: Int { dataSet.count }
    public subscript(position: Int) -> Dicom.Element { Dicom.Element(dataSet: dataSet, position: position) }
  }
}

/// Whether elements carry a VR, and the order of bytes in numbers.
struct EncodingForm: Hashable, Sendable {
  var isExplicitVR: Bool
  var isBigEndian: Bool

  init(isExplicitVR: Bool, isBigEndian: Bool) {
    self.isExplicitVR = isExplicitVR
    self.isBigEndian = isBigEndian
  }

  init(_ flags: ElementRecord.Flags) {
    self.init(isExplicitVR: !flags.contains(.implicitVR), isBigEndian: flags.contains(.bigEndian))
  }

  init(_ syntax: TransferSyntax) {
    self.init(isExplicitVR: syntax.isExplicitVR, isBigEndian: !syntax.isLittleEndian)
  }

  static let implicitVRLittleEndian = EncodingForm(isExplicitVR: false, isBigEndian: false)
}
