/// What an A-ASSOCIATE-RJ says: result, source and reason of PS3.8 Table 9-21.
public struct Rejection: Hashable, Sendable, CustomStringConvertible {
  /// 1: rejected permanent, 2: rejected transient.
  public var result: UInt8
  /// 1: service user, 2: service provider (ACSE), 3: service provider (presentation).
  public var source: UInt8
  /// Its meaning depends on the source.
  public var reason: UInt8

  public init(result: UInt8, source: UInt8, reason: UInt8) {
    self.result = result
    self.source = source
    self.reason = reason
  }

  public static let noReasonGiven = Rejection(result: 1, source: 1, reason: 1)
  public static let applicationContextNotSupported = Rejection(result: 1, source: 1, reason: 2)
  public static let callingAETitleNotRecognized = Rejection(result: 1, source: 1, reason: 3)
  public static let calledAETitleNotRecognized = Rejection(result: 1, source: 1, reason: 7)
  public static let protocolVersionNotSupported = Rejection(result: 1, source: 2, reason: 2)
  public static let temporaryCongestion = Rejection(result: 2, source: 3, reason: 1)
  public static let localLimitExceeded = Rejection(result: 2, source: 3, reason: 2)

  public var isTransient: Bool { result == 2 }

  /// The standard's words for the reason, such as `called AE title not recognized`.
  public var words: String { meaning.words }

  /// Who rejected, in words.
  public var sourceWords: String {
    switch source {
    case 1: "service user"
    case 2: "service provider (ACSE)"
    case 3: "service provider (presentation)"
    default: "source \(source)"
    }
  }

  public var description: String {
    let kind = result == 1 ? "rejected permanently" : result == 2 ? "rejected for now" : "rejected (result \(result))"
    return "\(kind) by the \(sourceWords): \(words)"
  }
}

/// What an A-ABORT says: source and reason, PS3.8 §9.3.8.
public struct Abort: Hashable, Sendable, CustomStringConvertible {
  /// 0: service user, 2: service provider.
  public var source: UInt8
  /// Meaningful when the source is the service provider.
  public var reason: UInt8

  public init(source: UInt8, reason: UInt8) {
    self.source = source
    self.reason = reason
  }

  /// A-ABORT by the service user, whose reason is not significant.
  public static let user = Abort(source: 0, reason: 0)
  /// An abort by the service provider (PS3.8 Table 9-26).
  public static func provider(_ reason: ProviderReason) -> Abort { Abort(source: 2, reason: reason.rawValue) }

  /// Reasons of the service provider, PS3.8 Table 9-26.
  public enum ProviderReason: UInt8, Hashable, Sendable, CaseIterable {
    case notSpecified = 0
    case unrecognizedPDU = 1
    case unexpectedPDU = 2
    case unrecognizedPDUParameter = 4
    case unexpectedPDUParameter = 5
    case invalidPDUParameterValue = 6
  }

  /// The standard's words for it.
  public var description: String {
    switch source {
    case 0: meaning.words
    case 2: "aborted by the service provider: \(meaning.words)"
    default: "aborted by source \(source), reason \(reason)"
    }
  }
}
