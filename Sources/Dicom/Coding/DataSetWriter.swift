import NIOCore

/// Why a data set cannot be written.
public enum DataSetWriteError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The value was never read (``DicomFile``): read the file with its pixel data.
  case valueLeftInFile(Tag)
  /// The value is to be had at a URI (``Element/bulkDataURI``): set it first.
  case valueElsewhere(Tag)
  /// Compressed pixel data does not become uncompressed by writing it in another transfer syntax.
  case encapsulatedPixelData(TransferSyntax)
  /// The transfer syntax is of a compression that only a codec can make.
  case uncompressedPixelData(TransferSyntax)
  /// The compression library failed.
  case deflate

  public var description: String {
    switch self {
    case .valueLeftInFile(let tag):
      "The value of \(tag) was left in its file; read the whole file to write it."
    case .valueElsewhere(let tag):
      "The value of \(tag) is somewhere else, at its BulkDataURI; set it to write it."
    case .encapsulatedPixelData(let syntax):
      "The pixel data is compressed and cannot be written as \(syntax.name)."
    case .uncompressedPixelData(let syntax):
      "Converting to \(syntax.name) would mean to compress the pixel data, which fluoro does not do."
    case .deflate:
      "The data set could not be deflated."
    }
  }
}

/// Writes data sets (PS3.5 §7). What was read and not changed is written as it was, byte for byte, unless the
/// transfer syntax asks for another form.
public enum DataSetWriter {
  /// A data set in the encoding of a transfer syntax (PS3.5 §7, §A), without preamble and meta information. What was read
  /// in the same syntax, and not changed, is the same bytes.
  ///
  /// - Throws: ``DataSetWriteError``.
  public static func write(_ dataSet: DataSet, transferSyntax: TransferSyntax) throws -> ByteBuffer {
    if !transferSyntax.isEncapsulated, dataSet[.pixelData]?.fragments != nil {
      throw DataSetWriteError.encapsulatedPixelData(transferSyntax)
    }
    let form = EncodingForm(transferSyntax)
    let isAsRead = dataSet.isUnmodified && dataSet.form == form && !dataSet.source.hasAbsentValues
    if isAsRead, transferSyntax.isDeflated, let deflated = dataSet.source.deflated,
      dataSet.extent.count == dataSet.source.bytes.readableBytes
    {
      return deflated
    }
    let bytes = isAsRead ? dataSet.source.slice(dataSet.extent) : try encode(dataSet, form)
    return transferSyntax.isDeflated ? try Deflate.deflate(bytes) : bytes
  }

  private static func encode(_ dataSet: DataSet, _ form: EncodingForm) throws -> ByteBuffer {
    var encoder = DataSetEncoder(form: form)
    encoder.encode(dataSet)
    if let problem = encoder.problem { throw problem }
    return encoder.output
  }
}

/// The writer's machine. Nested data sets are frames on a stack, as in the parser.
struct DataSetEncoder {
  private struct Item {
    var dataSet: DataSet
    var hasUndefinedLength: Bool
  }

  private enum Frame {
    /// A data set, the element to write next, and where the item's length is to be written.
    case dataSet(DataSet, next: Int, lengthAt: Int?)
    case sequence([Item], next: Int, lengthAt: Int?)
  }

  let form: EncodingForm
  /// The first thing that cannot be written.
  private(set) var problem: DataSetWriteError?
  private(set) var output = ByteBuffer()
  private var frames: [Frame] = []
  private var endianness: Endianness { form.isBigEndian ? .big : .little }

  init(form: EncodingForm) { self.form = form }

  mutating func encode(_ dataSet: DataSet) {
    frames = [.dataSet(dataSet, next: 0, lengthAt: nil)]
    while let frame = frames.popLast() {
      switch frame {
      case .dataSet(let dataSet, let next, let lengthAt):
        if next < dataSet.count {
          frames.append(.dataSet(dataSet, next: next + 1, lengthAt: lengthAt))
          writeElement(dataSet, at: next)
        } else if !frames.isEmpty {
          end(lengthAt: lengthAt, delimiter: .itemDelimitationItem)
        }
      case .sequence(let items, let next, let lengthAt):
        if next < items.count {
          frames.append(.sequence(items, next: next + 1, lengthAt: lengthAt))
          begin(items[next])
        } else {
          end(lengthAt: lengthAt, delimiter: .sequenceDelimitationItem)
        }
      }
    }
  }

  /// Writes the header of an element whose value is to follow.
  mutating func encodeHeader(_ tag: Tag, _ vr: VR, length: Int) {
    writeHeader(tag, vr, length: UInt32(truncatingIfNeeded: length))
  }

