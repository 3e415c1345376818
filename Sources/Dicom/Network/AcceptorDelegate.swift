import NIOCore

/// What an acceptor asks and tells its owner. Everything is called on the association's event loop and must not block.
public protocol AcceptorDelegate: Sendable {
  /// Whether an association is wanted, and with which presentation contexts.
  func evaluate(_ request: AssociateRequest) -> AssociateDecision
  func opened(_ association: AcceptedAssociation)
  func closed(_ association: AcceptedAssociation, reason: AssociationEnd)
  /// A connection ended that never became an association, other than by a rejection of `evaluate`.
  func failed(remoteAddress: String, reason: AssociationEnd)
  func echo(_ association: AcceptedAssociation) -> Status
  /// Whether an instance is wanted. Refused ones are read off the wire all the same.
  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception
  /// The identifiers of the pending responses, as the peer wants them; their end is the final response. A thrown
  /// `StatusError` is the final status, anything else `C000`. Nil: not supported, `0122`.
  func find(_ request: FindRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<DataSet, any Error>?
  /// The status of the pending responses of `find`: `FF00`, or `FF01` where a key of the request is not supported for
  /// existence or for matching (PS3.4 Table C.4-1).
  func pendingStatus(of request: FindRequest) -> Status
  /// The progress of the sub-operations, which the delegate runs; errors and nil as in `find`.
  func move(_ request: MoveRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<MoveProgress, any Error>?
  /// The instances to send back over the association; errors and nil as in `find`.
  func get(_ request: GetRequest, _ association: AcceptedAssociation) -> (@Sendable () async throws -> [GetInstance])?
  /// The peer reports on a storage commitment that was asked of it.
  func commitmentReport(_ report: StorageCommitmentReport, _ association: AcceptedAssociation) async -> Status
  /// The peer asks us for storage commitment, which is not provided: the status to refuse it with.
  func commitmentRequest(_ association: AcceptedAssociation) -> Status
}

extension AcceptorDelegate {
  public func opened(_ association: AcceptedAssociation) {}
  public func closed(_ association: AcceptedAssociation, reason: AssociationEnd) {}
  public func failed(remoteAddress: String, reason: AssociationEnd) {}
  public func echo(_ association: AcceptedAssociation) -> Status { .success }

  public func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
    .refuse(.sopClassNotSupported)
  }

  public func find(
    _ request: FindRequest, _ association: AcceptedAssociation
  ) -> AsyncThrowingStream<DataSet, any Error>? { nil }

  public func pendingStatus(of request: FindRequest) -> Status { .pending }

  public func move(
    _ request: MoveRequest, _ association: AcceptedAssociation
  ) -> AsyncThrowingStream<MoveProgress, any Error>? { nil }

  public func get(
    _ request: GetRequest, _ association: AcceptedAssociation
  ) -> (@Sendable () async throws -> [GetInstance])? { nil }

  public func commitmentReport(
    _ report: StorageCommitmentReport, _ association: AcceptedAssociation
  ) async -> Status { .unrecognizedOperation }

  public func commitmentRequest(_ association: AcceptedAssociation) -> Status { .sopClassNotSupported }
}

/// An association that is requested of us.
public struct AssociateRequest: Sendable {
  public var callingAETitle: String
  public var calledAETitle: String
  /// The address the connection comes from, without the port.
  public var remoteAddress: String
  public var presentationContexts: [ProposedContext]
  public var userInformation: UserInformation

  public init(
    callingAETitle: String, calledAETitle: String, remoteAddress: String, presentationContexts: [ProposedContext],
    userInformation: UserInformation
  ) {
    self.callingAETitle = callingAETitle
    self.calledAETitle = calledAETitle
    self.remoteAddress = remoteAddress
    self.presentationContexts = presentationContexts
    self.userInformation = userInformation
  }

  /// Accepts each context whose abstract syntax is wanted with the first of its transfer syntaxes, in the proposer's
  /// order, that is wanted too.
  public func accepting(
    abstractSyntax isWanted: (UID) -> Bool, transferSyntax isAcceptable: (_ transferSyntax: UID, _ for: UID) -> Bool,
    roles: [RoleSelection] = [], answers: NegotiationAnswers = NegotiationAnswers()
  ) -> AssociateDecision {
    .accept(
      presentationContexts.map { context in
        guard isWanted(context.abstractSyntax) else {
          return ContextResult(
            id: context.id, result: .abstractSyntaxNotSupported, transferSyntax: context.transferSyntaxes.first ?? "")
        }
        guard let syntax = context.transferSyntaxes.first(where: { isAcceptable($0, context.abstractSyntax) }) else {
          return ContextResult(
            id: context.id, result: .transferSyntaxesNotSupported, transferSyntax: context.transferSyntaxes.first ?? "")
        }
        return ContextResult(id: context.id, result: .acceptance, transferSyntax: syntax)
      }, roles: roles, answers: answers)
  }
}

public enum AssociateDecision: Sendable {
  /// One result a proposed context, in their order; the roles agreed to, PS3.7 §D.3.3.4; and what else is answered. What
  /// the requestor did not propose is left out of the answer.
  case accept([ContextResult], roles: [RoleSelection] = [], answers: NegotiationAnswers = NegotiationAnswers())
  case reject(Rejection)
}

/// Answers of an acceptor to what a requestor may negotiate, PS3.7 Annex D.
public struct NegotiationAnswers: Sendable {
  /// Of the SOP classes with something to say about; the others get no answer.
  public var extendedNegotiations: [ExtendedNegotiation]
  /// The identity was checked and is good, PS3.7 §D.3.3.7.2: sent where the requestor wants to hear it. Empty for
  /// usernames, a server ticket for Kerberos, a response for SAML. Nil: nobody checked.
  public var userIdentityResponse: [UInt8]?

