import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Dicom

/// The ends of an association that are not the ordinary one, on the wire.
@Suite("Releases and aborts")
struct ReleaseAndAbortTests {
  let clock = ManualClock()
  let deadlines: Deadlines

  init() { deadlines = Deadlines(Timeouts(all: .seconds(3)), clock: clock) }

  @Test("both sides release at once: each answers the other, and the requestor closes last")
  func collision() async throws {
    let heard = NIOLockedValueBox<[PDUType]>([])
    let peer = try await ScriptedPeer { pdu, line in
      heard.withLockedValue { $0.append(pdu.type) }
      switch pdu {
      case .associateRequest(let request): line.send(ScriptedPeer.acceptance(of: request))
      // Its own request was on its way when ours arrived; ours is answered when its own has been (Sta12).
      case .releaseRequest: line.send(.releaseRequest)
      case .releaseResponse: line.send(.releaseResponse)
      default: break
      }
    }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    await association.release()
    #expect(heard.withLockedValue { $0 } == [.associateRequest, .releaseRequest, .releaseResponse])
    #expect(deadlines.current == nil)
    await peer.stop()
  }

  @Test("a connection that is left to the end of the process outlasts its association, another does not")
  func leftOpen() async throws {
    let lines = NIOLockedValueBox<[any Channel]>([])
    let peer = try await ScriptedPeer(closesAfterRelease: false) { pdu, line in
      switch pdu {
      case .associateRequest(let request):
        lines.withLockedValue { $0.append(line.channel) }
        line.send(ScriptedPeer.acceptance(of: request))
      case .releaseRequest: line.send(.releaseResponse)
      default: break
      }
    }
    for closes in [false, true] {
      let association = try await Association.request(.local(peer.port), deadlines: deadlines)
      await association.release(closes: closes)
      #expect(!association.isOpen)
    }
    let (left, closed) = lines.withLockedValue { ($0[0], $0[1]) }
    try await closed.closeFuture.get()
    #expect(left.isActive)
    try await left.close()
    await peer.stop()
  }

  @Test("a collision whose last answer never comes ends in time, by an abort")
  func unfinishedCollision() async throws {
    let (heard, hears) = AsyncStream.makeStream(of: PDU.self)
    let peer = try await ScriptedPeer(closesAfterRelease: false) { pdu, line in
      hears.yield(pdu)
      switch pdu {
      case .associateRequest(let request): line.send(ScriptedPeer.acceptance(of: request))
      case .releaseRequest: line.send(.releaseRequest)
      default: break
      }
    }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    let release = Task { await association.release() }
    var last: PDU?
    for await pdu in heard {
      last = pdu
      if pdu == .releaseResponse { clock.advance(by: .seconds(3)) }
      if pdu.type == .abort { break }
    }
    await release.value
    #expect(last == .abort(.user))
    #expect(deadlines.current == nil)
    await peer.stop()
  }

  @Test(
    "every source and reason of an abort is told in the standard's words",
    arguments: [
      (0, 0, "aborted by the service user"), (2, 0, "aborted by the service provider: reason not specified"),
      (2, 1, "unrecognized PDU"), (2, 2, "unexpected PDU"), (2, 3, "reserved reason 3"),
      (2, 4, "unrecognized PDU parameter"), (2, 5, "unexpected PDU parameter"), (2, 6, "invalid PDU parameter value"),
      (1, 0, "aborted by source 1, reason 0"),
    ] as [(UInt8, UInt8, String)])
  func abortReceived(_ source: UInt8, _ reason: UInt8, _ words: String) async throws {
    let peer = try await ScriptedPeer { _, line in line.send(.abort(Abort(source: source, reason: reason))) }
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(peer.port), deadlines: deadlines)
    }
    #expect(error?.reason == .aborted(Abort(source: source, reason: reason)))
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    await peer.stop()
  }

  /// What a client may send after its association is open, and the reason of the abort that answers it.
  enum Offence: String, CaseIterable, CustomTestStringConvertible {
    case unknownType, secondRequest, lengthThatLies, unknownContext, strayResponse

    var testDescription: String { rawValue }

    var bytes: ByteBuffer {
      switch self {
      case .unknownType: ByteBuffer(bytes: [9, 0, 0, 0, 0, 4, 0, 0, 0, 0])
      case .secondRequest: PDUEncoder.encode(.associateRequest(PDUTests.request))
      case .lengthThatLies: ByteBuffer(bytes: [4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 3, 0, 0])
      case .unknownContext: ScriptedPeer.message(CommandSet(.cEchoRequest), context: 99)
      case .strayResponse: PDUEncoder.encode(.releaseResponse)
      }
    }

    var reason: Abort.ProviderReason {
      switch self {
      case .unknownType: .unrecognizedPDU
      case .secondRequest, .strayResponse: .unexpectedPDU
      case .lengthThatLies: .invalidPDUParameterValue
      case .unknownContext: .unexpectedPDUParameter
      }
    }
  }

  @Test("our own aborts say what was wrong", arguments: Offence.allCases)
  func abortSent(_ offence: Offence) async throws {
    try await withAcceptor(SampleDelegate(), clock: clock) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      try await client.send(.associateRequest(AssociationParameters.local(acceptor.port).request))
      try await client.send(offence.bytes)
      let answers = try await client.untilClosed()
      #expect(answers.last == .abort(.provider(offence.reason)))
    }
  }

  @Test("a peer that does not close after our last word is closed when ARTIM ends")
  func artimAtTheEnd() async throws {
    for end in [PDU.releaseRequest, .releaseResponse] {
      try await withAcceptor(SampleDelegate(), idle: nil, clock: clock) { acceptor in
        let client = try await StubbornClient(port: acceptor.port)
        try await client.send(.associateRequest(AssociationParameters.local(acceptor.port).request))
        try await client.send(end)
        await client.untilReceived(end == .releaseRequest ? .releaseResponse : .abort)
        // Nothing but ARTIM can be waiting.
        while clock.pendingCount == 0 { await Task.yield() }
        clock.advance(by: .seconds(2))
        await client.untilClosed()
      }
    }
  }
}

/// A client that never closes by itself.
struct StubbornClient {
  private let channel: any Channel
  private let types: AsyncStream<PDUType>

  init(port: Int) async throws {
    let (types, type) = AsyncStream.makeStream(of: PDUType.self)
    self.types = types
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Listener(type)) }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ pdu: PDU) async throws { try await channel.writeAndFlush(PDUEncoder.encode(pdu)).get() }

  func untilReceived(_ wanted: PDUType) async {
    for await type in types where type == wanted { return }
  }

  /// Returns when the other side has closed.
  func untilClosed() async {
    for await _ in types {}
    try? await channel.close().get()
  }

  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let type: AsyncStream<PDUType>.Continuation
    private var bytes = ByteBuffer()

    init(_ type: AsyncStream<PDUType>.Continuation) { self.type = type }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      bytes.writeImmutableBuffer(unwrapInboundIn(data))
      while let pdu = try? PDUDecoder.decode(&bytes) { type.yield(pdu.type) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { type.finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { type.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { type.finish() }
  }
}
