/// When a frame may be drawn, and how much of it. What a key changed is drawn at once; what changes by itself waits until
/// the terminal has shown the last frame, which it tells by answering `CSI 5 n`. On a thin line this keeps keys quick: a
/// fixed ten frames a second would fill the line's buffers for seconds ahead, and one with all countdowns for half of one.
struct Pacing: Sendable {
  typealias Instant = ContinuousClock.Instant

  static let question = "\u{1b}[5n"
  /// Between two frames nobody pressed a key for.
  static let interval = Duration.milliseconds(50)
  /// A terminal that has not answered its first question by then never will.
  static let patience = Duration.seconds(1)
  /// An answer missing that long is lost, on any line.
  static let longestWait = Duration.seconds(10)

  private enum Terminal { case unknown, answers, silent }
  private var terminal = Terminal.unknown
  private var asked: Instant?
  private var lastFrame: Instant?
  /// When what was sent before the frame had been shown, and the line was the frame's.
  private var begun: Instant?
  /// About how many bytes the frame has that was asked about, where that is known.
  private var sent: Int?

  private var wait: Duration { terminal == .answers ? Self.longestWait : Self.patience }

  /// When a frame nobody pressed a key for may be drawn, unless an answer comes before.
  func next(_ now: Instant) -> Instant {
    let rested = lastFrame.map { $0 + Self.interval } ?? now
    return asked.map { max(rested, $0 + wait) } ?? rested
  }

  func mayDraw(_ now: Instant) -> Bool { now >= next(now) }

  /// Whether the terminal is still busy with a frame, and will say when it is not.
  var isBehind: Bool { asked != nil && terminal == .answers }

  /// A frame is drawn. True: ask the terminal before and after it, so that the time between its answers is the time the
  /// frame took, however far away it is.
  mutating func draws(_ now: Instant, isAnimated: Bool, bytes: Int? = nil) -> Bool {
    lastFrame = now
    if let asked {
      guard asked.duration(to: now) >= wait else { return false }
      if terminal == .unknown { terminal = .silent }
    }
    asked = nil
    begun = nil
    guard isAnimated, terminal != .silent else { return false }
    asked = now
    sent = bytes
    return true
  }

  mutating func answered(_ now: Instant) {
    terminal = .answers
    guard asked != nil else { return }
    guard let begun else {
      begun = now
      return
    }
    if let sent, sent >= Self.telling { measure(sent, begun.duration(to: now)) }
    asked = nil
    self.begun = nil
  }

  // MARK: How much

  /// How long a key may wait for what changed by itself before it.
  private static let share = Duration.milliseconds(150)
  private static let rooms = 250...16_000
  /// Fewer bytes say nothing about the line.
  private static let telling = 150

  /// What the line carries within its share of time, in bytes.
  private var capacity = 1000

  private mutating func measure(_ bytes: Int, _ took: Duration) {
    let carried = Double(bytes) * Self.share.inSeconds / max(took.inSeconds, 0.000_1)
    // Less counts at once. More has to be so for a while: two answers that came as one are no fast line.
    let more = carried - Double(capacity)
    let change = more < 0 ? more / 2 : min(more / 4, Double(capacity) / 8)
    capacity = min(max(capacity + Int(change), Self.rooms.lowerBound), Self.rooms.upperBound)
    isThin = capacity < (isThin ? 4000 : 1000)
  }

  /// About how many bytes of what changes by itself may be under way; nil: nobody would say when they have been shown.
  var room: Int? { terminal == .answers ? capacity : nil }

  /// What only shows that something goes on is too much for the line.
  private(set) var isThin = false
}
