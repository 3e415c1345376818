import NIOCore
import NIOSSL
import NIOTLS

/// Sits above TLS: keeps the upper layer from the connection until the handshake is done, bounds it where nobody else
/// does, and says in our words why it failed.
final class TLSGate: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// What the upper layer is told, as inbound events.
  enum Event {
    /// The connection is open; the handshake has begun.
    case began
    /// It is done; the connection becomes active for the upper layer now.
    case secured(TLSInformation)
  }

  private let handler: NIOSSLHandler
  private let diagnosis: TLSDiagnosis
  private let clock: any DeadlineClock
  private let limit: Duration?
  private var timer: (any ScheduledWork)?
  private var isSecured = false
  private var hasFailed = false

  init(handler: NIOSSLHandler, diagnosis: TLSDiagnosis, clock: any DeadlineClock, limit: Duration?) {
    self.handler = handler
    self.diagnosis = diagnosis
    self.clock = clock
    self.limit = limit
  }

  func channelActive(context: ChannelHandlerContext) {
    if let limit {
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let loop = context.eventLoop
      timer = clock.schedule(at: clock.now + limit) {
        loop.execute { bound.value.0.expired(bound.value.1, limit) }
      }
    }
    context.fireUserInboundEventTriggered(Event.began)
  }

  private func expired(_ context: ChannelHandlerContext, _ limit: Duration) {
    guard timer != nil, !isSecured, !hasFailed else { return }
    fail(context, diagnosis.failure(.timeout(limit)))
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case TLSUserEvent.handshakeCompleted = event, !isSecured, !hasFailed else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    isSecured = true
    diagnosis.watcher.isDone = true
    stopTimer()
    context.fireUserInboundEventTriggered(Event.secured(diagnosis.information(handler)))
    context.fireChannelActive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A peer that closes without saying so in TLS first: many do; what is missing then is seen one layer up.
    if isSecured, error as? NIOSSLError == .uncleanShutdown { return }
    guard error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError else {
      context.fireErrorCaught(error)
      return
    }
    fail(context, diagnosis.failure(error, handler))
  }

  private func fail(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
    guard !hasFailed else { return }
    hasFailed = true
    stopTimer()
    context.fireErrorCaught(failure)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stopTimer()
    context.fireChannelInactive()
  }

  private func stopTimer() {
    timer?.cancel()
    timer = nil
  }
}
