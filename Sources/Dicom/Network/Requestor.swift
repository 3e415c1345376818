import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Opens associations: resolves, connects, negotiates.
struct Requestor {
  let parameters: AssociationParameters
  let deadlines: Deadlines
  let trace: (any TraceObserver)?

  private var endpoint: AssociationError.Endpoint { parameters.endpoint }

  func open() async throws -> Association {
    var phases = PhaseTimes()
    let addresses = try await resolve(&phases)
    var failure: AssociationError?
    for address in addresses {
      do {
        return try await open(address, phases)
      } catch let error as AssociationError where error.phase == .connect && error.reason != .cancelled {
        // The next address may answer; of several failures the first refusal says most.
        if failure == nil || error.reason == .refused { failure = error }
      }
    }
    throw failure ?? AssociationError(.resolve("it has no address"), phase: .resolve, endpoint: endpoint)
  }

  private func resolve(_ phases: inout PhaseTimes) async throws -> [SocketAddress] {
    if let address = HostResolver.literal(parameters.host, port: parameters.port) { return [address] }
    let endpoint = endpoint
    let start = deadlines.clock.now
    let outcome = Outcome<[SocketAddress]>()
    deadlines.begin(.resolving) { wait in
      outcome.complete(
        .failure(
          AssociationError(.timeout(.resolving, wait.limit ?? .zero), phase: .resolve, endpoint: endpoint)))
    }
    defer { deadlines.end() }
    HostResolver.resolve(parameters.host, port: parameters.port) { result in
      outcome.complete(
        result.mapError { AssociationError(.resolve($0.words), phase: .resolve, endpoint: endpoint) as any Error })
    }
    let addresses = try await withTaskCancellationHandler {
      try await outcome.value()
    } onCancel: {
      outcome.complete(.failure(AssociationError(.cancelled, phase: .resolve, endpoint: endpoint)))
    }
    phases.resolve = start.duration(to: deadlines.clock.now)
    return addresses
  }

  private func open(_ address: SocketAddress, _ phases: PhaseTimes) async throws -> Association {
    let outcome = Outcome<Association>()
    let session = NIOLockedValueBox<(made: NIOLoopBound<RequestorSession>?, isUnwanted: Bool)>((nil, false))
    let endpoint = endpoint
    let deadlines = deadlines
    let parameters = parameters
    let settings = UpperLayerHandler.Settings(
      clock: deadlines.clock, maximumPDULength: parameters.maximumPDULength, trace: trace)

    @Sendable func giveUp(_ reason: AssociationError.Reason) {
      let made = session.withLockedValue { session in
        session.isUnwanted = true
        return session.made
      }
      guard let session = made else {
        outcome.complete(.failure(AssociationError(reason, phase: .connect, endpoint: endpoint, phases: phases)))
        return
      }
      session.execute { $0.giveUp(reason) }
    }

    deadlines.begin(.connecting) { wait in giveUp(.timeout(wait.kind, wait.limit ?? .zero)) }
    let future = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.writeBufferWaterMark, value: .init(low: 512 << 10, high: 2 << 20))
      // Ours is the deadline.
      .connectTimeout(.hours(24))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = UpperLayerHandler(requesting: parameters.request, settings: settings)
          let created = RequestorSession(
            handler: handler, channel: channel, parameters: parameters, deadlines: deadlines, phases: phases,
            opened: outcome)
          handler.setUser(created)
          let isUnwanted = session.withLockedValue { session in
            session.made = NIOLoopBound(created, eventLoop: channel.eventLoop)
            return session.isUnwanted
          }
          if isUnwanted { throw CancellationError() }
          try parameters.security?.install(
            in: channel, host: parameters.host, clock: deadlines.clock, limit: nil)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(to: address)
    future.whenFailure { error in
      outcome.complete(
        .failure(AssociationError(Self.reason(error), phase: .connect, endpoint: endpoint, phases: phases)))
    }
    do {
      return try await withTaskCancellationHandler {
        try await outcome.value()
      } onCancel: {
        giveUp(.cancelled)
      }
    } catch {
      // Here, where the next address has not begun its own wait yet.
      deadlines.end()
      throw error
    }
  }

  private static func reason(_ error: any Error) -> AssociationError.Reason {
    switch error {
    case let error as CertificateFileError: .local("\(error)")
    case let error as IOError:
      switch error.errnoCode {
      case ECONNREFUSED: .refused
      case ECONNRESET: .reset
      case EMFILE, ENFILE: .local("too many files and connections are open")
      default: .unreachable(String(cString: strerror(error.errnoCode)))
      }
    default: .unreachable("\(error)")
    }
  }
}

extension NIOLoopBound {
  /// Does something with the value on its event loop: at once when there already.
  func execute(_ work: @escaping @Sendable (Value) -> Void) {
    if eventLoop.inEventLoop {
      work(value)
    } else {
      eventLoop.execute { work(value) }
    }
  }
}
