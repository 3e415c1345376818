/// The fields of an A-ASSOCIATE-RQ, PS3.8 §9.3.2.
public struct AssociateRequestPDU: Hashable, Sendable {
  /// A bit field; bit 0 is version 1, the only one there is.
  public var protocolVersion: UInt16 = 1
  /// Without the padding spaces.
  public var calledAETitle: String
  public var callingAETitle: String
  public var applicationContextName: UID = .dicomApplicationContext
  public var presentationContexts: [ProposedContext]
  public var userInformation: UserInformation

  public init(
    calledAETitle: String, callingAETitle: String, presentationContexts: [ProposedContext],
    userInformation: UserInformation
  ) {
    self.calledAETitle = calledAETitle
    self.callingAETitle = callingAETitle
    self.presentationContexts = presentationContexts
    self.userInformation = userInformation
  }
}

/// The fields of an A-ASSOCIATE-AC, PS3.8 §9.3.3.
public struct AssociateAcceptPDU: Hashable, Sendable {
  public var protocolVersion: UInt16 = 1
  /// The titles of the request, sent back; not to be tested when received.
  public var calledAETitle: String
  public var callingAETitle: String
  public var applicationContextName: UID = .dicomApplicationContext
  public var presentationContexts: [ContextResult]
  public var userInformation: UserInformation

  public init(
    calledAETitle: String, callingAETitle: String, presentationContexts: [ContextResult],
    userInformation: UserInformation
  ) {
    self.calledAETitle = calledAETitle
    self.callingAETitle = callingAETitle
    self.presentationContexts = presentationContexts
    self.userInformation = userInformation
  }
}

/// A presentation context as proposed, PS3.8 §9.3.2.2.
public struct ProposedContext: Hashable, Sendable {
  /// Odd, 1 to 255.
  public var id: UInt8
  public var abstractSyntax: UID
  /// In the proposer's order of preference.
  public var transferSyntaxes: [UID]

  public init(id: UInt8, abstractSyntax: UID, transferSyntaxes: [UID]) {
    self.id = id
    self.abstractSyntax = abstractSyntax
    self.transferSyntaxes = transferSyntaxes
  }
}

/// The answer to one proposed presentation context, PS3.8 §9.3.3.2.
public struct ContextResult: Hashable, Sendable {
  public var id: UInt8
  public var result: Result
  /// Significant only when accepted.
  public var transferSyntax: UID

  public init(id: UInt8, result: Result, transferSyntax: UID) {
    self.id = id
    self.result = result
    self.transferSyntax = transferSyntax
  }

  /// PS3.8 Table 9-18.
  public enum Result: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case acceptance = 0
    case userRejection = 1
    case noReason = 2
    case abstractSyntaxNotSupported = 3
    case transferSyntaxesNotSupported = 4

    public var description: String { meaning.words }
  }
}
