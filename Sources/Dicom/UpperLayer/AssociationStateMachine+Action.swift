extension AssociationStateMachine {
  /// The actions of PS3.8 §9.2.3, Tables 9-6 to 9-9, under the standard's names.
  public enum Action: String, Hashable, Sendable, CaseIterable {
    /// Issue a transport connect request.
    case ae1 = "AE-1"
    /// Send A-ASSOCIATE-RQ.
    case ae2 = "AE-2"
    /// Issue the A-ASSOCIATE confirmation (accept).
    case ae3 = "AE-3"
    /// Issue the A-ASSOCIATE confirmation (reject) and close the transport connection.
    case ae4 = "AE-4"
    /// Issue the transport connection response; start ARTIM.
    case ae5 = "AE-5"
    /// Stop ARTIM; acceptable: issue the A-ASSOCIATE indication; otherwise send A-ASSOCIATE-RJ and start ARTIM.
    case ae6 = "AE-6"
    /// Send A-ASSOCIATE-AC.
    case ae7 = "AE-7"
    /// Send A-ASSOCIATE-RJ and start ARTIM.
    case ae8 = "AE-8"
    /// Send P-DATA-TF.
    case dt1 = "DT-1"
    /// Issue the P-DATA indication.
    case dt2 = "DT-2"
    /// Send A-RELEASE-RQ.
    case ar1 = "AR-1"
    /// Issue the A-RELEASE indication.
    case ar2 = "AR-2"
    /// Issue the A-RELEASE confirmation and close the transport connection.
    case ar3 = "AR-3"
    /// Send A-RELEASE-RP and start ARTIM.
    case ar4 = "AR-4"
    /// Stop ARTIM.
    case ar5 = "AR-5"
    /// Issue the P-DATA indication (a release of ours is under way).
    case ar6 = "AR-6"
    /// Send P-DATA-TF (a release of theirs is under way).
    case ar7 = "AR-7"
    /// Issue the A-RELEASE indication: release collision.
    case ar8 = "AR-8"
    /// Send A-RELEASE-RP.
    case ar9 = "AR-9"
    /// Issue the A-RELEASE confirmation.
    case ar10 = "AR-10"
    /// Send A-ABORT (service user) and start, or restart, ARTIM.
    case aa1 = "AA-1"
    /// Stop ARTIM; close the transport connection.
    case aa2 = "AA-2"
    /// Issue the A-ABORT or A-P-ABORT indication and close the transport connection.
    case aa3 = "AA-3"
    /// Issue the A-P-ABORT indication.
    case aa4 = "AA-4"
    /// Stop ARTIM.
    case aa5 = "AA-5"
    /// Ignore the PDU.
    case aa6 = "AA-6"
    /// Send A-ABORT.
    case aa7 = "AA-7"
    /// Send A-ABORT (service provider), issue the A-P-ABORT indication, start ARTIM.
    case aa8 = "AA-8"

    /// The state after it; nil for AE-6 and AR-8, which have two.
    public var nextState: State? {
      switch self {
      case .ae1: .sta4
      case .ae2: .sta5
      case .ae3, .ae7: .sta6
      case .ae4: .sta1
      case .ae5: .sta2
      case .ae6, .ar8: nil
      case .ae8: .sta13
      case .dt1, .dt2: .sta6
      case .ar1, .ar6: .sta7
      case .ar2, .ar7: .sta8
      case .ar3, .ar5: .sta1
      case .ar4: .sta13
      case .ar9: .sta11
      case .ar10: .sta12
      case .aa1, .aa6, .aa7, .aa8: .sta13
      case .aa2, .aa3, .aa4, .aa5: .sta1
      }
    }
  }

  /// PS3.8 Table 9-10, a row an event.
  static func action(for event: Event, in state: State) -> Action? {
    switch event {
    case .associateRequest: return state == .sta1 ? .ae1 : nil
    case .transportConnected: return state == .sta4 ? .ae2 : nil
    case .transportConnectionIndicated: return state == .sta1 ? .ae5 : nil
    case .associateResponseAccept: return state == .sta3 ? .ae7 : nil
    case .associateResponseReject: return state == .sta3 ? .ae8 : nil
    case .dataRequest: return state == .sta6 ? .dt1 : state == .sta8 ? .ar7 : nil
    case .releaseRequest: return state == .sta6 ? .ar1 : nil
    case .releaseResponse:
      switch state {
      case .sta8, .sta12: return .ar4
      case .sta9: return .ar9
      default: return nil
      }
    case .abortRequest:
      switch state {
      case .sta1, .sta2, .sta13: return nil
      case .sta4: return .aa2
      default: return .aa1
      }
    case .abortReceived:
      switch state {
      case .sta1, .sta4: return nil
      case .sta2, .sta13: return .aa2
      default: return .aa3
      }
    case .transportClosed:
      switch state {
      case .sta1: return nil
      case .sta2: return .aa5
      case .sta13: return .ar5
      default: return .aa4
      }
    case .artimExpired: return state == .sta2 || state == .sta13 ? .aa2 : nil
    case .associateAcceptReceived: return state == .sta5 ? .ae3 : unexpected(in: state, awaitingClose: .aa6)
    case .associateRejectReceived: return state == .sta5 ? .ae4 : unexpected(in: state, awaitingClose: .aa6)
    case .associateRequestReceived: return state == .sta2 ? .ae6 : unexpected(in: state, awaitingClose: .aa7)
    case .dataReceived:
      switch state {
      case .sta6: return .dt2
      case .sta7: return .ar6
      default: return unexpected(in: state, awaitingClose: .aa6)
      }
    case .releaseRequestReceived:
      switch state {
      case .sta6: return .ar2
      case .sta7: return .ar8
      default: return unexpected(in: state, awaitingClose: .aa6)
      }
    case .releaseResponseReceived:
      switch state {
      case .sta7, .sta11: return .ar3
      case .sta10: return .ar10
      default: return unexpected(in: state, awaitingClose: .aa6)
      }
    case .invalidPDUReceived: return unexpected(in: state, awaitingClose: .aa7)
    }
  }

  /// What the rows of received PDUs share where the PDU has no place: it is answered by an abort.
  private static func unexpected(in state: State, awaitingClose: Action) -> Action? {
    switch state {
    case .sta1, .sta4: nil
    case .sta2: .aa1
    case .sta13: awaitingClose
    case .sta3, .sta5, .sta6, .sta7, .sta8, .sta9, .sta10, .sta11, .sta12: .aa8
    }
  }
}
