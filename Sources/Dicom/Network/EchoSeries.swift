import NIOCore

/// C-ECHOs one after the other on the event loop: each leaves as soon as the one before it is answered.
final class EchoSeries {
  private let association: Association
  private let session: RequestorSession
  private let context: AcceptedContext
  private var left: Int
  private let onAnswer: (Status, Duration) -> Bool
  private let done: (Result<Void, any Error>) -> Void
  private var messageID: UInt16 = 0

  init(
    _ association: Association, _ session: RequestorSession, context: AcceptedContext, count: Int,
    onAnswer: @escaping (Status, Duration) -> Bool, done: @escaping (Result<Void, any Error>) -> Void
  ) {
    self.association = association
    self.session = session
    self.context = context
    left = count
    self.onAnswer = onAnswer
    self.done = done
  }

  func next() {
    guard left > 0 else { return done(.success(())) }
    left -= 1
    messageID = association.allocateMessageID()
    var command = CommandSet(.cEchoRequest)
    command.messageID = messageID
    command.affectedSOPClassUID = .verification
    let clock = session.deadlines.clock
    let sent = clock.now
    session.start(
      RequestorOperation(
        OutgoingRequest(phase: .echo, context: context, command: command, messageID: messageID)
      ) { [self] result in
        switch result {
        case .failure(let error): done(.failure(error))
        case .success(let response):
          if !onAnswer(response.status, sent.duration(to: clock.now)) { left = 0 }
          next()
        }
      })
  }

  func cancel() { session.cancel(messageID) }
}
