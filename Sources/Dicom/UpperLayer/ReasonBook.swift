/// Why an association was rejected or aborted, or a presentation context not accepted.
public struct ReasonMeaning: Hashable, Sendable {
  /// The standard's words, without who said them.
  public var words: String
  /// What usually causes it.
  public var cause: String?
  public var remedy: String?
  /// Where the standard defines it.
  public var section: String
}

/// The reasons of PS3.8 Tables 9-18, 9-21 and 9-26, as data.
enum ReasonBook {
  private static let log = "its log says why"

  /// By source and reason, PS3.8 Table 9-21. What is not here is reserved.
  static let rejections: [(source: UInt8, reason: UInt8, meaning: ReasonMeaning)] = [
    rejection(
      1, 1, "no reason given", cause: "often it does not know our AE title or address, or refuses our user identity",
      remedy: "have our AE title, address and port entered there (fluoro whoami tells them); \(log)"),
    rejection(
      1, 2, "application context name not supported", cause: "what listens there does not take DICOM's",
      remedy: "check host and port"),
    rejection(
      1, 3, "calling AE title not recognized", cause: "the peer does not know our AE title",
      remedy: "have it added there, or call with one that it knows (LocalAet, --local-aet)"),
    rejection(
      1, 7, "called AE title not recognized", cause: "the peer is not called what we call it",
      remedy: "correct the AE title configured for it; capitals and small letters may count"),
    rejection(
      2, 1, "no reason given", cause: "its protocol layer refused; some do so for a user identity", remedy: log),
    rejection(
      2, 2, "protocol version not supported", cause: "the peer speaks no version 1 of the upper layer protocol",
      remedy: "check host and port"),
    rejection(
      3, 1, "temporary congestion", cause: "the peer has too much to do at the moment", remedy: "try again later"),
    rejection(
      3, 2, "local limit exceeded", cause: "all associations it allows are in use, by us or by others",
      remedy: "try again later, or open fewer at once (MaximumAssociations)"),
  ]

  private static func rejection(
    _ source: UInt8, _ reason: UInt8, _ words: String, cause: String, remedy: String
  ) -> (source: UInt8, reason: UInt8, meaning: ReasonMeaning) {
    (source, reason, ReasonMeaning(words: words, cause: cause, remedy: remedy, section: "PS3.8 Table 9-21"))
  }

  private static let abortSection = "PS3.8 Table 9-26"

  static let userAbort = ReasonMeaning(
    words: "aborted by the service user",
    cause: "the program at the other end, or its user, gave up; often an error there",
    remedy: log, section: abortSection)

  /// Of the service provider, by reason.
  static let providerAborts: [(reason: Abort.ProviderReason, meaning: ReasonMeaning)] = [
    abort(.notSpecified, "reason not specified", cause: "an error, or a timeout, at the other end", remedy: log),
    abort(
      .unrecognizedPDU, "unrecognized PDU",
      cause: "it received something that is no DICOM, through a proxy for example",
      remedy: "record a trace (--trace) and compare with its log"),
    abort(
      .unexpectedPDU, "unexpected PDU", cause: "a message came where the protocol allows none",
      remedy: "record a trace (--trace): what was sent last is what it did not expect"),
    abort(
      .unrecognizedPDUParameter, "unrecognized PDU parameter", cause: "it does not know an item of the negotiation",
      remedy: "leave out what is negotiated beyond the basics, a user identity for example"),
    abort(
      .unexpectedPDUParameter, "unexpected PDU parameter",
      cause: "data in a presentation context that was not agreed on, or an item out of place",
      remedy: "record a trace (--trace) and compare with its log"),
    abort(
      .invalidPDUParameterValue, "invalid PDU parameter value",
      cause: "a value it does not allow, often a length: a PDU longer than it takes, or a title",
      remedy: "check the AE titles; record a trace (--trace) and compare with its log"),
  ]

  private static func abort(
    _ reason: Abort.ProviderReason, _ words: String, cause: String, remedy: String
  ) -> (reason: Abort.ProviderReason, meaning: ReasonMeaning) {
    (reason, ReasonMeaning(words: words, cause: cause, remedy: remedy, section: abortSection))
  }

  /// PS3.8 Table 9-18.
  static let contextResults: [(result: ContextResult.Result, meaning: ReasonMeaning)] = [
    context(.acceptance, "accepted"),
    context(
      .userRejection, "rejected by the user", cause: "the peer could, and does not want to: often a right is missing",
      remedy: "have this service allowed there for our AE title"),
    context(.noReason, "rejected by the provider, no reason given", remedy: log),
    context(
      .abstractSyntaxNotSupported, "abstract syntax not supported",
      cause: "the peer does not offer this service, or takes no objects of this kind",
      remedy: "its conformance statement lists what it takes; often it is a setting there"),
    context(
      .transferSyntaxesNotSupported, "transfer syntaxes not supported",
      cause: "the peer takes such objects, but not encoded like this", remedy: "send them in another transfer syntax"),
  ]

  private static func context(
    _ result: ContextResult.Result, _ words: String, cause: String? = nil, remedy: String? = nil
  ) -> (result: ContextResult.Result, meaning: ReasonMeaning) {
    (result, ReasonMeaning(words: words, cause: cause, remedy: remedy, section: "PS3.8 Table 9-18"))
  }
}

extension Rejection {
  /// What the standard says it means, and what to do; a reserved reason has neither cause nor remedy.
  public var meaning: ReasonMeaning {
    ReasonBook.rejections.first { $0.source == source && $0.reason == reason }?.meaning
      ?? ReasonMeaning(words: "reserved reason \(reason)", section: "PS3.8 Table 9-21")
  }
}

extension Abort {
  public var meaning: ReasonMeaning {
    if source == 0 { return ReasonBook.userAbort }
    if source == 2, let known = ReasonBook.providerAborts.first(where: { $0.reason.rawValue == reason }) {
      return known.meaning
    }
    return ReasonMeaning(words: "reserved reason \(reason)", section: "PS3.8 Table 9-26")
  }
}

extension ContextResult.Result {
  public var meaning: ReasonMeaning {
    ReasonBook.contextResults.first { $0.result == self }?.meaning
      ?? ReasonMeaning(words: "result \(rawValue)", section: "PS3.8 Table 9-18")
  }
}
