import NIOCore

/// C-ECHOs one after the other on the event loop: each leaves as soon as the one before it is answered.
final class EchoSeries: OperationSeries {
  private let association: Association
  private let session: RequestorSession
  private let context: AcceptedContext
  private var left: Int
  private let onAnswer: (Status, Duration) -> Void
  private let done: (Result<Void, any Error>) -> Void
  private var messageID: UInt16 = 0

  init(
    _ association: Association, _ session: RequestorSession, context: AcceptedContext, count: Int,
    onAnswer: @escaping (Status, Duration) -> Void, done: @escaping (Result<Void, any Error>) -> Void
  ) {
    self.association = association
    self.session = session
    self.context = context
    left = count
    self.onAnswer = onAnswer
    self.done = done
  }

  var hasNext: Bool { left > 0 }

  func next() {
    left -= 1
    messageID = association.allocateMessageID()
    var command = CommandSet(.cEchoRequest)
    command.messageID = messageID
    command.affectedSOPClassUID = .verification
    let clock = session.deadlines.clock
    let sent = clock.now
    let operation = RequestorOperation(
      OutgoingRequest(phase: .echo, contextID: context.id, command: command, messageID: messageID)
    ) { [self] result in
      switch result {
      // What the one before was answered is told first.
      case .failure(let error):
        session.channel.eventLoop.assumeIsolated().execute { [done] in done(.failure(error)) }
      case .success(let response):
        let time = sent.duration(to: clock.now)
        if !response.status.isSuccess {
          left = 0
          session.deadlines.end()
        }
        let isLast = left == 0
        // The peer need not wait for what is made of its answer.
        if !isLast { next() }
        onAnswer(response.status, time)
        if isLast { done(.success(())) }
      }
    }
    operation.series = self
    session.start(operation)
  }

  func cancel() { session.cancel(messageID) }
}
