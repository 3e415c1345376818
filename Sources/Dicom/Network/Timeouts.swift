/// How long to wait for what; nil is without limit.
public struct Timeouts: Hashable, Sendable {
  /// Name resolution, the TCP connection and the TLS handshake, each.
  public var connect: Duration?
  /// From our A-ASSOCIATE-RQ to its answer, and from A-RELEASE-RQ to its answer.
  public var association: Duration?
  /// From the last byte of a request to the response, started again by every PDU of the peer.
  public var response: Duration?
  /// Without any traffic on an association that waits for work.
  public var idle: Duration?
  /// From C-CANCEL to the final response; after it the association is aborted.
  public var cancel: Duration = .seconds(3)

  public init(
    connect: Duration? = .seconds(10), association: Duration? = .seconds(10), response: Duration? = .seconds(10),
    idle: Duration? = .seconds(30)
  ) {
    self.connect = connect
    self.association = association
    self.response = response
    self.idle = idle
  }

  /// The same limit for all that a person waits for.
  public init(all limit: Duration?) {
    self.init(connect: limit, association: limit, response: limit, idle: limit)
  }

  /// The limit that applies to a kind of wait.
  public func limit(for kind: Wait.Kind) -> Duration? {
    switch kind {
    case .resolving, .connecting, .negotiatingTLS: connect
    case .associating, .releasing: association
    case .response, .sending, .receiving, .report: response
    case .cancelling: cancel
    case .idle: idle
    }
  }
}

/// What an operation waits for now.
public struct Wait: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case resolving, connecting, negotiatingTLS, associating
    /// A response to the named operation, such as `C-FIND`.
    case response(String)
    /// The peer to take what we write.
    case sending
    /// Data of this operation that come by another way: instances of a move to ourselves.
    case receiving
    /// The peer's report on a storage commitment, which it sends when it likes.
    case report
    case releasing, cancelling, idle
  }

  public var kind: Kind
  /// When it began, and when it was last started again.
  public var since: ContinuousClock.Instant
  public var restarted: ContinuousClock.Instant
  /// From `restarted` to the deadline; nil: no limit.
  public var limit: Duration?

  /// When it will be given up; nil: never.
  public var deadline: ContinuousClock.Instant? { limit.map { restarted + $0 } }

  /// Time left, not below zero; nil: no limit.
  public func remaining(at now: ContinuousClock.Instant) -> Duration? {
    deadline.map { max(.zero, now.duration(to: $0)) }
  }

  /// `waiting for C-FIND response`
  public var words: String { kind.words }
}

extension Wait.Kind {
  public var words: String {
    switch self {
    case .resolving: "resolving the host name"
    case .connecting: "connecting"
    case .negotiatingTLS: "negotiating TLS"
    case .associating: "waiting for the association to be accepted"
    case .response(let operation): "waiting for \(operation) response"
    case .sending: "sending"
    case .receiving: "waiting for instances to arrive"
    case .report: "waiting for the storage commitment report"
    case .releasing: "waiting for the release"
    case .cancelling: "waiting for the cancel to be confirmed"
    case .idle: "idle"
    }
  }
}
