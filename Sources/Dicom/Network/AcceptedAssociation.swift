import NIOCore

/// An association that a peer has opened with us.
public final class AcceptedAssociation: Sendable, Identifiable {
  /// Counts the associations of its acceptor.
  public let id: Int
  public let callingAETitle: String
  public let calledAETitle: String
  /// Without the port.
  public let remoteAddress: String
  public let since: ContinuousClock.Instant
  public let userInformation: UserInformation
  public let acceptedContexts: [AcceptedContext]
  /// What TLS came to; nil where it is not spoken.
  public let tls: TLSInformation?
  /// The number by which traces know the connection; nil where there are none.
  public let connection: Int?
  private let session: NIOLoopBound<WeakBox<AcceptorSession>>

  init(
    id: Int, request: AssociateRequest, since: ContinuousClock.Instant, acceptedContexts: [AcceptedContext],
    tls: TLSInformation?, connection: Int?, session: NIOLoopBound<WeakBox<AcceptorSession>>
  ) {
    self.id = id
    callingAETitle = request.callingAETitle
    calledAETitle = request.calledAETitle
    remoteAddress = request.remoteAddress
    userInformation = request.userInformation
    self.since = since
    self.acceptedContexts = acceptedContexts
    self.tls = tls
    self.connection = connection
    self.session = session
  }

  /// Aborts it.
  public func abort() { session.execute { $0.object?.abort(.abortedHere) } }
}

struct WeakBox<Object: AnyObject> {
  weak var object: Object?
}
