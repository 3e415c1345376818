/// A table that lies in the program's read-only memory: lines sorted by their key, fields separated by tabs.
///
/// The key is the text up to a given tab. Nothing is built before a search; a search touches about a dozen lines.
struct StaticTable: Sendable {
  private let text: StaticString
  /// How many leading fields make up the key.
  private let keyFields: Int

  init(_ text: StaticString, keyFields: Int = 1) {
    self.text = text
    self.keyFields = keyFields
  }

  private var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// The fields after the key of the line with this key.
  func find(_ key: String) -> [String]? {
    var key = key
    return key.withUTF8 { key in
      let bytes = self.bytes
      var low = 0
      var high = bytes.count
      while low < high {
        let start = lineStart(before: low + (high - low) / 2, notBefore: low)
        let end = lineEnd(from: start)
        switch compare(key, lineAt: start) {
        case 0: return Self.fields(bytes[start..<end], droppingFirst: keyFields)
        case let order where order < 0: high = start
        default: low = end + 1
        }
      }
      return nil
    }
  }

  /// The fields of the line that begins at an offset.
  func line(at offset: Int) -> [String] {
    Self.fields(bytes[offset..<lineEnd(from: offset)], droppingFirst: 0)
  }

  /// Every line, for the few who want them all.
  var lines: [[String]] {
    var lines: [[String]] = []
    var start = 0
    while start < bytes.count {
      lines.append(line(at: start))
      start = lineEnd(from: start) + 1
    }
    return lines
  }

  /// The first field of the line that begins at an offset.
  func firstField(at offset: Int) -> UnsafeBufferPointer<UInt8> {
    var end = offset
    while end < bytes.count, bytes[end] != Ascii.tab { end += 1 }
    return UnsafeBufferPointer(rebasing: bytes[offset..<end])
  }

  private func lineStart(before position: Int, notBefore low: Int) -> Int {
    var start = position
    while start > low, bytes[start - 1] != Ascii.lineFeed { start -= 1 }
    return start
  }

  private func lineEnd(from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] != Ascii.lineFeed { end += 1 }
    return end
  }

  /// Negative when the key sorts before the line's key, positive when after.
  private func compare(_ key: UnsafeBufferPointer<UInt8>, lineAt start: Int) -> Int {
    var position = start
    var fieldsLeft = keyFields
    for byte in key {
      let other = bytes[position]
      if other == Ascii.tab { fieldsLeft -= 1 }
      if fieldsLeft == 0 || other == Ascii.lineFeed { return 1 }
      if byte != other { return Int(byte) - Int(other) }
      position += 1
    }
    return bytes[position] == Ascii.tab && fieldsLeft == 1 ? 0 : -1
  }

  private static func fields(_ line: Slice<UnsafeBufferPointer<UInt8>>, droppingFirst count: Int) -> [String] {
    line.split(separator: Ascii.tab, omittingEmptySubsequences: false).dropFirst(count)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
