import Dicom
import Glibc

/// The loop: wait, read everything, update for every message, draw at most once.
final class EventLoop {
  private let terminal: Terminal
  private let screen: CursesScreen
  private let mailbox: Mailbox
  private let perform: (Effect) -> Void
  private var model: Model
  private var decoder = KeyDecoder()
  private var pacing = Pacing()
  private var hasQuit = false
  /// Nobody has said which theme it is to be: the terminal knows whether it is light.
  private var asksBackground: Bool
  /// It has been asked and has not answered, whoever may have chosen a theme meanwhile.
  private var awaitsBackground = false
  private static let backgroundQuestion = "\u{1b}]11;?\u{7}"
  private var ration = Ration()
  /// Something changed since the last frame, and what did it.
  private var isStale = true
  private var cause = Ration.Cause.key
  private var isUrgent: Bool { cause == .key }

  init(
    model: Model, terminal: Terminal, screen: CursesScreen, mailbox: Mailbox, asksBackground: Bool = false,
    perform: @escaping (Effect) -> Void
  ) {
    self.asksBackground = asksBackground
    self.model = model
    self.terminal = terminal
    self.screen = screen
    self.mailbox = mailbox
    self.perform = perform
  }

  /// Runs until the person quits or the terminal is gone.
  func run() {
    let now = ContinuousClock.now
    model.world.hasShades = screen.hasShades
    update(.resized(terminal.adoptSize()), now)
    carryOut(model.start(at: now, clock: time(nil)))
    draw(.now)
    // After the first frame, which waits for nothing; one that never answers has the dark theme.
    if asksBackground {
      terminal.write(Self.backgroundQuestion)
      awaitsBackground = true
    }
    while !hasQuit {
      draw(.now)
      wait()
    }
    if awaitsBackground { awaitAnswer(since: now) }
  }

  /// Who leaves at once leaves the answer under way, which the shell would take for typed text.
  private func awaitAnswer(since start: ContinuousClock.Instant) {
    decoder.awaitBackground {
      let left = ContinuousClock.now.duration(to: start + .milliseconds(300)).inSeconds
      var descriptor = pollfd(fd: terminal.input, events: Int16(POLLIN), revents: 0)
      guard left > 0, poll(&descriptor, 1, Int32((left * 1000).rounded(.up))) > 0,
        case .bytes(let bytes) = terminal.read()
      else { return nil }
      return bytes
    }
  }

  // MARK: Waiting

