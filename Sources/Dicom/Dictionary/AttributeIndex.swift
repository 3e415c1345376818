/// Binary searches in the generated attribute table.
enum AttributeIndex {
  private static let lineLength = 17
  private static let keywordLineLength = 5
  private static let texts = StaticTable(AttributeTable.text)

  /// The number of the line of a tag. A line begins with the tag's eight digits, which compare as one integer.
  static func line(of tag: Tag) -> Int? {
    let wanted = asciiDigits(tag.rawValue)
    let start = UnsafeRawPointer(AttributeTable.index.utf8Start)
    var low = 0
    var high = AttributeTable.count
    while low < high {
      let middle = (low + high) / 2
      let found = UInt64(bigEndian: start.loadUnaligned(fromByteOffset: middle * lineLength, as: UInt64.self))
      if found == wanted { return middle }
      if found < wanted { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The VR column for a tag, without building a string: this is asked for each element of an Implicit VR data set.
  static func vr(of tag: Tag) -> VRChoice? {
    guard let line = line(of: tag) else { return RepeatingAttributes.vr(of: tag) }
    let start = AttributeTable.index.utf8Start + line * lineLength
    return VRChoice(start[8], start[9])
  }

  static func tag(line: Int) -> Tag {
    Tag(rawValue: UInt32(hexadecimal(at: line * lineLength, count: 8, in: AttributeTable.index)))
  }

  static func description(line: Int) -> AttributeDescription {
    let start = AttributeTable.index.utf8Start + line * lineLength
    let choice = VRChoice(start[8], start[9])
    let fields = texts.line(at: textOffset(line: line))
    return AttributeDescription(
      keyword: fields[0], name: fields[3], vr: choice.vr, vrText: choice.text, vm: fields[1],
      isRetired: fields[2] == "R")
  }

  static func keyword(line: Int) -> String {
    String(decoding: texts.firstField(at: textOffset(line: line)), as: UTF8.self)
  }

  /// The keyword of a tag where it lies; nil for a tag without one, or one of a repeating group.
  static func keywordBytes(of tag: Tag) -> UnsafeBufferPointer<UInt8>? {
    guard let line = line(of: tag) else { return nil }
    let keyword = texts.firstField(at: textOffset(line: line))
    return keyword.isEmpty ? nil : keyword
  }

  static func tag(keyword: String) -> Tag? {
    let wanted = keyword.utf8.map(Ascii.lowercased)
    var low = 0
    var high = AttributeTable.keywordCount
    while low < high {
      let middle = (low + high) / 2
      let line = hexadecimal(at: middle * keywordLineLength, count: 4, in: AttributeTable.keywords)
      let found = texts.firstField(at: textOffset(line: line)).lazy.map(Ascii.lowercased)
      if found.elementsEqual(wanted) { return tag(line: line) }
      if found.lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private static func textOffset(line: Int) -> Int {
    hexadecimal(at: line * lineLength + 10, count: 6, in: AttributeTable.index)
  }

  private static func hexadecimal(at offset: Int, count: Int, in table: StaticString) -> Int {
    var value = 0
    for position in offset..<offset + count {
      value = value << 4 | Int(Ascii.hexadecimalValue(table.utf8Start[position]) ?? 0)
    }
    return value
  }

  /// The eight upper-case hexadecimal digits of a number, packed with the first in the highest byte.
  private static func asciiDigits(_ value: UInt32) -> UInt64 {
    var spread = UInt64(value)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // Digits above 9 need 7 more to reach the letters: adding 6 carries them into bit 4.
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 7
  }
}

/// Attributes whose group or element number is a range, "60xx3000" (PS3.5 §7.6).
enum RepeatingAttributes {
  static func vr(of tag: Tag) -> VRChoice? { fields(of: tag).map { VRChoice(code: $0[1]) } }

  static func description(of tag: Tag) -> AttributeDescription? {
    guard let fields = fields(of: tag) else { return nil }
    let choice = VRChoice(code: fields[1])
    return AttributeDescription(
      keyword: fields[2], name: fields[5], vr: choice.vr, vrText: choice.text, vm: fields[3],
      isRetired: fields[4] == "R")
  }

  private static func fields(of tag: Tag) -> [String]? {
    switch tag.group {
    case 0x0020, 0x0028, 0x1000, 0x1010: break
    case let group where group & 1 == 0 && [0x50, 0x60, 0x7F].contains(group >> 8): break
    default: return nil
    }
    let text = AttributeTable.repeating
    let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    let digits = Array(tag.hexadecimal.utf8)
    for line in bytes.split(separator: Ascii.lineFeed) {
      let matches = zip(line.prefix(8), digits).allSatisfy { $0 == UInt8(ascii: "x") || $0 == $1 }
      if matches {
        return line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
          .map { String(decoding: $0, as: UTF8.self) }
      }
    }
    return nil
  }
}
