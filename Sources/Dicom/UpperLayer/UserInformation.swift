import NIOCore

/// The user information item of an A-ASSOCIATE-RQ or -AC, PS3.8 §9.3.2.3 and PS3.7 Annex D.
public struct UserInformation: Hashable, Sendable {
  /// The largest P-DATA-TF length its sender wants to receive, PS3.8 Annex D.1; 0 is no limit, nil was not said.
  public var maximumPDULength: UInt32?
  /// PS3.7 §D.3.3.2.
  public var implementationClassUID: UID?
  public var implementationVersionName: String?
  /// PS3.7 §D.3.3.3; nil is (1, 1).
  public var asynchronousOperationsWindow: AsynchronousOperationsWindow?
  /// PS3.7 §D.3.3.4.
  public var roleSelections: [RoleSelection] = []
  /// PS3.7 §D.3.3.5, one a SOP class; the information is the service class's own.
  public var extendedNegotiations: [ExtendedNegotiation] = []
  /// PS3.7 §D.3.3.7: in a request.
  public var userIdentity: UserIdentity?
  /// In an acceptance: the server's response, kept as it came.
  public var userIdentityResponse: [UInt8]?
  /// Items this program makes no use of (common extended negotiation among them), in order.
  public var otherItems: [RawItem] = []

  public init() {}
}

public struct AsynchronousOperationsWindow: Hashable, Sendable {
  /// 0 is no limit.
  public var invoked: UInt16
  public var performed: UInt16

  public init(invoked: UInt16, performed: UInt16) {
    self.invoked = invoked
    self.performed = performed
  }
}

/// SCP/SCU role selection, PS3.7 §D.3.3.4: roles the requestor proposes to take, or the acceptor agrees to.
public struct RoleSelection: Hashable, Sendable {
  public var sopClassUID: UID
  public var isSCU: Bool
  public var isSCP: Bool

  public init(sopClassUID: UID, isSCU: Bool, isSCP: Bool) {
    self.sopClassUID = sopClassUID
    self.isSCU = isSCU
    self.isSCP = isSCP
  }
}

public struct ExtendedNegotiation: Hashable, Sendable {
  public var sopClassUID: UID
  public var information: [UInt8]

  public init(sopClassUID: UID, information: [UInt8]) {
    self.sopClassUID = sopClassUID
    self.information = information
  }
}

/// User identity of a requestor, PS3.7 §D.3.3.7.1.
public struct UserIdentity: Hashable, Sendable {
  /// 1 username, 2 username and passcode, 3 Kerberos, 4 SAML, 5 JSON Web Token.
  public var type: UInt8
  public var positiveResponseRequested: Bool
  public var primaryField: [UInt8]
  public var secondaryField: [UInt8]

  public init(type: UInt8, positiveResponseRequested: Bool, primaryField: [UInt8], secondaryField: [UInt8] = []) {
    self.type = type
    self.positiveResponseRequested = positiveResponseRequested
    self.primaryField = primaryField
    self.secondaryField = secondaryField
  }
}

/// An item or sub-item kept as its bytes.
public struct RawItem: Hashable, Sendable {
  public var type: UInt8
  public var bytes: [UInt8]

  public init(type: UInt8, bytes: [UInt8]) {
    self.type = type
    self.bytes = bytes
  }
}

/// Item types of PS3.8 §9.3.2, §9.3.3 and PS3.7 Annex D.
enum ItemType {
  static let applicationContext: UInt8 = 0x10
  static let proposedContext: UInt8 = 0x20
  static let contextResult: UInt8 = 0x21
  static let abstractSyntax: UInt8 = 0x30
  static let transferSyntax: UInt8 = 0x40
  static let userInformation: UInt8 = 0x50
  static let maximumLength: UInt8 = 0x51
  static let implementationClassUID: UInt8 = 0x52
  static let asynchronousOperationsWindow: UInt8 = 0x53
  static let roleSelection: UInt8 = 0x54
  static let implementationVersionName: UInt8 = 0x55
  static let extendedNegotiation: UInt8 = 0x56
  static let userIdentity: UInt8 = 0x58
  static let userIdentityResponse: UInt8 = 0x59
}
