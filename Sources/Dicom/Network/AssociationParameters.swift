/// What an association is to be requested with.
public struct AssociationParameters: Hashable, Sendable {
  /// Context ids are the odd numbers of a byte, PS3.8 §9.3.2.2.
  public static let maximumPresentationContexts = 128

  public var host: String
  public var port: Int
  public var callingAETitle: String
  public var calledAETitle: String
  /// At most ``maximumPresentationContexts``.
  public var presentationContexts: [PresentationContextProposal]
  /// The largest P-DATA-TF we want to receive; 0 is no limit.
  public var maximumPDULength: UInt32 = 131_072
  /// Roles other than that of an SCU, as C-GET needs them.
  public var roleSelections: [RoleSelection] = []
  public var extendedNegotiations: [ExtendedNegotiation] = []
  /// Of what kind SOP classes are that the peer may not know.
  public var commonExtendedNegotiations: [CommonExtendedNegotiation] = []
  /// Proposed when it is not nil. How many operations may then be outstanding is `Association.operationsWindow`.
  public var asynchronousOperationsWindow: AsynchronousOperationsWindow?
  public var userIdentity: UserIdentity?
  /// How the connection is to be secured by TLS; nil: not at all.
  public var security: ConnectionSecurity?

  public init(
    host: String, port: Int, callingAETitle: String, calledAETitle: String,
    presentationContexts: [PresentationContextProposal]
  ) {
    self.host = host
    self.port = port
    self.callingAETitle = callingAETitle
    self.calledAETitle = calledAETitle
    self.presentationContexts = presentationContexts
  }

  /// Divides work, in its order, so that no part needs more presentation contexts than an association can have: each is
  /// for an association of its own.
  public static func divide<Work>(
    _ work: [Work], contexts: (Work) -> [PresentationContextProposal]
  ) -> [[Work]] {
    var parts: [[Work]] = []
    var current: [Work] = []
    var used: Set<PresentationContextProposal> = []
    for piece in work {
      let needed = Set(contexts(piece))
      if needed.isSubset(of: used) {
        current.append(piece)
      } else if !current.isEmpty, used.union(needed).count > maximumPresentationContexts {
        parts.append(current)
        (current, used) = ([piece], needed)
      } else {
        used.formUnion(needed)
        current.append(piece)
      }
    }
    return current.isEmpty ? parts : parts + [current]
  }

  var endpoint: AssociationError.Endpoint {
    AssociationError.Endpoint(host: host, port: port, callingAETitle: callingAETitle, calledAETitle: calledAETitle)
  }

  /// The A-ASSOCIATE-RQ. Context ids are 1, 3, 5, ... in the order of the proposals.
  var request: AssociateRequestPDU {
    var information = UserInformation()
    information.maximumPDULength = maximumPDULength
    information.implementationClassUID = Implementation.classUID
    information.implementationVersionName = Implementation.versionName
    information.roleSelections = roleSelections
    information.extendedNegotiations = extendedNegotiations
    information.commonExtendedNegotiations = commonExtendedNegotiations
    information.asynchronousOperationsWindow = asynchronousOperationsWindow
    information.userIdentity = userIdentity
    let contexts = presentationContexts.prefix(Self.maximumPresentationContexts).enumerated().map { index, proposal in
      ProposedContext(
        id: UInt8(index * 2 + 1), abstractSyntax: proposal.abstractSyntax, transferSyntaxes: proposal.transferSyntaxes)
    }
    return AssociateRequestPDU(
      calledAETitle: calledAETitle, callingAETitle: callingAETitle, presentationContexts: contexts,
      userInformation: information)
  }
}

/// A presentation context to propose.
public struct PresentationContextProposal: Hashable, Sendable {
  public var abstractSyntax: UID
  /// In our order of preference.
  public var transferSyntaxes: [UID]

  public init(abstractSyntax: UID, transferSyntaxes: [UID]) {
    self.abstractSyntax = abstractSyntax
    self.transferSyntaxes = transferSyntaxes
  }
}

/// A presentation context both sides agreed on.
public struct AcceptedContext: Hashable, Sendable {
  public var id: UInt8
  public var abstractSyntax: UID
  public var transferSyntax: UID
}

/// Who answered.
public struct PeerInformation: Hashable, Sendable {
  /// Address and port of the connection.
  public var address: String
  /// Our own end of it, without the port: where the peer sees us, unless something between us translates addresses.
  public var localAddress: String?
  /// What it answered to each presentation context, those it refused included.
  public var contextResults: [ContextResult]
  public var implementationClassUID: UID?
  public var implementationVersionName: String?
  /// What it receives at most; 0 is no limit, nil was not said.
  public var maximumPDULength: UInt32?
  /// Roles it answered with: see `Association.role(for:)`.
  public var roleSelections: [RoleSelection]
  /// What it answered to extended negotiations: see `Association.queryCapabilities(for:)`.
  public var extendedNegotiations: [ExtendedNegotiation]
  /// Nil: it did not answer, or was not asked.
  public var asynchronousOperationsWindow: AsynchronousOperationsWindow?
  /// Its response to a user identity: it knows it. Nil when it did not say, as many do that check nothing.
  public var userIdentityResponse: [UInt8]?
  /// What TLS came to; nil where it is not spoken.
  public var tls: TLSInformation?
  /// The number by which traces know the connection; nil where there are none.
  public var connection: Int?
}

/// How long the steps of opening an association took; nil for those that were not needed.
public struct PhaseTimes: Hashable, Sendable {
  public var resolve: Duration?
  public var connect: Duration?
  public var tls: Duration?
  public var associate: Duration?

  public init() {}
}
