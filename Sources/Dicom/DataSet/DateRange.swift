/// A date or a range of dates as queries use them: `20180323`, `20180323-`, `-20180323`, `20180301-20180323`
/// (PS3.4 §C.2.2.2.5).
public struct DateRange: Hashable, Sendable, CustomStringConvertible {
  /// The first day, as `YYYYMMDD`; nil when the range is open.
  public let first: String?
  /// The last day.
  public let last: String?

  /// Nil when the text is neither a date nor a range of dates. `YYYY.MM.DD` of ACR-NEMA is understood.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map {
      $0.filter { !$0.isWhitespace && $0 != "." }
    }
    guard parts.allSatisfy({ $0.isEmpty || Self.isDate($0) }), parts.contains(where: { !$0.isEmpty }) else {
      return nil
    }
    switch parts.count {
    case 1: (first, last) = (parts[0], parts[0])
    case 2: (first, last) = (parts[0].isEmpty ? nil : parts[0], parts[1].isEmpty ? nil : parts[1])
    default: return nil
    }
  }

  /// Whether a date lies in the range.
  public func contains(_ date: String) -> Bool {
    let date = date.filter { $0 != "." }
    guard Self.isDate(date) else { return false }
    return (first.map { $0 <= date } ?? true) && (last.map { date <= $0 } ?? true)
  }

  public var description: String { first == last ? first ?? "" : "\(first ?? "")-\(last ?? "")" }

  private static func isDate(_ text: String) -> Bool {
    guard text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let month = Int(text.dropFirst(4).prefix(2)), let day = Int(text.suffix(2))
    else { return false }
    return (1...12).contains(month) && (1...31).contains(day)
  }
}
