/// The upper layer's state machine, PS3.8 §9.2, as a value: an event goes in, an action comes out, nothing is done here.
/// Whoever drives it carries the action out.
public struct AssociationStateMachine: Hashable, Sendable {
  public private(set) var state: State = .sta1
  /// Which side opened the association: decides a release collision (AR-8).
  public let role: Role

  public init(role: Role) { self.role = role }

  public enum Role: Hashable, Sendable { case requestor, acceptor }

  /// Takes an event. Returns the action of PS3.8 Table 9-10 and enters its next state; nil, with the state unchanged,
  /// where the table's cell is empty: the event cannot happen there, or its local user made a mistake.
  public mutating func handle(_ event: Event) -> Action? {
    guard let action = Self.action(for: event, in: state) else { return nil }
    switch (action, event) {
    case (.ae6, .associateRequestReceived(let acceptable)): state = acceptable ? .sta3 : .sta13
    case (.ar8, _): state = role == .requestor ? .sta9 : .sta10
    default: if let next = action.nextState { state = next }
    }
    return action
  }

  /// PS3.8 §9.2.1, Tables 9-1 to 9-5.
  public enum State: Int, Hashable, Sendable, CaseIterable {
    /// Idle.
    case sta1 = 1
    /// Transport connection open, awaiting A-ASSOCIATE-RQ.
    case sta2
    /// Awaiting the local A-ASSOCIATE response.
    case sta3
    /// Awaiting the transport connection to open.
    case sta4
    /// Awaiting A-ASSOCIATE-AC or -RJ.
    case sta5
    /// Association established, ready for data.
    case sta6
    /// Awaiting A-RELEASE-RP.
    case sta7
    /// Awaiting the local A-RELEASE response.
    case sta8
    /// Release collision, requestor's side: awaiting the local A-RELEASE response.
    case sta9
    /// Release collision, acceptor's side: awaiting A-RELEASE-RP.
    case sta10
    /// Release collision, requestor's side: awaiting A-RELEASE-RP.
    case sta11
    /// Release collision, acceptor's side: awaiting the local A-RELEASE response.
    case sta12
    /// Awaiting the transport connection to close.
    case sta13
  }

  /// PS3.8 §9.2.2 names them Evt1 to Evt19 (see `number`).
  public enum Event: Hashable, Sendable {
    case associateRequest
    case transportConnected
    case associateAcceptReceived
    case associateRejectReceived
    case transportConnectionIndicated
    /// With the service provider's own verdict, which AE-6 depends on.
    case associateRequestReceived(acceptable: Bool)
    case associateResponseAccept
    case associateResponseReject
    case dataRequest
    case dataReceived
    case releaseRequest
    case releaseRequestReceived
    case releaseResponseReceived
    case releaseResponse
    case abortRequest
    case abortReceived
    case transportClosed
    case artimExpired
    case invalidPDUReceived

    /// n of Evt n.
    public var number: Int {
      switch self {
      case .associateRequest: 1
      case .transportConnected: 2
      case .associateAcceptReceived: 3
      case .associateRejectReceived: 4
      case .transportConnectionIndicated: 5
      case .associateRequestReceived: 6
      case .associateResponseAccept: 7
      case .associateResponseReject: 8
      case .dataRequest: 9
      case .dataReceived: 10
      case .releaseRequest: 11
      case .releaseRequestReceived: 12
      case .releaseResponseReceived: 13
      case .releaseResponse: 14
      case .abortRequest: 15
      case .abortReceived: 16
      case .transportClosed: 17
      case .artimExpired: 18
      case .invalidPDUReceived: 19
      }
    }
  }
}
