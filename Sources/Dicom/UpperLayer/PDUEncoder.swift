import NIOCore

/// Encodes PDUs, PS3.8 §9.3. Lengths are those of what is written; nothing is checked against a peer's limits here.
public enum PDUEncoder {
  /// A whole PDU, its header included (PS3.8 §9.3).
  public static func encode(_ pdu: PDU) -> ByteBuffer {
    var buffer = ByteBuffer()
    encode(pdu, into: &buffer)
    return buffer
  }

  /// Appends a whole PDU (PS3.8 §9.3).
  public static func encode(_ pdu: PDU, into buffer: inout ByteBuffer) {
    buffer.writeInteger(pdu.type.rawValue)
    buffer.writeInteger(0 as UInt8)
    writeLengthPrefixed(as: UInt32.self, &buffer) { buffer in
      switch pdu {
      case .associateRequest(let request): write(request, &buffer)
      case .associateAccept(let accept): write(accept, &buffer)
      case .associateReject(let rejection):
        buffer.writeMultipleIntegers(0 as UInt8, rejection.result, rejection.source, rejection.reason)
      case .data(let values): for value in values { write(value, &buffer) }
      case .releaseRequest, .releaseResponse: buffer.writeInteger(0 as UInt32)
      case .abort(let abort): buffer.writeMultipleIntegers(0 as UInt8, 0 as UInt8, abort.source, abort.reason)
      }
    }
  }

