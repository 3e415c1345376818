import NIOCore

/// Decodes whole PDUs. Every length is checked against the bytes around it before it is believed; items nobody knows
/// are skipped, as PS3.8 §9.3.1 demands.
public enum PDUDecoder {
  /// Length of the fixed header of every PDU: type, reserved byte, length.
  static let headerLength = 6
  /// No A-ASSOCIATE PDU is longer: 128 contexts with a hundred transfer syntaxes each fit twice. A SAML assertion or a
  /// token in the user identity may be 64 KB.
  static let maximumControlLength = 1 << 20

  /// Takes the next PDU off `buffer`.
  /// - Returns: nil when more bytes are needed; nothing has been taken then.
  public static func decode(_ buffer: inout ByteBuffer, maximumLength: Int = maximumDataLength) throws(PDUError) -> PDU?
  {
    guard
      let rawType = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
    else { return nil }
    guard let type = PDUType(rawValue: rawType) else {
      throw .unknownType(rawType, firstBytes: Array(buffer.readableBytesView.prefix(16)))
    }
    guard let length = buffer.getInteger(at: buffer.readerIndex + 2, as: UInt32.self) else { return nil }
    try checkLength(of: type, Int(length), maximumDataLength: maximumLength)
    guard buffer.readableBytes >= headerLength + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: headerLength)
    guard let body = buffer.readSlice(length: Int(length)) else { return nil }
    return try decode(type, body: body)
  }

  /// What no P-DATA-TF may exceed whatever was negotiated.
  public static let maximumDataLength = 1 << 24

  static func checkLength(of type: PDUType, _ length: Int, maximumDataLength: Int) throws(PDUError) {
    let limit: ClosedRange<Int> =
      switch type {
      case .data: 0...maximumDataLength
      case .associateRequest, .associateAccept: 68...maximumControlLength
      // PS3.8 says 4; a peer that adds to it is understood.
      case .associateReject, .abort, .releaseRequest, .releaseResponse: 4...1024
      }
    guard limit.contains(length) else {
      throw .lengthOutOfBounds(field: "\(type)", length: length, available: limit.upperBound)
    }
  }

  /// Decodes what follows the six bytes of the header.
  static func decode(_ type: PDUType, body: ByteBuffer) throws(PDUError) -> PDU {
    var body = body
    switch type {
    case .associateRequest: return .associateRequest(try associateRequest(&body))
    case .associateAccept: return .associateAccept(try associateAccept(&body))
    case .associateReject:
      let (_, result, source, reason) = try fourBytes(&body, field: "A-ASSOCIATE-RJ")
      return .associateReject(Rejection(result: result, source: source, reason: reason))
    case .data: return .data(try presentationDataValues(&body))
    case .releaseRequest: return .releaseRequest
    case .releaseResponse: return .releaseResponse
    case .abort:
      let (_, _, source, reason) = try fourBytes(&body, field: "A-ABORT")
      return .abort(Abort(source: source, reason: reason))
    }
  }

  private static func fourBytes(
    _ body: inout ByteBuffer, field: String
  ) throws(PDUError) -> (UInt8, UInt8, UInt8, UInt8) {
    guard let (a, b, c, d) = body.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      throw .lengthOutOfBounds(field: field, length: 4, available: body.readableBytes)
    }
    return (a, b, c, d)
  }

  private static func presentationDataValues(_ body: inout ByteBuffer) throws(PDUError) -> [PresentationDataValue] {
    var values: [PresentationDataValue] = []
    while body.readableBytes > 0 {
      guard let length = body.readInteger(as: UInt32.self) else {
        throw .lengthOutOfBounds(field: "presentation data value", length: 4, available: body.readableBytes)
      }
      try checkPDVLength(Int(length), available: body.readableBytes)
      guard let contextID = body.readInteger(as: UInt8.self), let control = body.readInteger(as: UInt8.self),
        let bytes = body.readSlice(length: Int(length) - 2)
      else {
        throw .lengthOutOfBounds(field: "presentation data value", length: Int(length), available: body.readableBytes)
      }
      values.append(
        PresentationDataValue(
          contextID: contextID, isCommand: control & 1 != 0, isLast: control & 2 != 0, bytes: bytes))
    }
    return values
  }

  static func checkPDVLength(_ length: Int, available: Int) throws(PDUError) {
    guard length >= 2, length <= available else {
      throw .lengthOutOfBounds(field: "presentation data value", length: length, available: available)
    }
  }
}
