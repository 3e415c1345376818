/// Why a text is not JSON, or not DICOM's model in JSON.
public struct DicomJSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// In bytes from the beginning of the text.
  public let offset: Int
  public let reason: String

  public var description: String { "The DICOM JSON makes no sense at byte \(offset): \(reason)." }
}

/// JSON (RFC 8259) taken apart into a flat list of tokens: nesting costs no stack, and a value can be passed over at once.
struct JSONTape {
  enum Kind: UInt8 {
    case object, array, string, number, literalTrue, literalFalse, null
  }

  struct Token {
    var kind: Kind
    /// Whether a string holds escapes.
    var hasEscapes = false
    /// Where it lies in the text: of a string without its quotes.
    var start: Int
    var end: Int
    /// The number of the token behind this one and everything inside it.
    var next: Int
  }

  let text: [UInt8]
  private(set) var tokens: [Token] = []

  init(_ text: [UInt8]) throws(DicomJSONError) {
    self.text = text
    guard text.withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) }) != nil else {
      throw DicomJSONError(offset: 0, reason: "the text is not UTF-8")
    }
    try parse()
  }

  /// The text of a string, escapes resolved.
  func string(_ token: Token) throws(DicomJSONError) -> String {
    guard token.hasEscapes else { return String(decoding: text[token.start..<token.end], as: UTF8.self) }
    var result: [UInt8] = []
    var position = token.start
    while position < token.end {
      let byte = text[position]
      position += 1
      guard byte == Ascii.backslash else {
        result.append(byte)
        continue
      }
      let letter = text[position]
      position += 1
      switch letter {
      case UInt8(ascii: "n"): result.append(Ascii.lineFeed)
      case UInt8(ascii: "r"): result.append(Ascii.carriageReturn)
      case UInt8(ascii: "t"): result.append(Ascii.tab)
      case UInt8(ascii: "f"): result.append(Ascii.formFeed)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "u"): result += try scalar(&position, end: token.end)
      default: result.append(letter)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The scalar of `\uXXXX`, or of a surrogate pair of two such.
  private func scalar(_ position: inout Int, end: Int) throws(DicomJSONError) -> [UInt8] {
    let start = position - 2
    var value = hexadecimal(&position)
    if (0xD800...0xDBFF).contains(value), position + 6 <= end, text[position] == Ascii.backslash,
      text[position + 1] == UInt8(ascii: "u")
    {
      var second = position + 2
      let low = hexadecimal(&second)
      if (0xDC00...0xDFFF).contains(low) {
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        position = second
      }
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw DicomJSONError(offset: start, reason: "half of a surrogate pair")
    }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  /// Four digits, which the first pass has seen.
  private func hexadecimal(_ position: inout Int) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      value = value << 4 | UInt32(Ascii.hexadecimalValue(text[position]) ?? 0)
      position += 1
    }
    return value
  }

  // MARK: - The first pass

  private mutating func parse() throws(DicomJSONError) {
    var position = 0
    /// The numbers of the objects and arrays that are open.
    var open: [Int] = []
    skipSpace(&position)
    while true {
      // A value.
      let isContainer = try parseValue(&position)
      if isContainer {
        open.append(tokens.count - 1)
        skipSpace(&position)
        if peek(position) != Self.closer(tokens[tokens.count - 1].kind) {
          try parseKey(&position, in: tokens[tokens.count - 1].kind)
          continue
        }
      }
      // What follows it: the end of containers, or a comma and the next value.
      var isAtValue = false
      while !isAtValue {
        skipSpace(&position)
        guard let container = open.last else {
          guard position == text.count else { throw DicomJSONError(offset: position, reason: "text behind the end") }
          return
        }
        let kind = tokens[container].kind
        switch peek(position) {
        case Self.closer(kind):
          position += 1
          tokens[container].end = position
          tokens[container].next = tokens.count
          open.removeLast()
        case UInt8(ascii: ","):
          position += 1
          skipSpace(&position)
          try parseKey(&position, in: kind)
          isAtValue = true
        default: throw unexpected(position)
        }
      }
    }
  }

  /// A member's name and colon, when the container is an object.
  private mutating func parseKey(_ position: inout Int, in kind: Kind) throws(DicomJSONError) {
    guard kind == .object else { return }
    guard peek(position) == UInt8(ascii: "\"") else { throw unexpected(position) }
    try parseString(&position)
    skipSpace(&position)
    guard peek(position) == UInt8(ascii: ":") else { throw unexpected(position) }
    position += 1
    skipSpace(&position)
  }

  /// Whether it is an object or an array, of which only the beginning has been read.
  private mutating func parseValue(_ position: inout Int) throws(DicomJSONError) -> Bool {
    switch peek(position) {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let kind: Kind = text[position] == UInt8(ascii: "{") ? .object : .array
      tokens.append(Token(kind: kind, start: position, end: position, next: 0))
      position += 1
      return true
    case UInt8(ascii: "\""): try parseString(&position)
    case UInt8(ascii: "t"): try parse("true", .literalTrue, &position)
    case UInt8(ascii: "f"): try parse("false", .literalFalse, &position)
    case UInt8(ascii: "n"): try parse("null", .null, &position)
    default: try parseNumber(&position)
    }
    return false
  }

  private mutating func parseString(_ position: inout Int) throws(DicomJSONError) {
    position += 1
    let start = position
    var hasEscapes = false
    while let byte = peek(position), byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw DicomJSONError(offset: position, reason: "a control character in a string") }
      position += 1
      guard byte == Ascii.backslash else { continue }
      hasEscapes = true
      switch peek(position) {
      case UInt8(ascii: "u"):
        guard position + 5 <= text.count,
          text[position + 1..<position + 5].allSatisfy({ Ascii.hexadecimalValue($0) != nil })
        else { throw unexpected(position) }
        position += 5
      case let letter? where "\"\\/bfnrt".utf8.contains(letter): position += 1
      default: throw unexpected(position)
      }
    }
    guard position < text.count else { throw DicomJSONError(offset: start, reason: "a string without its end") }
    append(.string, start, position, hasEscapes: hasEscapes)
    position += 1
  }

  private mutating func parseNumber(_ position: inout Int) throws(DicomJSONError) {
    let start = position
    while let byte = peek(position), "+-.0123456789eE".utf8.contains(byte) { position += 1 }
    let number = String(decoding: text[start..<position], as: UTF8.self)
    let digits = number.utf8.drop { $0 == UInt8(ascii: "-") }
    let hasLeadingZero = digits.first == 0x30 && digits.dropFirst().first.map { (0x30...0x39).contains($0) } == true
    let isNumber =
      digits.first.map { (0x30...0x39).contains($0) } == true && !number.contains(".e")
      && number.last != "." && JSONText.number(number) != nil && !hasLeadingZero && !number.contains(".E")
    guard isNumber else { throw unexpected(start) }
    append(.number, start, position)
  }

  private mutating func parse(_ literal: StaticString, _ kind: Kind, _ position: inout Int) throws(DicomJSONError) {
    let count = literal.utf8CodeUnitCount
    let expected = UnsafeBufferPointer(start: literal.utf8Start, count: count)
    guard text[position...].prefix(count).elementsEqual(expected) else { throw unexpected(position) }
    append(kind, position, position + count)
    position += count
  }

  private mutating func append(_ kind: Kind, _ start: Int, _ end: Int, hasEscapes: Bool = false) {
    tokens.append(Token(kind: kind, hasEscapes: hasEscapes, start: start, end: end, next: tokens.count + 1))
  }

  private func peek(_ position: Int) -> UInt8? { position < text.count ? text[position] : nil }

  private func skipSpace(_ position: inout Int) {
    while let byte = peek(position), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private func unexpected(_ position: Int) -> DicomJSONError {
    DicomJSONError(offset: position, reason: position < text.count ? "not what JSON has here" : "the text ends")
  }

  private static func closer(_ kind: Kind) -> UInt8 { kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
}

// MARK: - Looking things up

extension JSONTape {
  /// The value of an object's member, the last where a name occurs twice.
  func member(_ name: String, of object: Int) throws -> Int? {
    guard tokens[object].kind == .object else { return nil }
    var found: Int?
    var key = object + 1
    while key < tokens[object].next {
      if try string(tokens[key]) == name { found = key + 1 }
      key = tokens[key + 1].next
    }
    return found
  }

  /// The values of an array; none of anything else.
  func children(of array: Int) -> [Int] {
    guard tokens[array].kind == .array else { return [] }
    var numbers: [Int] = []
    var number = array + 1
    while number < tokens[array].next {
      numbers.append(number)
      number = tokens[number].next
    }
    return numbers
  }

  func error(_ number: Int, _ reason: String) -> DicomJSONError {
    DicomJSONError(offset: tokens[number].start, reason: reason)
  }
}
