#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The C library's character tables.
enum Iconv {
  /// Decodes bytes; one that is in no character becomes visible text, `\ooo`.
  ///
  /// - Parameter mask: what is taken from such a byte before it is shown.
  static func decode(_ bytes: [UInt8], from encoding: String, showing mask: UInt8 = 0xFF) -> String {
    var result = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let (converted, used) = convert(rest, from: encoding, to: "UTF-8") else {
        return result + rest.map { Ascii.octal($0 & mask) }.joined()
      }
      result += String(decoding: converted, as: UTF8.self)
      rest = rest.dropFirst(used)
      if let byte = rest.popFirst() { result += Ascii.octal(byte & mask) }
    }
    return result
  }

  /// Decodes bytes, nil when one of them is in no character.
  static func decodeStrictly(_ bytes: [UInt8], from encoding: String) -> String? {
    guard let (converted, used) = convert(bytes[...], from: encoding, to: "UTF-8"), used == bytes.count else {
      return nil
    }
    return String(decoding: converted, as: UTF8.self)
  }

  /// Encodes text, nil when the encoding does not hold it.
  static func encode(_ text: some StringProtocol, in encoding: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard let (converted, used) = convert(bytes[...], from: "UTF-8", to: encoding), used == bytes.count else {
      return nil
    }
    return converted
  }

  /// Converts up to the first byte that cannot be; nil when the C library does not know one of the encodings.
  private static func convert(
    _ input: ArraySlice<UInt8>, from source: String, to target: String
  ) -> (output: [UInt8], used: Int)? {
    guard let descriptor = iconv_open(target, source), Int(bitPattern: descriptor) != -1 else { return nil }
    defer { iconv_close(descriptor) }
    var used = 0
    // No supported encoding makes more than four bytes of one, plus the escape sequences none of them has.
    let capacity = input.count * 4 + 16
    var source = Array(input)
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      source.withUnsafeMutableBytes { input in
        var from = input.baseAddress?.assumingMemoryBound(to: CChar.self)
        var fromLeft = input.count
        var to = output.baseAddress.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self) }
        var toLeft = capacity
        _ = iconv(descriptor, &from, &fromLeft, &to, &toLeft)
        used = input.count - fromLeft
        count = capacity - toLeft
      }
    }
    return (output, used)
  }
}
