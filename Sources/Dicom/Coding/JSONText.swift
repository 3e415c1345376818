/// Pieces of JSON (RFC 8259).
public enum JSONText {
  /// A string in quotes. Control characters are escaped, the C1 ones too: JSON is printed on terminals.
  public static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy {
      (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != Ascii.backslash
    }
    if isPlain { return "\"\(text)\"" }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{00}"..<"\u{20}", "\u{7F}"..."\u{9F}":
        result += "\\u" + Ascii.hexadecimal(scalar.value, digits: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A decimal string (DS, IS) as a number with the same digits; nil when it is none.
  static func number(_ text: String) -> String? {
    var rest = text.utf8[...]
    var result = ""
    if rest.first == UInt8(ascii: "-") { result = "-" }
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
    let whole = rest.prefix { isDigit($0) }
    rest = rest.dropFirst(whole.count)
    var fraction = rest.prefix(0)
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix { isDigit($0) }
      rest = rest.dropFirst(fraction.count + 1)
      if fraction.isEmpty && whole.isEmpty { return nil }
    } else if whole.isEmpty {
      return nil
    }
    let significant = whole.drop { $0 == UInt8(ascii: "0") }
    result += significant.isEmpty ? "0" : String(Substring(significant))
    if !fraction.isEmpty { result += "." + String(Substring(fraction)) }
    guard let mark = rest.first else { return result }
    guard mark | 0x20 == UInt8(ascii: "e") else { return nil }
    let exponent = rest.dropFirst()
    let digits =
      exponent.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } == true
      ? exponent.dropFirst() : exponent
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
    return result + "e" + String(Substring(exponent))
  }

  /// A binary floating point number; what is no number is a string (PS3.18 §F.2.3).
  static func number(_ value: Double) -> String {
    if value.isNaN { return "\"NaN\"" }
    if value.isInfinite { return value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
    return value.description
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Bytes in base 64, in quotes.
  static func base64(_ bytes: some Collection<UInt8>) -> String {
    "\"" + String(decoding: Base64.encode(bytes), as: UTF8.self) + "\""
  }
}
