extension CharacterSet {
  /// Encodes text, with escape sequences where the character set has code extensions; nil when it cannot hold the text.
  public func encode(_ text: String) -> [UInt8]? {
    if holdsASCII && text.utf8.allSatisfy({ $0 < 0x80 && $0 != Ascii.escape }) { return Array(text.utf8) }
    switch whole {
    case .utf8: return Array(text.utf8)
    case .gb18030, .gbk: return Iconv.encode(text, in: whole?.iconvName ?? "")
    case .windows1251: return nil
    case nil: return encodeISO2022(text)
    }
  }

  /// Whether the character set holds every character of the text.
  public func holds(_ text: String) -> Bool { encode(text) != nil }

  private func encodeISO2022(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var left = initialLeft
    var right = initialRight
    var encoders: [Repertoire: Iconv.Encoder] = [:]
    for repertoire in extensions + [initialLeft, initialRight].compactMap(\.self) where repertoire.isMultiByte {
      encoders[repertoire] = Iconv.Encoder(repertoire.iconvName)
    }
    func bytes(of scalar: Unicode.Scalar, in repertoire: Repertoire) -> [UInt8]? {
      Self.bytes(of: scalar, in: repertoire, encoders[repertoire])
    }
    for scalar in text.unicodeScalars {
      if scalar.isASCII, isDelimiter(UInt8(scalar.value), inPersonName: true) {
        // ^ and = count everywhere: designating anew behind them is never wrong.
        // G0 is put back before a delimiter, G1 falls back at it (PS3.5 §6.1.2.5.3).
        if left != initialLeft { result += [Ascii.escape] + initialLeft.escapeSequence }
        left = initialLeft
        right = initialRight
        result.append(UInt8(scalar.value))
        continue
      }
      if let encoded = bytes(of: scalar, in: left) ?? right.flatMap({ bytes(of: scalar, in: $0) }) {
        result += encoded
        continue
      }
      var found: (Repertoire, [UInt8])?
      for repertoire in extensions where found == nil {
        found = bytes(of: scalar, in: repertoire).map { (repertoire, $0) }
      }
      guard let (repertoire, encoded) = found else { return nil }
      if repertoire.isLeft { left = repertoire } else { right = repertoire }
      result += [Ascii.escape] + repertoire.escapeSequence + encoded
    }
    if left != initialLeft { result += [Ascii.escape] + initialLeft.escapeSequence }
    return result
  }

  private static func bytes(
    of scalar: Unicode.Scalar, in repertoire: Repertoire, _ encoder: Iconv.Encoder?
  ) -> [UInt8]? {
    switch repertoire {
    case .ascii:
      return scalar.isASCII && scalar.value != UInt32(Ascii.escape) ? [UInt8(scalar.value)] : nil
    case .romaji:
      switch scalar {
      case "\u{A5}": return [0x5C]
      case "\u{203E}": return [0x7E]
      case "~": return nil
      default: return bytes(of: scalar, in: .ascii, nil)
      }
    case .kanji, .korean, .simplifiedChinese:
      guard !scalar.isASCII, let bytes = encoder?.encode(scalar),
        bytes.count == 2, bytes.allSatisfy({ $0 >= 0xA1 })
      else { return nil }
      return repertoire.isLeft ? bytes.map { $0 & 0x7F } : bytes
    case .supplementaryKanji:
      guard let bytes = encoder?.encode(scalar), bytes.count == 3, bytes[0] == 0x8F
      else { return nil }
      return bytes.dropFirst().map { $0 & 0x7F }
    default:
      return repertoire.rightHalf.firstIndex(of: scalar).map { [UInt8($0 + 0xA0)] }
    }
  }
}
