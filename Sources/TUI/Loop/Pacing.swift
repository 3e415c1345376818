/// When a frame may be drawn. What a key changed is drawn at once; what changes by itself waits until the terminal has
/// shown the last frame, which it tells by answering `CSI 5 n`. On a thin line this keeps keys quick: a fixed ten
/// frames a second would fill the line's buffers for seconds ahead.
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

  private var wait: Duration { terminal == .answers ? Self.longestWait : Self.patience }

  /// When a frame nobody pressed a key for may be drawn, unless an answer comes before.
  func next(_ now: Instant) -> Instant {
    let rested = lastFrame.map { $0 + Self.interval } ?? now
    return asked.map { max(rested, $0 + wait) } ?? rested
  }

  func mayDraw(_ now: Instant) -> Bool { now >= next(now) }

  /// Whether the terminal is still busy with a frame, and will say when it is not.
  var isBehind: Bool { asked != nil && terminal == .answers }

  /// A frame was drawn. True: ask the terminal whether it has shown it.
  mutating func drew(_ now: Instant, isAnimated: Bool) -> Bool {
    lastFrame = now
    if let asked {
      guard asked.duration(to: now) >= wait else { return false }
      if terminal == .unknown { terminal = .silent }
      self.asked = nil
    }
    guard isAnimated, terminal != .silent else { return false }
    asked = now
    return true
  }

  /// The last frame was long under way: what only shows that something goes on is too much for the line.
  private(set) var isThin = false
  private static let quick = Duration.milliseconds(300)

  mutating func answered(_ now: Instant) {
    if let asked { isThin = asked.duration(to: now) > Self.quick }
    terminal = .answers
    asked = nil
  }
}
