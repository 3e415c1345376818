/// What a status code means for a service.
public struct StatusMeaning: Hashable, Sendable {
  public var kind: Kind
  /// The standard's meaning.
  public var words: String
  /// What usually causes it, for a person who has to do something about it; nil where the words say it all.
  public var cause: String?
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

/// The status codes of PS3.7 Annex C and of the services of PS3.4, as data.
public enum StatusBook {
  /// The meaning of a code for a service, else its general meaning; nil where neither knows it.
  public static func meaning(_ code: UInt16, service: Service?) -> StatusMeaning? {
    let entry = entries.first { entry in
      entry.codes.contains(code) && service.map(entry.services.contains) ?? false
    }
    return (entry ?? general(code))?.meaning(of: code)
  }

  private static func general(_ code: UInt16) -> Entry? {
    entries.first { $0.services.isEmpty && $0.codes.contains(code) }
  }

  /// All meanings of a code, with the services they belong to (none: every service): what `explain` prints.
  public static func meanings(of code: UInt16) -> [(services: [Service], meaning: StatusMeaning)] {
    entries.filter { $0.codes.contains(code) }.map { ($0.services, $0.meaning(of: code)) }
  }

  struct Entry: Sendable {
    let codes: ClosedRange<UInt16>
    /// Empty: all.
    let services: [Service]
    let words: String
    let cause: String?
    let section: String

    init(_ codes: ClosedRange<UInt16>, _ services: [Service], _ words: String, _ section: String, cause: String? = nil)
    {
      self.codes = codes
      self.services = services
      self.words = words
      self.cause = cause
      self.section = section
    }

    init(_ code: UInt16, _ services: [Service], _ words: String, _ section: String, cause: String? = nil) {
      self.init(code...code, services, words, section, cause: cause)
    }

    func meaning(of code: UInt16) -> StatusMeaning {
      StatusMeaning(kind: .init(code: code), words: words, cause: cause, section: section)
    }
  }

  /// Codes of one service come before ranges that hold them, those of a service before the general ones.
  static let entries: [Entry] = storage + find + move + general

  private static let storage: [Entry] = [
    Entry(
      0xA700...0xA7FF, [.storage], "Refused: out of resources", "PS3.4 §B.2.3",
      cause: "the receiver's disk or quota is full"),
    Entry(
      0xA900...0xA9FF, [.storage], "Error: data set does not match SOP class", "PS3.4 §B.2.3",
      cause: "a required identifier is missing or the SOP class in the file is not the one announced"),
    Entry(
      0xB000, [.storage], "Warning: coercion of data elements", "PS3.4 §B.2.3", cause: "stored, with values changed"),
    Entry(0xB006, [.storage], "Warning: elements discarded", "PS3.4 §B.2.3", cause: "stored, with elements left out"),
    Entry(
      0xB007, [.storage], "Warning: data set does not match SOP class", "PS3.4 §B.2.3", cause: "stored all the same"),
    Entry(
      0xC000...0xCFFF, [.storage], "Error: cannot understand", "PS3.4 §B.2.3",
      cause: "the receiver could not parse or store the instance; its log says why"),
  ]

  private static let find: [Entry] = [
    Entry(
      0xA700, [.find, .worklist], "Refused: out of resources", "PS3.4 §C.4.1.1.4",
      cause: "too many matches; narrow the query"),
    Entry(
      0xA900, [.find, .worklist], "Error: identifier does not match SOP class", "PS3.4 §C.4.1.1.4",
      cause: "the level or a key does not belong to the query model"),
    Entry(
      0xB001, [.find], "Warning: matching reached response limit, subsequent request may return additional matches",
      "PS3.4 §C.4.1.1.4"),
    Entry(
      0xC000...0xCFFF, [.find, .worklist], "Error: unable to process", "PS3.4 §C.4.1.1.4",
      cause: "the peer could not run this query; a key it does not support, or an error in its log"),
    Entry(0xFE00, [.find, .worklist], "Matching terminated due to a cancel request", "PS3.4 §C.4.1.1.4"),
    Entry(0xFF00, [.find, .worklist], "Pending: matches are continuing", "PS3.4 §C.4.1.1.4"),
    Entry(
      0xFF01, [.find, .worklist], "Pending: matches are continuing, one or more optional keys were not supported",
      "PS3.4 §C.4.1.1.4"),
  ]

