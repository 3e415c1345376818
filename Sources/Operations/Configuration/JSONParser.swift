/// JSON with `//` and `/* */` comments, trailing commas and `${VAR}`, `${VAR:-default}` from an environment,
/// as Orthanc's configuration files are written.
///
/// A variable inside a string is taken as text, whatever it contains; one that stands where a value is
/// expected is read as the value it spells (`4242`, `true`, `{...}`; anything else is a string).
struct JSONParser {
  private let scalars: [Unicode.Scalar]
  private let environment: [String: String]
  private var index = 0
  private var position = TextPosition(line: 1, column: 1)
  /// Deep enough for any configuration, shallow enough for any stack.
  private static let maximumDepth = 64

  static func parse(_ bytes: [UInt8], environment: [String: String]) throws(JSONSyntaxError) -> JSONNode {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw JSONSyntaxError(
        position: positionOfInvalidUTF8(in: bytes), message: "expected UTF-8 text, found a byte that is not")
    }
    var parser = JSONParser(text, environment: environment)
    return try parser.document()
  }

  private init(_ text: String, environment: [String: String]) {
    scalars = Array(text.unicodeScalars)
    self.environment = environment
    if scalars.first == "\u{FEFF}" { index = 1 }
  }

  private static func positionOfInvalidUTF8(in bytes: [UInt8]) -> TextPosition {
    var position = TextPosition(line: 1, column: 1)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      position.advance(over: scalar)
    }
    return position
  }

  private mutating func document() throws(JSONSyntaxError) -> JSONNode {
    try skipSpace()
    guard current != nil else { throw failure(expected: "a value, such as { ... }") }
    let node = try value(depth: 0, expected: "a value, such as { ... }")
    try skipSpace()
    guard current == nil else { throw failure(expected: "the end of the file") }
    return node
  }

  // MARK: Values

  private mutating func value(depth: Int, expected: String) throws(JSONSyntaxError) -> JSONNode {
    guard depth < Self.maximumDepth else {
      throw JSONSyntaxError(position: position, message: "more than \(Self.maximumDepth) values inside one another")
    }
    let start = position
    switch current {
    case "{": return JSONNode(value: .object(try members(depth: depth)), position: start)
    case "[": return JSONNode(value: .array(try elements(depth: depth)), position: start)
    case "\"": return try string()
    case "$" where next == "{": return try variable(depth: depth)
    default: break
    }
    var word = ""
    var ahead = self
    while let scalar = ahead.current, scalar.properties.isAlphabetic || "+-.0123456789_".unicodeScalars.contains(scalar)
    {
      word.unicodeScalars.append(scalar)
      ahead.advance()
    }
    guard let value = Self.scalarValue(word) else { throw failure(expected: expected) }
    self = ahead
    return JSONNode(value: value, position: start)
  }

  private static func scalarValue(_ word: String) -> JSONNode.Value? {
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default:
      guard let first = word.first, first == "-" || first.isASCII && first.isNumber, Double(word) != nil,
        word.allSatisfy({ "+-.0123456789eE".contains($0) })
      else { return nil }
      return .number(word)
    }
  }

  private mutating func members(depth: Int) throws(JSONSyntaxError) -> [JSONMember] {
    advance()
    var members: [JSONMember] = []
    var seen: [String: TextPosition] = [:]
    while true {
      try skipSpace()
      if current == "}" { break }
      guard current == "\"" else { throw failure(expected: "a name in double quotes, or }") }
      let keyPosition = position
      guard case .string(let key) = try string().value else { throw failure(expected: "a name") }
      if let first = seen.updateValue(keyPosition, forKey: key) {
        throw JSONSyntaxError(
          position: keyPosition, message: "\"\(key)\" is given twice, first in line \(first.line)")
      }
      try skipSpace()
      guard current == ":" else { throw failure(expected: "\":\" after \"\(key)\"") }
      advance()
      try skipSpace()
      let node = try value(depth: depth + 1, expected: "a value for \"\(key)\"")
      members.append(JSONMember(key: key, keyPosition: keyPosition, node: node))
      try skipSpace()
      if current == "," {
        advance()
      } else if current != "}" {
        throw failure(expected: "\",\" or \"}\" after the value of \"\(key)\"")
      }
    }
    advance()
    return members
  }

  private mutating func elements(depth: Int) throws(JSONSyntaxError) -> [JSONNode] {
    advance()
    var elements: [JSONNode] = []
    while true {
      try skipSpace()
      if current == "]" { break }
      elements.append(try value(depth: depth + 1, expected: "a value, or ]"))
      try skipSpace()
      if current == "," {
        advance()
      } else if current != "]" {
        throw failure(expected: "\",\" or \"]\" after the value")
      }
    }
    advance()
    return elements
  }

  // MARK: Strings

  private mutating func string() throws(JSONSyntaxError) -> JSONNode {
    var node = JSONNode(value: .null, position: position)
    advance()
    var text = ""
    while true {
      switch current {
      case nil: throw failure(expected: "\" to end the text that begins at \(node.position)")
      case "\"":
        advance()
        node.value = .string(text)
        return node
      case "\\":
        text.unicodeScalars.append(try escape())
      case "$":
        if let variable = variableAhead() {
          node.isSubstituted = true
          if let value = variable.value { text += value } else { node.unsetVariable = variable.name }
          advance(variable.length)
        } else {
          text.append("$")
          advance()
        }
      case let scalar? where scalar.value < 0x20:
        throw failure(expected: "\" to end the text that begins at \(node.position)")
      case let scalar?:
        text.unicodeScalars.append(scalar)
        advance()
      }
    }
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    advance()
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
    ]
    if let letter = current, let scalar = simple[letter] {
      advance()
      return scalar
    }
    guard current == "u" else { throw failure(expected: "one of \" \\ / b f n r t u after a backslash") }
    advance()
    let first = try hexadecimal()
    guard (0xD800..<0xDC00).contains(first) else {
      guard let scalar = Unicode.Scalar(first) else { throw failure(expected: "a pair of surrogates, high one first") }
      return scalar
    }
    guard current == "\\", next == "u" else { throw failure(expected: "\\u with the low surrogate") }
    advance(2)
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure(expected: "the low surrogate of a pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = current.flatMap({ Character($0).hexDigitValue }) else {
        throw failure(expected: "four hexadecimal digits after \\u")
      }
      value = value << 4 | UInt32(digit)
      advance()
    }
    return value
  }

  // MARK: Variables

  private func variableAhead() -> (name: String, value: String?, length: Int)? {
    guard current == "$", next == "{", let end = matchingBrace() else { return nil }
    var inner = String.UnicodeScalarView()
    inner.append(contentsOf: scalars[(index + 2)..<end])
    let text = String(inner)
    guard !text.isEmpty else { return nil }
    let length = end - index + 1
    guard let separator = text.firstRange(of: ":-") else { return (text, environment[text], length) }
    let name = String(text[..<separator.lowerBound])
    // As in a shell, `:-` also replaces a variable that is set but empty.
    let value = environment[name].flatMap { $0.isEmpty ? nil : $0 } ?? String(text[separator.upperBound...])
    return (name, value, length)
  }

  /// Where `${` ends, in the same line; a default may itself contain braces, as in `${MODALITIES:-{}}`.
  private func matchingBrace() -> Int? {
    var depth = 0
    for position in scalars[index...].indices.dropFirst() {
      switch scalars[position] {
      case "{": depth += 1
      case "}": depth -= 1
      case "\n": return nil
      default: break
      }
      if depth == 0 { return position }
    }
    return nil
  }

  private mutating func variable(depth: Int) throws(JSONSyntaxError) -> JSONNode {
    guard let variable = variableAhead() else {
      throw failure(expected: "a variable such as ${NAME} or ${NAME:-default}")
    }
    var node = JSONNode(value: .null, position: position, isSubstituted: true)
    defer { advance(variable.length) }
    guard let text = variable.value else {
      node.unsetVariable = variable.name
      return node
    }
    if let value = Self.scalarValue(text) {
      node.value = value
    } else if let first = text.first, "{[\"".contains(first) {
      var inner = JSONParser(text, environment: [:])
      do {
        node.value = try inner.document().value
      } catch {
        throw JSONSyntaxError(
          position: position, message: "in the value of ${\(variable.name)}, at \(error.position): \(error.message)")
      }
    } else {
      node.value = .string(text)
    }
    return node
  }

  // MARK: Scanning

  private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  private var next: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count {
      guard let scalar = current else { return }
      index += 1
      position.advance(over: scalar)
    }
  }

  private mutating func skipSpace() throws(JSONSyntaxError) {
    while let scalar = current {
      if scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r" {
        advance()
      } else if scalar == "/", next == "/" {
        while current != nil, current != "\n" { advance() }
      } else if scalar == "/", next == "*" {
        let start = position
        advance(2)
        while current != nil, !(current == "*" && next == "/") { advance() }
        guard current != nil else { throw failure(expected: "*/ to end the comment that begins at \(start)") }
        advance(2)
      } else {
        return
      }
    }
  }

  private func failure(expected: String) -> JSONSyntaxError {
    let found: String
    switch current {
    case nil: found = "the end of the file"
    case "\n", "\r": found = "the end of the line"
    case let scalar? where scalar.value < 0x20: found = "a control character"
    case let scalar?:
      var word = String(Character(scalar))
      for scalar in scalars[(index + 1)...].prefix(11) {
        guard scalar.properties.isAlphabetic || scalar.properties.numericType != nil else { break }
        word.unicodeScalars.append(scalar)
      }
      found = "\"\(word)\""
    }
    return JSONSyntaxError(position: position, message: "expected \(expected), found \(found)")
  }
}
