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

  /// C-ECHO, `count` times, each as soon as the one before it is answered. `onAnswer` gets each status and how long it
  /// took, on the event loop, and says whether to go on.
  public func echo(times count: Int, onAnswer: @escaping @Sendable (Status, Duration) -> Bool) async throws {
    guard !Task.isCancelled else { throw error(.cancelled, .echo) }
    let context = try context(for: .verification, .echo)
    try await onSession { [self] session, done in
      let series = EchoSeries(self, session, context: context, count: count, onAnswer: onAnswer, done: done)
      series.next()
      return { series.cancel() }
    }
  }
}
