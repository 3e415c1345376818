/// What a code that a peer sent means, for a person: an entry of the explanation book.
public struct Explanation: Hashable, Sendable {
  /// As it is written: `0xA801`, `0xA700-0xA7FF`, `rejected 1/1/7`, `abort 2/6`, `context 3`.
  public var code: String
  /// Whose meaning it is; empty: every service's.
  public var services: [Service]
  /// `success`, `warning`, `failure`, `cancel`, `pending`, `rejection`, `abort` or `presentation context`.
  public var kind: String
  /// The standard's words.
  public var words: String
  /// What usually causes it.
  public var cause: String?
  public var remedy: String?
  public var section: String

  /// Explains a code as a person writes it: a status (`A801`, `0xA801`, `A801H`), several (`A7xx`, `C000-CFFF`), a
  /// rejection (`1/1/7`, `rejected 1 1 7`: result, source, reason), an abort (`2/6`, `abort 2/6`: source, reason), or the
  /// result of a presentation context (`context 3`).
  ///
  /// - Parameters:
  ///   - text: the code.
  ///   - service: only what a status means for this one.
  /// - Returns: at least one; a status that is in no table is explained by its class.
  /// - Throws: `ExplanationError` when the text is none of these.
  public static func of(_ text: String, service: Service? = nil) throws(ExplanationError) -> [Explanation] {
    var words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    switch words.first {
    case "rejected", "rejection", "reject", "rj":
      words.removeFirst()
      guard words.count == 3, let numbers = numbers(words) else { throw ExplanationError(text: text) }
      return [of(Rejection(result: numbers[0], source: numbers[1], reason: numbers[2]))]
    case "abort", "aborted":
      words.removeFirst()
      guard words.count == 2, let numbers = numbers(words) else { throw ExplanationError(text: text) }
      return [of(Abort(source: numbers[0], reason: numbers[1]))]
    case "context", "presentation":
      guard let number = words.last.flatMap({ UInt8($0) }), let result = ContextResult.Result(rawValue: number) else {
        throw ExplanationError(text: text)
      }
      return [of(result)]
    default: break
    }
    if text.contains("/") {
      guard let numbers = numbers(words) else { throw ExplanationError(text: text) }
      switch numbers.count {
      case 3: return [of(Rejection(result: numbers[0], source: numbers[1], reason: numbers[2]))]
      case 2: return [of(Abort(source: numbers[0], reason: numbers[1]))]
      default: throw ExplanationError(text: text)
      }
    }
    let codes = words.compactMap(codes)
    guard let first = codes.first, let last = codes.last, codes.count == words.count, codes.count <= 2,
      first.lowerBound <= last.upperBound
    else { throw ExplanationError(text: text) }
    return of(first.lowerBound...last.upperBound, service: service)
  }

  /// A status code or, where its last digits are `x`, all of them.
  private static func codes(_ word: String) -> ClosedRange<UInt16>? {
    var digits = word[...]
    if digits.hasPrefix("0x") { digits = digits.dropFirst(2) }
    if digits.hasSuffix("h") { digits = digits.dropLast() }
    guard (1...4).contains(digits.count) else { return nil }
    let known = digits.prefix { $0 != "x" }
    guard digits.dropFirst(known.count).allSatisfy({ $0 == "x" }), known.count == digits.count || digits.count == 4,
      let low = UInt16(known + String(repeating: "0", count: digits.count - known.count), radix: 16),
      let high = UInt16(known + String(repeating: "f", count: digits.count - known.count), radix: 16)
    else { return nil }
    return low...high
  }

  private static func numbers(_ words: [String]) -> [UInt8]? {
    let numbers = words.compactMap { UInt8($0) }
    return numbers.count == words.count ? numbers : nil
  }

  private static func of(_ codes: ClosedRange<UInt16>, service: Service?) -> [Explanation] {
    StatusBook.entries(of: codes, service: service).map { entry in
      let shown = codes.clamped(to: entry.codes)
      let first = Status(shown.lowerBound).hex
      return Explanation(
        code: shown.count == 1 ? first : "\(first)-\(Status(shown.upperBound).hex)", services: entry.services,
        kind: StatusMeaning.Kind(code: shown.lowerBound).rawValue, words: entry.words, cause: entry.cause,
        remedy: entry.remedy, section: entry.section)
    }
  }

  private static func of(_ rejection: Rejection) -> Explanation {
    Explanation(
      code: "rejected \(rejection.result)/\(rejection.source)/\(rejection.reason)", kind: "rejection",
      words: rejection.description, rejection.meaning)
  }

  private static func of(_ abort: Abort) -> Explanation {
    Explanation(
      code: "abort \(abort.source)/\(abort.reason)", kind: "abort", words: abort.description, abort.meaning)
  }

  private static func of(_ result: ContextResult.Result) -> Explanation {
    Explanation(
      code: "context \(result.rawValue)", kind: "presentation context", words: result.description, result.meaning)
  }

  private init(code: String, kind: String, words: String, _ meaning: ReasonMeaning) {
    self.init(
      code: code, services: [], kind: kind, words: words, cause: meaning.cause, remedy: meaning.remedy,
      section: meaning.section)
  }

  init(
    code: String, services: [Service], kind: String, words: String, cause: String?, remedy: String?, section: String
  ) {
    self.code = code
    self.services = services
    self.kind = kind
    self.words = words
    self.cause = cause
    self.remedy = remedy
    self.section = section
  }
}

/// A text that is no code.
public struct ExplanationError: Error, Hashable, Sendable, CustomStringConvertible {
  public var text: String

  public var description: String {
    "\"\(text)\" is not a code; expected a status such as A801 or A7xx, a rejection such as 1/1/7, an abort such as "
      + "abort 2/6, or the result of a presentation context such as context 3"
  }
}
