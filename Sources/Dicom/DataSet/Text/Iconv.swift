#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The C library's character tables.
enum Iconv {
  /// Decodes bytes; one that is in no character becomes visible text, `\ooo`. Takes time in proportion to the bytes,
  /// whatever they are.
  ///
  /// - Parameter mask: what is taken from such a byte before it is shown.
  static func decode(_ bytes: [UInt8], from encoding: String, showing mask: UInt8 = 0xFF) -> String {
    guard let converter = Converter(from: encoding, to: "UTF-8") else {
      return bytes.map { Ascii.octal($0 & mask) }.joined()
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 2)
    bytes.withUnsafeBytes { input in
      var position = 0
      while position < input.count {
        position += converter.convert(UnsafeRawBufferPointer(rebasing: input[position...]), appendingTo: &result)
        if position < input.count {
          result += Ascii.octal(input[position] & mask).utf8
          position += 1
        }
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Decodes bytes, nil when one of them is in no character.
  static func decodeStrictly(_ bytes: [UInt8], from encoding: String) -> String? {
    convert(bytes, from: encoding, to: "UTF-8").map { String(decoding: $0, as: UTF8.self) }
  }

  /// Encodes text, nil when the encoding does not hold it.
  static func encode(_ text: some StringProtocol, in encoding: String) -> [UInt8]? {
    convert(Array(text.utf8), from: "UTF-8", to: encoding)
  }

  private static func convert(_ bytes: [UInt8], from source: String, to target: String) -> [UInt8]? {
    guard let converter = Converter(from: source, to: target) else { return nil }
    var result: [UInt8] = []
    let used = bytes.withUnsafeBytes { converter.convert($0, appendingTo: &result) }
    return used == bytes.count ? result : nil
  }
}

extension Iconv {
  /// Encodes one character after the other: opening a descriptor for each would cost more than all else.
  final class Encoder {
    private let converter: Converter

    /// Nil when the C library does not know the encoding.
    init?(_ encoding: String) {
      guard let converter = Converter(from: "UTF-8", to: encoding) else { return nil }
      self.converter = converter
    }

    func encode(_ scalar: Unicode.Scalar) -> [UInt8]? {
      let bytes = Array(String(scalar).utf8)
      var result: [UInt8] = []
      let used = bytes.withUnsafeBytes { converter.convert($0, appendingTo: &result) }
      return used == bytes.count ? result : nil
    }
  }
}

/// A conversion descriptor of `iconv`, closed when it is no longer needed.
private struct Converter: ~Copyable {
  private let descriptor: iconv_t

  /// Nil when the C library does not know one of the encodings.
  init?(from source: String, to target: String) {
    guard let descriptor = iconv_open(target, source), Int(bitPattern: descriptor) != -1 else { return nil }
    self.descriptor = descriptor
  }

  deinit { iconv_close(descriptor) }

  /// Converts up to the first byte that cannot be, and returns how many bytes that were.
  func convert(_ input: UnsafeRawBufferPointer, appendingTo result: inout [UInt8]) -> Int {
    // iconv does not write to its input; its declaration does not say so.
    var from = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
    var left = input.count
    var isFull = true
    while isFull, left > 0 {
      isFull = withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { output in
        var to = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        var room = output.count
        let status = iconv(descriptor, &from, &left, &to, &room)
        let isFull = status == -1 && errno == E2BIG
        result.append(contentsOf: output.prefix(output.count - room))
        return isFull
      }
    }
    return input.count - left
  }
}
