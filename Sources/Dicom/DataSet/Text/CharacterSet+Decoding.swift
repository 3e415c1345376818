extension CharacterSet {
  /// Decodes a value, or all values where backslashes separate them.
  ///
  /// A backslash within a character of several bytes is none, and code extensions end at each delimiter
  /// (PS3.5 §6.1.2.5.3).
  func decode(_ bytes: UnsafeRawBufferPointer, splitting: Bool, personName: Bool = false) -> [String] {
    if holdsASCII && bytes.allSatisfy({ $0 < 0x80 && $0 != Ascii.escape }) {
      guard splitting else { return [String(decoding: bytes, as: UTF8.self)] }
      return bytes.split(separator: Ascii.backslash, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    }
    switch whole {
    case .utf8:
      guard splitting else { return [decodeUTF8(bytes[...])] }
      return bytes.split(separator: Ascii.backslash, omittingEmptySubsequences: false).map(decodeUTF8)
    case .gb18030, .gbk:
      return splitChinese(bytes, splitting: splitting).map { Iconv.decode(Array($0), from: whole?.iconvName ?? "") }
    case .windows1251:
      guard splitting else { return [Iconv.decode(Array(bytes), from: Whole.windows1251.iconvName)] }
      return bytes.split(separator: Ascii.backslash, omittingEmptySubsequences: false)
        .map { Iconv.decode(Array($0), from: Whole.windows1251.iconvName) }
    case nil:
      return decodeISO2022(bytes, splitting: splitting, personName: personName)
    }
  }

  private func decodeUTF8(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    String(validating: bytes, as: UTF8.self) ?? Iconv.decode(Array(bytes), from: "UTF-8")
  }

  /// GBK and GB18030 have second bytes from 30H on, backslashes among them.
  private func splitChinese(_ bytes: UnsafeRawBufferPointer, splitting: Bool) -> [Slice<UnsafeRawBufferPointer>] {
    guard splitting else { return [bytes[...]] }
    var values: [Slice<UnsafeRawBufferPointer>] = []
    var start = 0
    var position = 0
    while position < bytes.count {
      if bytes[position] == Ascii.backslash {
        values.append(bytes[start..<position])
        start = position + 1
      }
      let isLead = (0x81...0xFE).contains(bytes[position]) && position + 1 < bytes.count
      let isFour = isLead && whole == .gb18030 && (0x30...0x39).contains(bytes[position + 1])
      position += isFour ? 4 : isLead ? 2 : 1
    }
    values.append(bytes[start...])
    return values
  }

  private func decodeISO2022(_ bytes: UnsafeRawBufferPointer, splitting: Bool, personName: Bool) -> [String] {
    var values: [String] = []
    var text = ""
    var left = initialLeft
    var right = initialRight
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == Ascii.escape, !extensions.isEmpty,
        let (repertoire, length) = Repertoire.designated(by: bytes[(position + 1)...])
      {
        if repertoire.isLeft { left = repertoire } else { right = repertoire }
        position += 1 + length
        continue
      }
      if byte < 0x80 {
        // A pair of a double-byte set may look like a delimiter; a delimiter is one only outside of it.
        if left.isMultiByte, (0x21...0x7E).contains(byte) {
          decodeRun(bytes, &position, left, into: &text) { (0x21...0x7E).contains($0) }
          continue
        }
        position += 1
        if byte == Ascii.backslash, splitting {
          values.append(text)
          text = ""
        } else {
          text.unicodeScalars.append(character(byte, in: left))
        }
        if isDelimiter(byte, inPersonName: personName) {
          left = initialLeft
          right = initialRight
        }
      } else if let right, right.isMultiByte {
        decodeRun(bytes, &position, right, into: &text) { $0 >= 0x80 }
      } else {
        position += 1
        if byte >= 0xA0, let half = right?.rightHalf, !half.isEmpty, let scalar = half[Int(byte) - 0xA0] {
          text.unicodeScalars.append(scalar)
        } else {
          text += Ascii.octal(byte)
        }
      }
    }
    values.append(text)
    return values
  }

  /// Decodes the bytes of a double-byte set from here on, as long as they may belong to it.
  private func decodeRun(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ repertoire: Repertoire, into text: inout String,
    while belongs: (UInt8) -> Bool
  ) {
    var run: [UInt8] = []
    while position < bytes.count, belongs(bytes[position]) {
      if repertoire == .supplementaryKanji, run.count % 3 == 0 { run.append(0x8F) }  // EUC-JP's third set
      run.append(bytes[position] | 0x80)
      position += 1
    }
    text += Iconv.decode(run, from: repertoire.iconvName, showing: repertoire.isLeft ? 0x7F : 0xFF)
  }

  /// A byte below 80H. JIS X 0201 has a yen sign and an overline where ASCII has a backslash and a tilde.
  private func character(_ byte: UInt8, in repertoire: Repertoire) -> Unicode.Scalar {
    switch (repertoire, byte) {
    case (.romaji, 0x5C): "\u{A5}"
    case (.romaji, 0x7E): "\u{203E}"
    default: Unicode.Scalar(byte)
    }
  }

  /// Where code extensions end: at line ends and page breaks, tabulators, the delimiter of values, and in person names
  /// those of components and component groups (PS3.5 §6.1.2.5.3).
  func isDelimiter(_ byte: UInt8, inPersonName: Bool) -> Bool {
    switch byte {
    case Ascii.tab, Ascii.lineFeed, Ascii.formFeed, Ascii.carriageReturn, Ascii.backslash: true
    case Ascii.caret, Ascii.equals: inPersonName
    default: false
    }
  }
}
