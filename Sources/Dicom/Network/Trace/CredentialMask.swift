import NIOCore

/// Writes asterisks over the credentials in the first PDU of a direction, the only one that may hold any: passcode,
/// ticket, assertion or token of a user identity, and the response to it (PS3.7 §D.3.3.7).
struct CredentialMask {
  private var held = ByteBuffer()
  private var isPast = false

  /// What may be shown of the bytes so far; nil while the first PDU is not complete.
  mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer? {
    if isPast { return bytes }
    held.writeImmutableBuffer(bytes)
    guard held.readableBytes >= PDUDecoder.headerLength else { return nil }
    let type = held.getInteger(at: held.readerIndex, as: UInt8.self)
    let length = held.getInteger(at: held.readerIndex + 2, as: UInt32.self).map(Int.init) ?? 0
    guard type == PDUType.associateRequest.rawValue || type == PDUType.associateAccept.rawValue,
      length <= PDUDecoder.maximumControlLength
    else { return rest() }
    guard held.readableBytes >= PDUDecoder.headerLength + length else { return nil }
    mask(end: held.readerIndex + PDUDecoder.headerLength + length)
    return rest()
  }

  /// What is still held back, as the connection ends. Half an A-ASSOCIATE-RQ is not shown.
  mutating func rest() -> ByteBuffer? {
    guard !isPast else { return nil }
    isPast = true
    defer { held = ByteBuffer() }
    return held
  }

  /// PS3.8 Table 9-11: 68 bytes before the variable items.
  private mutating func mask(end: Int) {
    forEachItem(from: held.readerIndex + PDUDecoder.headerLength + 68, to: end) { buffer, type, start, end in
      guard type == ItemType.userInformation else { return }
      Self.forEachItem(&buffer, from: start, to: end) { buffer, type, start, end in
        switch type {
        case ItemType.userIdentity:
          let kind = buffer.getInteger(at: start, as: UInt8.self).flatMap(UserIdentity.Kind.init(rawValue:))
          let primary = start + 4
          guard let length = buffer.getInteger(at: start + 2, as: UInt16.self) else { return }
          let isName = kind == .username || kind == .usernameAndPasscode
          if !isName { Self.hide(&buffer, primary, primary + Int(length), end) }
          Self.hide(&buffer, primary + Int(length) + 2, end, end)
        case ItemType.userIdentityResponse: Self.hide(&buffer, start + 2, end, end)
        default: break
        }
      }
    }
  }

  private typealias Item = (_ buffer: inout ByteBuffer, _ type: UInt8, _ start: Int, _ end: Int) -> Void

  private mutating func forEachItem(from start: Int, to end: Int, _ body: Item) {
    Self.forEachItem(&held, from: start, to: end, body)
  }

  private static func forEachItem(_ buffer: inout ByteBuffer, from start: Int, to end: Int, _ body: Item) {
    var position = start
    while position + 4 <= end, let type = buffer.getInteger(at: position, as: UInt8.self),
      let length = buffer.getInteger(at: position + 2, as: UInt16.self)
    {
      let next = min(end, position + 4 + Int(length))
      body(&buffer, type, position + 4, next)
      position = next
    }
  }

  private static func hide(_ buffer: inout ByteBuffer, _ start: Int, _ stop: Int, _ end: Int) {
    let stop = min(stop, end)
    if start < stop { buffer.setRepeatingByte(UInt8(ascii: "*"), count: stop - start, at: start) }
  }
}
