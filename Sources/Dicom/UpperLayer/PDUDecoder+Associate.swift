import NIOCore

/// A-ASSOCIATE-RQ and -AC and their items.
extension PDUDecoder {
  static func associateRequest(_ body: inout ByteBuffer) throws(PDUError) -> AssociateRequestPDU {
    var contexts: [ProposedContext] = []
    let fixed = try fixedFields(&body)
    let common = try items(of: &body) { (type, item) throws(PDUError) in
      if type == ItemType.proposedContext { contexts.append(try proposedContext(&item)) }
    }
    var request = AssociateRequestPDU(
      calledAETitle: fixed.called, callingAETitle: fixed.calling, presentationContexts: contexts,
      userInformation: common.userInformation ?? UserInformation())
    request.protocolVersion = fixed.version
    guard let name = common.applicationContext else { throw .missing(field: "the application context item") }
    request.applicationContextName = name
    return request
  }

  static func associateAccept(_ body: inout ByteBuffer) throws(PDUError) -> AssociateAcceptPDU {
    var contexts: [ContextResult] = []
    let fixed = try fixedFields(&body)
    let common = try items(of: &body) { (type, item) throws(PDUError) in
      if type == ItemType.contextResult { contexts.append(try contextResult(&item)) }
    }
    var accept = AssociateAcceptPDU(
      calledAETitle: fixed.called, callingAETitle: fixed.calling, presentationContexts: contexts,
      userInformation: common.userInformation ?? UserInformation())
    accept.protocolVersion = fixed.version
    if let name = common.applicationContext { accept.applicationContextName = name }
    return accept
  }

  private static func fixedFields(
    _ body: inout ByteBuffer
  ) throws(PDUError) -> (version: UInt16, called: String, calling: String) {
    guard let version = body.readInteger(as: UInt16.self), body.readSlice(length: 2) != nil,
      let called = body.readString(length: 16), let calling = body.readString(length: 16),
      body.readSlice(length: 32) != nil
    else {
      throw .lengthOutOfBounds(field: "the fixed part of an A-ASSOCIATE PDU", length: 68, available: body.readableBytes)
    }
    return (version, AETitle.trim(called), AETitle.trim(calling))
  }

  /// Walks the items; those both PDUs have are returned, the others go to `other`.
  private static func items(
    of body: inout ByteBuffer, _ other: (UInt8, inout ByteBuffer) throws(PDUError) -> Void
  ) throws(PDUError) -> (applicationContext: UID?, userInformation: UserInformation?) {
    var applicationContext: UID?
    var information: UserInformation?
    while var item = try nextItem(&body, in: "an A-ASSOCIATE PDU") {
      switch item.type {
      case ItemType.applicationContext: applicationContext = uid(&item.bytes)
      case ItemType.userInformation: information = try userInformation(&item.bytes)
      default: try other(item.type, &item.bytes)
      }
    }
    return (applicationContext, information)
  }

  private static func nextItem(
    _ body: inout ByteBuffer, in container: String
  ) throws(PDUError) -> (type: UInt8, bytes: ByteBuffer)? {
    guard body.readableBytes > 0 else { return nil }
    guard let (type, _, length) = body.readMultipleIntegers(as: (UInt8, UInt8, UInt16).self) else {
      throw .lengthOutOfBounds(field: "an item header in \(container)", length: 4, available: body.readableBytes)
    }
    guard let item = body.readSlice(length: Int(length)) else {
      throw .lengthOutOfBounds(
        field: "item \(hexadecimal(type)) in \(container)", length: Int(length), available: body.readableBytes)
    }
    return (type, item)
  }

