import NIOCore
import NIOPosix

/// A C-STORE that an acceptor sends on behalf of a C-GET, until it is answered: piece by piece, each read when the one
/// before has left. Lives on the event loop.
final class StoreSubOperation {
  let messageID: UInt16
  let contextID: UInt8
  private let session: AcceptorSession
  private let encoder: MessageEncoder
  private let continuation: CheckedContinuation<Status?, any Error>
  private var reader: PieceReader?
  /// Some of its message has gone out, and not all: no other message may be sent.
  private(set) var isSending = false
  private(set) var isSent = false
  /// An answer that came before everything was sent.
  private var early: Status?
  private(set) var hasEnded = false

  init(
    messageID: UInt16, context: AcceptedContext, encoder: MessageEncoder, session: AcceptorSession,
    _ continuation: CheckedContinuation<Status?, any Error>
  ) {
    self.messageID = messageID
    contextID = context.id
    self.encoder = encoder
    self.session = session
    self.continuation = continuation
  }

  func start(_ source: StoreSource) {
    var command = CommandSet(.cStoreRequest)
    command.messageID = messageID
    command.affectedSOPClassUID = source.sopClassUID
    command.affectedSOPInstanceUID = source.sopInstanceUID
    command.priority = Priority.medium.rawValue
    command.hasDataSet = true
    let (encoder, contextID, request) = (encoder, contextID, command)
    load { try PieceReader.begin(request, source.content, contextID: contextID, encoder) }
  }

  private func load(_ work: @escaping @Sendable () throws -> (StorePiece, PieceReader?)) {
    let bound = NIOLoopBound(self, eventLoop: session.channel.eventLoop)
    NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop, work).assumeIsolated().whenComplete { result in
      switch result {
      case .success(let (_, rest)) where bound.value.hasEnded: rest?.close()
      case .success(let (piece, rest)): bound.value.write(piece, rest)
      case .failure(let error): bound.value.failed(error)
      }
    }
  }

  private func write(_ piece: StorePiece, _ rest: PieceReader?) {
    isSending = true
    reader = rest
    let promise = session.channel.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { [self] in
      session.activity()
      guard !hasEnded else { return }
      guard let rest else { return sent() }
      load {
        var buffer = ByteBuffer()
        let piece = try rest.next(behind: &buffer)
        return (piece, piece.isLast ? nil : rest)
      }
    }
    session.handler.write(piece.bytes, promise: promise)
    session.handler.flush()
  }

  private func sent() {
    isSending = false
    isSent = true
    if let early { end(early) }
    session.sendDeferred()
  }

  /// What has begun cannot be taken back; what has not was not sent.
  private func failed(_ error: any Error) {
    guard !hasEnded else { return }
    if isSending { return session.abort(.failed("cannot read the instance to send: \(error)")) }
    end(nil)
  }

  /// The peer's answer.
  func answered(_ status: Status) {
    if isSent { end(status) } else { early = status }
  }

  /// The association is over.
  func abandon() {
    guard !hasEnded else { return }
    hasEnded = true
    reader?.close()
    continuation.resume(throwing: CancellationError())
  }

  private func end(_ status: Status?) {
    guard !hasEnded else { return }
    hasEnded = true
    session.ended(self)
    continuation.resume(returning: status)
  }
}

/// The sub-operations of a C-GET, on the association that asked for it.
extension AcceptorSession {
  /// Sends an instance and gives its answer to `continuation`; nil: it could not be read.
  func store(
    _ source: StoreSource, in context: AcceptedContext, _ continuation: CheckedContinuation<Status?, any Error>
  ) {
    guard !hasEnded, subOperation == nil, let encoder = handler.encoder else {
      return continuation.resume(throwing: CancellationError())
    }
    lastMessageID = lastMessageID == .max ? 1 : lastMessageID + 1
    let store = StoreSubOperation(
      messageID: lastMessageID, context: context, encoder: encoder, session: self, continuation)
    subOperation = store
    store.start(source)
  }

  /// The peer's answer to one. False: nothing was asked.
  func takeStoreResponse(_ command: CommandSet, contextID: UInt8) -> Bool {
    guard command.field == .cStoreResponse, let store = subOperation, let status = command.responseStatus,
      store.messageID == command.messageIDBeingRespondedTo, store.contextID == contextID
    else { return false }
    store.answered(status)
    return true
  }

  func ended(_ store: StoreSubOperation) {
    if subOperation === store { subOperation = nil }
  }
}
