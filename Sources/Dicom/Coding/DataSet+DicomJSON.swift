import NIOCore

extension DataSet {
  /// The DICOM JSON model (PS3.18 Annex F), without group lengths (§F.2.2). Bytes are inline, in base 64 and little
  /// endian; a value that was left in its file is not there.
  ///
  /// - Parameter bulkDataURI: where the value of an element is to be had; nil to write the value itself. Places that
  ///   were read from JSON are written again.
  public func dicomJSON(bulkDataURI: ((Element) -> String?)? = nil) -> String {
    var json: [UInt8] = []
    DicomJSON(bulkDataURI: bulkDataURI).append(self, to: &json)
    return String(decoding: json, as: UTF8.self)
  }
}

private struct DicomJSON: JSONStyle {
  static let sequence = (opening: ",\"Value\":[", closing: "]}")
  let bulkDataURI: ((Element) -> String?)?

  func leavesOut(_ element: Element) -> Bool { element.tag.isGroupLength }

  func appendName(of element: Element, to json: inout [UInt8]) {
    json.append(contentsOf: "\"\(element.tag.hexadecimal)\":{\"vr\":\"\(element.vr.code)\"".utf8)
  }

  func appendValue(of element: Element, to json: inout [UInt8]) {
    let uri = bulkDataURI?(element) ?? element.bulkDataURI
    let value = uri.map { ",\"BulkDataURI\":" + JSONText.quoted($0) } ?? element.jsonValue
    json.append(contentsOf: value.utf8)
    json.append(UInt8(ascii: "}"))
  }
}

extension Element {
  /// All values as text, decoded and without padding; nil when the value is neither text nor numbers.
  public var strings: [String]? { dataSet.strings(at: position) }

  /// `,"Value":[...]` or `,"InlineBinary":"..."`; nothing for no value.
  fileprivate var jsonValue: String {
    switch vr {
    case .OB, .OD, .OF, .OL, .OV, .OW, .UN:
      guard let bytes = encodedBytes, bytes.readableBytes > 0 else { return "" }
      return ",\"InlineBinary\":" + JSONText.base64(bytes.readableBytesView)
    default:
      let values = jsonValues
      return values.isEmpty ? "" : ",\"Value\":[" + values.joined(separator: ",") + "]"
    }
  }

  private var jsonValues: [String] {
    switch vr {
    case .FL, .FD: return dataSet.decimals(at: position).map(JSONText.number)
    case .US, .SS, .UL, .SL, .SV, .UV: return strings ?? []
    default: break
    }
    let strings = strings ?? []
    if strings.count == 1, strings[0].isEmpty { return [] }
    return strings.map { text in
      if text.isEmpty { return "null" }
      switch vr {
      case .PN: return Self.personName(text)
      case .DS, .IS: return JSONText.number(text) ?? JSONText.quoted(text)
      default: return JSONText.quoted(text)
      }
    }
  }

  private static func personName(_ text: String) -> String {
    let parts = zip(["Alphabetic", "Ideographic", "Phonetic"], PersonName(text).groups)
      .filter { !$0.1.isEmpty }.map { "\"\($0.0)\":\(JSONText.quoted($0.1))" }
    return "{" + parts.joined(separator: ",") + "}"
  }

  /// The value field in little endian; of encapsulated pixel data with its items, without the delimiter.
  var encodedBytes: ByteBuffer? {
    switch dataSet.content(at: position) {
    case .read(let record):
      guard !record.flags.isAbsent, record.form != .sequence else { return nil }
      // Fragments have headers, which are in the file's order of bytes.
      if record.form == .fragments, record.flags.contains(.bigEndian) { return Self.littleEndian(fragments ?? []) }
      let bytes = dataSet.source.slice(record.valueRange)
      return record.flags.contains(.bigEndian) && record.form == .value ? bytes.swapped(by: record.vr.unitSize) : bytes
    case .value(_, _, let bytes): return bytes
    case .fragments(_, _, let fragments): return Self.littleEndian(fragments)
    case .sequence: return nil
    }
  }

  private static func littleEndian(_ fragments: [ByteBuffer]) -> ByteBuffer {
    var bytes = ByteBuffer()
    for fragment in fragments {
      bytes.writeMultipleIntegers(
        Tag.item.group, Tag.item.element, UInt32(truncatingIfNeeded: fragment.readableBytes), endianness: .little)
      bytes.writeImmutableBuffer(fragment)
    }
    return bytes
  }
}
