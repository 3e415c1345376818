/// The status of a DIMSE response, PS3.7 Annex C, with the service whose meaning it has.
public struct Status: Hashable, Sendable, CustomStringConvertible {
  /// (0000,0900)
  public var code: UInt16
  /// Whose table to read: codes mean different things for different services.
  public var service: Service?
  /// (0000,0902), the peer's own words.
  public var errorComment: String?

  public init(_ code: UInt16, service: Service? = nil, errorComment: String? = nil) {
    self.code = code
    self.service = service
    self.errorComment = errorComment
  }

  public static let success = Status(0x0000)
  public static let cancel = Status(0xFE00)
  public static let pending = Status(0xFF00)
  public static let processingFailure = Status(0x0110)
  public static let sopClassNotSupported = Status(0x0122)
  public static let notAuthorized = Status(0x0124)
  public static let unrecognizedOperation = Status(0x0211)
  public static let outOfResources = Status(0xA700)
  public static let moveDestinationUnknown = Status(0xA801)

  public var isSuccess: Bool { code == 0 }
  public var isPending: Bool { code == 0xFF00 || code == 0xFF01 }
  public var isCancel: Bool { code == 0xFE00 }
  public var isWarning: Bool { type == .warning }
  public var isFailure: Bool { type == .failure }

  /// Success, warning, failure, cancel or pending: the code alone says it.
  public var type: StatusMeaning.Kind { .init(code: code) }

  public var meaning: StatusMeaning { StatusBook.meaning(code, service: service) }

  /// The code as `0xA700`.
  public var hex: String { hexadecimal(code) }

  /// What it means, such as `Refused: out of resources`, followed by the peer's own comment.
  public var words: String {
    let words = meaning.words
    guard let comment = errorComment, !comment.isEmpty else { return words }
    return "\(words) (\(comment))"
  }

  public var description: String { "\(hex) \(words)" }

  /// What usually causes it and what to do about it, as the end of a sentence; nil where the book says neither.
  public var advice: String? {
    let parts = [meaning.cause, meaning.remedy].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The description and the advice.
  public var advised: String { advice.map { "\(self); \($0)" } ?? description }

  /// The same status with the peer's, or our, words for the reason.
  public func commented(_ comment: String) -> Status {
    Status(code, service: service, errorComment: comment)
  }
}

/// Thrown by a service provider to answer with a status of its own.
public struct StatusError: Error, Hashable, Sendable, CustomStringConvertible {
  public var status: Status

  public init(_ status: Status) { self.status = status }

  public var description: String { status.description }
}

/// DIMSE services whose status codes have meanings of their own.
public enum Service: String, Hashable, Sendable, CaseIterable {
  case verification, storage, find, move, get, worklist, storageCommitment
  /// Unified and modality performed procedure steps, printing, media creation, event logging, verification of treatment
  /// machines, relevant patient information, inventories: only their codes are known here.
  case procedureStep, printing, mediaCreation, eventLogging, machineVerification, relevantPatient, inventory

  init?(of field: CommandField) {
    switch field {
    case .cEchoRequest, .cEchoResponse: self = .verification
    case .cStoreRequest, .cStoreResponse: self = .storage
    case .cFindRequest, .cFindResponse: self = .find
    case .cMoveRequest, .cMoveResponse: self = .move
    case .cGetRequest, .cGetResponse: self = .get
    case .nActionRequest, .nActionResponse, .nEventReportRequest, .nEventReportResponse: self = .storageCommitment
    default: return nil
    }
  }
}
