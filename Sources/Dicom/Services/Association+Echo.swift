/// Verification, PS3.4 §A.
extension Association {
  /// C-ECHO.
  public func echo() async throws -> Status {
    let id = allocateMessageID()
    var command = CommandSet(.cEchoRequest)
    command.messageID = id
    command.affectedSOPClassUID = .verification
    let context = try context(for: .verification, .echo)
    return try await perform(OutgoingRequest(phase: .echo, context: context, command: command, messageID: id)).status
  }
}
