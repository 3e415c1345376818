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
  /// PS3.7 §D.3.3.6, in a request: of what kind its SOP classes are.
  public var commonExtendedNegotiations: [CommonExtendedNegotiation] = []
  /// PS3.7 §D.3.3.7: in a request.
  public var userIdentity: UserIdentity?
  /// In an acceptance: the server's response, kept as it came. It means that the identity was accepted; it is empty
  /// for usernames.
  public var userIdentityResponse: [UInt8]?
  /// Items this program makes no use of, in order.
  public var otherItems: [RawItem] = []

  public init() {}
}

/// How many operations may be outstanding at once, PS3.7 §D.3.3.3: those the requestor of the association invokes, and
/// those it performs.
public struct AsynchronousOperationsWindow: Hashable, Sendable {
  /// 0 is no limit.
  public var invoked: UInt16
  public var performed: UInt16

  public init(invoked: UInt16, performed: UInt16) {
    self.invoked = invoked
    self.performed = performed
  }

  /// One after the other: what holds where nothing was negotiated.
  public static let synchronous = AsynchronousOperationsWindow(invoked: 1, performed: 1)

  /// The narrower of the two, each way: an answer may only take away.
  public func narrowed(to other: AsynchronousOperationsWindow) -> AsynchronousOperationsWindow {
    func narrower(_ a: UInt16, _ b: UInt16) -> UInt16 { a == 0 ? b : b == 0 ? a : min(a, b) }
    return AsynchronousOperationsWindow(
      invoked: narrower(invoked, other.invoked), performed: narrower(performed, other.performed))
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

  /// The roles in both: an answer may turn a role down, not add one.
  public func narrowed(to other: RoleSelection) -> RoleSelection {
    RoleSelection(sopClassUID: sopClassUID, isSCU: isSCU && other.isSCU, isSCP: isSCP && other.isSCP)
  }
}

/// SOP class extended negotiation, PS3.7 §D.3.3.5: what both sides can do beyond the basics of a SOP class.
public struct ExtendedNegotiation: Hashable, Sendable {
  public var sopClassUID: UID
  /// Defined by the service class: `QueryCapabilities` for queries and retrievals.
  public var information: [UInt8]

  public init(sopClassUID: UID, information: [UInt8]) {
    self.sopClassUID = sopClassUID
    self.information = information
  }
}

/// SOP class common extended negotiation, PS3.7 §D.3.3.6: to which service class a SOP class belongs, so that an acceptor
/// that has never heard of it knows what it is. It is not answered.
public struct CommonExtendedNegotiation: Hashable, Sendable {
  public var sopClassUID: UID
  /// `1.2.840.10008.4.2` is storage.
  public var serviceClassUID: UID
  /// Classes of which it is a specialisation.
  public var relatedGeneralSOPClassUIDs: [UID]

  public init(sopClassUID: UID, serviceClassUID: UID, relatedGeneralSOPClassUIDs: [UID] = []) {
    self.sopClassUID = sopClassUID
    self.serviceClassUID = serviceClassUID
    self.relatedGeneralSOPClassUIDs = relatedGeneralSOPClassUIDs
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
  static let commonExtendedNegotiation: UInt8 = 0x57
  static let userIdentity: UInt8 = 0x58
  static let userIdentityResponse: UInt8 = 0x59
}
