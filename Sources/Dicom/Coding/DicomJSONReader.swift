import NIOCore

extension DataSet {
  /// Reads a data set from DICOM JSON (PS3.18 Annex F).
  ///
  /// Text is encoded in the character set that (0008,0005) names; where that does not hold it, or none is named, the
  /// data set becomes one in UTF-8. Numbers of DS and IS keep their digits. A `BulkDataURI` is kept
  /// (``Element/bulkDataURI``); the value behind it must be set before the data set can be written in binary form.
  ///
  /// - Throws: ``DicomJSONError`` with the place where the text stops making sense.
  public init(dicomJSON text: String) throws(DicomJSONError) {
    let tape = try JSONTape(Array(text.utf8))
    guard tape.tokens[0].kind == .object else { throw DicomJSONError(offset: 0, reason: "an object was expected") }
    self = try DicomJSONReader.dataSet(tape, at: 0)
  }

  /// Reads the array of data sets that DICOMweb services answer with.
  public static func dataSets(dicomJSON text: String) throws(DicomJSONError) -> [DataSet] {
    let tape = try JSONTape(Array(text.utf8))
    guard tape.tokens[0].kind == .array else { throw DicomJSONError(offset: 0, reason: "an array was expected") }
    var dataSets: [DataSet] = []
    var number = 1
    while number < tape.tokens[0].next {
      let token = tape.tokens[number]
      guard token.kind == .object else { throw DicomJSONError(offset: token.start, reason: "an object was expected") }
      dataSets.append(try DicomJSONReader.dataSet(tape, at: number))
      number = token.next
    }
    return dataSets
  }
}

/// Translates JSON into Explicit VR Little Endian, which the parser then reads: so a data set from JSON is no other
/// than one from a file, and nesting costs no stack here either.
struct DicomJSONReader {
  private struct Item {
    /// The member to translate next, and the token behind the last.
    var next: Int
    var end: Int
    /// Where the item's length is to be written; nil for the outermost data set.
    var lengthAt: Int?
    var characterSet: CharacterSet
  }

  private struct Sequence {
    var next: Int
    var end: Int
    var lengthAt: Int
  }

  private enum Frame {
    case item(Item)
    case sequence(Sequence)
  }

  let tape: JSONTape
  /// Whether every text is written in UTF-8, whatever (0008,0005) says.
  private let isUTF8: Bool
  var output = ByteBuffer()
  private var frames: [Frame] = []
  /// Where the headers of elements begin whose value is a URI.
  private var bulkData: Set<Int> = []

  private init(_ tape: JSONTape, isUTF8: Bool) { (self.tape, self.isUTF8) = (tape, isUTF8) }

  static func dataSet(_ tape: JSONTape, at number: Int) throws(DicomJSONError) -> DataSet {
    for isUTF8 in [false, true] {
      var reader = DicomJSONReader(tape, isUTF8: isUTF8)
      do {
        try reader.translate(number)
      } catch let error as DicomJSONError {
        throw error
      } catch {
        continue
      }
      return try reader.parsed(offset: tape.tokens[number].start)
    }
    throw DicomJSONError(offset: tape.tokens[number].start, reason: "text that UTF-8 does not hold")
  }

  private func parsed(offset: Int) throws(DicomJSONError) -> DataSet {
    guard output.readableBytes < Int(UInt32.max) else {
      throw DicomJSONError(offset: offset, reason: "the data set would be larger than 4 GB")
    }
    var parser = DataSetParser(form: EncodingForm(.explicitVRLittleEndian), total: output.readableBytes)
    let outcome = output.withUnsafeReadableBytes { parser.parse($0) }
    if case .failed(let problem) = outcome {
      throw DicomJSONError(offset: offset, reason: "no data set comes of it: \(problem)")
    }
    if !bulkData.isEmpty {
      for index in parser.records.indices where bulkData.contains(parser.records[index].extent.lowerBound) {
        parser.records[index].flags.insert(.bulkData)
      }
    }
    return parser.dataSet(of: output, defaultCharacterSet: isUTF8 ? .utf8 : .ascii)
  }

  // MARK: - The walk

  private mutating func translate(_ root: Int) throws {
    try beginItem(root, lengthAt: nil, parent: .ascii)
    while let frame = frames.popLast() {
      switch frame {
      case .item(var item):
        guard item.next < item.end else {
          if let lengthAt = item.lengthAt { writeLength(at: lengthAt) }
          continue
        }
        let key = item.next
        item.next = tape.tokens[key + 1].next
        frames.append(.item(item))
        try translateMember(key, item.characterSet)
      case .sequence(var sequence):
        guard sequence.next < sequence.end else {
          writeLength(at: sequence.lengthAt)
          continue
        }
        let number = sequence.next
        sequence.next = tape.tokens[number].next
        let parent = enclosingCharacterSet
        frames.append(.sequence(sequence))
        output.writeMultipleIntegers(Tag.item.group, Tag.item.element, UInt32(0), endianness: .little)
        switch tape.tokens[number].kind {
        case .object: try beginItem(number, lengthAt: output.writerIndex - 4, parent: parent)
        case .null: break
        default: throw tape.error(number, "an item must be an object")
        }
      }
    }
  }

  private var enclosingCharacterSet: CharacterSet {
    if case .item(let item)? = frames.last { item.characterSet } else { .ascii }
  }

