import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Has the system wake us for answers that are there as a whole. DCMTK writes a P-DATA-TF in two pieces, header and rest,
/// and to be woken for a header of 12 bytes, or to read it, is as much work as the answer itself. Lives on the event loop.
///
/// A peer under Nagle's algorithm keeps the second piece until we acknowledge the first, for which we would have to read
/// it: so this is for peers of which some answers were there at once, and where nothing comes for a while, it ends for
/// good. What is shorter than any answer, such as an A-ABORT, comes that much later at most.
final class AnswerThreshold {
  /// In bytes: more than the headers of PDU and PDV (PS3.8 §9.3.5), and no more than any response of PS3.7 with them.
  static let wanted = 64
  /// Under Nagle's algorithm few answers come whole, if any.
  private static let proof = 4
  /// Between this and twice as long.
  private static let patience: TimeAmount = .milliseconds(20)
  #if os(Linux)
    static let option = ChannelOptions.Types.SocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: CInt(SO_RCVLOWAT)))
  #endif

  /// Some answers came whole, and none came in pieces that are waited for.
  var isProven: Bool { wholeAnswers >= Self.proof }

  private let channel: any Channel
  private var wholeAnswers = 0
  private var isRaised = false
  private var check: Scheduled<Void>?
  /// Goes up with each answer that is awaited.
  private var awaited = 0

  init(_ channel: any Channel) { self.channel = channel }

  /// An answer, one of many, is awaited from now on.
  func begin() {
    awaited &+= 1
    guard !isRaised, isProven else { return }
    isRaised = true
    set(Self.wanted)
    wait()
  }

  /// - Parameters:
  ///   - wasWhole: all of the answer was there at once.
  ///   - isLast: none is awaited after it.
  func answered(wasWhole: Bool, isLast: Bool) {
    if !isRaised, wasWhole { wholeAnswers += 1 }
    if isLast { end() }
  }

  /// An answer came in pieces that are waited for, so it is for good that it ends.
  func refute() {
    wholeAnswers = .min
    end()
  }

  /// No answer is awaited any more.
  func end() {
    guard isRaised else { return }
    check?.cancel()
    lower()
  }

  private func lower() {
    isRaised = false
    check = nil
    set(1)
  }

  private func wait() {
    let begun = awaited
    check = channel.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
      guard let self, isRaised else { return }
      if awaited != begun { return wait() }
      refute()
    }
  }

  /// The system wakes whoever waits for the socket when so many bytes have come.
  static func set(_ bytes: Int, of socket: CInt) {
    var bytes = CInt(bytes)
    _ = setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, socklen_t(MemoryLayout.size(ofValue: bytes)))
  }

  private func set(_ bytes: Int) {
    #if os(Linux)
      try? channel.syncOptions?.setOption(Self.option, value: bytes)
    #endif
  }
}
