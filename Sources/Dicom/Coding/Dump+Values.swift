import NIOCore

extension Dump {
  /// A value on one line: text in brackets, numbers separated by backslashes, bytes in hexadecimal, a UID with its name.
  static func value(_ element: Element, _ width: Int?) -> String {
    if element.isLeftInFile { return "(not read)" }
    if let uri = element.bulkDataURI { return shortened("at " + VisibleText.of(uri), width) }
    if let fragments = element.fragments {
      let bytes = fragments.dropFirst().reduce(0) { $0 + $1.readableBytes }
      return "(\(max(0, fragments.count - 1)) fragments, \(bytes) bytes)"
    }
    if element.isEmpty { return "" }
    switch element.vr {
    case .OB, .OD, .OF, .OL, .OV, .OW:
      return bytes(element, width)
    case .UI:
      let uids = element.strings ?? []
      let name = uids.count == 1 ? UID(uids[0]).name : nil
      return shortened("[" + VisibleText.of(uids.joined(separator: "\\")) + "]", width)
        + (name.map { " = " + $0 } ?? "")
    case let vr:
      guard let strings = element.strings else { return bytes(element, width) }
      let text = VisibleText.of(strings.joined(separator: "\\"))
      return shortened(vr.isText || vr == .UN ? "[\(text)]" : text, width)
    }
  }

  private static func bytes(_ element: Element, _ width: Int?) -> String {
    guard let bytes = element.encodedBytes else { return "" }
    let digits = 2 * min(element.vr.unitSize, 2)
    let units = bytes.readableBytes / (digits / 2)
    let shown = width.map { min(units, $0 / (digits + 1)) } ?? units
    let words = (0..<shown).compactMap { index -> String? in
      if digits == 2 {
        return bytes.getInteger(at: index, as: UInt8.self).map { Ascii.hexadecimal(UInt32($0), digits: 2) }
      }
      return bytes.getInteger(at: index * 2, endianness: .little, as: UInt16.self)
        .map { Ascii.hexadecimal(UInt32($0), digits: 4) }
    }
    return words.joined(separator: " ") + (shown < units ? " …" : "")
  }

  private static func shortened(_ text: String, _ width: Int?) -> String {
    guard let width, text.count > width else { return text }
    return text.prefix(max(1, width - 1)) + "…"
  }
}
