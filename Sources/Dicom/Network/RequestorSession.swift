import DequeModule
import NIOConcurrencyHelpers
import NIOCore

/// The requestor's side of an association on its event loop: opens it, runs one operation after the other.
final class RequestorSession: UpperLayerUser {
  /// Identifiers are small; a peer that sends more is out of its mind.
  static let maximumDataSetLength = 64 << 20

  let handler: UpperLayerHandler
  let channel: any Channel
  private let parameters: AssociationParameters
  private(set) var deadlines: Deadlines
  private var phases: PhaseTimes
  private var opened: Outcome<Association>?
  private var phaseStart: ContinuousClock.Instant
  private var isConnected = false
  private var isSecuring = false
  let life = NIOLockedValueBox(AssociationLife())
  /// The life says so; looked at for each message.
  var hasBeenHeard = false

  private var queue: Deque<RequestorOperation> = []
  private(set) var current: RequestorOperation?
  /// The wait for the operation before it runs on, for this one.
  private var isWaitContinued = false
  /// Cancelled before they were started.
  private var cancelledIDs: Set<UInt16> = []
  var incoming: (command: CommandSet, contextID: UInt8, dataSet: ByteBuffer)?
  var contexts: [UInt8: AcceptedContext] = [:]
  /// The instance of a C-GET that is arriving, and whether one is being made durable.
  var store: IncomingStore?
  var isStoring = false
  typealias ReportHandler = @Sendable (StorageCommitmentReport) async -> Status
  /// Takes reports on storage commitment; nil: none is expected.
  var onReport: ReportHandler?
  var isHeld = false
  /// What the last look at the writing found.
  private var bufferedBytes = 0
  private var acknowledgedBytes: UInt64 = 0
  private let answerWatch: AnswerWatch
  private let answerThreshold: AnswerThreshold
  /// How often had been read when the last request had left.
  private var readsBefore = 0

  private var onReleased: [() -> Void] = []
  private(set) var end: AssociationError.Reason?
  /// Why we are ending it ourselves; what follows from that is not the reason.
  private var ending: AssociationError.Reason?

  init(
    handler: UpperLayerHandler, channel: any Channel, parameters: AssociationParameters, deadlines: Deadlines,
    phases: PhaseTimes, opened: Outcome<Association>
  ) {
    self.handler = handler
    self.channel = channel
    self.parameters = parameters
    self.deadlines = deadlines
    self.phases = phases
    self.opened = opened
    answerWatch = AnswerWatch(channel)
    answerThreshold = AnswerThreshold(channel)
    phaseStart = deadlines.clock.now
  }

  var bound: NIOLoopBound<RequestorSession> { NIOLoopBound(self, eventLoop: channel.eventLoop) }

  func use(_ deadlines: Deadlines) {
    hasBeenHeard = false
    guard self.deadlines !== deadlines else { return }
    self.deadlines.end()
    self.deadlines = deadlines
    isWaitContinued = false
  }

  func begin(_ kind: Wait.Kind) {
    isWaitContinued = false
    let bound = bound
    deadlines.begin(kind) { wait in bound.eventLoop.execute { bound.value.expired(wait) } }
  }

  // MARK: Opening

  func securing() {
    phases.connect = endPhase()
    isConnected = true
    isSecuring = true
    begin(.negotiatingTLS)
  }

  func connected() {
    if isSecuring {
      phases.tls = endPhase()
      isSecuring = false
    } else {
      phases.connect = endPhase()
      isConnected = true
    }
    begin(.associating)
  }

  private func endPhase() -> Duration {
    let now = deadlines.clock.now
    defer { phaseStart = now }
    return phaseStart.duration(to: now)
  }

  private func openingPhase(_ reason: AssociationError.Reason) -> AssociationError.Phase {
    if case .tls = reason { return .tls }
    return isSecuring ? .tls : isConnected ? .associate : .connect
  }

