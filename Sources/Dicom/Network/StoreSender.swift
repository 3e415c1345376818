import DequeModule
import NIOCore
import NIOPosix

/// Sends C-STOREs one after the other, on the event loop where no `StoreLane` does: when the peer has answered one, the
/// next is encoded already and leaves in the same turn of the loop. A large one is read in pieces and written as fast as the
/// peer takes them: at most two pieces of it are in memory beside what the channel holds.
final class StoreSender: OperationSeries {
  private let session: RequestorSession
  private let loader: StoreLoader
  private var done: ((Result<Void, any Error>) -> Void)?

  private var ready: Deque<StoreLoader.Loaded> = []
  private var isLoading = false
  private var isExhausted = false

  /// The one under way.
  private var current: LoadedStore?
  /// Serves all of them, one after the other. It holds its sender, until there are no more.
  private var operation: RequestorOperation?
  private var piece: StorePiece?
  private var isReading = false
  private var written = 0
  /// Sends in our place what is small and in memory; we go on with what it hands back.
  private var lane: (lane: StoreLane, look: RepeatedTask)?
  private var mayUseLane = true
  /// Why the association ended meanwhile.
  private var endMeanwhile: (any Error)?
  /// The one before it, which was answered; whoever sends it has not heard so yet.
  private var answered: (store: LoadedStore, status: Status)?

  init(_ session: RequestorSession, _ loader: StoreLoader, done: @escaping (Result<Void, any Error>) -> Void) {
    self.session = session
    self.loader = loader
    self.done = done
  }

  private var bound: NIOLoopBound<StoreSender> { NIOLoopBound(self, eventLoop: session.channel.eventLoop) }

  // MARK: One after the other

  func start() { loadMore() }

