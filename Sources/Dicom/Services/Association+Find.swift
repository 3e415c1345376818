import NIOConcurrencyHelpers
import NIOCore

/// Query, PS3.4 §C.4.1, and worklist, §K.4.1.
extension Association {
  /// C-FIND. `onMatch` is called for each match, in order, on the event loop: it must not block. A cancelled task sends
  /// C-CANCEL; matches that come after it are dropped, and the status is what the peer then says, usually `FE00`.
  /// - Returns: the final status. Matches delivered before an error are as good as any.
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
    var request = OutgoingRequest(phase: .find, context: context, command: command, messageID: id)
    request.body = .dataSet(try DataSetWriter.write(identifier, transferSyntax: transferSyntax))
    request.isCancellable = true
    request.onPending = { response in
      guard let bytes = response.dataSet else { throw MissingIdentifier() }
      onMatch(
        try DataSetReader.read(bytes, transferSyntax: transferSyntax, defaultCharacterSet: defaultCharacterSet))
    }
    return try await perform(request).status
  }
}

/// A pending C-FIND response without an identifier.
struct MissingIdentifier: Error, CustomStringConvertible {
  var description: String { "it has no identifier" }
}