  /// The twelve bytes before the data of a P-DATA-TF that holds a single PDV of `length` bytes; the last six where the
  /// PDV `continuesPDU` that has begun, with a header that counts it.
  static func writeDataHeader(
    contextID: UInt8, isCommand: Bool, isLast: Bool, length: Int, continuesPDU: Bool = false,
    into buffer: inout ByteBuffer
  ) {
    let control = (isCommand ? 1 : 0 as UInt8) | (isLast ? 2 : 0)
    let start = continuesPDU ? 0 : PDUDecoder.headerLength
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: start + pdvHeaderLength) { memory in
      if !continuesPDU {
        memory[0] = PDUType.data.rawValue
        memory[1] = 0
        memory.storeBytes(of: UInt32(length + pdvHeaderLength).bigEndian, toByteOffset: 2, as: UInt32.self)
      }
      memory.storeBytes(of: UInt32(length + 2).bigEndian, toByteOffset: start, as: UInt32.self)
      memory[start + 4] = contextID
      memory[start + 5] = control
      return start + pdvHeaderLength
    }
  }

  private static func write(_ value: PresentationDataValue, _ buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(UInt32(value.bytes.readableBytes + 2), value.contextID, value.controlHeader)
    buffer.writeImmutableBuffer(value.bytes)
  }

  private static func write(_ request: AssociateRequestPDU, _ buffer: inout ByteBuffer) {
    writeFixed(request.protocolVersion, request.calledAETitle, request.callingAETitle, &buffer)
    writeItem(ItemType.applicationContext, &buffer) { $0.writeString(request.applicationContextName.rawValue) }
    for context in request.presentationContexts {
      writeItem(ItemType.proposedContext, &buffer) { buffer in
        buffer.writeMultipleIntegers(context.id, 0 as UInt8, 0 as UInt8, 0 as UInt8)
        writeItem(ItemType.abstractSyntax, &buffer) { $0.writeString(context.abstractSyntax.rawValue) }
        for syntax in context.transferSyntaxes {
          writeItem(ItemType.transferSyntax, &buffer) { $0.writeString(syntax.rawValue) }
        }
      }
    }
    write(request.userInformation, &buffer)
  }

  private static func write(_ accept: AssociateAcceptPDU, _ buffer: inout ByteBuffer) {
    writeFixed(accept.protocolVersion, accept.calledAETitle, accept.callingAETitle, &buffer)
    writeItem(ItemType.applicationContext, &buffer) { $0.writeString(accept.applicationContextName.rawValue) }
    for context in accept.presentationContexts {
      writeItem(ItemType.contextResult, &buffer) { buffer in
        buffer.writeMultipleIntegers(context.id, 0 as UInt8, context.result.rawValue, 0 as UInt8)
        writeItem(ItemType.transferSyntax, &buffer) { $0.writeString(context.transferSyntax.rawValue) }
      }
    }
    write(accept.userInformation, &buffer)
  }

  private static func writeFixed(_ version: UInt16, _ called: String, _ calling: String, _ buffer: inout ByteBuffer) {
    buffer.writeInteger(version)
    buffer.writeInteger(0 as UInt16)
    for title in [called, calling] {
      let bytes = title.utf8.prefix(16)
      buffer.writeBytes(bytes)
      buffer.writeRepeatingByte(0x20, count: 16 - bytes.count)
    }
    buffer.writeRepeatingByte(0, count: 32)
  }

  /// - Throws: when the items of the user information do not fit into its length of 16 bits, as a long token may not.
  static func check(_ information: UserInformation) throws(PDUError) {
    var items = ByteBuffer()
    writeItems(information, &items)
    guard items.readableBytes > Int(UInt16.max) else { return }
    let field = information.userIdentity.map { "the user information with \($0)" } ?? "the user information"
    throw .lengthOutOfBounds(field: field, length: items.readableBytes, available: Int(UInt16.max))
  }

  private static func write(_ information: UserInformation, _ buffer: inout ByteBuffer) {
    writeItem(ItemType.userInformation, &buffer) { writeItems(information, &$0) }
  }

  private static func writeItems(_ information: UserInformation, _ buffer: inout ByteBuffer) {
    if let length = information.maximumPDULength {
      writeItem(ItemType.maximumLength, &buffer) { $0.writeInteger(length) }
    }
    if let uid = information.implementationClassUID {
      writeItem(ItemType.implementationClassUID, &buffer) { $0.writeString(uid.rawValue) }
    }
    if let window = information.asynchronousOperationsWindow {
      writeItem(ItemType.asynchronousOperationsWindow, &buffer) {
        $0.writeMultipleIntegers(window.invoked, window.performed)
      }
    }
    for role in information.roleSelections {
      writeItem(ItemType.roleSelection, &buffer) { buffer in
        writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeString(role.sopClassUID.rawValue) }
        buffer.writeMultipleIntegers(role.isSCU ? 1 : 0 as UInt8, role.isSCP ? 1 : 0 as UInt8)
      }
    }
    if let name = information.implementationVersionName {
      writeItem(ItemType.implementationVersionName, &buffer) { $0.writeString(name) }
    }
    for negotiation in information.extendedNegotiations {
      writeItem(ItemType.extendedNegotiation, &buffer) { buffer in
        writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeString(negotiation.sopClassUID.rawValue) }
        buffer.writeBytes(negotiation.information)
      }
    }
    for negotiation in information.commonExtendedNegotiations { write(negotiation, &buffer) }
    if let identity = information.userIdentity { write(identity, &buffer) }
    if let response = information.userIdentityResponse {
      writeItem(ItemType.userIdentityResponse, &buffer) { buffer in
        writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeBytes(response) }
      }
    }
    for item in information.otherItems { writeItem(item.type, &buffer) { $0.writeBytes(item.bytes) } }
  }

  private static func write(_ negotiation: CommonExtendedNegotiation, _ buffer: inout ByteBuffer) {
    writeItem(ItemType.commonExtendedNegotiation, &buffer) { buffer in
      writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeString(negotiation.sopClassUID.rawValue) }
      writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeString(negotiation.serviceClassUID.rawValue) }
      writeLengthPrefixed(as: UInt16.self, &buffer) { buffer in
        for uid in negotiation.relatedGeneralSOPClassUIDs {
          writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeString(uid.rawValue) }
        }
      }
    }
  }

  private static func write(_ identity: UserIdentity, _ buffer: inout ByteBuffer) {
    writeItem(ItemType.userIdentity, &buffer) { buffer in
      buffer.writeMultipleIntegers(identity.type, identity.positiveResponseRequested ? 1 : 0 as UInt8)
      writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeBytes(identity.primaryField) }
      writeLengthPrefixed(as: UInt16.self, &buffer) { $0.writeBytes(identity.secondaryField) }
    }
  }

  private static func writeItem(_ type: UInt8, _ buffer: inout ByteBuffer, _ body: (inout ByteBuffer) -> Void) {
    buffer.writeMultipleIntegers(type, 0 as UInt8)
    writeLengthPrefixed(as: UInt16.self, &buffer, body)
  }

  private static func writeLengthPrefixed<Length: FixedWidthInteger>(
    as: Length.Type, _ buffer: inout ByteBuffer, _ body: (inout ByteBuffer) -> Void
  ) {
    let position = buffer.writerIndex
    buffer.writeInteger(0 as Length)
    body(&buffer)
    let length = buffer.writerIndex - position - Length.bitWidth / 8
    buffer.setInteger(Length(truncatingIfNeeded: length), at: position)
  }
}
