/// Bytes with a meaning in DICOM's text, by name.
enum Ascii {
  static let null: UInt8 = 0x00
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let formFeed: UInt8 = 0x0C
  static let carriageReturn: UInt8 = 0x0D
  static let escape: UInt8 = 0x1B
  static let space: UInt8 = 0x20
  static let backslash: UInt8 = 0x5C
  static let caret: UInt8 = 0x5E
  static let equals: UInt8 = 0x3D
  static let period: UInt8 = 0x2E
  static let digitZero: UInt8 = 0x30
  static let digitNine: UInt8 = 0x39

  static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private static let digits: [UInt8] = Array("0123456789ABCDEF".utf8)

  /// The number in upper-case hexadecimal digits, padded with zeros.
  static func hexadecimal(_ value: UInt32, digits count: Int) -> String {
    String(unsafeUninitializedCapacity: count) { buffer in
      for position in 0..<count {
        let shift = UInt32(4 * (count - 1 - position))
        buffer[position] = digits[Int(value >> shift & 0xF)]
      }
      return count
    }
  }

  /// An undecodable byte or a control character made visible: `\033`.
  static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
