import NIOCore

/// Cuts DIMSE messages into P-DATA-TF PDUs of at most the peer's length, one PDV each, PS3.8 Annex E.
struct MessageEncoder {
  /// The most data bytes a PDV may carry.
  let maximumFragment: Int

  /// More gains nothing (DESIGN: measured), and keeps what one write holds small.
  static let largestPDU = 131_072

  /// - Parameter maximumPDULength: what the peer said; 0 or nil is no limit.
  /// - Returns: nil when the length leaves no room for data.
  init?(maximumPDULength: UInt32?) {
    let limit = maximumPDULength.flatMap { $0 == 0 ? nil : Int($0) } ?? Self.largestPDU
    // Fragments are of even length.
    maximumFragment = (min(limit, Self.largestPDU) - pdvHeaderLength) & ~1
    guard maximumFragment > 0 else { return nil }
  }

  /// Appends the PDUs of a command set.
  func encode(_ command: CommandSet, contextID: UInt8, into buffer: inout ByteBuffer) {
    let start = buffer.writerIndex
    // The header's length is set when it is known; a command longer than a fragment is the rare case.
    PDUEncoder.writeDataHeader(contextID: contextID, isCommand: true, isLast: true, length: 0, into: &buffer)
    let body = buffer.writerIndex
    command.encode(into: &buffer)
    let length = buffer.writerIndex - body
    if length <= maximumFragment {
      buffer.setInteger(UInt32(length + pdvHeaderLength), at: start + 2)
      buffer.setInteger(UInt32(length + 2), at: start + 6)
    } else if let bytes = buffer.getSlice(at: body, length: length) {
      buffer.moveWriterIndex(to: start)
      encode(bytes, isCommand: true, contextID: contextID, into: &buffer)
    }
  }

  /// Appends the PDUs of a whole data set.
  func encode(dataSet: ByteBuffer, contextID: UInt8, into buffer: inout ByteBuffer) {
    encode(dataSet, isCommand: false, contextID: contextID, into: &buffer)
  }

  private func encode(_ bytes: ByteBuffer, isCommand: Bool, contextID: UInt8, into buffer: inout ByteBuffer) {
    var bytes = bytes
    repeat {
      let length = min(bytes.readableBytes, maximumFragment)
      guard var fragment = bytes.readSlice(length: length) else { return }
      PDUEncoder.writeDataHeader(
        contextID: contextID, isCommand: isCommand, isLast: bytes.readableBytes == 0, length: length, into: &buffer)
      buffer.writeBuffer(&fragment)
    } while bytes.readableBytes > 0
  }
}
