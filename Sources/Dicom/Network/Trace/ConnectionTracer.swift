import NIOConcurrencyHelpers
import NIOCore

/// Tells a trace observer what one connection does. Exists only where there is an observer; it looks at the bytes with
/// a decoder of its own, so that the connection's work is the same with and without it.
final class ConnectionTracer {
  /// How much of the beginning of each data set is kept to be decoded.
  static let keptLength = 8192

  private static let counter = NIOLockedValueBox(0)

  let connection: Int
  private let observer: any TraceObserver
  private let clock: any DeadlineClock
  private var peer = ""
  private var sent: Line
  private var received: Line
  /// Abstract syntaxes as proposed, and what was agreed on.
  private var proposed: [UInt8: UID] = [:]
  private var agreed: [UInt8: (UID, UID)] = [:]

  /// One direction.
  private struct Line {
    var decoder = TraceDecoder()
    var mask: CredentialMask?
  }

  init(_ observer: any TraceObserver, clock: any DeadlineClock) {
    self.observer = observer
    self.clock = clock
    let mask = observer.wantsBytes ? CredentialMask() : nil
    sent = Line(mask: mask)
    received = Line(mask: mask)
    connection = Self.counter.withLockedValue { counter in
      counter += 1
      return counter
    }
  }

  private func tell(_ direction: TraceEvent.Direction, _ content: TraceEvent.Content) {
    observer.observe(
      TraceEvent(connection: connection, time: clock.now, direction: direction, peer: peer, content: content))
  }

  static func words(_ address: SocketAddress) -> String {
    let host = address.ipAddress ?? "?"
    let port = address.port.map(String.init) ?? "?"
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  func opened(_ channel: any Channel, isRequestor: Bool) {
    peer = channel.remoteAddress.map(Self.words) ?? "?"
    tell(isRequestor ? .sent : .received, .opened(local: channel.localAddress, remote: channel.remoteAddress))
  }

  func secured(_ information: TLSInformation) { tell(.received, .secured(information)) }
  func ended(_ words: String) { tell(.received, .ended(words)) }

  func closed() {
    if let rest = sent.mask?.rest() { tell(.sent, .bytes(rest)) }
    if let rest = received.mask?.rest() { tell(.received, .bytes(rest)) }
    tell(.received, .closed)
  }

  func sent(_ bytes: ByteBuffer) { take(bytes, .sent, &sent) }
  func received(_ bytes: ByteBuffer) { take(bytes, .received, &received) }

  private func take(_ bytes: ByteBuffer, _ direction: TraceEvent.Direction, _ line: inout Line) {
    if let masked = line.mask?.pass(bytes) { tell(direction, .bytes(masked)) }
    line.decoder.add(bytes, syntaxes: agreed) { pdu in
      if case .control(let control) = pdu.content { note(control) }
      tell(direction, .pdu(pdu))
    }
  }

  private func note(_ pdu: PDU) {
    switch pdu {
    case .associateRequest(let request):
      for context in request.presentationContexts { proposed[context.id] = context.abstractSyntax }
    case .associateAccept(let accept):
      for context in accept.presentationContexts where context.result == .acceptance {
        if let abstract = proposed[context.id] { agreed[context.id] = (abstract, context.transferSyntax) }
      }
    default: break
    }
  }
}
