import NIOCore

extension DataSet {
  /// Plain JSON, for scripts: one object with keywords as keys. A string for one value, an array of strings for several, an
  /// array of objects for a sequence, null for no value. Unknown tags are eight hexadecimal digits; bytes are in base 64.
  public func keywordJSON() -> String {
    var json: [UInt8] = []
    appendKeywordJSON(to: &json)
    return String(decoding: json, as: UTF8.self)
  }

  /// Appends ``keywordJSON()`` in UTF-8.
  public func appendKeywordJSON(to json: inout [UInt8]) { KeywordJSON().append(self, to: &json) }
}

private struct KeywordJSON: JSONStyle {
  static let sequence = (opening: "[", closing: "]")

  func leavesOut(_ element: Element) -> Bool { false }

  func appendName(of element: Element, to json: inout [UInt8]) {
    json.append(UInt8(ascii: "\""))
    if let keyword = AttributeIndex.keywordBytes(of: element.tag) {
      json.append(contentsOf: keyword)
    } else {
      json.append(contentsOf: (element.keyword ?? element.tag.hexadecimal).utf8)
    }
    json.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
  }

  func appendValue(of element: Element, to json: inout [UInt8]) {
    let isDone = element.dataSet.withValue(at: element.position) { $0.appendPlainText(to: &json) } ?? false
    if !isDone { json.append(contentsOf: element.plainJSON.utf8) }
  }
}

extension Element {
  fileprivate var plainJSON: String {
    guard let strings else {
      guard let bytes = encodedBytes, bytes.readableBytes > 0 else { return "null" }
      return JSONText.base64(bytes.readableBytesView)
    }
    let isNothing = strings.allSatisfy(\.isEmpty)
    if isNothing && strings.count <= 1 { return "null" }
    let values = strings.map(JSONText.quoted)
    return values.count == 1 ? values[0] : "[" + values.joined(separator: ",") + "]"
  }
}

extension RawValue {
  /// Appends text that is the same in every character set and needs no escaping, as most is; else appends nothing.
  fileprivate func appendPlainText(to json: inout [UInt8]) -> Bool {
    guard vr.isText || vr == .UI else { return false }
    let text = bytes.trimmed(leading: false)
    let isSplit = vr.isMultiValuedText || vr == .UI
    var hasSeveral = false
    for byte in text {
      switch byte {
      case Ascii.backslash where isSplit: hasSeveral = true
      // JIS X 0201 has other characters in the places of backslash and tilde.
      case Ascii.backslash, UInt8(ascii: "\""), 0..<Ascii.space, 0x7E...: return false
      default: break
      }
    }
    guard hasSeveral else {
      Self.append(text.trimmed(leading: !vr.keepsLeadingSpaces), to: &json)
      return true
    }
    json.append(UInt8(ascii: "["))
    var isFirst = true
    for value in text.split(separator: Ascii.backslash, omittingEmptySubsequences: false) {
      if !isFirst { json.append(UInt8(ascii: ",")) }
      isFirst = false
      let value = UnsafeRawBufferPointer(rebasing: value).trimmed(leading: !vr.keepsLeadingSpaces)
      json.append(UInt8(ascii: "\""))
      json.append(contentsOf: value)
      json.append(UInt8(ascii: "\""))
    }
    json.append(UInt8(ascii: "]"))
    return true
  }

  private static func append(_ value: UnsafeRawBufferPointer, to json: inout [UInt8]) {
    guard !value.isEmpty else { return json.append(contentsOf: "null".utf8) }
    json.append(UInt8(ascii: "\""))
    json.append(contentsOf: value)
    json.append(UInt8(ascii: "\""))
  }
}
