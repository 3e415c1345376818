/// Bytes as text (RFC 4648 §4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count / 3 * 4 + 4)
    var group: UInt32 = 0
    var held = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      held += 1
      if held == 3 {
        for shift in stride(from: UInt32(18), through: 0, by: -6) { result.append(alphabet[Int(group >> shift & 63)]) }
        (group, held) = (0, 0)
      }
    }
    if held > 0 {
      group <<= UInt32(8 * (3 - held))
      for index in 0...held { result.append(alphabet[Int(group >> UInt32(18 - 6 * index) & 63)]) }
      for _ in held..<3 { result.append(padding) }
    }
    return result
  }

  /// Nil for text that is no base 64, or not padded to a multiple of four.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let digits = text.prefix(text.count - text.suffix(2).count { $0 == padding })
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    var held = 0
    for byte in digits {
      guard let value = value(of: byte) else { return nil }
      group = group << 6 | value
      held += 6
      if held >= 8 {
        held -= 8
        result.append(UInt8(truncatingIfNeeded: group >> UInt32(held)))
      }
    }
    return result
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case 0x41...0x5A: UInt32(byte) - 0x41
    case 0x61...0x7A: UInt32(byte) - 0x61 + 26
    case 0x30...0x39: UInt32(byte) - 0x30 + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
