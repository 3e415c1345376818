import NIOCore

/// The `Value` arrays of DICOM JSON (PS3.18 §F.2.2) as value fields in little endian.
struct DicomJSONValues {
  /// A character set did not hold a text.
  struct NotHeld: Error {}

  let tape: JSONTape

  /// The value field of an element, without padding.
  ///
  /// - Throws: ``NotHeld``, or a `DicomJSONError` with the place of the value that is wrong.
  func bytes(of array: Int, _ vr: VR, _ characterSet: CharacterSet) throws -> [UInt8] {
    var output = ByteBuffer()
    var texts: [String] = []
    for number in tape.children(of: array) {
      let token = tape.tokens[number]
      switch vr {
      case .OB, .OD, .OF, .OL, .OV, .OW, .UN: throw tape.error(number, "values of VR \(vr) are InlineBinary")
      case .US: output.writeInteger(try integer(number, UInt16.self), endianness: .little)
      case .SS: output.writeInteger(try integer(number, Int16.self), endianness: .little)
      case .UL: output.writeInteger(try integer(number, UInt32.self), endianness: .little)
      case .SL: output.writeInteger(try integer(number, Int32.self), endianness: .little)
      case .UV: output.writeInteger(try integer(number, UInt64.self), endianness: .little)
      case .SV: output.writeInteger(try integer(number, Int64.self), endianness: .little)
      case .FL: output.writeInteger(Float(try decimal(number)).bitPattern, endianness: .little)
      case .FD: output.writeInteger(try decimal(number).bitPattern, endianness: .little)
      case .AT:
        guard token.kind == .string, let tag = Tag(dicomText: try tape.string(token)) else {
          throw tape.error(number, "not a tag of eight digits")
        }
        output.writeMultipleIntegers(tag.group, tag.element, endianness: .little)
      case .PN: texts.append(try personName(number))
      default: texts.append(try text(number, vr))
      }
    }
    guard vr.isText else { return Array(output.readableBytesView) }
    let text = texts.joined(separator: "\\")
    if !vr.usesSpecificCharacterSet {
      // Only ASCII is allowed; what else may have been in such a value is read as Latin 1.
      var bytes: [UInt8] = []
      for scalar in text.unicodeScalars {
        guard let byte = UInt8(exactly: scalar.value) else {
          throw tape.error(array, "characters that VR \(vr) does not allow")
        }
        bytes.append(byte)
      }
      return bytes
    }
    guard let bytes = characterSet.encode(text) else { throw NotHeld() }
    return bytes
  }

  private func text(_ number: Int, _ vr: VR) throws -> String {
    let token = tape.tokens[number]
    switch token.kind {
    case .null: return ""
    case .string: return try tape.string(token)
    // The digits as they are written: 1.50 stays 1.50.
    case .number: return String(decoding: tape.text[token.start..<token.end], as: UTF8.self)
    default: throw tape.error(number, "a value of VR \(vr) must be a string")
    }
  }

  private func personName(_ number: Int) throws -> String {
    guard tape.tokens[number].kind == .object else { return try text(number, .PN) }
    var groups: [String] = []
    for name in ["Alphabetic", "Ideographic", "Phonetic"] {
      groups.append(try tape.member(name, of: number).map { try text($0, .PN) } ?? "")
    }
    while groups.last?.isEmpty == true { groups.removeLast() }
    return groups.joined(separator: "=")
  }

  private func integer<Number: FixedWidthInteger>(_ number: Int, _ type: Number.Type) throws -> Number {
    let text = try text(number, .IS)
    guard let value = Number(text) ?? Int(dicomText: text).flatMap({ Number(exactly: $0) }) else {
      throw tape.error(number, "not an integer of \(Number.isSigned ? "" : "un")signed \(Number.bitWidth) bits")
    }
    return value
  }

  private func decimal(_ number: Int) throws -> Double {
    switch try text(number, .DS) {
    case "NaN": return .nan
    case "Infinity", "inf": return .infinity
    case "-Infinity", "-inf": return -.infinity
    case let text:
      guard let value = Double(dicomText: text), value.isFinite else { throw tape.error(number, "not a number") }
      return value
    }
  }
}
