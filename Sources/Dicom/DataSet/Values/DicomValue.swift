/// A type that one value of an element can be read as, and set from.
public protocol DicomValue: Sendable {
  /// What a text must be, for messages: `a date, YYYYMMDD`.
  static var expected: String { get }

  /// Nil when the text, which carries no padding, is something else.
  init?(dicomText: String)

  /// The value as PS3.5 §6.2 writes it.
  var dicomText: String { get }
}

/// A value that is not what was asked for.
public struct ValueError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// The text is something else than what is named.
    case malformed(text: String, expected: String)
    /// The value is a sequence, or bytes without a meaning of their own.
    case notReadable(expected: String)
    /// The bytes do not divide into numbers of the VR's size.
    case oddLength(bytes: Int)
    /// The value was never read: it was left in its file, or is somewhere else altogether.
    case notLoaded
  }

  public let tag: Tag
  public let vr: VR
  public let reason: Reason

  public var description: String {
    let name = tag.keyword.map { "\(tag) \($0)" } ?? tag.description
    switch reason {
    case .malformed(let text, let expected):
      return "\(name) (\(vr)) holds \"\(VisibleText.of(text))\", which is not \(expected)."
    case .notReadable(let expected): return "\(name) is of VR \(vr), whose values are not \(expected)."
    case .oddLength(let bytes):
      return
        "\(name) is \(bytes) bytes long; a value of VR \(vr) takes \(vr.unitSize == 2 && vr == .AT ? 4 : vr.unitSize)."
    case .notLoaded: return "The value of \(name) was not read into memory."
    }
  }
}

extension DataSet {
  /// The first value of an element, nil when the element is absent or empty.
  ///
  /// ```swift
  /// let birthDate = try dataSet.value(.patientBirthDate, as: DicomDate.self)
  /// ```
  ///
  /// - Throws: ``ValueError`` when the value is something else: nothing is guessed or left out.
  public func value<Value: DicomValue>(_ tag: Tag, as type: Value.Type = Value.self) throws(ValueError) -> Value? {
    guard let text = try texts(tag, expected: Value.expected).first, !text.isEmpty else { return nil }
    return try Self.parsed(text, tag, self)
  }

  /// All values of an element; none when it is absent or empty.
  ///
  /// - Throws: ``ValueError`` when one of them is something else, or empty while others are not.
  public func values<Value: DicomValue>(_ tag: Tag, as type: Value.Type = Value.self) throws(ValueError) -> [Value] {
    let texts = try texts(tag, expected: Value.expected)
    if texts.allSatisfy(\.isEmpty), texts.count <= 1 { return [] }
    var values: [Value] = []
    values.reserveCapacity(texts.count)
    for text in texts { values.append(try Self.parsed(text, tag, self)) }
    return values
  }

  /// Sets an element to values.
  public mutating func set<Value: DicomValue>(_ tag: Tag, values: [Value]) { set(tag, values.map(\.dicomText)) }

  private static func parsed<Value: DicomValue>(
    _ text: String, _ tag: Tag, _ dataSet: DataSet
  ) throws(ValueError) -> Value {
    guard let value = Value(dicomText: text) else {
      throw ValueError(
        tag: tag, vr: dataSet[tag]?.vr ?? .UN, reason: .malformed(text: text, expected: Value.expected))
    }
    return value
  }

  private func texts(_ tag: Tag, expected: String) throws(ValueError) -> [String] {
    guard let position = position(of: tag) else { return [] }
    let element = Element(dataSet: self, position: position)
    let vr = element.vr
    if element.isEmpty { return [] }
    let length = withValue(at: position) { $0.bytes.count }
    if vr != .SQ, element.fragments == nil, length == nil { throw ValueError(tag: tag, vr: vr, reason: .notLoaded) }
    let size = vr == .AT ? 4 : vr.unitSize
    if let length, length % size != 0 { throw ValueError(tag: tag, vr: vr, reason: .oddLength(bytes: length)) }
    guard let texts = strings(at: position) else {
      throw ValueError(tag: tag, vr: vr, reason: .notReadable(expected: expected))
    }
    return texts
  }
}

extension String: DicomValue {
  public static var expected: String { "text" }
  public init?(dicomText: String) { self = dicomText }
  public var dicomText: String { self }
}

extension Int: DicomValue {
  public static var expected: String { "an integer" }
  /// `12`, `+12`, and `12.0` since it is the same number.
  public init?(dicomText: String) {
    guard let value = Int(dicomText) ?? Double(dicomText: dicomText).flatMap({ Int(exactly: $0) }) else { return nil }
    self = value
  }
  public var dicomText: String { String(self) }
}

extension Double: DicomValue {
  public static var expected: String { "a decimal number" }
  /// A decimal string, or what a binary number of FL and FD looks like as text: `nan`, `inf`, `-inf`.
  public init?(dicomText: String) {
    switch dicomText {
    case "nan": self = .nan
    case "inf": self = .infinity
    case "-inf": self = -.infinity
    default:
      // Swift's own parser takes hexadecimal numbers too.
      guard JSONText.number(dicomText) != nil, let value = Double(dicomText) else { return nil }
      self = value
    }
  }
  /// At most the 16 characters of DS (PS3.5 §6.2), rounded where the number has more digits.
  public var dicomText: String { DecimalString.text(of: self) }
}

extension UID: DicomValue {
  public static var expected: String { "a unique identifier: digits and dots, at most 64" }
  public init?(dicomText: String) {
    self.init(dicomText)
    guard isWellFormed else { return nil }
  }
  public var dicomText: String { rawValue }
}

extension Tag: DicomValue {
  public static var expected: String { "a tag" }
  public init?(dicomText: String) {
    guard dicomText.utf8.count == 8, dicomText.utf8.allSatisfy({ Ascii.hexadecimalValue($0) != nil }) else {
      return nil
    }
    self.init(parsing: dicomText)
  }
  public var dicomText: String { hexadecimal }
}

extension PersonName: DicomValue {
  public static var expected: String { "a person name: at most three component groups of five components" }
  public init?(dicomText: String) {
    self.init(dicomText)
    let groups = dicomText.split(separator: "=", omittingEmptySubsequences: false)
    let isSound = groups.count <= 3 && groups.allSatisfy { group in group.utf8.count { $0 == Ascii.caret } <= 4 }
    guard isSound else { return nil }
  }
  public var dicomText: String { text }
}
