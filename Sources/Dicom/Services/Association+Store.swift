/// The C-MOVE on whose behalf an instance is stored, PS3.7 §9.1.1.1.
public struct MoveOriginator: Hashable, Sendable {
  public var aeTitle: String
  public var messageID: UInt16

  public init(aeTitle: String, messageID: UInt16) {
    self.aeTitle = aeTitle
    self.messageID = messageID
  }
}

/// Storage, PS3.4 §B.
extension Association {
  /// The context in which an instance can be sent as it is encoded.
  public func context(for source: StoreSource) -> AcceptedContext? {
    acceptedContexts.first { $0.abstractSyntax == source.sopClassUID && $0.transferSyntax == source.transferSyntax }
  }

  /// C-STORE. The data set is read in pieces and never as a whole; `onProgress` gets the bytes sent so far, on the
  /// event loop. A cancelled task aborts the association: PS3.7 knows no cancel for it.
  public func store(
    _ source: StoreSource, moveOriginator: MoveOriginator? = nil, priority: Priority = .medium,
    onProgress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Status {
    guard let context = context(for: source) else {
      throw error(.noAcceptedContext([source.sopClassUID]), .store)
    }
    let id = allocateMessageID()
    var command = CommandSet(.cStoreRequest)
    command.messageID = id
    command.affectedSOPClassUID = source.sopClassUID
    command.affectedSOPInstanceUID = source.sopInstanceUID
    command.priority = priority.rawValue
    command.moveOriginatorAETitle = moveOriginator?.aeTitle
    command.moveOriginatorMessageID = moveOriginator?.messageID
    command.hasDataSet = true
    var request = OutgoingRequest(phase: .store, context: context, command: command, messageID: id)
    request.body = .source(source, onProgress: onProgress)
    return try await perform(request).status
  }
}