  private mutating func beginItem(_ number: Int, lengthAt: Int?, parent: CharacterSet) throws {
    var item = Item(
      next: number + 1, end: tape.tokens[number].next, lengthAt: lengthAt, characterSet: isUTF8 ? .utf8 : parent)
    if isUTF8, lengthAt == nil { writeCharacterSet() }
    if !isUTF8, let value = try tape.member("00080005", of: number), let list = try tape.member("Value", of: value) {
      let terms = try tape.children(of: list).map { number in
        tape.tokens[number].kind == .string ? try tape.string(tape.tokens[number]) : ""
      }
      item.characterSet = CharacterSet(specificCharacterSet: terms, default: parent)
    }
    frames.append(.item(item))
  }

  private mutating func writeCharacterSet() {
    let term = CharacterSet.utf8.definedTerms[0]
    writeHeader(.specificCharacterSet, .CS, length: term.utf8.count)
    output.writeString(term)
  }

  private mutating func translateMember(_ key: Int, _ characterSet: CharacterSet) throws {
    let name = try tape.string(tape.tokens[key])
    guard let tag = Tag(dicomText: name) else { throw tape.error(key, "\"\(name)\" is not a tag of eight digits") }
    guard tape.tokens[key + 1].kind == .object else { throw tape.error(key + 1, "an attribute must be an object") }
    if tag.isGroupLength || tag.group == 0xFFFE { return }
    if isUTF8, tag == .specificCharacterSet { return }
    let vr = try self.vr(of: key + 1, tag)
    if let value = try tape.member("Value", of: key + 1) {
      guard tape.tokens[value].kind == .array else { throw tape.error(value, "Value must be an array") }
      if vr == .SQ {
        writeHeader(tag, vr, length: 0)
        frames.append(
          .sequence(Sequence(next: value + 1, end: tape.tokens[value].next, lengthAt: output.writerIndex - 4)))
        return
      }
      write(tag, vr, try DicomJSONValues(tape: tape).bytes(of: value, vr, characterSet))
    } else if let binary = try tape.member("InlineBinary", of: key + 1) {
      try writeInlineBinary(tag, vr, binary)
    } else if let uri = try tape.member("BulkDataURI", of: key + 1) {
      try writeBulkData(tag, vr, uri)
    } else {
      write(tag, vr, [])
    }
  }

  private func vr(of number: Int, _ tag: Tag) throws -> VR {
    guard let member = try tape.member("vr", of: number) else {
      throw tape.error(number, "the attribute \(tag) has no vr")
    }
    guard tape.tokens[member].kind == .string, let vr = VR(code: try tape.string(tape.tokens[member])) else {
      throw tape.error(member, "no VR of the standard")
    }
    return vr
  }

  private mutating func writeInlineBinary(_ tag: Tag, _ vr: VR, _ number: Int) throws {
    let token = tape.tokens[number]
    let text = token.kind == .string ? try tape.string(token) : "?"
    guard let bytes = Base64.decode(Array(text.utf8)), vr != .SQ else {
      throw tape.error(number, "InlineBinary must be base 64")
    }
    // Encapsulated pixel data is written with its items, of which nothing else can be told in this model.
    if tag.isPixelData, Self.isFragments(bytes) {
      output.writeMultipleIntegers(tag.group, tag.element, endianness: .little)
      output.writeString(vr == .OW ? "OW" : "OB")
      output.writeMultipleIntegers(UInt16(0), UInt32.max, endianness: .little)
      output.writeBytes(bytes)
      let delimiter = Tag.sequenceDelimitationItem
      output.writeMultipleIntegers(delimiter.group, delimiter.element, UInt32(0), endianness: .little)
    } else {
      write(tag, vr, bytes)
    }
  }

  private static func isFragments(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var position = 0
      while position + 8 <= bytes.count {
        let tag = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        let length = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self))
        guard tag == 0xE000_FFFE else { return false }
        position += 8 + Int(length)
      }
      return position == bytes.count && position > 0
    }
  }

  private mutating func writeBulkData(_ tag: Tag, _ vr: VR, _ number: Int) throws {
    guard tape.tokens[number].kind == .string, vr != .SQ else {
      throw tape.error(number, "BulkDataURI must be a string")
    }
    let uri = Array(try tape.string(tape.tokens[number]).utf8)
    guard (1...0xFFFF).contains(uri.count) else { throw tape.error(number, "BulkDataURI is empty or too long") }
    bulkData.insert(output.writerIndex)
    writeHeader(tag, vr, length: uri.count)
    output.writeBytes(uri)
  }

  // MARK: - Bytes

  private mutating func write(_ tag: Tag, _ vr: VR, _ bytes: [UInt8]) {
    let padding = bytes.count % 2
    writeHeader(tag, vr, length: bytes.count + padding)
    output.writeBytes(bytes)
    if padding == 1 { output.writeInteger(vr.padding) }
  }

  private mutating func writeHeader(_ tag: Tag, _ vr: VR, length: Int) {
    output.writeMultipleIntegers(tag.group, tag.element, endianness: .little)
    let vr = vr.hasLongLength || length <= 0xFFFF ? vr : .UN
    output.writeInteger(vr.codeBytes.0)
    output.writeInteger(vr.codeBytes.1)
    if vr.hasLongLength {
      output.writeMultipleIntegers(UInt16(0), UInt32(truncatingIfNeeded: length), endianness: .little)
    } else {
      output.writeInteger(UInt16(truncatingIfNeeded: length), endianness: .little)
    }
  }

  private mutating func writeLength(at position: Int) {
    output.setInteger(UInt32(truncatingIfNeeded: output.writerIndex - position - 4), at: position, endianness: .little)
  }
}
