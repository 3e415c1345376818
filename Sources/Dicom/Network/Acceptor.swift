import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Listens for associations and serves them as its delegate decides. What one peer does never concerns another.
public final class Acceptor: Sendable {
  public let host: String
  /// The port that is listened on, also where any free one was asked for.
  public let port: Int

  private let channel: any Channel
  private let shared: AcceptorShared

  private init(host: String, port: Int, channel: any Channel, shared: AcceptorShared) {
    self.host = host
    self.port = port
    self.channel = channel
    self.shared = shared
  }

  /// Starts to listen.
  /// - Parameters:
  ///   - host: the address to bind, such as `0.0.0.0` or `::`.
  ///   - port: 0 is any free one.
  ///   - idle: an association without traffic for so long is aborted; nil: never. A connection that asks for none is
  ///     closed after that time, at the latest after 30 s.
  ///   - maximumPDULength: what we offer to take, in bytes.
  ///   - security: how connections are secured; nil: not at all. Only secured ones are served then. Looked at for each
  ///     connection, on its event loop, so that renewed certificates serve at once.
  ///   - maximumAssociations: connections beyond are rejected as a transient local limit; nil: none.
  ///   - maximumWaiting: so many connections may be open that are no association yet. Of more the oldest is closed: who
  ///     means it asks for an association at once, so that a flood of others keeps nobody out.
  ///   - delegate: decides about associations and answers requests.
  ///   - clock: measures what is waited for.
  ///   - trace: sees each PDU; nil: nobody does.
  /// - Throws: `ListenError`.
  public static func listen(
    host: String, port: Int, idle: Duration? = .seconds(30), maximumPDULength: UInt32 = 131_072,
    maximumAssociations: Int? = nil, maximumWaiting: Int = 100,
    security: @escaping @autoclosure @Sendable () throws -> ConnectionSecurity? = nil,
    delegate: any AcceptorDelegate,
    clock: any DeadlineClock = SystemDeadlineClock(),
    trace: (any TraceObserver)? = nil
  ) async throws -> Acceptor {
    var settings = UpperLayerHandler.Settings(clock: clock, maximumPDULength: maximumPDULength, trace: trace)
    if let idle { settings.artim = min(settings.artim, idle) }
    let shared = AcceptorShared(
      delegate: delegate, idle: idle, maximumAssociations: maximumAssociations, maximumWaiting: maximumWaiting,
      settings: settings)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 512 << 10, high: 2 << 20))
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 1 << 20)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = UpperLayerHandler(settings: shared.settings)
          try security()?.install(in: channel, host: nil, clock: clock, limit: shared.settings.artim)
          handler.setUser(AcceptorSession(handler: handler, channel: channel, shared: shared))
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
    do {
      let channel = try await bootstrap.bind(host: host, port: port).get()
      return Acceptor(host: host, port: channel.localAddress?.port ?? port, channel: channel, shared: shared)
    } catch {
      throw ListenError(host: host, port: port, error)
    }
  }

  /// The associations that are open now, oldest first.
  public var associations: [AcceptedAssociation] { shared.associations }

  /// Number of connections, those without an association included.
  public var connectionCount: Int { shared.connectionCount }

  /// Stops listening. Associations that are at work may finish what they do within `grace`; then all are aborted.
  public func close(grace: Duration) async {
    try? await channel.close().get()
    let shared = shared
    shared.close()
    guard grace > .zero else {
      shared.abortAll()
      return await shared.untilEmpty()
    }
    let timer = shared.settings.clock.schedule(at: shared.settings.clock.now + grace) { shared.abortAll() }
    await shared.untilEmpty()
    timer.cancel()
  }
}

/// Why we cannot listen.
public struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case portInUse, notPermitted, noSuchAddress
    case other(String)
  }

  public var host: String
  public var port: Int
  public var reason: Reason

  init(host: String, port: Int, _ error: any Error) {
    self.host = host
    self.port = port
    reason =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE?: .portInUse
      case EACCES?: .notPermitted
      case EADDRNOTAVAIL?: .noSuchAddress
      case let code?: .other(String(cString: strerror(code)))
      case nil: .other("\(error)")
      }
  }

  public var description: String {
    switch reason {
    case .portInUse: "Port \(port) is in use by another program."
    case .notPermitted: "Port \(port) may not be opened by this user; ports below 1024 are the system's."
    case .noSuchAddress: "This machine has no address \(host)."
    case .other(let words): "Cannot listen on \(host), port \(port): \(words)."
    }
  }
}

/// What the connections of one acceptor have in common.
final class AcceptorShared: Sendable {
  let delegate: any AcceptorDelegate
  let idle: Duration?
  let maximumAssociations: Int?
  let maximumWaiting: Int
  let settings: UpperLayerHandler.Settings

  private struct State {
    var nextID = 0
    var sessions: [Int: NIOLoopBound<WeakBox<AcceptorSession>>] = [:]
    var associations: [Int: AcceptedAssociation] = [:]
    /// Sessions that have not asked for an association, or not been given one.
    var waiting: Set<Int> = []
    var isClosing = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = NIOLockedValueBox(State())

  init(
    delegate: any AcceptorDelegate, idle: Duration?, maximumAssociations: Int?, maximumWaiting: Int,
    settings: UpperLayerHandler.Settings
  ) {
    self.delegate = delegate
    self.idle = idle
    self.maximumAssociations = maximumAssociations
    self.maximumWaiting = maximumWaiting
    self.settings = settings
  }

  var associations: [AcceptedAssociation] {
    state.withLockedValue { $0.associations.values.sorted { $0.id < $1.id } }
  }

  var connectionCount: Int { state.withLockedValue { $0.sessions.count } }
  var isClosing: Bool { state.withLockedValue { $0.isClosing } }

  func add(_ session: NIOLoopBound<WeakBox<AcceptorSession>>) -> Int {
    let (id, surplus) = state.withLockedValue { state -> (Int, NIOLoopBound<WeakBox<AcceptorSession>>?) in
      state.nextID += 1
      state.sessions[state.nextID] = session
      state.waiting.insert(state.nextID)
      guard state.waiting.count > maximumWaiting, let oldest = state.waiting.min() else { return (state.nextID, nil) }
      state.waiting.remove(oldest)
      return (state.nextID, state.sessions[oldest])
    }
    surplus?.execute { $0.object?.drop(.crowdedOut) }
    return id
  }

  /// False when there are too many, or no more are wanted.
  func admit(_ association: AcceptedAssociation) -> Bool {
    state.withLockedValue { state in
      guard !state.isClosing, state.associations.count < maximumAssociations ?? .max else { return false }
      state.associations[association.id] = association
      state.waiting.remove(association.id)
      return true
    }
  }

  func forget(association id: Int) { state.withLockedValue { $0.associations[id] = nil } }

  func remove(_ id: Int) {
    let waiters = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
      state.sessions[id] = nil
      state.waiting.remove(id)
      guard state.sessions.isEmpty else { return [] }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func close() {
    let sessions = state.withLockedValue { state in
      state.isClosing = true
      return state.sessions.values
    }
    for session in sessions { session.execute { $0.object?.closeIfIdle() } }
  }

  func abortAll() {
    for session in state.withLockedValue({ $0.sessions.values }) { session.execute { $0.object?.drop() } }
  }

  func untilEmpty() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLockedValue { state in
        if !state.sessions.isEmpty { state.waiters.append(continuation) }
        return state.sessions.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }
}
