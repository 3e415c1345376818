import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Sends one C-STORE: the command and the data set behind it, read in pieces and written as fast as the peer takes
/// them. At most two pieces are in memory besides what the channel holds.
final class StoreSender {
  private let source: StoreSource
  private let operation: RequestorOperation
  private unowned let session: RequestorSession
  private let onProgress: @Sendable (Int) -> Void
  private var reader: PieceReader?
  private var piece: ByteBuffer?
  private var unread = 0
  private var isReading = false
  private var hasBegun = false
  private var isStopped = false
  private var unreported = 0
  private var written = 0

  /// A write is reported on after this many bytes: a promise for each PDU of a small maximum length would cost more.
  private static let reportInterval = 65_536

  init(
    _ source: StoreSource, operation: RequestorOperation, session: RequestorSession,
    onProgress: @escaping @Sendable (Int) -> Void
  ) {
    self.source = source
    self.operation = operation
    self.session = session
    self.onProgress = onProgress
  }

  func start() {
    switch source.content {
    case .bytes(let bytes):
      piece = bytes
      pump()
    case .file(let path, let offset):
      isReading = true
      let bound = NIOLoopBound(self, eventLoop: session.channel.eventLoop)
      NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop) {
        let reader = try PieceReader(path: path, offset: offset)
        do {
          return (reader, try reader.next())
        } catch {
          reader.close()
          throw error
        }
      }.whenComplete { result in bound.value.opened(result) }
    }
  }

  private func opened(_ result: Result<(PieceReader, ByteBuffer), any Error>) {
    isReading = false
    switch result {
    case .failure(let error): fail(error)
    case .success(let (reader, piece)):
      guard !isStopped else {
        reader.close()
        return
      }
      self.reader = reader
      self.piece = piece
      unread = reader.length - piece.readableBytes
      pump()
    }
  }

  /// Nothing more is sent; the file is closed.
  func stop() {
    isStopped = true
    piece = nil
    if !isReading { closeReader() }
  }

  private func closeReader() {
    reader?.close()
    reader = nil
  }

  private func fail(_ error: any Error) {
    guard !isStopped else {
      closeReader()
      return
    }
    session.abort(.local("cannot read the instance to send: \(error)"))
  }

  /// Writes what is there while the channel takes it, and has the next piece read meanwhile.
  func pump() {
    while !isStopped, session.handler.isWritable, let piece {
      self.piece = nil
      let isLast = unread == 0
      if !isLast { readNext() }
      write(piece, isLast: isLast)
    }
  }

  private func readNext() {
    guard let reader, !isReading else { return }
    isReading = true
    let bound = NIOLoopBound(self, eventLoop: session.channel.eventLoop)
    NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop) { try reader.next() }
      .whenComplete { result in bound.value.read(result) }
  }

  private func read(_ result: Result<ByteBuffer, any Error>) {
    isReading = false
    switch result {
    case .failure(let error): fail(error)
    case .success(let piece):
      guard !isStopped else {
        closeReader()
        return
      }
      self.piece = piece
      unread -= piece.readableBytes
      pump()
    }
  }

  private func write(_ piece: ByteBuffer, isLast: Bool) {
    let handler = session.handler
    guard let encoder = handler.encoder else { return }
    if isLast { closeReader() }
    var piece = piece
    var header = ByteBuffer()
    if !hasBegun {
      hasBegun = true
      encoder.encode(operation.command, contextID: operation.context.id, into: &header)
      handler.traceSent(
        operation.command, contextID: operation.context.id, dataSetLength: piece.readableBytes + unread)
    }
    repeat {
      guard let fragment = piece.readSlice(length: min(piece.readableBytes, encoder.maximumFragment)) else { return }
      let isEnd = isLast && piece.readableBytes == 0
      PDUEncoder.writeDataHeader(
        contextID: operation.context.id, isCommand: false, isLast: isEnd, length: fragment.readableBytes,
        into: &header)
      unreported += fragment.readableBytes
      handler.write(header, promise: nil)
      header.clear()
      handler.write(fragment, promise: isEnd || unreported >= Self.reportInterval ? report(isEnd: isEnd) : nil)
    } while piece.readableBytes > 0
    handler.flush()
  }

  /// A promise for the write that takes out what was not reported yet.
  private func report(isEnd: Bool) -> EventLoopPromise<Void> {
    written += unreported
    unreported = 0
    let total = written
    let promise = session.channel.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { [session, operation, onProgress] in
      onProgress(total)
      if isEnd {
        session.sent(operation)
      } else {
        session.deadlines.restart()
      }
    }
    return promise
  }
}