  private func wait() {
    var descriptors = [
      pollfd(fd: terminal.input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: terminal.signalDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    // A frame that could not be drawn for a full line is due as soon as the line takes something.
    let isDue = isStale && (isUrgent || pacing.mayDraw(.now))
    if isDue { descriptors.append(pollfd(fd: terminal.output, events: Int16(POLLOUT), revents: 0)) }
    poll(&descriptors, nfds_t(descriptors.count), timeout(.now, isDue: isDue))
    let now = ContinuousClock.now
    if descriptors[1].revents != 0 { for signal in terminal.readSignals() { take(signal, now) } }
    if descriptors[0].revents & Int16(POLLIN) != 0 {
      readKeys(now)
    } else if descriptors[0].revents != 0 {
      // A terminal that is gone is a quit without a question.
      hasQuit = true
    }
    take(decoder.expire(at: now), now)
    if let tick = model.nextTick, now >= tick { update(.tick, now) }
    for message in mailbox.drain() { update(message, now) }
  }

  private func timeout(_ now: ContinuousClock.Instant, isDue: Bool) -> Int32 {
    var next = [decoder.deadline, model.nextTick].compactMap { $0 }
    if isStale, !isDue { next.append(pacing.next(now)) }
    guard let first = next.min() else { return -1 }
    let seconds = now.duration(to: first).inSeconds
    return Int32(max(0, min(60_000, (seconds * 1000).rounded(.up))))
  }

  private func readKeys(_ now: ContinuousClock.Instant) {
    switch terminal.read() {
    case .bytes(let bytes): take(decoder.feed(bytes, at: now), now)
    case .nothing: break
    case .lost: hasQuit = true
    }
  }

  private func take(_ inputs: [Input], _ now: ContinuousClock.Instant) {
    for input in inputs {
      if input == .ready {
        pacing.answered(now)
        continue
      }
      if case .background(let isLight) = input {
        if asksBackground, isLight { carryOut([.theme(Theme.Name.light.rawValue)]) }
        (asksBackground, awaitsBackground) = (false, false)
        (isStale, cause) = (true, .key)
        continue
      }
      update(.input(input), now)
      cause = .key
    }
  }

  private func take(_ signal: Int32, _ now: ContinuousClock.Instant) {
    switch signal {
    case SIGINT: update(.interrupt, now)
    case SIGTERM, SIGQUIT, SIGHUP: hasQuit = true
    case SIGWINCH:
      guard terminal.size != nil else { return }
      update(.resized(terminal.adoptSize()), now)
      screen.forget()
    case SIGTSTP: update(.suspendRequested, now)
    case SIGCONT:
      terminal.resume()
      pacing.resumed()
      screen.forget()
      update(.resized(terminal.adoptSize()), now)
    default: return
    }
    cause = .key
  }

  // MARK: Updating

  private func update(_ message: Message, _ now: ContinuousClock.Instant) {
    cause = max(cause, isNews(message, now) ? .news : .time)
    let effects = model.update(message, at: now, clock: time(nil))
    isStale = true
    carryOut(effects)
  }

  /// Whether it is more than time that goes by, and jobs that go on, which moves no row and no cursor: the list of jobs is
  /// sorted by what stays while their phase does.
  private func isNews(_ message: Message, _ now: ContinuousClock.Instant) -> Bool {
    switch message {
    // Details that follow the cursor are another row's: never half of them.
    case .tick: model.screen.changesAt.map { now >= $0 } ?? false
    case .job(let job): model.world.job(job.id)?.phase != job.phase
    default: true
    }
  }

  private func carryOut(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .quit: hasQuit = true
      case .redraw: screen.forget()
      case .theme(let name):
        if let name = Theme.Name(rawValue: name) { screen.use(Theme(name: name)) }
        asksBackground = false
        model.world.hasShades = screen.hasShades
      case .copy(let text): Clipboard.copy(text, to: terminal)
      case .suspend:
        let away = terminal.suspend()
        pacing.resumed()
        // What brought us back has been seen to: a second time it would take what is asked now for asked before.
        for signal in terminal.readSignals() where signal != SIGCONT { take(signal, .now) }
        screen.forget()
        update(.resized(terminal.adoptSize()), .now)
        update(.resumed(away: away), .now)
      default: perform(effect)
      }
    }
  }

  // MARK: Drawing

  private func draw(_ now: ContinuousClock.Instant) {
    guard isStale, !hasQuit, isUrgent || pacing.mayDraw(now), isWritable else { return }
    let moment = Ration.Moment(now: model.world.now, isOnThinLine: pacing.isThin)
    let part = ration.part(cause, at: moment, on: screen.shown, room: pacing.room(cause)) { moment in
      var drawn = model
      (drawn.world.now, drawn.world.isOnThinLine) = (moment.now, moment.isOnThinLine)
      return drawn.draw()
    }
    let isAnimated = model.world.isCountingDown || !part.isWhole
    let question = pacing.draws(.now, isAnimated: isAnimated, bytes: part.bytes) ? Pacing.question : ""
    terminal.write(question)
    screen.show(part.canvas)
    terminal.write(question)
    model.seen()
    isStale = !part.isWhole
    cause = .time
  }

  /// Whether the line takes more: a reader that has stopped would stop us too.
  private var isWritable: Bool {
    var descriptor = pollfd(fd: terminal.output, events: Int16(POLLOUT), revents: 0)
    return poll(&descriptor, 1, 0) > 0 && descriptor.revents & Int16(POLLOUT) != 0
  }
}
