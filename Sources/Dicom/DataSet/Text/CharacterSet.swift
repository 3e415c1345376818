import NIOCore

/// The character repertoires that a data set's text may use: Specific Character Set (0008,0005), PS3.3 §C.12.1.1.2.
///
/// Tables are the C library's (iconv). Bytes that are no character of the set are shown as `\ooo`; they are never lost,
/// because a data set keeps the bytes.
public struct CharacterSet: Hashable, Sendable {
  /// An encoding that has no code extensions and uses bytes of both halves freely.
  enum Whole: UInt8, Hashable, Sendable {
    case utf8, gb18030, gbk
    /// Not DICOM's: no value of (0008,0005) names it. Some stations write it all the same and name nothing.
    case windows1251

    var iconvName: String {
      switch self {
      case .utf8: "UTF-8"
      case .gb18030: "GB18030"
      case .gbk: "GBK"
      case .windows1251: "CP1251"
      }
    }
  }

  /// The values of (0008,0005) for this character set; empty for ASCII, which needs none.
  public let definedTerms: [String]
  let whole: Whole?
  /// What is designated as G0 and G1 at the beginning and behind each delimiter.
  let initialLeft: Repertoire
  let initialRight: Repertoire?
  /// What escape sequences may designate; empty when there are no code extensions.
  let extensions: [Repertoire]

  private init(terms: [String], whole: Whole) {
    (definedTerms, self.whole, initialLeft, initialRight, extensions) = (terms, whole, .ascii, nil, [])
  }

  private init(terms: [String], left: Repertoire = .ascii, right: Repertoire? = nil, extensions: [Repertoire] = []) {
    (definedTerms, whole, initialLeft, initialRight) = (terms, nil, left, right)
    self.extensions = extensions
  }

  public static let ascii = CharacterSet(terms: [])
  public static let latin1 = CharacterSet(terms: ["ISO_IR 100"], right: .latin1)
  public static let utf8 = CharacterSet(terms: ["ISO_IR 192"], whole: .utf8)
  /// Only to read: text beyond ASCII cannot be written in it, because nothing could say so.
  public static let windows1251 = CharacterSet(terms: [], whole: .windows1251)

  /// The character set that the values of (0008,0005) name.
  ///
  /// No value, or values that name nothing known, mean the default.
  public init(specificCharacterSet terms: [String], default fallback: CharacterSet = .latin1) {
    let parsed = terms.map(DefinedTerm.init)
    guard parsed.contains(where: { $0.whole != nil || $0.repertoires != nil }) else {
      self = fallback
      return
    }
    guard terms.count > 1 || parsed[0].isExtended || parsed[0].whole != nil else {
      let repertoires = parsed[0].repertoires ?? []
      self.init(
        terms: terms, left: repertoires.first { $0.isLeft && !$0.isMultiByte } ?? .ascii,
        right: repertoires.first { !$0.isLeft })
      return
    }
    if let whole = parsed[0].whole {
      self.init(terms: terms, whole: whole)
      return
    }
    let first = parsed[0].repertoires ?? []
    var extensions: [Repertoire] = [.ascii]
    for repertoire in parsed.flatMap({ $0.repertoires ?? [] }) where !extensions.contains(repertoire) {
      extensions.append(repertoire)
    }
    self.init(
      terms: terms, left: first.first { $0.isLeft && !$0.isMultiByte } ?? .ascii, right: first.first { !$0.isLeft },
      extensions: extensions)
  }

  /// The encoding under one of the names Orthanc uses in `DefaultEncoding`; upper and lower case are one.
  public init?(orthancName: String) {
    let terms: [String]
    switch orthancName.lowercased() {
    case "ascii": terms = []
    case "utf8": terms = ["ISO_IR 192"]
    case "latin1": terms = ["ISO_IR 100"]
    case "latin2": terms = ["ISO_IR 101"]
    case "latin3": terms = ["ISO_IR 109"]
    case "latin4": terms = ["ISO_IR 110"]
    case "latin5": terms = ["ISO_IR 148"]
    case "cyrillic": terms = ["ISO_IR 144"]
    case "windows1251":
      self = .windows1251
      return
    case "arabic": terms = ["ISO_IR 127"]
    case "greek": terms = ["ISO_IR 126"]
    case "hebrew": terms = ["ISO_IR 138"]
    case "thai": terms = ["ISO_IR 166"]
    case "japanese": terms = ["ISO_IR 13"]
    case "chinese": terms = ["GB18030"]
    case "japanesekanji": terms = ["", "ISO 2022 IR 87"]
    case "korean": terms = ["", "ISO 2022 IR 149"]
    case "simplifiedchinese": terms = ["", "ISO 2022 IR 58"]
    default: return nil
    }
    self = terms.isEmpty ? .ascii : CharacterSet(specificCharacterSet: terms, default: .ascii)
  }

  /// Whether bytes below 80H without an escape sequence are what they are in ASCII.
  var holdsASCII: Bool { initialLeft == .ascii }

  /// Decodes one value, delimiters included; nothing is stripped.
  public func decode(_ bytes: ByteBuffer) -> String {
    bytes.withUnsafeReadableBytes { decode($0, splitting: false).first ?? "" }
  }

  /// Decodes one value, delimiters included; nothing is stripped.
  public func decode(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { decode($0, splitting: false).first ?? "" }
  }
}

/// One value of Specific Character Set.
private struct DefinedTerm {
  var isExtended = false
  var whole: CharacterSet.Whole?
  /// Nil when the term is not known.
  var repertoires: [Repertoire]?

  /// Tolerates what is seen: `ISO-IR 100`, `ISO_IR100`, `ISO 2022-IR 87`.
  init(_ term: String) {
    // Byte by byte: the properties of Unicode characters cost more than all else here.
    let known = term.utf8.map { $0 - ((0x61...0x7A).contains($0) ? 0x20 : 0) }
    let letters = String(
      decoding: known.filter { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }, as: UTF8.self)
    switch letters {
    case "": repertoires = nil
    case "GB18030": whole = .gb18030
    case "GBK": whole = .gbk
    default:
      isExtended = letters.hasPrefix("ISO2022")
      let prefix = isExtended ? "ISO2022IR" : "ISOIR"
      guard letters.hasPrefix(prefix) else { return }
      let number = letters.dropFirst(prefix.count)
      if number == "192" { whole = .utf8 } else { repertoires = Self.repertoires[String(number)] }
    }
  }

  private static let repertoires: [String: [Repertoire]] = [
    "6": [.ascii], "100": [.latin1], "101": [.latin2], "109": [.latin3], "110": [.latin4], "144": [.cyrillic],
    "127": [.arabic], "126": [.greek], "138": [.hebrew], "148": [.latin5], "203": [.latin9], "166": [.thai],
    "13": [.romaji, .katakana], "87": [.kanji], "159": [.supplementaryKanji], "149": [.korean],
    "58": [.simplifiedChinese],
  ]
}
