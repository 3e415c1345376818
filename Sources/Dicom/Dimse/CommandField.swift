/// The command field (0000,0100), PS3.7 §E.1.
public enum CommandField: UInt16, Hashable, Sendable, CustomStringConvertible {
  case cStoreRequest = 0x0001
  case cStoreResponse = 0x8001
  case cGetRequest = 0x0010
  case cGetResponse = 0x8010
  case cFindRequest = 0x0020
  case cFindResponse = 0x8020
  case cMoveRequest = 0x0021
  case cMoveResponse = 0x8021
  case cEchoRequest = 0x0030
  case cEchoResponse = 0x8030
  case nEventReportRequest = 0x0100
  case nEventReportResponse = 0x8100
  case nGetRequest = 0x0110
  case nGetResponse = 0x8110
  case nSetRequest = 0x0120
  case nSetResponse = 0x8120
  case nActionRequest = 0x0130
  case nActionResponse = 0x8130
  case nCreateRequest = 0x0140
  case nCreateResponse = 0x8140
  case nDeleteRequest = 0x0150
  case nDeleteResponse = 0x8150
  case cCancelRequest = 0x0FFF

  public var isResponse: Bool { rawValue & 0x8000 != 0 }
  /// The response that answers this request; C-CANCEL has none.
  public var response: CommandField? { self == .cCancelRequest ? nil : CommandField(rawValue: rawValue | 0x8000) }

  /// PS3.7's name for the operation, such as `C-FIND`, without -RQ and -RSP.
  public var operation: String {
    switch self {
    case .cStoreRequest, .cStoreResponse: "C-STORE"
    case .cGetRequest, .cGetResponse: "C-GET"
    case .cFindRequest, .cFindResponse: "C-FIND"
    case .cMoveRequest, .cMoveResponse: "C-MOVE"
    case .cEchoRequest, .cEchoResponse: "C-ECHO"
    case .nEventReportRequest, .nEventReportResponse: "N-EVENT-REPORT"
    case .nGetRequest, .nGetResponse: "N-GET"
    case .nSetRequest, .nSetResponse: "N-SET"
    case .nActionRequest, .nActionResponse: "N-ACTION"
    case .nCreateRequest, .nCreateResponse: "N-CREATE"
    case .nDeleteRequest, .nDeleteResponse: "N-DELETE"
    case .cCancelRequest: "C-CANCEL"
    }
  }

  public var description: String { operation + (isResponse ? "-RSP" : "-RQ") }
}

/// (0000,0700), PS3.7 §9.3.
public enum Priority: UInt16, Hashable, Sendable {
  case medium = 0
  case high = 1
  case low = 2
}