  private static func proposedContext(_ item: inout ByteBuffer) throws(PDUError) -> ProposedContext {
    guard let (id, _, _, _) = item.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw .lengthOutOfBounds(field: "a presentation context item", length: 4, available: item.readableBytes)
    }
    guard id % 2 == 1 else { throw .invalidValue(field: "a presentation context id", value: "\(id) (even)") }
    var abstractSyntax: UID?
    var transferSyntaxes: [UID] = []
    while var sub = try nextItem(&item, in: "presentation context \(id)") {
      if sub.type == ItemType.abstractSyntax { abstractSyntax = uid(&sub.bytes) }
      if sub.type == ItemType.transferSyntax { transferSyntaxes.append(uid(&sub.bytes)) }
    }
    guard let abstractSyntax else { throw .missing(field: "the abstract syntax of presentation context \(id)") }
    return ProposedContext(id: id, abstractSyntax: abstractSyntax, transferSyntaxes: transferSyntaxes)
  }

  private static func contextResult(_ item: inout ByteBuffer) throws(PDUError) -> ContextResult {
    guard let (id, _, code, _) = item.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw .lengthOutOfBounds(field: "a presentation context item", length: 4, available: item.readableBytes)
    }
    guard let result = ContextResult.Result(rawValue: code) else {
      throw .invalidValue(field: "the result of presentation context \(id)", value: "\(code)")
    }
    var transferSyntax: UID = ""
    while var sub = try nextItem(&item, in: "presentation context \(id)") {
      if sub.type == ItemType.transferSyntax { transferSyntax = uid(&sub.bytes) }
    }
    return ContextResult(id: id, result: result, transferSyntax: transferSyntax)
  }

  private static func userInformation(_ item: inout ByteBuffer) throws(PDUError) -> UserInformation {
    var information = UserInformation()
    while var sub = try nextItem(&item, in: "the user information") {
      switch sub.type {
      case ItemType.maximumLength:
        information.maximumPDULength = try integer(&sub.bytes, "the maximum length sub-item")
      case ItemType.implementationClassUID: information.implementationClassUID = uid(&sub.bytes)
      case ItemType.implementationVersionName:
        information.implementationVersionName = AETitle.trim(
          sub.bytes.readString(length: sub.bytes.readableBytes) ?? "")
      case ItemType.asynchronousOperationsWindow:
        information.asynchronousOperationsWindow = AsynchronousOperationsWindow(
          invoked: try integer(&sub.bytes, "the asynchronous operations window"),
          performed: try integer(&sub.bytes, "the asynchronous operations window"))
      case ItemType.roleSelection:
        let sopClass = try lengthPrefixed(&sub.bytes, "the role selection's SOP class UID")
        information.roleSelections.append(
          RoleSelection(
            sopClassUID: UID(text(sopClass)),
            isSCU: try integer(&sub.bytes, "the SCU role", as: UInt8.self) == 1,
            isSCP: try integer(&sub.bytes, "the SCP role", as: UInt8.self) == 1))
      case ItemType.extendedNegotiation:
        let sopClass = try lengthPrefixed(&sub.bytes, "the extended negotiation's SOP class UID")
        information.extendedNegotiations.append(
          ExtendedNegotiation(sopClassUID: UID(text(sopClass)), information: Array(sub.bytes.readableBytesView)))
      case ItemType.userIdentity: information.userIdentity = try userIdentity(&sub.bytes)
      case ItemType.userIdentityResponse:
        information.userIdentityResponse = try lengthPrefixed(&sub.bytes, "the user identity response")
      default: information.otherItems.append(RawItem(type: sub.type, bytes: Array(sub.bytes.readableBytesView)))
      }
    }
    return information
  }

  private static func userIdentity(_ sub: inout ByteBuffer) throws(PDUError) -> UserIdentity {
    UserIdentity(
      type: try integer(&sub, "the user identity type"),
      positiveResponseRequested: try integer(&sub, "the user identity's response flag", as: UInt8.self) == 1,
      primaryField: try lengthPrefixed(&sub, "the user identity's primary field"),
      secondaryField: try lengthPrefixed(&sub, "the user identity's secondary field"))
  }

  private static func integer<Value: FixedWidthInteger>(
    _ sub: inout ByteBuffer, _ field: String, as: Value.Type = Value.self
  ) throws(PDUError) -> Value {
    guard let value = sub.readInteger(as: Value.self) else {
      throw .lengthOutOfBounds(field: field, length: Value.bitWidth / 8, available: sub.readableBytes)
    }
    return value
  }

  private static func lengthPrefixed(_ sub: inout ByteBuffer, _ field: String) throws(PDUError) -> [UInt8] {
    let length: UInt16 = try integer(&sub, field)
    guard let bytes = sub.readBytes(length: Int(length)) else {
      throw .lengthOutOfBounds(field: field, length: Int(length), available: sub.readableBytes)
    }
    return bytes
  }

  private static func uid(_ item: inout ByteBuffer) -> UID {
    UID(text(item.readBytes(length: item.readableBytes) ?? []))
  }

  /// UIDs in items are not padded by the standard, and are by some peers: with a null or a space.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
  }
}
