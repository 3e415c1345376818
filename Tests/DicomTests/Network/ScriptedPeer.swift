import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import Dicom

#if canImport(Glibc)
  import Glibc
#endif

/// A peer that says exactly what a test wants it to say, at the level of PDUs or below.
final class ScriptedPeer: Sendable {
  /// What the script can do with its connection.
  struct Line {
    let channel: any Channel

    func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }
    func send(_ pdu: PDU) { send(PDUEncoder.encode(pdu)) }
    func close() { channel.close(promise: nil) }

    /// Each byte in a write of its own.
    func trickle(_ bytes: ByteBuffer) {
      for byte in bytes.readableBytesView { send(ByteBuffer(bytes: [byte])) }
    }

    /// RST instead of FIN.
    func reset() {
      guard let options = channel as? any SocketOptionProvider else { return close() }
      options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
    }
  }

  let port: Int
  private let server: any Channel

  /// `script` is called with each PDU that comes, whole. After A-ABORT and A-RELEASE-RP the connection is closed.
  init(closesAfterRelease: Bool = true, _ script: @escaping @Sendable (PDU, Line) -> Void) async throws {
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(script, closesAfterRelease: closesAfterRelease))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = server.localAddress?.port ?? 0
  }

  func stop() async { try? await server.close().get() }

  /// Answers an A-ASSOCIATE-RQ by accepting everything, and A-RELEASE-RQ; commands go to `script`.
  static func accepting(
    maximumPDULength: UInt32 = 16384, _ script: @escaping @Sendable (CommandSet, UInt8, Line) -> Void
  ) async throws -> ScriptedPeer {
    try await ScriptedPeer { pdu, line in
      switch pdu {
      case .associateRequest(let request): line.send(acceptance(of: request, maximumPDULength: maximumPDULength))
      case .data(let values):
        for value in values where value.isCommand {
          if let command = try? CommandSet(decoding: value.bytes) { script(command, value.contextID, line) }
        }
      case .releaseRequest: line.send(.releaseResponse)
      default: break
      }
    }
  }

  static func acceptance(of request: AssociateRequestPDU, maximumPDULength: UInt32 = 16384) -> PDU {
    var information = UserInformation()
    information.maximumPDULength = maximumPDULength
    information.implementationClassUID = "1.2.3.4"
    return .associateAccept(
      AssociateAcceptPDU(
        calledAETitle: request.calledAETitle, callingAETitle: request.callingAETitle,
        presentationContexts: request.presentationContexts.map {
          ContextResult(id: $0.id, result: .acceptance, transferSyntax: $0.transferSyntaxes[0])
        },
        userInformation: information))
  }

  /// The PDUs of a message.
  static func message(_ command: CommandSet, context: UInt8, dataSet: ByteBuffer? = nil) -> ByteBuffer {
    var command = command
    command.hasDataSet = dataSet != nil
    var bytes = ByteBuffer()
    guard let encoder = MessageEncoder(maximumPDULength: 16384) else { return bytes }
    encoder.encode(command, contextID: context, into: &bytes)
    if let dataSet { encoder.encode(dataSet: dataSet, contextID: context, into: &bytes) }
    return bytes
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let script: @Sendable (PDU, Line) -> Void
    private let closesAfterRelease: Bool
    private var bytes = ByteBuffer()

    init(_ script: @escaping @Sendable (PDU, Line) -> Void, closesAfterRelease: Bool) {
      self.script = script
      self.closesAfterRelease = closesAfterRelease
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      bytes.writeImmutableBuffer(unwrapInboundIn(data))
      while let pdu = try? PDUDecoder.decode(&bytes) {
        script(pdu, Line(channel: context.channel))
        if case .abort = pdu { context.close(promise: nil) }
        if case .releaseResponse = pdu, closesAfterRelease { context.close(promise: nil) }
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

/// A client without any manners: sends bytes, and reads until the other side closes.
struct RawClient {
  let channel: any Channel
  private let received: NIOLockedValueBox<ByteBuffer>

  init(port: Int) async throws {
    let box = NIOLockedValueBox(ByteBuffer())
    received = box
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(box)) }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }
  func send(_ pdu: PDU) async throws { try await send(PDUEncoder.encode(pdu)) }

  /// Nothing has come yet.
  var isEmpty: Bool { received.withLockedValue { $0.readableBytes == 0 } }

  /// The PDUs that came until the other side closed, or an A-ABORT came.
  func untilClosed() async throws -> [PDU] {
    try? await channel.closeFuture.get()
    var bytes = received.withLockedValue { $0 }
    var pdus: [PDU] = []
    while let pdu = try PDUDecoder.decode(&bytes) { pdus.append(pdu) }
    return pdus
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let box: NIOLockedValueBox<ByteBuffer>
    init(_ box: NIOLockedValueBox<ByteBuffer>) { self.box = box }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      let hasAbort = box.withLockedValue { all in
        all.writeImmutableBuffer(bytes)
        var copy = all
        while let pdu = try? PDUDecoder.decode(&copy) { if pdu.type == .abort { return true } }
        return false
      }
      if hasAbort { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

extension Deadlines {
  /// Returns when this is what is waited for.
  func untilWaiting(for kind: Wait.Kind) async {
    let (changes, change) = AsyncStream.makeStream(of: Void.self)
    onChange { change.yield() }
    change.yield()
    for await _ in changes where current?.kind == kind { return }
  }
}
