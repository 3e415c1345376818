import NIOCore

/// The acceptor's side of one association on its event loop: negotiates, and serves one message after the other.
final class AcceptorSession: UpperLayerUser {
  /// Identifiers are small.
  static let maximumIdentifierLength = 16 << 20
  /// Queries and moves of one association at a time; a peer that starts more has not waited for its answers.
  static let maximumRunning = 8

  let handler: UpperLayerHandler
  let channel: any Channel
  let shared: AcceptorShared
  private var id = 0
  let deadlines: Deadlines
  private(set) var association: AcceptedAssociation?
  var contexts: [UInt8: AcceptedContext] = [:]
  private var incoming: Incoming = .none
  private var isFinishing = false
  /// Some of an instance is being written by a thread that may block.
  private var isWriting = false
  var running: [UInt16: Task<Void, Never>] = [:]
  var writableWaiters: [CheckedContinuation<Void, any Error>] = []
  private var bufferedBytes = Int.max
  private(set) var hasEnded = false
  /// The instance of a C-GET that is being sent, or was and is not answered.
  var subOperation: StoreSubOperation?
  var lastMessageID: UInt16 = 0
  /// What waits for that instance to be sent.
  private var deferred: [(AcceptorSession) -> Void] = []
  /// A peer that asks for more meanwhile has lost its mind.
  private static let maximumDeferred = 64
  /// The message id of the C-GET that runs.
  var getID: UInt16?
  var agreedRoles: [RoleSelection] = []
  /// For the next instance of a near peer.
  private let requestWatch: AnswerWatch

  /// The data set that is arriving, and what becomes of it.
  private enum Incoming {
    case none
    case store(IncomingStore)
    case identifier(CommandSet, AcceptedContext, ByteBuffer)
    /// Thrown away; then the status is the response.
    case refused(Status, CommandSet, contextID: UInt8)
  }

  init(handler: UpperLayerHandler, channel: any Channel, shared: AcceptorShared) {
    self.handler = handler
    self.channel = channel
    self.shared = shared
    requestWatch = AnswerWatch(channel, isSure: false)
    deadlines = Deadlines(
      Timeouts(connect: nil, association: nil, response: nil, idle: shared.idle), clock: shared.settings.clock)
    id = shared.add(weakBound)
  }

  var weakBound: NIOLoopBound<WeakBox<AcceptorSession>> {
    NIOLoopBound(WeakBox(object: self), eventLoop: channel.eventLoop)
  }

  private var remoteAddress: String { channel.remoteAddress?.ipAddress ?? "?" }

  // MARK: Negotiation

  func connected() {
    if shared.isClosing { channel.close(promise: nil) }
  }

  func associateIndication(_ pdu: AssociateRequestPDU) {
    let request = AssociateRequest(
      callingAETitle: pdu.callingAETitle, calledAETitle: pdu.calledAETitle, remoteAddress: remoteAddress,
      presentationContexts: pdu.presentationContexts, userInformation: pdu.userInformation)
    guard pdu.applicationContextName == .dicomApplicationContext else {
      return refuse(.applicationContextNotSupported)
    }
    guard
      let encoder = MessageEncoder(
        maximumPDULength: pdu.userInformation.maximumPDULength, peer: pdu.userInformation.implementationClassUID)
    else {
      return refuse(.noReasonGiven)
    }
    switch shared.delegate.evaluate(request) {
    case .reject(let rejection): handler.reject(rejection)
    case .accept(let results, let roles, let answers):
      let information = UserInformation(
        answering: pdu.userInformation, maximumPDULength: shared.settings.maximumPDULength, roles, answers,
        window: AsynchronousOperationsWindow(invoked: UInt16(Self.maximumRunning), performed: 1))
      do {
        try PDUEncoder.check(information)
      } catch {
        return refuse(.noReasonGiven)
      }
      accept(request, pdu, results, information, encoder)
    }
  }

  /// Rejects without having asked the delegate.
  private func refuse(_ rejection: Rejection) {
    handler.reject(rejection)
    shared.delegate.failed(remoteAddress: remoteAddress, reason: .rejected(rejection))
  }

