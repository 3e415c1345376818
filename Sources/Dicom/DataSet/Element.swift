import NIOCore

/// One element of a data set: a view into it that decodes its value when asked.
///
/// Exactly one of ``bytes``, ``items`` and ``fragments`` is not nil, except for a value that was left in its file or is
/// to be had at a ``bulkDataURI``.
public struct Element: Sendable {
  /// The data set it belongs to.
  let dataSet: DataSet
  let position: Int

  private var content: DataSet.Content { dataSet.content(at: position) }

  public var tag: Tag { dataSet.tag(at: position) }

  /// The VR: the one it was read with, or else the dictionary's (Implicit VR; UN with a known tag, PS3.5 §6.2.2).
  public var vr: VR {
    switch content {
    case .read(let record): record.vr
    case .value(_, let vr, _), .fragments(_, let vr, _): vr
    case .sequence: .SQ
    }
  }

  /// The length in the element's header, nil when it is undefined.
  public var length: Int? {
    switch content {
    case .read(let record): record.flags.contains(.undefinedLength) ? nil : Int(record.valueLength)
    case .value(_, _, let bytes): bytes.readableBytes
    case .sequence, .fragments: nil
    }
  }

  /// Where the element's header begins in what was read, nil for one that was set since.
  public var offset: Int? {
    if case .read(let record) = content { record.extent.lowerBound } else { nil }
  }

  /// Where the value begins in what was read, nil for one that was set since.
  public var valueOffset: Int? {
    if case .read(let record) = content { Int(record.valueOffset) } else { nil }
  }

  /// Whether the value was left in the file (``DicomFile``).
  public var isLeftInFile: Bool {
    if case .read(let record) = content { record.flags.contains(.leftInFile) } else { false }
  }

  /// Where the value is to be had, of an element read from DICOM JSON that names such a place (PS3.18 §F.2.2).
  public var bulkDataURI: String? {
    guard case .read(let record) = content, record.flags.contains(.bulkData) else { return nil }
    return String(decoding: dataSet.source.slice(record.valueRange).readableBytesView, as: UTF8.self)
  }

  /// Whether numbers in ``bytes`` have their highest byte first.
  public var isBigEndian: Bool {
    if case .read(let record) = content { record.flags.contains(.bigEndian) } else { false }
  }

  /// The value as it is encoded, padding included; nil for sequences, encapsulated pixel data and values left in a file.
  public var bytes: ByteBuffer? {
    switch content {
    case .read(let record) where record.form == .value && !record.flags.isAbsent:
      dataSet.source.slice(record.valueRange)
    case .value(_, _, let bytes): bytes
    default: nil
    }
  }

  /// The items of a sequence.
  public var items: [DataSet]? {
    switch content {
    case .read(let record) where record.form == .sequence:
      itemsRead(record)
    case .sequence(_, let items): items
    default: nil
    }
  }

  private func itemsRead(_ record: ElementRecord) -> [DataSet] {
    let characterSet = dataSet.characterSet
    return dataSet.source.records[record.block].map { dataSet.item(of: $0, inheriting: characterSet) }
  }

  /// The fragments of encapsulated pixel data (PS3.5 §A.4), the basic offset table first.
  public var fragments: [ByteBuffer]? {
    switch content {
    case .read(let record) where record.form == .fragments && !record.flags.contains(.leftInFile):
      dataSet.source.records[record.block].map { dataSet.source.slice($0.valueRange) }
    case .fragments(_, _, let fragments): fragments
    default: nil
    }
  }

  /// Whether there is no value.
  public var isEmpty: Bool {
    switch content {
    case .read(let record): record.form == .sequence ? record.blockCount == 0 : record.valueLength == 0
    case .value(_, _, let bytes): bytes.readableBytes == 0
    case .sequence(_, let items): items.isEmpty
    case .fragments(_, _, let fragments): fragments.isEmpty
    }
  }

  /// The keyword, nil for tags the dictionary does not know.
  public var keyword: String? { tag.keyword }

  /// The name from the dictionary; for private elements by the creator of their block.
  public var name: String? { dataSet.attribute(for: tag)?.name }
}

extension DataSet {
  /// What the dictionary says about a tag, private ones by the creator written in this data set (PS3.5 §7.8.1).
  public func attribute(for tag: Tag) -> AttributeDescription? {
    guard tag.isPrivate else { return DataDictionary.attribute(for: tag) }
    guard let creatorTag = tag.privateCreatorTag, let creator = string(creatorTag) else { return nil }
    return DataDictionary.attribute(for: tag, creator: creator)
  }
}
