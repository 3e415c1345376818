import NIOCore

/// Cuts the bytes of a connection into PDUs without waiting for the whole of a P-DATA-TF: its fragments are handed on as
/// they arrive, as slices of what was read, so that a data set of any size passes through without being gathered.
///
/// Its memory is the last read, plus at most one A-ASSOCIATE PDU.
struct PDUStream {
  /// What comes out, in the order it arrived.
  enum Frame {
    /// Any PDU but P-DATA-TF; `length` is its whole size on the wire. Indirect, for it would make all others large.
    indirect case pdu(PDU, length: Int)
    /// The header of a P-DATA-TF: its fragments follow.
    case dataPDU(length: Int)
    /// Some bytes of a PDV of the P-DATA-TF under way.
    case fragment(Fragment)
  }

  struct Fragment {
    var contextID: UInt8
    var isCommand: Bool
    /// The PDV is marked as the last of its command or data set, and these are its last bytes.
    var isLast: Bool
    /// These are the last bytes of their PDV, and of their PDU.
    var endsPDV: Bool
    var endsPDU: Bool
    var bytes: ByteBuffer
  }

  private enum State {
    case header
    case body(PDUType, length: Int)
    case pdvHeader(pduRemaining: Int)
    case pdv(contextID: UInt8, control: UInt8, remaining: Int, pduRemaining: Int)
  }

  private var state: State = .header
  private var input = ByteBuffer()
  /// Bytes of a header or a control PDU that came in pieces.
  private var gathered = ByteBuffer()
  /// The largest P-DATA-TF we allow: what we offered.
  let maximumDataLength: Int

  init(maximumDataLength: Int) { self.maximumDataLength = maximumDataLength }

  /// Bytes wait to be taken by `next`.
  var hasInput: Bool { input.readableBytes > 0 }
  /// Whether the bytes so far end amid a PDU.
  var isAmidPDU: Bool {
    if case .header = state { return gathered.readableBytes > 0 || input.readableBytes > 0 }
    return true
  }

  /// Adds what was read. Everything should have been taken by `next` before; if not, the bytes are appended.
  mutating func append(_ bytes: consuming ByteBuffer) {
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.writeImmutableBuffer(bytes)
    }
  }

  /// Lets go of what was read when all of it has been taken, so that the channel can read into the same memory again.
  mutating func releaseInput() {
    if input.readableBytes == 0 { input = ByteBuffer() }
  }

  /// The next frame, or nil when more bytes are needed.
  mutating func next() throws(PDUError) -> Frame? {
    while true {
      switch state {
      case .header:
        try checkType()
        guard let header = take(PDUDecoder.headerLength) else { return nil }
        let index = header.readerIndex
        guard let rawType = header.getInteger(at: index, as: UInt8.self), let type = PDUType(rawValue: rawType),
          let length = header.getInteger(at: index + 2, as: UInt32.self)
        else { throw .unknownType(0, firstBytes: Array(header.readableBytesView)) }
        try PDUDecoder.checkLength(of: type, Int(length), maximumDataLength: maximumDataLength)
        guard type == .data else {
          state = .body(type, length: Int(length))
          continue
        }
        state = length == 0 ? .header : .pdvHeader(pduRemaining: Int(length))
        return .dataPDU(length: Int(length) + PDUDecoder.headerLength)

      case .body(let type, let length):
        guard let body = take(length) else { return nil }
        state = .header
        return .pdu(try PDUDecoder.decode(type, body: body), length: length + PDUDecoder.headerLength)

      case .pdvHeader(let pduRemaining):
        guard pduRemaining >= pdvHeaderLength else {
          throw .lengthOutOfBounds(field: "presentation data value", length: pdvHeaderLength, available: pduRemaining)
        }
        guard let header = take(pdvHeaderLength) else { return nil }
        let index = header.readerIndex
        guard let length = header.getInteger(at: index, as: UInt32.self),
          let contextID = header.getInteger(at: index + 4, as: UInt8.self),
          let control = header.getInteger(at: index + 5, as: UInt8.self)
        else { return nil }
        try PDUDecoder.checkPDVLength(Int(length), available: pduRemaining - 4)
        let remaining = Int(length) - 2
        let afterPDV = pduRemaining - pdvHeaderLength - remaining
        state = .pdv(contextID: contextID, control: control, remaining: remaining, pduRemaining: afterPDV)
        if remaining == 0 {
          finishPDV(pduRemaining: afterPDV)
          return .fragment(
            fragment(contextID, control, endsPDV: true, endsPDU: afterPDV == 0, ByteBuffer()))
        }

      case .pdv(let contextID, let control, let remaining, let pduRemaining):
        guard let bytes = input.readSlice(length: min(remaining, input.readableBytes)), bytes.readableBytes > 0 else {
          return nil
        }
        let left = remaining - bytes.readableBytes
        if left == 0 {
          finishPDV(pduRemaining: pduRemaining)
        } else {
          state = .pdv(contextID: contextID, control: control, remaining: left, pduRemaining: pduRemaining)
        }
        return .fragment(
          fragment(contextID, control, endsPDV: left == 0, endsPDU: left == 0 && pduRemaining == 0, bytes))
      }
    }
  }

  private mutating func finishPDV(pduRemaining: Int) {
    state = pduRemaining == 0 ? .header : .pdvHeader(pduRemaining: pduRemaining)
  }

  private func fragment(
    _ contextID: UInt8, _ control: UInt8, endsPDV: Bool, endsPDU: Bool, _ bytes: ByteBuffer
  ) -> Fragment {
    Fragment(
      contextID: contextID, isCommand: control & 1 != 0, isLast: control & 2 != 0 && endsPDV, endsPDV: endsPDV,
      endsPDU: endsPDU, bytes: bytes)
  }

  /// A wrong first byte is said at once: a peer that is no DICOM at all may never send six.
  private func checkType() throws(PDUError) {
    let view = gathered.readableBytes > 0 ? gathered.readableBytesView : input.readableBytesView
    guard let first = view.first, PDUType(rawValue: first) == nil else { return }
    throw .unknownType(first, firstBytes: Array(view.prefix(16)))
  }

  /// `count` contiguous bytes, a slice of the input where possible.
  private mutating func take(_ count: Int) -> ByteBuffer? {
    if gathered.readableBytes == 0, let slice = input.readSlice(length: count) { return slice }
    let missing = count - gathered.readableBytes
    if var part = input.readSlice(length: min(missing, input.readableBytes)) { gathered.writeBuffer(&part) }
    guard gathered.readableBytes == count else { return nil }
    let whole = gathered
    gathered = ByteBuffer()
    return whole
  }
}
