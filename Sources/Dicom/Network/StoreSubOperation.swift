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

  private struct Piece: Sendable {
    /// Gives what follows; nil: this is all.
    var reader: PieceReader?
    var bytes: ByteBuffer
  }

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
    load {
      var bytes = ByteBuffer()
      guard case .file(let path, let offset) = source.content else {
        _ = encoder.encode(request, source.content, contextID: contextID, into: &bytes)
        return Piece(bytes: bytes)
      }
      let reader = try PieceReader(
        path: path, offset: offset, contextID: contextID, maximumFragment: encoder.maximumFragment)
      let continuesPDU = encoder.encode(request, dataLength: reader.length, contextID: contextID, into: &bytes)
      return try Self.piece(reader, bytes, continuesPDU: continuesPDU)
    }
  }

  private static func piece(
    _ reader: PieceReader, _ start: ByteBuffer = ByteBuffer(), continuesPDU: Bool = false
  ) throws -> Piece {
    var bytes = start
    do throws(PieceReaderError) {
      let isLast = try reader.next(into: &bytes, continuesPDU: continuesPDU).isLast
      if isLast { reader.close() }
      return Piece(reader: isLast ? nil : reader, bytes: bytes)
    } catch {
      reader.close()
      throw error
    }
  }

  private func load(_ work: @escaping @Sendable () throws -> Piece) {
    let bound = NIOLoopBound(self, eventLoop: session.channel.eventLoop)
    NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop, work).assumeIsolated().whenComplete { result in
      switch result {
      case .success(let piece) where bound.value.hasEnded: piece.reader?.close()
      case .success(let piece): bound.value.write(piece)
      case .failure(let error): bound.value.failed(error)
      }
    }
  }

  private func write(_ piece: Piece) {
    isSending = true
    reader = piece.reader
    let promise = session.channel.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { [self] in
      session.activity()
      guard !hasEnded else { return }
      if let reader = piece.reader { load { try Self.piece(reader) } } else { sent() }
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
