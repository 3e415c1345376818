import NIOConcurrencyHelpers
import NIOCore

/// Query, PS3.4 §C.4.1, and worklist, §K.4.1.
extension Association {
  /// C-FIND. `onMatch` is called for each match, in order, on a thread that may block: a peer faster than that is held
  /// back, and not waited for meanwhile. A cancelled task sends C-CANCEL; matches not delivered by then are dropped, and
  /// the status is what the peer then says, usually `FE00`.
  /// - Returns: the final status, when all matches are delivered. Those delivered before an error are as good as any.
  public func find(
    _ identifier: DataSet, model: UID, priority: Priority = .medium, defaultCharacterSet: CharacterSet = .latin1,
    onMatch: @escaping @Sendable (DataSet) -> Void
  ) async throws -> Status {
    let id = allocateMessageID()
    let context = try context(for: model, .find)
    let transferSyntax = TransferSyntax(uid: context.transferSyntax)
    var command = CommandSet(.cFindRequest)
    command.messageID = id
    command.affectedSOPClassUID = model
    command.priority = priority.rawValue
    command.hasDataSet = true
    var request = OutgoingRequest(phase: .find, contextID: context.id, command: command, messageID: id)
    request.body = .dataSet(try DataSetWriter.write(identifier, transferSyntax: transferSyntax))
    request.isCancellable = true
    let matches = MatchDelivery { bytes in
      onMatch(
        try DataSetReader.read(bytes, transferSyntax: transferSyntax, defaultCharacterSet: defaultCharacterSet))
    } onFailure: { [weak self] error in
      self?.violated(Self.unreadable(error))
    }
    request.matches = matches
    do {
      let status = try await perform(request).status
      await matches.untilDelivered()
      if let failure = matches.failure { throw error(.protocolViolation(Self.unreadable(failure)), .find) }
      return status
    } catch {
      await matches.untilDelivered()
      throw error
    }
  }

  private static func unreadable(_ error: any Error) -> String { "it sent a C-FIND-RSP that cannot be read: \(error)" }
}