  private static let move: [Entry] = [
    Entry(
      0xA701, [.move, .get], "Refused: out of resources, unable to calculate number of matches", "PS3.4 §C.4.2.1.5"),
    Entry(
      0xA702, [.move, .get], "Refused: out of resources, unable to perform sub-operations", "PS3.4 §C.4.2.1.5",
      cause: "the peer could not send to the destination: its address and port there, a firewall, or its disk"),
    Entry(
      0xA801, [.move], "Refused: move destination unknown", "PS3.4 §C.4.2.1.5",
      cause: "the peer has no entry for this AE title; it must be added there with our host and port"),
    Entry(
      0xA900, [.move, .get], "Error: identifier does not match SOP class", "PS3.4 §C.4.2.1.5",
      cause: "the level or a UID is missing"),
    Entry(0xAA00, [.move, .get], "None of the frames requested were found in the SOP instance", "PS3.4 §Y.4.1.3"),
    Entry(0xAA01, [.move, .get], "Unable to create new object for this SOP class", "PS3.4 §Y.4.1.3"),
    Entry(0xAA02, [.move, .get], "Unable to extract frames", "PS3.4 §Y.4.1.3"),
    Entry(
      0xAA03, [.move, .get], "Time-based request received for a non-time-based original SOP instance", "PS3.4 §Y.4.1.3"),
    Entry(0xAA04, [.move, .get], "Invalid request", "PS3.4 §Y.4.1.3"),
    Entry(
      0xB000, [.move, .get], "Warning: sub-operations complete, one or more failures or warnings", "PS3.4 §C.4.2.1.5",
      cause: "some instances were not transferred"),
    Entry(
      0xC000...0xCFFF, [.move, .get], "Error: unable to process", "PS3.4 §C.4.2.1.5",
      cause: "the peer gave up: often the destination refused an instance or could not be reached; its log says why"),
    Entry(0xFE00, [.move, .get], "Sub-operations terminated due to a cancel indication", "PS3.4 §C.4.2.1.5"),
    Entry(0xFF00, [.move, .get], "Pending: sub-operations are continuing", "PS3.4 §C.4.2.1.5"),
  ]

  private static let general: [Entry] = [
    Entry(0x0000, [], "Success", "PS3.7 §C.1.1"),
    Entry(0x0001, [], "Warning: requested optional attributes are not supported", "PS3.7 §C.4"),
    Entry(0x0105, [], "No such attribute", "PS3.7 §C.5.12"),
    Entry(0x0106, [], "Invalid attribute value", "PS3.7 §C.5.3"),
    Entry(0x0107, [], "Warning: attribute list error", "PS3.7 §C.4.2"),
    Entry(0x0110, [], "Processing failure", "PS3.7 §C.5.21", cause: "an error inside the peer; its log says which"),
    Entry(0x0111, [], "Duplicate SOP instance", "PS3.7 §C.5.6", cause: "the peer already has an instance of this UID"),
    Entry(0x0112, [], "No such SOP instance", "PS3.7 §C.5.19"),
    Entry(0x0113, [], "No such event type", "PS3.7 §C.5.15"),
    Entry(0x0114, [], "No such argument", "PS3.7 §C.5.11"),
    Entry(0x0115, [], "Invalid argument value", "PS3.7 §C.5.2"),
    Entry(0x0116, [], "Warning: attribute value out of range", "PS3.7 §C.4.1"),
    Entry(0x0117, [], "Invalid SOP instance", "PS3.7 §C.5.5", cause: "a UID that is not well formed"),
    Entry(0x0118, [], "No such SOP class", "PS3.7 §C.5.18"),
    Entry(0x0119, [], "Class-instance conflict", "PS3.7 §C.5.4"),
    Entry(0x0120, [], "Missing attribute", "PS3.7 §C.5.9"),
    Entry(0x0121, [], "Missing attribute value", "PS3.7 §C.5.10"),
    Entry(
      0x0122, [], "Refused: SOP class not supported", "PS3.7 §C.5.24",
      cause: "the peer does not provide this service for this kind of object"),
    Entry(0x0123, [], "No such action type", "PS3.7 §C.5.13"),
    Entry(
      0x0124, [], "Refused: not authorized", "PS3.7 §C.5.22",
      cause: "the peer knows us, if at all, without the right to do this"),
    Entry(0x0210, [], "Duplicate invocation", "PS3.7 §C.5.7", cause: "the message id is in use"),
    Entry(0x0211, [], "Unrecognized operation", "PS3.7 §C.5.23", cause: "the peer does not know this command"),
    Entry(0x0212, [], "Mistyped argument", "PS3.7 §C.5.20"),
    Entry(0x0213, [], "Resource limitation", "PS3.7 §C.5.26"),
    Entry(0xFE00, [], "Cancelled", "PS3.7 §C.3"),
    Entry(0xFF00, [], "Pending", "PS3.7 §C.2"),
    Entry(0xFF01, [], "Pending, with a warning", "PS3.7 §C.2"),
  ]
}