  private func accept(
    _ request: AssociateRequest, _ pdu: AssociateRequestPDU, _ results: [ContextResult],
    _ information: UserInformation, _ encoder: MessageEncoder
  ) {
    let proposed = Dictionary(pdu.presentationContexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for result in results where result.result == .acceptance {
      guard let proposal = proposed[result.id] else { continue }
      contexts[result.id] = AcceptedContext(
        id: result.id, abstractSyntax: proposal.abstractSyntax, transferSyntax: result.transferSyntax)
    }
    let association = AcceptedAssociation(
      id: id, request: request, since: shared.settings.clock.now,
      acceptedContexts: contexts.values.sorted { $0.id < $1.id }, tls: handler.tls,
      connection: handler.tracer?.connection, session: weakBound)
    guard shared.admit(association) else { return refuse(.localLimitExceeded) }
    self.association = association
    agreedRoles = information.roleSelections
    handler.encoder = encoder
    var accept = AssociateAcceptPDU(
      calledAETitle: pdu.calledAETitle, callingAETitle: pdu.callingAETitle, presentationContexts: results,
      userInformation: information)
    accept.applicationContextName = pdu.applicationContextName
    handler.accept(accept)
    let bound = weakBound
    deadlines.begin(.idle) { wait in bound.eventLoop.execute { bound.value.object?.expired(wait) } }
    shared.delegate.opened(association)
  }

  // MARK: Messages

  func received(_ command: CommandSet, contextID: UInt8) {
    requestWatch.end()
    guard let context = contexts[contextID], let association else {
      handler.violated(MessageError.unknownContext(contextID).description)
      return
    }
    guard !command.isResponse else {
      if takeStoreResponse(command, contextID: contextID) { return }
      handler.violated("a \(command.field?.description ?? "response") that nothing had asked for")
      return
    }
    switch command.field {
    case .cEchoRequest: answer(command, contextID, shared.delegate.echo(association))
    case .cStoreRequest: beginStore(command, context, association)
    case .cFindRequest, .cMoveRequest, .cGetRequest, .nEventReportRequest: beginIdentifier(command, context)
    case .nActionRequest where context.abstractSyntax == .storageCommitmentPushModel:
      answer(command, contextID, shared.delegate.commitmentRequest(association))
    case .cCancelRequest:
      if let id = command.messageIDBeingRespondedTo { running[id]?.cancel() }
    default: answer(command, contextID, .unrecognizedOperation)
    }
  }

  /// Responds, at once or when the data set that follows has gone by.
  private func answer(_ command: CommandSet, _ contextID: UInt8, _ status: Status) {
    if command.hasDataSet {
      incoming = .refused(status, command, contextID: contextID)
    } else {
      respond(command, contextID, status)
    }
  }

  func respond(_ command: CommandSet, _ contextID: UInt8, _ status: Status) {
    whenFree { session in
      session.handler.send(command.response(status: status), contextID: contextID)
      session.closeIfWanted()
    }
  }

  /// Sends now, or, amid the message of another instance, behind that.
  func whenFree(_ send: @escaping (AcceptorSession) -> Void) {
    guard subOperation?.isSending == true else { return send(self) }
    guard deferred.count < Self.maximumDeferred else {
      handler.violated("it asked for more than \(Self.maximumDeferred) things while an instance was sent to it")
      return
    }
    deferred.append(send)
  }

  func sendDeferred() {
    let waiting = deferred
    deferred = []
    for send in waiting { send(self) }
  }

  private func beginStore(_ command: CommandSet, _ context: AcceptedContext, _ association: AcceptedAssociation) {
    guard command.hasDataSet else {
      return respond(command, context.id, Status(0x0212, errorComment: "no data set"))
    }
    incoming = .store(IncomingStore(command, context) { shared.delegate.store($0, association) })
  }

  private func beginIdentifier(_ command: CommandSet, _ context: AcceptedContext) {
    guard let messageID = command.messageID, command.hasDataSet else {
      return answer(command, context.id, Status(0x0212, errorComment: "no message id or no identifier"))
    }
    if let sopClass = command.affectedSOPClassUID, sopClass != context.abstractSyntax {
      return answer(command, context.id, .sopClassNotSupported)
    }
    guard running[messageID] == nil else { return answer(command, context.id, Status(0x0210)) }
    guard running.count < Self.maximumRunning else { return answer(command, context.id, Status(0x0213)) }
    incoming = .identifier(command, context, ByteBuffer())
  }

  func received(data: ByteBuffer, isLast: Bool) {
    switch incoming {
    case .none: break
    case .store(let store):
      let hasRoom = store.receive(data, on: channel.eventLoop) { [weak self] in self?.written(store, isLast) }
      guard hasRoom else {
        isWriting = true
        return handler.pause()
      }
      if isLast { finish(store) }
    case .identifier(let command, let context, var bytes):
      guard bytes.readableBytes + data.readableBytes <= Self.maximumIdentifierLength else {
        handler.violated(MessageError.dataSetTooLong(limit: Self.maximumIdentifierLength).description)
        return
      }
      incoming = .none
      bytes.writeImmutableBuffer(data)
      if isLast {
        run(command, context, bytes)
      } else {
        incoming = .identifier(command, context, bytes)
      }
    case .refused: if isLast { finishRefused() }
    }
  }

  /// The receiver, who was busy, can take more.
  private func written(_ store: IncomingStore, _ isLast: Bool) {
    isWriting = false
    guard !hasEnded else { return }
    deadlines.restart()
    if isLast { finish(store) }
    if !isFinishing { handler.resume() }
  }

  private func finishRefused() {
    guard case .refused(let status, let command, let contextID) = incoming else { return }
    incoming = .none
    respond(command, contextID, status)
  }

  private func finish(_ store: IncomingStore) {
    incoming = .none
    let (command, contextID) = (store.command, store.contextID)
    if let refusal = store.refusal { return respond(command, contextID, refusal) }
    isFinishing = true
    handler.pause()
    let bound = weakBound
    store.finish { status in bound.execute { $0.object?.finished(command, contextID, status) } }
  }

  private func finished(_ command: CommandSet, _ contextID: UInt8, _ status: Status) {
    guard isFinishing else { return }
    isFinishing = false
    deadlines.restart()
    respond(command, contextID, status)
    handler.resume()
    // Others would be kept waiting meanwhile.
    if !isBusy, shared.connectionCount == 1 { requestWatch.begin() }
  }

  func becameWritable() {
    let waiters = writableWaiters
    writableWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  // MARK: Time and end

  func activity() { deadlines.restart() }
  var expectsMore: Bool { false }

  private var isBusy: Bool {
    if case .none = incoming { return isFinishing || !running.isEmpty }
    return true
  }

  private func expired(_ wait: Wait) {
    guard let current = deadlines.current, let deadline = current.deadline, deadline <= shared.settings.clock.now else {
      return
    }
    // While we are the ones at work, only a peer that takes none of our answers is idle.
    let buffered = handler.bufferedBytes
    let isAwaiting = subOperation?.isSent ?? false
    let isWorking = isFinishing || isWriting || !running.isEmpty && !isAwaiting
    if isWorking, buffered == 0 || buffered < bufferedBytes {
      bufferedBytes = buffered == 0 ? .max : buffered
      deadlines.restart()
    } else {
      abort(.idle(wait.limit ?? .zero))
    }
  }

  func releaseIndication() {
    handler.respondToRelease()
    finish(.released)
  }

  func ended(_ end: AssociationEnd) { finish(end) }

  func disconnected() {
    finish(.closed)
    shared.remove(id)
  }

  func abort(_ end: AssociationEnd) {
    handler.abort()
    finish(end)
  }

  /// Ends an association that has nothing to do, because we stop serving.
  func closeIfIdle() {
    guard !isBusy else { return }
    if association == nil {
      channel.close(promise: nil)
    } else {
      abort(.abortedHere)
    }
  }

  func closeIfWanted() {
    if shared.isClosing { closeIfIdle() }
  }

  /// Ends it whatever it does.
  func drop(_ end: AssociationEnd = .abortedHere) {
    abort(end)
    channel.close(promise: nil)
  }

  private func finish(_ end: AssociationEnd) {
    guard !hasEnded else { return }
    hasEnded = true
    deadlines.end()
    if case .store(let store) = incoming { store.abandon() }
    incoming = .none
    for task in running.values { task.cancel() }
    running = [:]
    subOperation?.abandon()
    subOperation = nil
    sendDeferred()
    for waiter in writableWaiters { waiter.resume(throwing: CancellationError()) }
    writableWaiters = []
    if let association {
      shared.forget(association: association.id)
      shared.delegate.closed(association, reason: end)
      self.association = nil
    } else if !handler.wasRejected {
      shared.delegate.failed(remoteAddress: remoteAddress, reason: end)
    }
  }
}