  func associateConfirmation(_ accept: AssociateAcceptPDU) {
    guard let opened else { return }
    phases.associate = phaseStart.duration(to: deadlines.clock.now)
    deadlines.end()
    guard let encoder = MessageEncoder(maximumPDULength: accept.userInformation.maximumPDULength) else {
      handler.violated("its maximum PDU length of \(accept.userInformation.maximumPDULength ?? 0) holds no data")
      return
    }
    handler.encoder = encoder
    let proposed = Dictionary(
      parameters.request.presentationContexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var contexts: [AcceptedContext] = []
    for result in accept.presentationContexts where result.result == .acceptance {
      // The proposed one, not its equal: both are compared for each instance.
      guard let proposal = proposed[result.id],
        let syntax = proposal.transferSyntaxes.first(where: { $0 == result.transferSyntax })
      else {
        handler.violated("it accepted presentation context \(result.id) as it was never proposed")
        return
      }
      contexts.append(
        AcceptedContext(id: result.id, abstractSyntax: proposal.abstractSyntax, transferSyntax: syntax))
    }
    self.contexts = Dictionary(contexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.opened = nil
    let peer = PeerInformation(
      address: channel.remoteAddress.map(ConnectionTracer.words) ?? parameters.endpoint.address,
      localAddress: channel.localAddress?.ipAddress, contextResults: accept.presentationContexts,
      implementationClassUID: accept.userInformation.implementationClassUID,
      implementationVersionName: accept.userInformation.implementationVersionName,
      maximumPDULength: accept.userInformation.maximumPDULength,
      roleSelections: accept.userInformation.roleSelections,
      extendedNegotiations: accept.userInformation.extendedNegotiations,
      asynchronousOperationsWindow: accept.userInformation.asynchronousOperationsWindow,
      userIdentityResponse: accept.userInformation.userIdentityResponse, tls: handler.tls,
      connection: handler.tracer?.connection)
    let association = Association(
      session: bound, parameters: parameters, peer: peer, phases: phases, acceptedContexts: contexts,
      life: life)
    if !opened.complete(.success(association)) { handler.abort() }
  }

  /// The caller does not want to wait any longer for the association to open.
  func giveUp(_ reason: AssociationError.Reason) {
    guard opened != nil else { return }
    if isConnected { return abort(reason) }
    finish(reason)
    channel.close(promise: nil)
  }

  // MARK: Operations

  func start(_ operation: RequestorOperation) {
    if !cancelledIDs.isEmpty, cancelledIDs.remove(operation.messageID) != nil {
      if current == nil { deadlines.end() }
      operation.completion(.failure(error(.cancelled, operation.phase)))
    } else if let end {
      operation.completion(.failure(error(end, operation.phase)))
    } else if current == nil, queue.isEmpty {
      begin(operation)
    } else {
      queue.append(operation)
      current?.sender?.giveWay()
      startNext()
    }
  }

  private func startNext() {
    guard current == nil, end == nil, let operation = queue.popFirst() else { return }
    begin(operation)
  }

  private func begin(_ operation: RequestorOperation) {
    current = operation
    bufferedBytes = .max
    switch operation.body {
    case .none: send(operation, dataSet: nil)
    case .dataSet(let dataSet): send(operation, dataSet: dataSet)
    case .store:
      operation.sender?.begin()
      if current === operation, operation.state == .sending { begin(.sending) }
    }
  }

  private func send(_ operation: RequestorOperation, dataSet: ByteBuffer?) {
    let promise = channel.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { self.sent(operation) }
    handler.send(operation.command, contextID: operation.contextID, dataSet: dataSet, promise: promise)
    if current === operation, operation.state == .sending { begin(.sending) }
  }

  /// The last byte of the request has left us.
  func sent(_ operation: RequestorOperation) {
    guard current === operation, operation.state == .sending else { return }
    operation.state = .waiting
    if let early = operation.early {
      begin(.response(operation.name))
      complete(operation, .success(early))
    } else {
      if operation.isLarge { acknowledgedBytes = Acknowledged.bytes(channel) ?? 0 }
      if isWaitContinued, operation.series != nil {
        isWaitContinued = false
        deadlines.restart(isAnother: true)
      } else {
        begin(.response(operation.name))
      }
      awaitAnswer(operation)
    }
  }

  /// The connection can be lent to a sender of small instances that does without the channel. It is for peers whose answers
  /// are known to come whole.
  var canLend: Bool { answerThreshold.isProven && queue.isEmpty && handler.canLend }

  /// Lends it, where it can be, until `takeBack`.
  func lend(for operation: RequestorOperation) -> CInt? {
    guard let socket = handler.lend() else { return nil }
    answerThreshold.end()
    operation.state = .waiting
    if isWaitContinued {
      isWaitContinued = false
      deadlines.restart(isAnother: true)
    } else {
      begin(.response(operation.name))
    }
    return socket
  }

  /// Goes on with the operation that is under way now.
  func takeBack(_ operation: RequestorOperation, _ result: StoreLane.Return) {
    if result.isInPieces { answerThreshold.refute() }
    if result.answers > 0 { noteHeard() }
    if current === operation, operation.state == .waiting { awaitAnswer(operation) }
    handler.takeBack(result.received, result.error)
  }

  private func awaitAnswer(_ operation: RequestorOperation) {
    answerWatch.begin(isLarge: operation.isLarge)
    readsBefore = handler.reads
    if operation.series != nil { answerThreshold.begin() }
  }

  /// Cancels an operation by its message id: C-CANCEL where there is such a thing, else by an abort.
  func cancel(_ messageID: UInt16) {
    if let index = queue.firstIndex(where: { $0.messageID == messageID }) {
      let operation = queue.remove(at: index)
      operation.completion(.failure(error(.cancelled, operation.phase)))
      return
    }
    guard let operation = current, operation.messageID == messageID else {
      if end == nil { cancelledIDs.insert(messageID) }
      return
    }
    guard operation.isCancellable, operation.state == .waiting else {
      if operation.state != .cancelling { abort(.cancelled) }
      return
    }
    operation.state = .cancelling
    operation.matches?.drop()
    var command = CommandSet(.cCancelRequest)
    command.messageIDBeingRespondedTo = messageID
    handler.send(command, contextID: operation.contextID)
    begin(.cancelling)
    goOn()
  }

  func complete(_ operation: RequestorOperation, _ result: Result<Response, any Error>) {
    guard current === operation else { return }
    current = nil
    answerWatch.end()
    // Where the next request leaves now, its wait takes the place of this one, for one who looks the same.
    isWaitContinued = operation.isFollowed
    if !isWaitContinued { deadlines.end() }
    answerThreshold.answered(wasWhole: handler.reads == readsBefore + 1, isLast: !isWaitContinued)
    operation.completion(result)
    startNext()
  }

  private func error(_ reason: AssociationError.Reason, _ phase: AssociationError.Phase) -> AssociationError {
    var error = AssociationError(reason, phase: phase, endpoint: parameters.endpoint, phases: phases)
    error.connection = handler.tracer?.connection
    error.identity = parameters.userIdentity?.description
    return error
  }

  func activity() {
    // What came before a request is no sign of life for it.
    if current?.state == .waiting, handler.reads != readsBefore { deadlines.restart() }
  }

  /// Pending responses, or instances that the peer stores with us. The one response of any other operation is acknowledged
  /// by what we send next, and when it comes in pieces it is amid a PDU that we wait.
  var expectsMore: Bool { current?.isCancellable == true && current?.state == .waiting }

  func becameWritable() { current?.sender?.pump() }

  // MARK: The end

  func release(closes: Bool, _ done: @escaping () -> Void) {
    guard end == nil, handler.isEstablished, current == nil else {
      if end == nil { abort(.notEstablished) }
      done()
      return
    }
    onReleased.append(done)
    begin(.releasing)
    handler.release(closes: closes)
  }

  func releaseIndication() {
    handler.respondToRelease()
    // In a release collision the answer to our own request is still due (PS3.8, Sta11); its deadline runs on.
    guard onReleased.isEmpty else { return }
    finish(.closed)
  }

  func ended(_ end: AssociationEnd) { finish(end.associationErrorReason) }

  func disconnected() {
    // A connection that could not be made is told, with its reason, by whoever tried to make it.
    if !isConnected { opened = nil }
    finish(.closed)
  }

  /// Aborts the association; what runs and waits fails with `reason`.
  func abort(_ reason: AssociationError.Reason) {
    // The A-ABORT first: a program may end as soon as it hears of the end.
    ending = reason
    handler.abort()
    finish(reason)
  }

  private func expired(_ wait: Wait) {
    guard let running = deadlines.current, running.kind == wait.kind, let deadline = running.deadline,
      deadline <= deadlines.clock.now
    else { return }
    switch wait.kind {
    // It is our disk that is waited for.
    case .response where isStoring: deadlines.restart()
    case .sending, .response:
      if isWritingGoingOn {
        deadlines.restart()
      } else {
        abort(.timeout(wait.kind, running.limit ?? .zero))
      }
    case .cancelling: abort(.cancelled)
    default: abort(.timeout(wait.kind, running.limit ?? .zero))
    }
  }

  /// Since the last look our system, or the peer's, has taken some of what we write: that is progress, though a whole
  /// piece has not left yet, or all has and is still on its way.
  private var isWritingGoingOn: Bool {
    guard let current, current.isLarge else { return false }
    let buffered = handler.bufferedBytes
    let acknowledged = Acknowledged.bytes(channel) ?? 0
    defer { (bufferedBytes, acknowledgedBytes) = (buffered, acknowledged) }
    return (buffered > 0 && buffered < bufferedBytes) || acknowledged > acknowledgedBytes
  }

  private func finish(_ consequence: AssociationError.Reason) {
    guard end == nil else { return }
    let reason = ending ?? consequence
    end = reason
    answerWatch.end()
    answerThreshold.end()
    life.withLockedValue { $0.isOpen = false }
    deadlines.end()
    incoming = nil
    store?.abandon()
    store = nil
    if let opened {
      self.opened = nil
      opened.complete(.failure(error(reason, openingPhase(reason))))
    }
    if let current {
      self.current = nil
      current.completion(.failure(error(reason, current.phase)))
    }
    for operation in queue { operation.completion(.failure(error(reason, operation.phase))) }
    queue = []
    for done in onReleased { done() }
    onReleased = []
  }
}
