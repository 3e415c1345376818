/// What extended negotiation can add to queries and retrievals (PS3.4 §C.5.1.1, §C.5.2.1, §K.5.1). What was not agreed to
/// is not to be relied on.
public struct QueryCapabilities: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  // A bit for each byte of the negotiation. The fifth, conversion of enhanced multi-frame images, adds nothing to a query.

  /// Keys of any level in one query, without the unique keys of the levels above. For retrievals: relational retrieval.
  public static let relational = QueryCapabilities(rawValue: 1)
  /// A date and its time in two attributes are matched as one moment.
  public static let dateTimeMatching = QueryCapabilities(rawValue: 1 << 1)
  /// Names that sound or look alike match.
  public static let fuzzyNameMatching = QueryCapabilities(rawValue: 1 << 2)
  /// Dates and times are in the time zone of the request, (0008,0201).
  public static let timezoneAdjustment = QueryCapabilities(rawValue: 1 << 3)
  /// A key of two quotation marks, `""`, matches what has no value (PS3.4 §C.2.2.2.7).
  public static let emptyValueMatching = QueryCapabilities(rawValue: 1 << 5)
  /// Of a key with several values each has to match one of the attribute's (PS3.4 §C.2.2.2.8).
  public static let multipleValueMatching = QueryCapabilities(rawValue: 1 << 6)

  /// In the order of their bytes.
  public static let all: [QueryCapabilities] = [
    .relational, .dateTimeMatching, .fuzzyNameMatching, .timezoneAdjustment, .emptyValueMatching,
    .multipleValueMatching,
  ]

  /// How many bytes there are.
  static let byteCount = 7

  /// What one of them is called.
  public var words: String {
    Self.all.filter(contains).map { option in
      switch option {
      case .relational: "relational queries"
      case .dateTimeMatching: "combined date and time matching"
      case .fuzzyNameMatching: "fuzzy matching of names"
      case .timezoneAdjustment: "time zone adjustment"
      case .emptyValueMatching: "empty value matching"
      default: "multiple value matching"
      }
    }.joined(separator: ", ")
  }

  /// From the service class application information: a byte an option; what is missing is not supported.
  public init(information: [UInt8]) {
    let bits = information.prefix(Self.byteCount).enumerated().reduce(0 as UInt8) { bits, byte in
      byte.element == 1 ? bits | 1 << UInt8(byte.offset) : bits
    }
    self = QueryCapabilities(rawValue: bits).intersection(QueryCapabilities(Self.all))
  }

  /// One byte for relational queries alone: the first edition of the standard knew no more, and old peers neither. The
  /// second knew three.
  public var information: [UInt8] {
    let needed = Int(UInt8.bitWidth - rawValue.leadingZeroBitCount)
    return bytes(needed > 1 ? max(needed, 3) : 1)
  }

  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { rawValue >> UInt8($0) & 1 } }
}

extension ExtendedNegotiation {
  /// Proposes the options for a query or retrieve model. For worklists the first two bytes are always 1 (PS3.4 §K.5.1).
  public init(_ model: UID, _ options: QueryCapabilities) {
    let isWorklist = model == .worklistFind
    let options = isWorklist ? options.union([.relational, .dateTimeMatching]) : options
    self.init(sopClassUID: model, information: options.information)
  }

  /// Our answer to such a proposal: of what was proposed, what we support. No longer than what was proposed, since a
  /// peer that sends one byte may not expect more.
  public func answered(with supported: QueryCapabilities) -> ExtendedNegotiation {
    let agreed = QueryCapabilities(information: information).intersection(supported)
    let answer = agreed.bytes(min(information.count, QueryCapabilities.byteCount))
    return ExtendedNegotiation(sopClassUID: sopClassUID, information: answer)
  }
}
