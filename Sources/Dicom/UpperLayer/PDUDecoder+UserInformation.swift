import NIOCore

/// The sub-items of the user information, PS3.7 Annex D. Those nobody knows are kept as bytes.
extension PDUDecoder {
  static func userInformation(_ item: inout ByteBuffer) throws(PDUError) -> UserInformation {
    var information = UserInformation()
    while var sub = try nextItem(&item, in: "the user information") {
      switch sub.type {
      case ItemType.maximumLength:
        information.maximumPDULength = try integer(&sub.bytes, "the maximum length sub-item")
      case ItemType.implementationClassUID: information.implementationClassUID = uid(&sub.bytes)
      case ItemType.implementationVersionName:
        information.implementationVersionName = AETitle.trim(sub.bytes.readableBytesView)
      case ItemType.asynchronousOperationsWindow:
        information.asynchronousOperationsWindow = AsynchronousOperationsWindow(
          invoked: try integer(&sub.bytes, "the operations invoked of the asynchronous operations window"),
          performed: try integer(&sub.bytes, "the operations performed of the asynchronous operations window"))
      case ItemType.roleSelection: information.roleSelections.append(try roleSelection(&sub.bytes))
      case ItemType.extendedNegotiation:
        let sopClass = try lengthPrefixed(&sub.bytes, "the extended negotiation's SOP class UID")
        information.extendedNegotiations.append(
          ExtendedNegotiation(sopClassUID: UID(text(sopClass)), information: Array(sub.bytes.readableBytesView)))
      case ItemType.commonExtendedNegotiation:
        information.commonExtendedNegotiations.append(try commonExtendedNegotiation(&sub.bytes))
      case ItemType.userIdentity: information.userIdentity = try userIdentity(&sub.bytes)
      case ItemType.userIdentityResponse:
        information.userIdentityResponse = try lengthPrefixed(&sub.bytes, "the user identity response")
      default: information.otherItems.append(RawItem(type: sub.type, bytes: Array(sub.bytes.readableBytesView)))
      }
    }
    return information
  }

  private static func roleSelection(_ sub: inout ByteBuffer) throws(PDUError) -> RoleSelection {
    let sopClass = try lengthPrefixed(&sub, "the role selection's SOP class UID")
    return RoleSelection(
      sopClassUID: UID(text(sopClass)),
      isSCU: try integer(&sub, "the role selection's SCU role", as: UInt8.self) == 1,
      isSCP: try integer(&sub, "the role selection's SCP role", as: UInt8.self) == 1)
  }

  private static func commonExtendedNegotiation(
    _ sub: inout ByteBuffer
  ) throws(PDUError) -> CommonExtendedNegotiation {
    let sopClass = try lengthPrefixed(&sub, "the common extended negotiation's SOP class UID")
    let serviceClass = try lengthPrefixed(&sub, "the common extended negotiation's service class UID")
    var list = ByteBuffer(
      bytes: try lengthPrefixed(&sub, "the common extended negotiation's list of general SOP classes"))
    var related: [UID] = []
    while list.readableBytes > 0 {
      related.append(UID(text(try lengthPrefixed(&list, "the common extended negotiation's general SOP class UID"))))
    }
    return CommonExtendedNegotiation(
      sopClassUID: UID(text(sopClass)), serviceClassUID: UID(text(serviceClass)), relatedGeneralSOPClassUIDs: related)
  }

  private static func userIdentity(_ sub: inout ByteBuffer) throws(PDUError) -> UserIdentity {
    UserIdentity(
      type: try integer(&sub, "the user identity's type"),
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
}
