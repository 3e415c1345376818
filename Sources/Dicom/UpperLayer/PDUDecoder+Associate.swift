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
      let called = body.readSlice(length: 16), let calling = body.readSlice(length: 16),
      body.readSlice(length: 32) != nil
    else {
      throw .lengthOutOfBounds(field: "the fixed part of an A-ASSOCIATE PDU", length: 68, available: body.readableBytes)
    }
    return (version, AETitle.trim(called.readableBytesView), AETitle.trim(calling.readableBytesView))
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

  static func nextItem(
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

  static func uid(_ item: inout ByteBuffer) -> UID {
    UID(text(item.readBytes(length: item.readableBytes) ?? []))
  }

  /// UIDs in items are not padded by the standard, and are by some peers: with a null or a space.
  static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
  }
}
