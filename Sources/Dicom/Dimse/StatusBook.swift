/// What a status code means for a service.
public struct StatusMeaning: Hashable, Sendable {
  public var kind: Kind
  /// The standard's meaning.
  public var words: String
  /// What usually causes it, for a person who has to do something about it; nil where the words say it all.
  public var cause: String?
  /// What to do about it; nil where there is nothing to do, or nothing in general.
  public var remedy: String?
  /// Where the standard defines it.
  public var section: String

  /// Classes of status, PS3.7 Annex C.
  public enum Kind: String, Hashable, Sendable {
    case success, warning, failure, cancel, pending

    /// By the code alone, PS3.7 §C.1 to §C.5.
    init(code: UInt16) {
      switch code {
      case 0x0000: self = .success
      case 0x0001, 0x0107, 0x0116, 0xB000...0xBFFF: self = .warning
      case 0xFE00: self = .cancel
      case 0xFF00, 0xFF01: self = .pending
      default: self = .failure
      }
    }
  }
}

/// The status codes of PS3.7 Annex C and of the services of PS3.4, as data, with what the products we know mean by those
/// that the standard leaves to them.
public enum StatusBook {
  /// The meaning of a code for a service, else its general meaning, else that of its class, which every code has.
  /// Without a service a code that only one service has is taken for that service's.
  public static func meaning(_ code: UInt16, service: Service?) -> StatusMeaning {
    if let service, let entry = entries.first(where: { $0.services.contains(service) && $0.codes.contains(code) }) {
      return entry.meaning(of: code)
    }
    if let entry = entries.first(where: { $0.services.isEmpty && $0.codes.contains(code) }) {
      return entry.meaning(of: code)
    }
    let candidates = Set(entries.filter { $0.codes.contains(code) }.map { $0.meaning(of: code) })
    if service == nil, candidates.count == 1, let only = candidates.first { return only }
    return (classes.first { $0.codes.contains(code) } ?? unknown).meaning(of: code)
  }

  /// What some product means by it, or a service, or all: a row of the book.
  public struct Entry: Sendable {
    public let codes: ClosedRange<UInt16>
    /// Empty: all.
    public let services: [Service]
    public let words: String
    public let cause: String?
    public let remedy: String?
    public let section: String

    init(
      _ codes: ClosedRange<UInt16>, _ services: [Service], _ words: String, _ section: String, cause: String? = nil,
      remedy: String? = nil
    ) {
      self.codes = codes
      self.services = services
      self.words = words
      self.cause = cause
      self.remedy = remedy
      self.section = section
    }

    init(
      _ code: UInt16, _ services: [Service], _ words: String, _ section: String, cause: String? = nil,
      remedy: String? = nil
    ) {
      self.init(code...code, services, words, section, cause: cause, remedy: remedy)
    }

    func meaning(of code: UInt16) -> StatusMeaning {
      StatusMeaning(kind: .init(code: code), words: words, cause: cause, remedy: remedy, section: section)
    }
  }

  /// The rows that hold any of these codes, for one service (with the general ones) or for all. Where there is none, the
  /// class of the codes.
  public static func entries(of codes: ClosedRange<UInt16>, service: Service? = nil) -> [Entry] {
    let found = entries.filter { entry in
      guard entry.codes.overlaps(codes) else { return false }
      return service.map { entry.services.isEmpty || entry.services.contains($0) } ?? true
    }
    guard found.isEmpty else { return found }
    let general = classes.filter { $0.codes.overlaps(codes) }
    return general.isEmpty ? [unknown] : general
  }

  /// Codes of one service come before ranges that hold them, those of a service before the general ones.
  static let entries: [Entry] =
    storage + find + move + commitment + workflow + printing + eventLogging + machineVerification + relevantPatient
    + inventory + general
}
