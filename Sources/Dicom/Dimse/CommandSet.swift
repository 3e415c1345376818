/// A DIMSE command set: the elements of group 0000, PS3.7 §6.3.1 and Annex E. Nil is an absent element.
public struct CommandSet: Hashable, Sendable {
  /// (0000,0100) as it came; see `field`.
  public var commandField: UInt16
  /// (0000,0110)
  public var messageID: UInt16?
  /// (0000,0120)
  public var messageIDBeingRespondedTo: UInt16?
  /// (0000,0002)
  public var affectedSOPClassUID: UID?
  /// (0000,0003)
  public var requestedSOPClassUID: UID?
  /// (0000,1000)
  public var affectedSOPInstanceUID: UID?
  /// (0000,1001)
  public var requestedSOPInstanceUID: UID?
  /// (0000,0600)
  public var moveDestination: String?
  /// (0000,0700)
  public var priority: UInt16?
  /// (0000,0800): whether a data set follows; anything but 0101 says so.
  public var hasDataSet: Bool = false
  /// (0000,0900)
  public var status: UInt16?
  /// (0000,0901) as tags' numbers.
  public var offendingElements: [UInt32] = []
  /// (0000,0902)
  public var errorComment: String?
  /// (0000,0903)
  public var errorID: UInt16?
  /// (0000,1002)
  public var eventTypeID: UInt16?
  /// (0000,1008)
  public var actionTypeID: UInt16?
  /// (0000,1020) to (0000,1023)
  public var remainingSuboperations: UInt16?
  public var completedSuboperations: UInt16?
  public var failedSuboperations: UInt16?
  public var warningSuboperations: UInt16?
  /// (0000,1030)
  public var moveOriginatorAETitle: String?
  /// (0000,1031)
  public var moveOriginatorMessageID: UInt16?

  public init(_ field: CommandField) { commandField = field.rawValue }
  init(commandField: UInt16) { self.commandField = commandField }

  /// Nil for a command nobody knows.
  public var field: CommandField? { CommandField(rawValue: commandField) }
  public var isResponse: Bool { commandField & 0x8000 != 0 }

  /// A response to this request, with the elements every response repeats.
  public func response(status: Status) -> CommandSet {
    var response = CommandSet(commandField: commandField | 0x8000)
    response.messageIDBeingRespondedTo = messageID
    response.affectedSOPClassUID = affectedSOPClassUID ?? requestedSOPClassUID
    response.affectedSOPInstanceUID = affectedSOPInstanceUID ?? requestedSOPInstanceUID
    response.status = status.code
    response.errorComment = status.errorComment
    return response
  }

  /// The status of a response with its comment, for the service the command belongs to.
  public var responseStatus: Status? {
    guard let status else { return nil }
    return Status(status, service: field.flatMap(Service.init(of:)), errorComment: errorComment)
  }

  public var subOperations: SubOperations {
    SubOperations(
      remaining: remainingSuboperations.map(Int.init), completed: completedSuboperations.map(Int.init),
      failed: failedSuboperations.map(Int.init), warning: warningSuboperations.map(Int.init))
  }
}

/// Counters of a retrieval's sub-operations as the peer reported them, PS3.4 §C.4.2.1.6; nil where it said nothing.
public struct SubOperations: Hashable, Sendable {
  public var remaining: Int?
  public var completed: Int?
  public var failed: Int?
  public var warning: Int?

  public init(remaining: Int? = nil, completed: Int? = nil, failed: Int? = nil, warning: Int? = nil) {
    self.remaining = remaining
    self.completed = completed
    self.failed = failed
    self.warning = warning
  }
}
