import NIOConcurrencyHelpers
import NIOCore

/// An association we have requested (PS3.8 §7.1), ready for operations. They run one after the other, in the order
/// they were started. It ends by `release`, by `abort`, when the peer ends it, or, aborted, when nobody holds it.
public final class Association: Sendable {
  public let parameters: AssociationParameters
  public let peer: PeerInformation
  public let phases: PhaseTimes
  /// In the order they were proposed.
  public let acceptedContexts: [AcceptedContext]

  private let session: NIOLoopBound<RequestorSession>
  private let life: NIOLockedValueBox<AssociationLife>
  private let messageIDs = NIOLockedValueBox<UInt16>(0)

  init(
    session: NIOLoopBound<RequestorSession>, parameters: AssociationParameters, peer: PeerInformation,
    phases: PhaseTimes, acceptedContexts: [AcceptedContext], life: NIOLockedValueBox<AssociationLife>
  ) {
    self.session = session
    self.life = life
    self.parameters = parameters
    self.peer = peer
    self.phases = phases
    self.acceptedContexts = acceptedContexts
  }

  deinit { session.execute { $0.abort(.notEstablished) } }

  /// Requests an association. Every wait is bounded by `deadlines`; a cancelled task gives up at once.
  /// - Throws: `AssociationError`, or `AETitleError` before anything is sent.
  public static func request(
    _ parameters: AssociationParameters, deadlines: Deadlines, trace: (any TraceObserver)? = nil
  ) async throws -> Association {
    try AETitle.validate(parameters.callingAETitle)
    try AETitle.validate(parameters.calledAETitle)
    let count = parameters.presentationContexts.count
    guard count <= AssociationParameters.maximumPresentationContexts else {
      throw AssociationError(
        .local(
          "\(count) presentation contexts do not fit into one association, which takes "
            + "\(AssociationParameters.maximumPresentationContexts); propose them in several"), phase: .associate,
        endpoint: parameters.endpoint)
    }
    do {
      try PDUEncoder.check(parameters.request.userInformation)
    } catch {
      throw AssociationError(.local("\(error)"), phase: .associate, endpoint: parameters.endpoint)
    }
    return try await Requestor(parameters: parameters, deadlines: deadlines, trace: trace).open()
  }

  /// From now on operations wait by these deadlines: one association can serve several operations, one after the other.
  public func use(_ deadlines: Deadlines) {
    life.withLockedValue { $0.hasBeenHeard = false }
    session.execute { $0.use(deadlines) }
  }

  /// Neither side has ended it, as far as is known here.
  public var isOpen: Bool { life.withLockedValue { $0.isOpen } }

  /// The peer has sent a message since the association was opened or last given to a user by `use`. Where it has not,
  /// and has ended the association, it can have done nothing of what that user asked.
  public var hasBeenHeard: Bool { life.withLockedValue { $0.hasBeenHeard } }

  /// From now on it waits by deadlines of its own; when this returns, the former ones are the caller's alone.
  public func giveBack(_ former: Deadlines) async {
    let own = Deadlines(former.timeouts, clock: former.clock)
    await withCheckedContinuation { continuation in
      session.execute { session in
        session.use(own)
        continuation.resume()
      }
    }
  }

  func setReportHandler(_ handler: @escaping RequestorSession.ReportHandler) {
    session.execute { $0.onReport = handler }
  }

  /// The presentation contexts of an abstract syntax that the peer accepted, in the order of their IDs.
  public func contexts(for abstractSyntax: UID) -> [AcceptedContext] {
    acceptedContexts.filter { $0.abstractSyntax == abstractSyntax }
  }

  /// The transfer syntax of the first of them; nil when the peer accepted none.
  public func acceptedTransferSyntax(for abstractSyntax: UID) -> UID? {
    acceptedContexts.first { $0.abstractSyntax == abstractSyntax }?.transferSyntax
  }

  /// A message id not used before on this association (until 65535 of them were).
  public func allocateMessageID() -> UInt16 {
    messageIDs.withLockedValue { id in
      id = id == .max ? 1 : id + 1
      return id
    }
  }

  /// Releases the association. Returns when the peer has answered, or has not within the limit; then it is aborted.
  public func release() async { await release(closes: true) }

  /// - Parameter closes: the connection with it (PS3.8 §9.2.3, AR-3); else that is left to the end of this process. One with
  ///   TLS is closed in any case, which has an end of its own.
  package func release(closes: Bool) async {
    await withCheckedContinuation { continuation in
      session.execute { $0.release(closes: closes) { continuation.resume() } }
    }
  }

  /// Aborts the association; what runs on it fails as cancelled.
  public func abort() { session.execute { $0.abort(.cancelled) } }

  /// Aborts it because the peer sent what cannot be used.
  func violated(_ words: String) { session.execute { $0.handler.violated(words) } }

  // MARK: Requests

  func error(_ reason: AssociationError.Reason, _ phase: AssociationError.Phase) -> AssociationError {
    AssociationError(reason, phase: phase, endpoint: parameters.endpoint)
  }

  func context(for abstractSyntax: UID, _ phase: AssociationError.Phase) throws(AssociationError) -> AcceptedContext {
    guard let context = acceptedContexts.first(where: { $0.abstractSyntax == abstractSyntax }) else {
      throw error(.noAcceptedContext([abstractSyntax]), phase)
    }
    return context
  }

  /// Sends a request and waits for its final response.
  func perform(_ request: OutgoingRequest) async throws -> Response {
    guard !Task.isCancelled else { throw error(.cancelled, request.phase) }
    let session = session
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        session.execute { session in
          session.start(RequestorOperation(request) { continuation.resume(with: $0) })
        }
      }
    } onCancel: {
      session.eventLoop.execute { session.value.cancel(request.messageID) }
    }
  }

  /// Starts something on the event loop that ends with `done` (once), and cancels it, by what `start` returns, when the
  /// task is cancelled.
  func onSession<Value: Sendable>(
    _ start:
      @escaping @Sendable (RequestorSession, _ done: @escaping (Result<Value, any Error>) -> Void) -> () -> Void
  ) async throws -> Value {
    let session = session
    typealias Started = (cancel: (() -> Void)?, isUnwanted: Bool)
    let started = NIOLoopBoundBox<Started>.makeBoxSendingValue((nil, false), eventLoop: session.eventLoop)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        session.execute { session in
          let cancel = start(session) { continuation.resume(with: $0) }
          if started.value.isUnwanted { cancel() } else { started.value.cancel = cancel }
        }
      }
    } onCancel: {
      session.eventLoop.execute {
        started.value.isUnwanted = true
        started.value.cancel?()
      }
    }
  }
}

/// What is known of an association on any thread.
struct AssociationLife: Sendable {
  var isOpen = true
  var hasBeenHeard = false
}
