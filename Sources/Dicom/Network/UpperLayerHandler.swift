import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection's upper layer: frames PDUs, drives the state machine, carries its actions out, and hands commands and
/// data to its user, all on the event loop.
final class UpperLayerHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  struct Settings: Sendable {
    var clock: any DeadlineClock
    /// What we offer to receive.
    var maximumPDULength: UInt32
    /// PS3.8 §9.1.5: how long an acceptor waits for the A-ASSOCIATE-RQ.
    var artim: Duration = .seconds(30)
    /// The same timer where it waits for the peer to close; there is nothing left to lose then.
    var closingArtim: Duration = .seconds(2)
    var trace: (any TraceObserver)?
  }

  // These call nobody back, so no two accesses to one of them can overlap; to check that takes longer than some of what they do.
  @exclusivity(unchecked) var machine: AssociationStateMachine
  @exclusivity(unchecked) var stream: PDUStream
  @exclusivity(unchecked) var assembler = MessageAssembler()
  let settings: Settings
  var user: (any UpperLayerUser)?
  private var request: AssociateRequestPDU?
  private var context: ChannelHandlerContext?
  private var artim: (any ScheduledWork)?
  private var lastError: (any Error)?
  /// What came cannot be told apart any more; the rest is thrown away until the connection closes.
  var isDeaf = false
  var isProcessing = false
  var isPaused = false
  private var isReadHeld = false
  /// What came from the channel all the same while the connection was lent, and whether it has ended.
  private var loan: (held: [ByteBuffer], hasEnded: Bool)?
  /// How often something has come.
  private(set) var reads = 0
  /// Bytes that came since the last sign of life.
  private var unheardBytes = 0
  /// A P-DATA-TF is among what is being taken: a sign of life, which is told when all of it is, for it may end the wait.
  var hasNewData = false
  private(set) var closesWhenReleased = true
  /// The user has been told of the end.
  var hasTold = false
  let tracer: ConnectionTracer?
  /// What TLS came to, where it is spoken.
  private(set) var tls: TLSInformation?
  /// Set when the association is established, from the peer's maximum length.
  var encoder: MessageEncoder?

  /// A requestor's connection: `request` is sent as soon as it is open.
  init(requesting request: AssociateRequestPDU, settings: Settings) {
    machine = AssociationStateMachine(role: .requestor)
    _ = machine.handle(.associateRequest)
    self.request = request
    self.settings = settings
    stream = PDUStream(maximumDataLength: Self.dataLimit(settings))
    tracer = settings.trace.map { ConnectionTracer($0, clock: settings.clock) }
  }

  /// An acceptor's.
  init(settings: Settings) {
    machine = AssociationStateMachine(role: .acceptor)
    self.settings = settings
    stream = PDUStream(maximumDataLength: Self.dataLimit(settings))
    tracer = settings.trace.map { ConnectionTracer($0, clock: settings.clock) }
  }

  private static func dataLimit(_ settings: Settings) -> Int {
    settings.maximumPDULength == 0 ? PDUDecoder.maximumDataLength : Int(settings.maximumPDULength)
  }

  func setUser(_ user: any UpperLayerUser) { self.user = user }

  /// We have rejected the association on behalf of our user.
  private(set) var wasRejected = false
  var isEstablished: Bool { machine.state == .sta6 }
  var isOpen: Bool { machine.state != .sta1 && machine.state != .sta13 }

  // MARK: What the user may do

  func accept(_ accept: AssociateAcceptPDU) {
    guard machine.handle(.associateResponseAccept) == .ae7 else { return }
    send(.associateAccept(accept))
  }

  func reject(_ rejection: Rejection) {
    guard machine.handle(.associateResponseReject) == .ae8 else { return }
    wasRejected = true
    send(.associateReject(rejection))
    startArtim(settings.closingArtim)
  }

  /// - Parameter closes: the connection too, when the peer has answered.
  func release(closes: Bool) {
    guard machine.handle(.releaseRequest) == .ar1 else { return }
    closesWhenReleased = closes
    send(.releaseRequest)
  }

  func respondToRelease() {
    switch machine.handle(.releaseResponse) {
    case .ar4:
      send(.releaseResponse)
      startArtim(settings.closingArtim)
    case .ar9: send(.releaseResponse)
    default: break
    }
  }

  /// A-ABORT by the service user. Its own user hears no more of the association.
  func abort() {
    switch machine.handle(.abortRequest) {
    case .aa1:
      send(.abort(.user))
      startArtim(settings.closingArtim)
    case .aa2: close()
    default: break
    }
  }

  /// Aborts because the peer sent what it must not.
  func violated(_ words: String) {
    fail(.violation(words), .unexpectedPDUParameter)
  }

  /// Sends a whole message in one write. False when the association is not established.
  @discardableResult
  func send(
    _ command: CommandSet, contextID: UInt8, dataSet: ByteBuffer? = nil, promise: EventLoopPromise<Void>? = nil
  ) -> Bool {
    guard let encoder, let context, machine.handle(.dataRequest) != nil else {
      promise?.fail(ChannelError.alreadyClosed)
      return false
    }
    var buffer = context.channel.allocator.buffer(capacity: 512 + (dataSet?.readableBytes ?? 0))
    encoder.encode(command, contextID: contextID, into: &buffer)
    if let dataSet { encoder.encode(dataSet: dataSet, contextID: contextID, into: &buffer) }
    write(buffer, promise: promise)
    context.flush()
    return true
  }

  /// Writes bytes that are P-DATA-TF PDUs already, or parts of them; `flush` sends them.
  func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
    guard let context else {
      promise?.fail(ChannelError.alreadyClosed)
      return
    }
    tracer?.sent(bytes)
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  func flush() { context?.flush() }
  var isWritable: Bool { context?.channel.isWritable ?? false }
  /// Bytes that are written and not yet taken by the system.
  var bufferedBytes: Int {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Takes no more PDUs until `resume`; reads at most what fits in one buffer meanwhile.
  func pause() { isPaused = true }

  func resume() {
    guard isPaused else { return }
    isPaused = false
    process()
    if isReadHeld, !isPaused {
      isReadHeld = false
      context?.read()
    }
  }

  // MARK: The connection lent

  /// The connection can be lent: what goes over it need not go through here, and nothing is under way.
  var canLend: Bool {
    loan == nil && isEstablished && tracer == nil && tls == nil && !isPaused && !isDeaf && !stream.isAmidPDU
      && !assembler.isAmidMessage && context?.channel.isActive == true && bufferedBytes == 0
  }

  /// Lends the connection, where it can be lent, to somebody who does without the channel: until `takeBack` nothing is read
  /// here, and nothing written but an A-ABORT. Where our system has just taken half of a message, that stands amid it, and
  /// it is the connection's end that tells the peer.
  ///
  /// - Returns: a descriptor of the borrower's own; nil when too many files are open.
  func lend() -> CInt? {
    guard let channel = context?.channel,
      let socket = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable({ (socket: CInt) in
        fcntl(socket, F_DUPFD_CLOEXEC, 0)
      }), socket >= 0
    else { return nil }
    loan = ([], false)
    try? channel.syncOptions?.setOption(.autoRead, value: false)
    return socket
  }

  /// Goes on with what the borrower has read and could not use, and was told by the system.
  func takeBack(_ received: ByteBuffer, _ error: (any Error)?) {
    guard let loan else { return }
    self.loan = nil
    lastError = lastError ?? error
    try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
    var received = received
    for bytes in loan.held { received.writeImmutableBuffer(bytes) }
    if received.readableBytes > 0 { take(received) }
    if loan.hasEnded { transportClosed() }
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { transportOpened() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    guard loan == nil else { return }
    // A connection that never became active does not become inactive either.
    user?.disconnected()
    user = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    transportOpened()
    context.fireChannelActive()
  }

  private func transportOpened() {
    if tls == nil { traceOpening() }
    switch machine.role {
    case .requestor:
      guard machine.handle(.transportConnected) == .ae2, let request else { return }
      self.request = nil
      send(.associateRequest(request))
    case .acceptor:
      guard machine.handle(.transportConnectionIndicated) == .ae5 else { return }
      startArtim(settings.artim)
    }
    user?.connected()
  }

  private func traceOpening() {
    if let tracer, let channel = context?.channel { tracer.opened(channel, isRequestor: machine.role == .requestor) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSGate.Event.began:
      traceOpening()
      user?.securing()
    case TLSGate.Event.secured(let information):
      tls = information
      tracer?.secured(information)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDeaf else { return }
    let bytes = unwrapInboundIn(data)
    // It is read to its end when the peer has ended it.
    guard loan == nil else {
      loan?.held.append(bytes)
      return
    }
    take(bytes)
  }

  private func take(_ bytes: ByteBuffer) {
    tracer?.received(bytes)
    reads &+= 1
    stream.append(bytes)
    unheardBytes += bytes.readableBytes
    if unheardBytes >= Self.signOfLife { noteActivity() }
    process()
  }

  /// Each PDU is a sign of life, and each so many bytes of a large one: on a slow line a PDU takes long. A byte now and
  /// then is none.
  private static let signOfLife = 16_384

  func noteActivity() {
    unheardBytes = 0
    user?.activity()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if assembler.isAmidMessage || stream.isAmidPDU || user?.expectsMore == true { QuickAck.rearm(context.channel) }
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if isPaused, stream.hasInput {
      isReadHeld = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { user?.becameWritable() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    lastError = error
    // Before the association there is no state that would tell it, on the acceptor's side.
    if let failure = error as? TLSFailure, machine.state == .sta1 { tell(.tls(failure)) }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if loan == nil { transportClosed() } else { loan?.hasEnded = true }
    context.fireChannelInactive()
  }

  private func transportClosed() {
    let action = machine.handle(.transportClosed)
    stopArtim()
    if action == .aa4 { tell(closingReason) }
    tracer?.closed()
    user?.disconnected()
    user = nil
  }

  private var closingReason: AssociationEnd {
    switch lastError {
    case nil: return .closed
    case let failure as TLSFailure: return .tls(failure)
    case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: return .reset
    case let error?: return .failed("\(error)")
    }
  }

  // MARK: Sending and closing

  func send(_ pdu: PDU) {
    let buffer = PDUEncoder.encode(pdu)
    write(buffer, promise: nil)
    flush()
  }

  func close() {
    stopArtim()
    context?.close(promise: nil)
  }

  func startArtim(_ limit: Duration) {
    artim?.cancel()
    guard let context else { return }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let loop = context.eventLoop
    artim = settings.clock.schedule(at: settings.clock.now + limit) {
      loop.execute { bound.value.artimExpired() }
    }
  }

  func stopArtim() {
    artim?.cancel()
    artim = nil
  }

  private func artimExpired() {
    let wasAwaitingRequest = machine.state == .sta2
    guard artim != nil, machine.handle(.artimExpired) == .aa2 else { return }
    tell(wasAwaitingRequest ? .idle(settings.artim) : .closed)
    close()
  }
}
