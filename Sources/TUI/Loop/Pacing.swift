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
  /// When it was asked about the frame that is under way.
  private var asked: Instant?
  /// Answers that have not come. They come in order: late ones, to questions about earlier frames, before the others.
  private var owed = 0
  /// Frames it was asked about since it last answered.
  private var unheard = 0
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
      missed()
    }
    guard isAnimated, terminal != .silent else { return false }
    asked = now
    begun = nil
    sent = bytes
    owed += 2
    unheard += 1
    return true
  }

  /// An answer is late or lost. It is lost where others have come since; twice none at all, and none are waited for any more.
  private mutating func missed() {
    asked = nil
    if unheard == 0 {
      owed = 0
    } else if terminal == .unknown || unheard > 1 {
      terminal = .silent
    }
  }

  /// Somebody else had the terminal, and what it had still to answer.
  mutating func resumed() {
    (asked, owed, unheard) = (nil, 0, 0)
    if terminal == .silent { terminal = .unknown }
  }

  mutating func answered(_ now: Instant) {
    guard owed > 0 else { return }
    terminal = .answers
    unheard = 0
    owed -= 1
    if owed == 1 { begun = now }
    guard owed == 0 else { return }
    asked = nil
    if let sent, let begun { measure(sent, begun.duration(to: now)) }
  }

  // MARK: How much

  /// How long a key may wait for what changed by itself before it.
  private static let share = Duration.milliseconds(150)
  private static let rooms = 250...16_000
  /// Fewer bytes at a time say nothing about the line, unless many such frames are quick.
  private static let telling = 150
  private static let tellingTogether = 1000
  /// A line that carries less is thin.
  private static let thin = 1000

  /// What the line carries within its share of time, in bytes.
  private var capacity = 1000
  /// The small frames since the last that told something.
  private var small = (bytes: 0, took: Duration.zero)

  private static func carried(_ bytes: Int, _ took: Duration) -> Double {
    Double(bytes) * share.inSeconds / max(took.inSeconds, 0.000_1)
  }

  private mutating func measure(_ bytes: Int, _ took: Duration) {
    guard bytes >= Self.telling else {
      small = (small.bytes + bytes, small.took + took)
      guard small.bytes >= Self.tellingTogether else { return }
      // Wide enough for as little as this; how much more it carries they do not tell, since their answers may come as one.
      if Self.carried(small.bytes, small.took) >= Double(Self.thin) { isThin = false }
      small = (0, .zero)
      return
    }
    small = (0, .zero)
    let carried = Self.carried(bytes, took)
    // Less counts at once. More has to be so for a while: two answers that came as one are no fast line.
    let more = carried - Double(capacity)
    let change = more < 0 ? more / 2 : min(more / 4, Double(capacity) / 8)
    capacity = min(max(capacity + Int(change), Self.rooms.lowerBound), Self.rooms.upperBound)
    isThin = capacity < (isThin ? 4 : 1) * Self.thin
  }

  /// About how many bytes of what changes by itself may go with a frame; nil: all of it, as the line carries it, or as nobody
  /// would say when it has been shown.
  func room(_ cause: Ration.Cause) -> Int? {
    terminal == .answers && (cause == .time || isThin || isBehind) ? capacity : nil
  }

  /// What only shows that something goes on is too much for the line.
  private(set) var isThin = false
}
