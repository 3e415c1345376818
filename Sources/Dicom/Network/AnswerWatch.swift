import NIOCore

/// Watches for the answer of a near peer, or for the request that follows an answer. Lives on the event loop, which does
/// nothing else in that moment.
final class AnswerWatch {
  private let channel: any Channel
  private var peer: NearPeer
  /// Asking the channel for it each time takes longer than some answers do.
  private lazy var socket = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { (socket: CInt) in
    socket
  }
  private var willWatch = false

  /// - Parameter isSure: whether it is answers that are awaited.
  init(_ channel: any Channel, isSure: Bool = true) {
    self.channel = channel
    peer = NearPeer(isSure: isSure)
  }

  /// A message has left; the one that follows from it is awaited.
  ///
  /// - Parameter isLarge: whether the message that left was.
  func begin(isLarge: Bool = false) {
    guard peer.begin(isLarge: isLarge), !willWatch else { return }
    willWatch = true
    // When all else that there is to do now is done.
    channel.eventLoop.assumeIsolated().execute { self.watch() }
  }

  /// It is here, or is not awaited any more.
  func end() { peer.end() }

  /// Returns when something can be read, which the event loop then does.
  private func watch() {
    willWatch = false
    guard channel.isActive, let socket else { return }
    peer.watch(socket)
  }
}
