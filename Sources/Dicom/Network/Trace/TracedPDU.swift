import NIOCore

/// A PDU as it went over the wire, decoded as far as that costs little; words are made of it when somebody asks.
public struct TracedPDU: Sendable {
  /// Bytes on the wire, header included.
  public var size: Int
  public var content: Content

  public enum Content: Sendable {
    /// Any PDU but P-DATA-TF.
    case control(PDU)
    case data([TracedValue])
  }

  public var type: PDUType {
    switch content {
    case .control(let pdu): pdu.type
    case .data: .data
    }
  }

  /// Bytes it holds in memory, about.
  var footprint: Int {
    switch content {
    case .control: 256 + size
    case .data(let values): values.reduce(256) { $0 + 128 + $1.kept }
    }
  }
}

/// A presentation data value of a traced P-DATA-TF, PS3.8 §9.3.5.1.
public struct TracedValue: Sendable {
  public var contextID: UInt8
  public var isCommand: Bool
  /// The last of its command or data set.
  public var isLast: Bool
  /// Bytes of the fragment.
  public var length = 0
  /// What was agreed for the context; nil where it was not seen.
  public var abstractSyntax: UID?
  public var transferSyntax: UID?
  /// The whole command set, with its last fragment.
  public var command: ByteBuffer?
  /// The beginning of the data set, with its first fragment: at most as much as is kept of each.
  public var beginning: ByteBuffer?

  var kept: Int { (command?.readableBytes ?? 0) + (beginning?.readableBytes ?? 0) }
}

/// Finds the PDUs in the bytes of one direction.
struct TraceDecoder {
  private var stream = PDUStream(maximumDataLength: PDUDecoder.maximumDataLength)
  private var size = 0
  private var values: [TracedValue] = []
  private var value: TracedValue?
  private var command = ByteBuffer()
  private var isAmidDataSet = false
  /// What came is no PDU; the connection's own decoder says so.
  private var isLost = false

  /// - Parameter syntaxes: the abstract and transfer syntaxes of the contexts.
  mutating func add(
    _ bytes: ByteBuffer, syntaxes: [UInt8: (UID, UID)], _ found: (TracedPDU) -> Void
  ) {
    guard !isLost else { return }
    stream.append(bytes)
    do throws(PDUError) {
      while let frame = try stream.next() {
        switch frame {
        case .pdu(let pdu, let length): found(TracedPDU(size: length, content: .control(pdu)))
        case .dataPDU(let length):
          size = length
          if length == PDUDecoder.headerLength { found(TracedPDU(size: length, content: .data([]))) }
        case .fragment(let fragment):
          take(fragment, syntaxes)
          if fragment.endsPDU {
            found(TracedPDU(size: size, content: .data(values)))
            values = []
          }
        }
      }
    } catch {
      isLost = true
    }
    stream.releaseInput()
  }

  private mutating func take(_ fragment: PDUStream.Fragment, _ syntaxes: [UInt8: (UID, UID)]) {
    var value = self.value ?? begin(fragment, syntaxes)
    value.length += fragment.bytes.readableBytes
    if fragment.isCommand {
      Self.keep(fragment.bytes, in: &command, limit: CommandSet.maximumLength)
      if fragment.isLast {
        value.command = command
        command = ByteBuffer()
      }
    } else if var beginning = value.beginning {
      value.beginning = nil
      Self.keep(fragment.bytes, in: &beginning, limit: ConnectionTracer.keptLength)
      value.beginning = beginning
    }
    value.isLast = fragment.isLast
    if fragment.isLast { isAmidDataSet = false }
    self.value = value
    if fragment.endsPDV {
      values.append(value)
      self.value = nil
    }
  }

  private mutating func begin(
    _ fragment: PDUStream.Fragment, _ syntaxes: [UInt8: (UID, UID)]
  ) -> TracedValue {
    let syntaxes = syntaxes[fragment.contextID]
    var value = TracedValue(
      contextID: fragment.contextID, isCommand: fragment.isCommand, isLast: false, abstractSyntax: syntaxes?.0,
      transferSyntax: syntaxes?.1)
    if !fragment.isCommand, !isAmidDataSet { value.beginning = ByteBuffer() }
    isAmidDataSet = !fragment.isCommand
    return value
  }

  /// A copy: a slice would hold on to the whole of a read.
  private static func keep(_ bytes: ByteBuffer, in buffer: inout ByteBuffer, limit: Int) {
    let count = min(bytes.readableBytes, limit - buffer.readableBytes)
    guard count > 0, let part = bytes.getSlice(at: bytes.readerIndex, length: count) else { return }
    buffer.writeImmutableBuffer(part)
  }
}
