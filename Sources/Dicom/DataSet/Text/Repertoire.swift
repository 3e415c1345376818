/// A set of graphic characters that ISO 2022 can designate, from PS3.3 §C.12.1.1.2.
enum Repertoire: UInt8, Hashable, Sendable, CaseIterable {
  case ascii
  case latin1, latin2, latin3, latin4, cyrillic, arabic, greek, hebrew, latin5, latin9, thai
  case romaji, katakana
  case kanji, supplementaryKanji, korean, simplifiedChinese

  /// What comes behind ESC to designate it (PS3.3 Tables C.12-3 and C.12-4).
  var escapeSequence: [UInt8] {
    switch self {
    case .ascii: Array("(B".utf8)
    case .romaji: Array("(J".utf8)
    case .latin1: Array("-A".utf8)
    case .latin2: Array("-B".utf8)
    case .latin3: Array("-C".utf8)
    case .latin4: Array("-D".utf8)
    case .cyrillic: Array("-L".utf8)
    case .arabic: Array("-G".utf8)
    case .greek: Array("-F".utf8)
    case .hebrew: Array("-H".utf8)
    case .latin5: Array("-M".utf8)
    case .latin9: Array("-b".utf8)
    case .thai: Array("-T".utf8)
    case .katakana: Array(")I".utf8)
    case .kanji: Array("$B".utf8)
    case .supplementaryKanji: Array("$(D".utf8)
    case .korean: Array("$)C".utf8)
    case .simplifiedChinese: Array("$)A".utf8)
    }
  }

  /// Whether it is designated as G0, whose bytes are below 80H.
  var isLeft: Bool {
    switch self {
    case .ascii, .romaji, .kanji, .supplementaryKanji: true
    default: false
    }
  }

  var isMultiByte: Bool {
    switch self {
    case .kanji, .supplementaryKanji, .korean, .simplifiedChinese: true
    default: false
    }
  }

  /// The name under which iconv knows an encoding that holds it in its upper half.
  var iconvName: String {
    switch self {
    case .ascii, .romaji: "ASCII"
    case .latin1: "ISO-8859-1"
    case .latin2: "ISO-8859-2"
    case .latin3: "ISO-8859-3"
    case .latin4: "ISO-8859-4"
    case .cyrillic: "ISO-8859-5"
    case .arabic: "ISO-8859-6"
    case .greek: "ISO-8859-7"
    case .hebrew: "ISO-8859-8"
    case .latin5: "ISO-8859-9"
    case .latin9: "ISO-8859-15"
    case .thai: "TIS-620"
    case .katakana, .kanji, .supplementaryKanji: "EUC-JP"
    case .korean: "EUC-KR"
    case .simplifiedChinese: "GB2312"
    }
  }

  /// The repertoire that an escape sequence designates, and the sequence's length without ESC.
  static func designated(by bytes: Slice<UnsafeRawBufferPointer>) -> (repertoire: Repertoire, length: Int)? {
    for repertoire in allCases where bytes.starts(with: repertoire.escapeSequence) {
      return (repertoire, repertoire.escapeSequence.count)
    }
    // JIS C 6226-1978, the predecessor of JIS X 0208.
    return bytes.starts(with: "$@".utf8) ? (.kanji, 2) : nil
  }

  /// The characters of a single-byte right half, A0H to FFH; nil where there is none.
  var rightHalf: [Unicode.Scalar?] { Self.rightHalves[Int(rawValue)] }

  private static let rightHalves: [[Unicode.Scalar?]] = allCases.map { repertoire in
    switch repertoire {
    case .katakana:
      // JIS X 0201: the half-width forms, in order.
      (0xA0...0xFF).map { (0xA1...0xDF).contains($0) ? Unicode.Scalar(UInt32(0xFF61 + $0 - 0xA1)) : nil }
    case .latin1, .latin2, .latin3, .latin4, .cyrillic, .arabic, .greek, .hebrew, .latin5, .latin9, .thai:
      (0xA0...0xFF).map { byte in
        guard let text = Iconv.decodeStrictly([UInt8(byte)], from: repertoire.iconvName) else { return nil }
        let scalars = text.unicodeScalars
        return scalars.count == 1 ? scalars.first : nil
      }
    default: []
    }
  }
}
