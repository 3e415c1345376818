/// A number as text (DS, PS3.5 §6.2), which keeps the digits it was written with.
public struct DecimalString: DicomValue, Hashable, CustomStringConvertible {
  public static var expected: String { "a decimal number" }

  /// The original text, without padding: `1.500`.
  public let text: String
  public let value: Double

  public init?(dicomText: String) {
    guard JSONText.number(dicomText) != nil, let value = Double(dicomText) else { return nil }
    (text, self.value) = (dicomText, value)
  }

  public init(_ value: Double) { (text, self.value) = (Self.text(of: value), value) }

  public var dicomText: String { text }
  public var description: String { text }

  /// The shortest text of at most 16 characters that comes closest to a number.
  static func text(of value: Double) -> String {
    let exact = value.description
    let whole = exact.hasSuffix(".0") ? String(exact.dropLast(2)) : exact
    guard whole.utf8.count > 16 else { return whole }
    // Sign, first digit, point and exponent leave the rest to further digits.
    for digits in stride(from: 15, through: 0, by: -1) {
      let text = scientific(value, digits: digits)
      if text.utf8.count <= 16 { return text }
    }
    return whole
  }

  private static func scientific(_ value: Double, digits: Int) -> String {
    // The shortest exact description gives the decimal digits; rounding happens on them.
    let parts = value.magnitude.description.split(separator: "e")
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    var all = (mantissa[0] + fraction).utf8.map { Int($0) - 0x30 }
    exponent += mantissa[0].utf8.count - 1
    while all.count > 1, all[0] == 0 {
      all.removeFirst()
      exponent -= 1
    }
    if all.count > digits + 1 {
      var carry = all[digits + 1] >= 5
      all.removeSubrange((digits + 1)...)
      var position = digits
      while carry, position >= 0 {
        all[position] += 1
        carry = all[position] == 10
        if carry { all[position] = 0 }
        position -= 1
      }
      if carry {
        all.insert(1, at: 0)
        all.removeLast()
        exponent += 1
      }
    }
    while all.count > 1, all.last == 0 { all.removeLast() }
    let rest = all.dropFirst().map(String.init).joined()
    let sign = value < 0 ? "-" : ""
    // Plain notation where it is no longer.
    if (0...15).contains(exponent), all.count > exponent {
      let digits = all.map(String.init)
      let fraction = digits.dropFirst(exponent + 1).joined()
      return sign + digits.prefix(exponent + 1).joined() + (fraction.isEmpty ? "" : "." + fraction)
    }
    if (-4..<0).contains(exponent) {
      let plain = sign + "0." + String(repeating: "0", count: -exponent - 1) + all.map(String.init).joined()
      if plain.utf8.count <= 16 { return plain }
    }
    return sign + String(all[0]) + (rest.isEmpty ? "" : "." + rest) + "e" + String(exponent)
  }
}

/// An integer as text (IS, PS3.5 §6.2), which keeps the digits it was written with.
public struct IntegerString: DicomValue, Hashable, CustomStringConvertible {
  public static var expected: String { "an integer of at most 32 bits" }

  /// The original text, without padding: `+007`.
  public let text: String
  public let value: Int32

  public init?(dicomText: String) {
    guard let value = Int32(dicomText) else { return nil }
    (text, self.value) = (dicomText, value)
  }

  public init(_ value: Int32) { (text, self.value) = (String(value), value) }

  public var dicomText: String { text }
  public var description: String { text }
}

/// An age (AS, PS3.5 §6.2): a number of days, weeks, months or years.
public struct Age: DicomValue, Hashable, CustomStringConvertible {
  public enum Unit: Character, Hashable, Sendable {
    case days = "D"
    case weeks = "W"
    case months = "M"
    case years = "Y"
  }

  public static var expected: String { "an age: three digits and D, W, M or Y" }

  public let count: Int
  public let unit: Unit

  /// `045Y`; the leading zeros may be missing.
  public init?(dicomText: String) {
    let digits = dicomText.dropLast()
    guard let unit = dicomText.last.flatMap(Unit.init), (1...3).contains(digits.utf8.count),
      let count = Digits.number(digits)
    else { return nil }
    (self.count, self.unit) = (count, unit)
  }

  public var dicomText: String {
    let digits = String(count)
    return String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits + String(unit.rawValue)
  }
  public var description: String { "\(count) \(unit)" }
}

/// Text of nothing but digits.
enum Digits {
  static func number(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  static func padded(_ number: Int, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }
}
