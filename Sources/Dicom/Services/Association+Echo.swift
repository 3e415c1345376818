/// Verification, PS3.4 §A.
extension Association {
  /// C-ECHO.
  public func echo() async throws -> Status {
    let id = allocateMessageID()
    var command = CommandSet(.cEchoRequest)
    command.messageID = id
    command.affectedSOPClassUID = .verification
    let context = try context(for: .verification, .echo)
    let request = OutgoingRequest(phase: .echo, contextID: context.id, command: command, messageID: id)
    return try await perform(request).status
  }

  /// C-ECHO, `count` times, each as soon as the one before it is answered, until one is not answered with success.
  /// `onAnswer` gets each status and how long it took, on the event loop, when the next has left already.
  public func echo(times count: Int, onAnswer: @escaping @Sendable (Status, Duration) -> Void) async throws {
    guard !Task.isCancelled else { throw error(.cancelled, .echo) }
    let context = try context(for: .verification, .echo)
    guard count > 0 else { return }
    try await onSession { [self] session, done in
      let series = EchoSeries(self, session, context: context, count: count, onAnswer: onAnswer, done: done)
      series.next()
      return { series.cancel() }
    }
  }
}
