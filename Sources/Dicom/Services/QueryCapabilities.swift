/// What extended negotiation can add to queries and retrievals (PS3.4 §C.5.1.1, §C.5.2.1, §K.5.1). What was not agreed to
/// is not to be relied on.
public struct QueryCapabilities: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Keys of any level in one query, without the unique keys of the levels above. For retrievals: relational retrieval.
  public static let relational = QueryCapabilities(rawValue: 1)
  /// A date and its time in two attributes are matched as one moment.
  public static let dateTimeMatching = QueryCapabilities(rawValue: 2)
  /// Names that sound or look alike match.
  public static let fuzzyNameMatching = QueryCapabilities(rawValue: 4)
  /// Dates and times are in the time zone of the request, (0008,0201).
  public static let timezoneAdjustment = QueryCapabilities(rawValue: 8)

  /// In the order of their bytes.
  public static let all: [QueryCapabilities] = [
    .relational, .dateTimeMatching, .fuzzyNameMatching, .timezoneAdjustment,
  ]

  /// What one of them is called.
  public var words: String {
    Self.all.filter(contains).map { option in
      switch option {
      case .relational: "relational queries"
      case .dateTimeMatching: "combined date and time matching"
      case .fuzzyNameMatching: "fuzzy matching of names"
      default: "time zone adjustment"
      }
    }.joined(separator: ", ")
  }

  /// From the service class application information: a byte an option; what is missing is not supported.
  public init(information: [UInt8]) {
    self.init(zip(Self.all, information).filter { $1 == 1 }.map(\.0))
  }

  /// One byte for relational queries alone: the first edition of the standard knew no more, and old peers neither.
  public var information: [UInt8] {
    let length = contains(.timezoneAdjustment) ? 4 : isSubset(of: .relational) ? 1 : 3
    return Self.all.prefix(length).map { contains($0) ? 1 : 0 }
  }
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
    var answer: [UInt8] = Array(repeating: 0, count: min(information.count, 4))
    for (index, option) in QueryCapabilities.all.prefix(answer.count).enumerated() where agreed.contains(option) {
      answer[index] = 1
    }
    return ExtendedNegotiation(sopClassUID: sopClassUID, information: answer)
  }
}
