import Dicom
import Foundation
import Glibc
import NIOCore
import NIOPosix

@testable import Operations

/// A station that keeps to DICOM and does one thing as it should not.
struct BrokenStation: AcceptorDelegate {
  var refusedContexts: Set<UID> = []
  var rejection: Rejection?
  /// How many associations it grants, in all.
  var admissions: Box<Int>?
  var echoStatus = Status.success
  var findStatus: Status?
  var moveStatus: Status?
  /// What a C-MOVE counts as sent.
  var movedInstances = 0
  var matches: [DataSet] = []

  func evaluate(_ request: AssociateRequest) -> AssociateDecision {
    if let rejection { return .reject(rejection) }
    if let admissions {
      var isOver = false
      admissions.change { left in
        isOver = left == 0
        left = max(0, left - 1)
      }
      if isOver { return .reject(.noReasonGiven) }
    }
    return request.accepting(
      abstractSyntax: { !refusedContexts.contains($0) },
      transferSyntax: { syntax, sopClass in
        syntax == .implicitVRLittleEndian
          || syntax == .explicitVRLittleEndian && ContextPolicy.isStorage(sopClass) == true
      })
  }

  func echo(_ association: AcceptedAssociation) -> Status { echoStatus }

  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception { .receive(Discarding()) }

  private final class Discarding: StoreReceiver {
    func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool { true }
    func finish(_ respond: @escaping @Sendable (Status) -> Void) { respond(.success) }
    func abandon() {}
  }

  func find(_ request: FindRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<DataSet, any Error>? {
    AsyncThrowingStream { continuation in
      let wanted = request.identifier.string(.studyInstanceUID) ?? ""
      if let findStatus { return continuation.finish(throwing: StatusError(findStatus)) }
      for match in matches where wanted.isEmpty || match.string(.studyInstanceUID) == wanted {
        continuation.yield(match)
      }
      continuation.finish()
    }
  }

  func move(_ request: MoveRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<MoveProgress, any Error>?
  {
    AsyncThrowingStream { continuation in
      if let moveStatus { return continuation.finish(throwing: StatusError(moveStatus)) }
      continuation.yield(
        MoveProgress(
          subOperations: SubOperations(
            remaining: 0, completed: movedInstances, failed: 0, warning: 0)))
      continuation.finish()
    }
  }
}

/// A port where something else than DICOM happens: what it does with a new connection, and with what comes.
final class OddPort: Sendable {
  let port: Int
  private let server: any Channel

  init(
    opened: @escaping @Sendable (any Channel) -> Void = { _ in },
    received: @escaping @Sendable (any Channel) -> Void = { _ in }
  ) async throws {
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(opened, received))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = server.localAddress?.port ?? 0
  }

  func stop() async { try? await server.close().get() }

  /// RST instead of FIN.
  static func reset(_ channel: any Channel) {
    (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
      .whenComplete { _ in channel.close(promise: nil) }
  }

  static func say(_ text: String, _ channel: any Channel) {
    channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let opened: @Sendable (any Channel) -> Void
    private let received: @Sendable (any Channel) -> Void

    init(_ opened: @escaping @Sendable (any Channel) -> Void, _ received: @escaping @Sendable (any Channel) -> Void) {
      self.opened = opened
      self.received = received
    }

    func channelActive(context: ChannelHandlerContext) { opened(context.channel) }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { received(context.channel) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}

/// Listens with a full queue: a new connection gets no answer at all, as behind a firewall that drops.
final class DroppingPort {
  let port: Int
  private var descriptors: [Int32]

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    descriptors = [listener]
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0 && listen(listener, 0) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard isListening else { throw IOError(errnoCode: errno, reason: "listen") }
    for _ in 0..<4 {
      let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      _ = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, length) }
      }
      descriptors.append(filler)
    }
  }

  deinit { for descriptor in descriptors { close(descriptor) } }
}
