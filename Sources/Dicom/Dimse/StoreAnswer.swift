/// The usual answer to a C-STORE, read from all of its bytes and without making anything of it but the status: a C-STORE-RSP
/// (PS3.7 §9.3.1.2) of one P-DATA-TF that says nothing else.
struct StoreAnswer {
  private let contextID: UInt8
  private let messageID: UInt16
  let status: Status

  /// - Parameter bytes: of the PDU, from its type on.
  /// - Returns: nil when it is anything else, or more, or has a remark.
  init?(_ bytes: UnsafeRawBufferPointer) {
    let headerLength = PDUDecoder.headerLength + pdvHeaderLength
    guard bytes.count >= headerLength, bytes[0] == PDUType.data.rawValue,
      Self.length(in: bytes, at: 2) == bytes.count - PDUDecoder.headerLength,
      Self.length(in: bytes, at: 6) == bytes.count - PDUDecoder.headerLength - 4,
      // A command, and its last fragment.
      bytes[11] & 3 == 3
    else { return nil }
    var (field, messageID, dataSetType, status): (UInt16?, UInt16?, UInt16?, UInt16?)
    var isUsual = true
    do throws(CommandSetError) {
      try CommandSet.forEachElement(of: UnsafeRawBufferPointer(rebasing: bytes[headerLength...])) { element, value in
        switch element {
        case 0x0000, 0x0002, 0x1000: break
        case 0x0100: field = value.number(at: 0)
        case 0x0120: messageID = value.number(at: 0)
        case 0x0800: dataSetType = value.number(at: 0)
        case 0x0900: status = value.number(at: 0)
        default: isUsual = false
        }
      }
    } catch { return nil }
    guard isUsual, field == CommandField.cStoreResponse.rawValue, dataSetType == CommandSet.noDataSet, let messageID,
      let status, !Status(status).isPending
    else { return nil }
    contextID = bytes[10]
    self.messageID = messageID
    self.status = Status(status)
  }

  func isTo(_ store: LoadedStore) -> Bool { contextID == store.contextID && messageID == store.messageID }

  private static func length(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
    Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}
