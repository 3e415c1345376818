import NIOConcurrencyHelpers

/// How a C-MOVE or a C-GET ended.
public struct MoveOutcome: Hashable, Sendable {
  public var status: Status
  /// The peer's last counters.
  public var subOperations: SubOperations
  /// (0008,0058) of the final response.
  public var failedSOPInstanceUIDs: [UID]

  public init(status: Status, subOperations: SubOperations, failedSOPInstanceUIDs: [UID] = []) {
    self.status = status
    self.subOperations = subOperations
    self.failedSOPInstanceUIDs = failedSOPInstanceUIDs
  }
}

/// Retrieval, PS3.4 §C.4.2 and §C.4.3.
extension Association {
  /// C-MOVE to `destination`. `messageID` (from `allocateMessageID`) is what the sub-operations will name as their
  /// originator's. `onProgress` is called for each pending response, on the event loop. A cancelled task sends C-CANCEL.
  public func move(
    _ identifier: DataSet, model: UID, destination: String, messageID: UInt16? = nil, priority: Priority = .medium,
    onProgress: @escaping @Sendable (SubOperations) -> Void = { _ in }
  ) async throws -> MoveOutcome {
    try AETitle.validate(destination)
    let id = messageID ?? allocateMessageID()
    var command = CommandSet(.cMoveRequest)
    command.messageID = id
    command.affectedSOPClassUID = model
    command.priority = priority.rawValue
    command.moveDestination = destination
    let context = try context(for: model, .move)
    return try await retrieve(
      OutgoingRequest(phase: .move, contextID: context.id, command: command, messageID: id), identifier,
      context, onProgress)
  }

  /// C-GET: the instances come back on this association, in the presentation contexts of their classes, for which the
  /// role of an SCP must have been proposed (`AssociationParameters.roleSelections`). `onStore` is asked for each,
  /// `onProgress` gets the counters of each pending response, both on the event loop. A cancelled task sends C-CANCEL;
  /// instances that still come until the peer confirms it are taken.
  public func get(
    _ identifier: DataSet, model: UID, priority: Priority = .medium,
    onProgress: @escaping @Sendable (SubOperations) -> Void = { _ in },
    onStore: @escaping @Sendable (StoreRequest) -> StoreReception
  ) async throws -> MoveOutcome {
    let id = allocateMessageID()
    var command = CommandSet(.cGetRequest)
    command.messageID = id
    command.affectedSOPClassUID = model
    command.priority = priority.rawValue
    let context = try context(for: model, .get)
    var request = OutgoingRequest(phase: .get, contextID: context.id, command: command, messageID: id)
    request.onStore = onStore
    return try await retrieve(request, identifier, context, onProgress)
  }

  private func retrieve(
    _ request: OutgoingRequest, _ identifier: DataSet, _ context: AcceptedContext,
    _ onProgress: @escaping @Sendable (SubOperations) -> Void
  ) async throws -> MoveOutcome {
    let transferSyntax = TransferSyntax(uid: context.transferSyntax)
    let last = NIOLockedValueBox(SubOperations())
    var request = request
    request.command.hasDataSet = true
    request.body = .dataSet(try DataSetWriter.write(identifier, transferSyntax: transferSyntax))
    request.isCancellable = true
    request.isHeardAfterCancel = true
    request.onPending = { response in
      let counters = response.command.subOperations
      last.withLockedValue { $0 = counters }
      onProgress(counters)
    }
    let response = try await perform(request)
    let failed = response.dataSet.flatMap { try? DataSetReader.read($0, transferSyntax: transferSyntax) }
    return MoveOutcome(
      status: response.status,
      subOperations: response.command.subOperations.filled(from: last.withLockedValue { $0 }),
      failedSOPInstanceUIDs: failed?.uids(.failedSOPInstanceUIDList) ?? [])
  }
}

extension SubOperations {
  /// Counters that a final response leaves out are those of the last pending one.
  func filled(from last: SubOperations) -> SubOperations {
    SubOperations(
      remaining: remaining ?? last.remaining, completed: completed ?? last.completed, failed: failed ?? last.failed,
      warning: warning ?? last.warning)
  }
}