  /// Has more loaded when little is left, unless the disk is needed for the one under way.
  private func loadMore() {
    guard lane == nil, !isLoading, !isReading, piece?.isLast != false else { return }
    if !loader.isOnDisk {
      var taken = 0
      while true {
        guard ready.isEmpty, !isExhausted, done != nil, lane == nil else { return }
        // Only what cannot be sent goes by that fast; others have their turn on this loop, too.
        if taken == StoreLoader.batchCount {
          let bound = bound
          return bound.eventLoop.execute { bound.value.loadMore() }
        }
        guard let (loaded, isExhausted) = loader.loadFromMemory() else { break }
        if let loaded { ready.append(loaded) }
        goOn(isExhausted)
        taken += 1
      }
    }
    guard !isExhausted, done != nil else { return }
    let count = loader.useful(beside: ready.count)
    guard count > 0 else { return }
    isLoading = true
    let (bound, loader) = (bound, loader)
    NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop) { loader.load(count) }
      .whenComplete { bound.value.loaded($0) }
  }

  private func loaded(_ result: Result<(loaded: [StoreLoader.Loaded], isExhausted: Bool), any Error>) {
    isLoading = false
    guard done != nil else {
      for case .success(let one) in (try? result.get().loaded) ?? [] { one.store.close() }
      return
    }
    switch result {
    case .success(let (loaded, isExhausted)):
      ready.append(contentsOf: loaded)
      goOn(isExhausted)
      loadMore()
    case .failure(let error): finish(.failure(error))
    }
  }

  private func goOn(_ isExhausted: Bool) {
    self.isExhausted = isExhausted
    if current == nil { startNext() }
  }

  var hasNext: Bool {
    guard done != nil, case .success? = ready.first else { return false }
    return true
  }

  private func startNext() {
    while done != nil, let next = ready.popFirst() {
      switch next {
      case .failure(let failure):
        tellAnswer()
        failure.completion(.failure(failure.error))
      case .success(let (loaded, first)):
        current = loaded
        piece = first
        session.start(operation(for: loaded))
        return
      }
    }
    if isExhausted { finish(.success(())) }
  }

  private func operation(for loaded: LoadedStore) -> RequestorOperation {
    if let operation {
      operation.begin(contextID: loaded.contextID, messageID: loaded.messageID, body: .store(length: loaded.length))
      return operation
    }
    var request = OutgoingRequest(
      phase: .store, contextID: loaded.contextID, command: CommandSet(.cStoreRequest), messageID: loaded.messageID)
    request.body = .store(length: loaded.length)
    let operation = RequestorOperation(request) { result in self.completed(result) }
    operation.sender = self
    operation.series = self
    self.operation = operation
    return operation
  }

  private func completed(_ result: Result<Response, any Error>) {
    if let (lane, _) = lane {
      if case .failure(let error) = result { endMeanwhile = error }
      return lane.stop()
    }
    guard let loaded = current else { return }
    tellAnswer()
    current = nil
    piece = nil
    if !isReading { loaded.close() }
    switch result {
    case .success(let response):
      answered = (loaded, response.status)
      // The peer need not wait for what is made of its answer.
      startNext()
      tellAnswer()
      loadMore()
    case .failure(let error):
      loaded.completion(.failure(error))
      finish(.failure(error))
    }
  }

  /// In the order of the instances: before anything else is told.
  private func tellAnswer() {
    guard let (store, status) = answered else { return }
    answered = nil
    store.completion(.success(status))
  }

  private func finish(_ result: Result<Void, any Error>) {
    tellAnswer()
    guard let done else { return }
    self.done = nil
    operation = nil
    for case .success(let one) in ready { one.store.close() }
    ready = []
    done(result)
  }

  /// Nobody wants the rest: what is under way can only be broken off, for PS3.7 knows no cancel of a C-STORE.
  func cancel() {
    if done != nil { session.abort(.cancelled) }
    if lane == nil { finish(.failure(CancellationError())) }
  }

  // MARK: One instance

  /// It is this operation's turn.
  func begin() {
    written = 0
    if startLane() { return }
    pump()
  }

  /// Another thread sends this one and those after it, while they are small and in memory.
  private func startLane() -> Bool {
    guard mayUseLane, let current, current.isSmall, let operation, let piece, ready.isEmpty, !isExhausted, !isLoading,
      !loader.isOnDisk, session.canLend, let pipe = WakePipe(), let socket = session.lend(for: operation)
    else { return false }
    let lane = StoreLane(socket, loader, session.deadlines, pipe)
    // The lane tells what it sends.
    tellAnswer()
    self.piece = nil
    let bound = bound
    let look = bound.eventLoop.scheduleRepeatedTask(initialDelay: Self.patience, delay: Self.patience) { _ in
      lane.lookAgain()
    }
    self.lane = (lane, look)
    lane.start(with: current, piece.bytes) { result in bound.execute { $0.takeBack(result) } }
    return true
  }

  /// Another operation waits for its turn.
  func giveWay() { lane?.lane.stop() }

  /// So often it is seen to that an answer which came in pieces does not wait for more.
  private static let patience: TimeAmount = .milliseconds(20)
  /// One that was handed back too soon was not worth it.
  private static let worthwhile = 16

  private func takeBack(_ result: StoreLane.Return) {
    guard let (_, look) = lane.take() else { return }
    look.cancel()
    if result.answers < Self.worthwhile { mayUseLane = false }
    current = result.store
    if let next = result.next { ready.append(next) }
    isExhausted = result.isExhausted
    let operation = operation(for: result.store)
    if result.unsent.readableBytes == 0 {
      operation.state = .waiting
    } else {
      piece = StorePiece(bytes: result.unsent, length: result.store.length, isLast: true)
    }
    session.takeBack(operation, result)
    if let error = endMeanwhile { completed(.failure(error)) }
    if result.unsent.readableBytes > 0, session.current === operation { pump() }
    loadMore()
  }

  /// Writes what is there while the channel takes it, and has the next piece read meanwhile.
  func pump() {
    while let current, let operation, operation.state == .sending, session.handler.isWritable, let piece {
      self.piece = nil
      if !piece.isLast, let rest = current.rest { readNext(rest, of: current) }
      write(piece, operation, current.onProgress)
    }
  }

  private func readNext(_ reader: PieceReader, of loaded: LoadedStore) {
    isReading = true
    let (bound, loader) = (bound, loader)
    NIOThreadPool.singleton.runIfActive(eventLoop: bound.eventLoop) { try loader.next(of: reader) }
      .whenComplete { bound.value.read($0, of: loaded) }
  }

  private func read(_ result: Result<StorePiece, any Error>, of loaded: LoadedStore) {
    isReading = false
    guard let current, current.messageID == loaded.messageID else { return loaded.close() }
    switch result {
    case .success(let piece):
      self.piece = piece
      pump()
      loadMore()
    case .failure(let error):
      loaded.close()
      session.abort(.local("cannot read the instance to send: \(error)"))
    }
  }

  private func write(_ piece: StorePiece, _ operation: RequestorOperation, _ onProgress: @escaping (Int) -> Void) {
    if piece.isLast, written == 0, !operation.isLarge {
      // As good as sent: the one before it was answered, and should our system not take all of it at once, its answer is
      // waited for no longer than the sending would be.
      session.handler.write(piece.bytes, promise: nil)
      session.handler.flush()
      loader.recycle(piece.bytes)
      return session.sent(operation)
    }
    let promise = session.channel.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { [self] in
      loader.recycle(piece.bytes)
      written += piece.length
      // The answer to a small one follows at once, and says the same.
      if written > StoreLoader.largeCapacity { onProgress(written) }
      if piece.isLast {
        session.sent(operation)
      } else {
        session.deadlines.restart()
      }
    }
    session.handler.write(piece.bytes, promise: promise)
    session.handler.flush()
  }
}