  private mutating func writeElement(_ dataSet: DataSet, at position: Int) {
    let tag = dataSet.tag(at: position)
    // Group lengths are retired (PS3.5 §7.2) and would have to be computed anew.
    if tag.isGroupLength && tag.group > 2 { return }
    switch dataSet.content(at: position) {
    case .read(let record):
      if record.flags.isAbsent {
        problem = problem ?? (record.flags.contains(.bulkData) ? .valueElsewhere(tag) : .valueLeftInFile(tag))
      } else if dataSet.form == form && !record.flags.contains(.incomplete)
        && (record.form == .value || !dataSet.source.hasAbsentValues)
      {
        write(dataSet.source.slice(record.extent))
      } else {
        writeConverted(record, of: dataSet, at: position)
      }
    case .value(let tag, let vr, let bytes):
      writeValue(tag, vr, form.isBigEndian ? bytes.swapped(by: vr.unitSize) : bytes)
    case .sequence(let tag, let items):
      beginSequence(tag, items.map { Item(dataSet: $0, hasUndefinedLength: false) }, hasUndefinedLength: false)
    case .fragments(let tag, let vr, let fragments):
      writeFragments(tag, vr, fragments)
    }
  }

  private mutating func writeConverted(_ record: ElementRecord, of dataSet: DataSet, at position: Int) {
    switch record.form {
    case .value, .item:
      let bytes = dataSet.source.slice(record.valueRange)
      let mustSwap = record.flags.contains(.bigEndian) != form.isBigEndian
      writeValue(record.tag, record.vr, mustSwap ? bytes.swapped(by: record.vr.unitSize) : bytes)
    case .sequence:
      let items = dataSet.source.records[record.block].map { item in
        Item(
          dataSet: dataSet.item(of: item, inheriting: dataSet.inheritedCharacterSet),
          hasUndefinedLength: item.flags.contains(.undefinedLength))
      }
      beginSequence(record.tag, items, hasUndefinedLength: record.flags.contains(.undefinedLength))
    case .fragments:
      writeFragments(
        record.tag, record.vr, dataSet.source.records[record.block].map { dataSet.source.slice($0.valueRange) })
    }
  }

  // MARK: - Parts

  private mutating func writeValue(_ tag: Tag, _ vr: VR, _ bytes: ByteBuffer) {
    let padding = bytes.readableBytes % 2
    writeHeader(tag, vr, length: UInt32(truncatingIfNeeded: bytes.readableBytes + padding))
    write(bytes)
    if padding == 1 { output.writeInteger(vr.padding) }
  }

  private mutating func writeHeader(_ tag: Tag, _ vr: VR, length: UInt32) {
    output.writeMultipleIntegers(tag.group, tag.element, endianness: endianness)
    guard form.isExplicitVR else {
      output.writeInteger(length, endianness: endianness)
      return
    }
    // A value too long for a short header is written as UN (PS3.5 §6.2.2).
    let vr = vr.hasLongLength || length <= 0xFFFF ? vr : .UN
    output.writeInteger(vr.codeBytes.0)
    output.writeInteger(vr.codeBytes.1)
    if vr.hasLongLength {
      output.writeMultipleIntegers(UInt16(0), length, endianness: endianness)
    } else {
      output.writeInteger(UInt16(length), endianness: endianness)
    }
  }

  private mutating func writeFragments(_ tag: Tag, _ vr: VR, _ fragments: [ByteBuffer]) {
    // Fragments are known by their VR, and only little endian ones are defined (PS3.5 §A.4).
    if !form.isExplicitVR || form.isBigEndian {
      let syntax = form.isBigEndian ? TransferSyntax.explicitVRBigEndian : .implicitVRLittleEndian
      problem = problem ?? .encapsulatedPixelData(syntax)
    }
    writeHeader(tag, vr, length: .max)
    for fragment in fragments {
      let padding = fragment.readableBytes % 2
      writeDelimiter(.item, length: UInt32(truncatingIfNeeded: fragment.readableBytes + padding))
      write(fragment)
      if padding == 1 { output.writeInteger(UInt8(0)) }
    }
    writeDelimiter(.sequenceDelimitationItem, length: 0)
  }

  private mutating func beginSequence(_ tag: Tag, _ items: [Item], hasUndefinedLength: Bool) {
    writeHeader(tag, .SQ, length: hasUndefinedLength ? .max : 0)
    frames.append(.sequence(items, next: 0, lengthAt: hasUndefinedLength ? nil : output.writerIndex - 4))
  }

  private mutating func begin(_ item: Item) {
    writeDelimiter(.item, length: item.hasUndefinedLength ? .max : 0)
    frames.append(.dataSet(item.dataSet, next: 0, lengthAt: item.hasUndefinedLength ? nil : output.writerIndex - 4))
  }

  private mutating func end(lengthAt: Int?, delimiter: Tag) {
    if let lengthAt {
      let length = UInt32(truncatingIfNeeded: output.writerIndex - lengthAt - 4)
      output.setInteger(length, at: lengthAt, endianness: endianness)
    } else {
      writeDelimiter(delimiter, length: 0)
    }
  }

  private mutating func writeDelimiter(_ tag: Tag, length: UInt32) {
    output.writeMultipleIntegers(tag.group, tag.element, length, endianness: endianness)
  }

  private mutating func write(_ bytes: ByteBuffer) { output.writeImmutableBuffer(bytes) }
}