  public init(extendedNegotiations: [ExtendedNegotiation] = [], userIdentityResponse: [UInt8]? = nil) {
    self.extendedNegotiations = extendedNegotiations
    self.userIdentityResponse = userIdentityResponse
  }
}

/// A C-STORE that has begun.
public struct StoreRequest: Hashable, Sendable {
  public var sopClassUID: UID
  public var sopInstanceUID: UID
  public var transferSyntax: UID
  public var messageID: UInt16
  /// The C-MOVE on whose behalf it is sent.
  public var moveOriginatorAETitle: String?
  public var moveOriginatorMessageID: UInt16?
}

public enum StoreReception: Sendable {
  case receive(any StoreReceiver)
  case refuse(Status)
}

/// Takes one instance as it arrives. Called on the association's event loop.
public protocol StoreReceiver: AnyObject, Sendable {
  /// The data set goes on. After a throw nothing but `abandon` is called, the rest is read off the wire, and the peer is
  /// answered with the `StatusError` that was thrown, else with `0110`.
  /// - Parameters:
  ///   - bytes: the next of the data set, a slice of what was read.
  ///   - onRoom: to be called once, from any thread, where the result is false.
  /// - Returns: false when it is busy with them, on a thread that may block. Until `onRoom` nothing is called, and nothing
  ///   more is read from this peer.
  func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool
  /// The data set is complete. `respond` is to be called once, from any thread; nothing else is received until then.
  func finish(_ respond: @escaping @Sendable (Status) -> Void)
  /// The data set will not be completed.
  func abandon()
}

/// A C-FIND that was asked of us.
public struct FindRequest: Sendable {
  /// The information model, an abstract syntax.
  public var model: UID
  public var identifier: DataSet
  public var transferSyntax: UID
  public var messageID: UInt16

  public var level: Level? { identifier.string(.queryRetrieveLevel).flatMap { Level($0) } }
}

/// A C-MOVE that was asked of us.
public struct MoveRequest: Sendable {
  public var model: UID
  public var identifier: DataSet
  public var destination: String
  public var messageID: UInt16
  /// The peer may cancel it or be gone. A sub-operation under way ends as it does, and its end is counted in the last
  /// progress, with which the stream ends; no other is begun, or waited for.
  public let cancellation: Cancellation

  public var level: Level? { identifier.string(.queryRetrieveLevel).flatMap { Level($0) } }
}

/// A C-GET that was asked of us.
public struct GetRequest: Sendable {
  public var model: UID
  public var identifier: DataSet
  public var messageID: UInt16

  public var level: Level? { identifier.string(.queryRetrieveLevel).flatMap { Level($0) } }
}

/// An instance that a C-GET sends back.
public struct GetInstance: Sendable {
  public var sopClassUID: UID
  public var sopInstanceUID: UID
  /// Opens it when its turn comes, in one of the transfer syntaxes that were accepted for its class. What it throws
  /// counts the instance as failed.
  public var open: @Sendable (_ transferSyntaxes: [UID]) async throws -> StoreSource
  /// It was sent, or could not be; called for each that was opened.
  public var close: @Sendable () -> Void

  public init(
    sopClassUID: UID, sopInstanceUID: UID, open: @escaping @Sendable ([UID]) async throws -> StoreSource,
    close: @escaping @Sendable () -> Void = {}
  ) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.open = open
    self.close = close
  }
}

/// Where the sub-operations of a C-MOVE or C-GET asked of us stand. The last one before the end makes the final response.
public struct MoveProgress: Sendable {
  public var subOperations: SubOperations
  public var failedSOPInstanceUIDs: [UID]

  public init(subOperations: SubOperations, failedSOPInstanceUIDs: [UID] = []) {
    self.subOperations = subOperations
    self.failedSOPInstanceUIDs = failedSOPInstanceUIDs
  }

  /// PS3.4 §C.4.2.1.5: success, a warning when some failed, a failure when all did.
  func finalStatus(_ service: Service) -> Status {
    let failed = subOperations.failed ?? 0
    if failed == 0 { return (subOperations.warning ?? 0) == 0 ? .success : Status(0xB000, service: service) }
    let sent = (subOperations.completed ?? 0) + (subOperations.warning ?? 0)
    return Status(sent == 0 ? 0xA702 : 0xB000, service: service)
  }
}
