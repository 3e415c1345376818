import NIOConcurrencyHelpers
import NIOCore

/// Tells a trace observer what one connection does. Exists only where there is an observer.
final class ConnectionTracer {
  private static let counter = NIOLockedValueBox(0)

  private let observer: any TraceObserver
  private let clock: any DeadlineClock
  private let connection: Int
  private let wantsBytes: Bool
  private var peer = ""

  init(_ observer: any TraceObserver, clock: any DeadlineClock) {
    self.observer = observer
    self.clock = clock
    wantsBytes = observer.wantsBytes
    connection = Self.counter.withLockedValue { counter in
      counter += 1
      return counter
    }
  }

  private func tell(_ direction: TraceEvent.Direction, _ size: Int, _ content: TraceEvent.Content) {
    observer.observe(
      TraceEvent(
        connection: connection, time: clock.now, direction: direction, peer: peer, size: size, content: content))
  }

  func opened(_ channel: any Channel, isRequestor: Bool) {
    peer = channel.remoteAddress.map(Self.words) ?? "?"
    let local = channel.localAddress.map(Self.words) ?? "?"
    tell(isRequestor ? .sent : .received, 0, .opened(local: local, isRequestor: isRequestor))
  }

  static func words(_ address: SocketAddress) -> String {
    let host = address.ipAddress ?? "?"
    let port = address.port.map(String.init) ?? "?"
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  func sent(_ pdu: PDU, size: Int) { tell(.sent, size, .pdu(pdu)) }
  func received(_ pdu: PDU, size: Int) { tell(.received, size, .pdu(pdu)) }
  func receivedDataPDU(size: Int) { tell(.received, size, .dataPDU) }
  func received(_ command: CommandSet, contextID: UInt8) { tell(.received, 0, .command(command, contextID: contextID)) }

  func received(_ fragment: PDUStream.Fragment) {
    let length = fragment.bytes.readableBytes
    tell(.received, length, .data(contextID: fragment.contextID, isLast: fragment.isLast, length: length))
  }

  func sent(_ command: CommandSet, contextID: UInt8, dataSetLength: Int?, size: Int) {
    tell(.sent, size, .command(command, contextID: contextID))
    if let length = dataSetLength {
      tell(.sent, length, .data(contextID: contextID, isLast: true, length: length))
    }
  }

  func bytes(_ bytes: ByteBuffer, _ direction: TraceEvent.Direction) {
    if wantsBytes { tell(direction, bytes.readableBytes, .bytes(bytes)) }
  }

  func invalid(_ words: String) { tell(.received, 0, .invalid(words)) }
  func closed() { tell(.received, 0, .closed) }
}
