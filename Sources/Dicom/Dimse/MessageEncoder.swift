import NIOCore

/// Cuts DIMSE messages into P-DATA-TF PDUs of at most the peer's length, one PDV each but for a small instance to a peer
/// that is known to take it in one PDU, PS3.8 Annex E.
struct MessageEncoder {
  /// The most data bytes a PDV may carry.
  let maximumFragment: Int
  /// Whether command and data set of a small instance go in one PDU.
  private let isPacking: Bool

  /// More gains nothing (DESIGN: measured), and keeps what one write holds small.
  static let largestPDU = 131_072

  /// - Parameters:
  ///   - maximumPDULength: what the peer said; 0 or nil is no limit.
  ///   - peer: the implementation class UID it said.
  /// - Returns: nil when the length leaves no room for data.
  init?(maximumPDULength: UInt32?, peer: UID? = nil) {
    isPacking = peer.map(Self.takesWholeMessages) ?? false
    let limit = maximumPDULength.flatMap { $0 == 0 ? nil : Int($0) } ?? Self.largestPDU
    // Fragments are of even length.
    maximumFragment = (min(limit, Self.largestPDU) - pdvHeaderLength) & ~1
    guard maximumFragment > 0 else { return nil }
  }

  /// PS3.8 Annex E allows command and data set in one PDU, which saves the peer half of its reading; but there are servers
  /// that end the association over it (fo-dicom's issue 1960 names one). So it is for the libraries that are tested to take
  /// it, by the beginning of their UIDs: DCMTK, on which Orthanc is built too, pynetdicom, and this one.
  private static func takesWholeMessages(_ implementationClassUID: UID) -> Bool {
    let text = implementationClassUID.rawValue
    return text.hasPrefix("1.2.276.0.7230010.3.0.3.") || text.hasPrefix("1.2.826.0.1.3680043.9.3811.")
      || implementationClassUID == Implementation.classUID
  }

  /// Appends the PDUs of a command set, behind which those of its data set will be appended.
  ///
  /// - Parameter dataLength: bytes of the data set.
  /// - Returns: whether its only fragment continues the command's PDU.
  func encode(
    _ command: CommandSet, dataLength: Int, contextID: UInt8, into buffer: inout ByteBuffer
  ) -> Bool {
    let start = buffer.writerIndex
    encode(command, contextID: contextID, into: &buffer)
    let length = buffer.writerIndex - start - PDUDecoder.headerLength + pdvHeaderLength + dataLength
    guard isPacking, dataLength > 0, length <= maximumFragment + pdvHeaderLength else { return false }
    buffer.setInteger(UInt32(length), at: start + 2)
    return true
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

  /// Appends the PDUs of an instance in memory.
  func encode(
    _ command: CommandSet, _ memory: StoreSource.Memory, contextID: UInt8, into buffer: inout ByteBuffer
  ) {
    let count = memory.count
    let continuesPDU = encode(command, dataLength: count, contextID: contextID, into: &buffer)
    var done = 0
    repeat {
      let length = min(count - done, maximumFragment)
      PDUEncoder.writeDataHeader(
        contextID: contextID, isCommand: false, isLast: done + length == count, length: length,
        continuesPDU: continuesPDU, into: &buffer)
      memory.write(at: done, count: length, into: &buffer)
      done += length
    } while done < count
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
