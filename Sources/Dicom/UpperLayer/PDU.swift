import NIOCore

/// A protocol data unit of the DICOM upper layer, PS3.8 §9.3.
public enum PDU: Hashable, Sendable {
  /// A-ASSOCIATE-RQ, PS3.8 §9.3.2.
  case associateRequest(AssociateRequestPDU)
  /// A-ASSOCIATE-AC, PS3.8 §9.3.3.
  case associateAccept(AssociateAcceptPDU)
  /// A-ASSOCIATE-RJ, PS3.8 §9.3.4.
  case associateReject(Rejection)
  /// P-DATA-TF, PS3.8 §9.3.5.
  case data([PresentationDataValue])
  /// A-RELEASE-RQ, PS3.8 §9.3.6.
  case releaseRequest
  /// A-RELEASE-RP, PS3.8 §9.3.7.
  case releaseResponse
  /// A-ABORT, PS3.8 §9.3.8.
  case abort(Abort)

  public var type: PDUType {
    switch self {
    case .associateRequest: .associateRequest
    case .associateAccept: .associateAccept
    case .associateReject: .associateReject
    case .data: .data
    case .releaseRequest: .releaseRequest
    case .releaseResponse: .releaseResponse
    case .abort: .abort
    }
  }
}

/// The first byte of every PDU, PS3.8 §9.3.1.
public enum PDUType: UInt8, Hashable, Sendable, CustomStringConvertible {
  case associateRequest = 0x01
  case associateAccept = 0x02
  case associateReject = 0x03
  case data = 0x04
  case releaseRequest = 0x05
  case releaseResponse = 0x06
  case abort = 0x07

  /// PS3.8's name for it, such as `A-ASSOCIATE-RQ`.
  public var description: String {
    switch self {
    case .associateRequest: "A-ASSOCIATE-RQ"
    case .associateAccept: "A-ASSOCIATE-AC"
    case .associateReject: "A-ASSOCIATE-RJ"
    case .data: "P-DATA-TF"
    case .releaseRequest: "A-RELEASE-RQ"
    case .releaseResponse: "A-RELEASE-RP"
    case .abort: "A-ABORT"
    }
  }
}

/// A presentation data value item: one fragment of a command or of a data set, PS3.8 §9.3.5.1 and Annex E.
public struct PresentationDataValue: Hashable, Sendable {
  public var contextID: UInt8
  /// Message control header bit 0: a command fragment, else a data set fragment.
  public var isCommand: Bool
  /// Message control header bit 1: the last fragment of its command or data set.
  public var isLast: Bool
  public var bytes: ByteBuffer

  public init(contextID: UInt8, isCommand: Bool, isLast: Bool, bytes: ByteBuffer) {
    self.contextID = contextID
    self.isCommand = isCommand
    self.isLast = isLast
    self.bytes = bytes
  }

  /// The message control header, PS3.8 Annex E.2.
  public var controlHeader: UInt8 { (isCommand ? 1 : 0) | (isLast ? 2 : 0) }
}

/// Bytes of a PDV inside the PDU's length besides its data: PDV length, context, control header.
let pdvHeaderLength = 6
