import Dicom

/// Messages into the model. No I/O: what must be done comes back as effects.
extension Model {
  mutating func update(_ message: Message, at now: ContinuousClock.Instant, clock: Int) -> [Effect] {
    world.now = now
    world.clock = clock
    if let until = notice?.until, now >= until { notice = nil }
    if let until = world.away?.until, now >= until { world.away = nil }
    let effects = take(message)
    screen.settle(FrameLayout(world.size, noticeRows: Frame.noticeLines(self).count).body, world)
    return effects + askScreen { $0.look(&$1) }
  }

  /// The first thing that happens.
  mutating func start(at now: ContinuousClock.Instant, clock: Int) -> [Effect] {
    world.now = now
    world.clock = clock
    var effects: [Effect] = []
    for (index, stack) in stacks.enumerated() {
      for place in stack.indices { effects += ask(index, place) { $0.opened(&$1) } }
    }
    return effects
  }

  private mutating func take(_ message: Message) -> [Effect] {
    switch message {
    case .input(.key(let key)): return press(key)
    case .input(.paste(let text)): return paste(text)
    case .input(.mouse(let event)): return mouse(event)
    case .input(.ready), .input(.background): return []
    case .tick: return world.isCountingDown ? [.refreshJobs] : []
    case .resized(let size):
      world.size = size
      if case .help(var help) = overlay {
        help.resize(size)
        overlay = .help(help)
      }
    case .interrupt: return perform(.interrupt)
    case .suspendRequested: return perform(.suspend)
    case .resumed(let away):
      world.away = (away, world.now + .seconds(120))
    case .station(let station): world.station = station
    case .modalities(let rows): world.take(rows)
    case .echoed(let name, let echo): echoed(name, echo)
    case .job(let job): took(job)
    case .holdings(let holdings): world.holdings.merge(holdings) { _, new in new }
    case .activity(let rows):
      world.note(rows)
      toast(rows)
    case .watched(let name, let statistics): world.watches[name] = statistics
    case .kept(let kind, let texts): for (name, text) in texts { world.keep(kind, name: name, text: text) }
    case .completions(let text, let paths): complete(text, paths)
    case .notice(let notice): self.notice = notice
    case .counted(let count): confirm(count)
    case .diagnosed, .matches, .findEnded, .compared, .comparedImages, .page, .studies, .gone, .tags, .preview, .trace,
      .identity, .tried, .history, .indexChanged:
      break
    }
    return broadcast(message)
  }

  /// Clicks mean what stands where they fall, as it is drawn now. A question is answered by keys only.
  private mutating func mouse(_ event: MouseEvent) -> [Effect] {
    if case .question = overlay { return [] }
    guard event.kind == .press else {
      let key: Key = event.kind == .wheelUp ? .up : .down
      return (0..<3).flatMap { _ in press(key) }
    }
    switch draw().touch(row: event.row, column: event.column) {
    case .key(let key): return press(key)
    case .row(let row): return overlay == nil ? askScreen { $0.touch(row: row, &$1) } : []
    case .choice(let choice):
      guard case .picker(var picker) = overlay else { return [] }
      if picker.position == choice { return press(.enter) }
      picker.position = choice
      overlay = .picker(picker)
    case nil: break
    }
    return []
  }

  /// Every screen of every stack may be waiting for it.
  private mutating func broadcast(_ message: Message) -> [Effect] {
    var effects: [Effect] = []
    for index in stacks.indices {
      for place in stacks[index].indices { effects += ask(index, place) { $0.receive(message, &$1) } }
    }
    return effects
  }

  private mutating func echoed(_ name: String, _ echo: ModalityRow.Echo) {
    guard let index = world.modalities.firstIndex(where: { $0.name == name }) else { return }
    world.modalities[index].lastEcho = echo
    world.modalities[index].echoes.append(echo.succeeded ? echo.milliseconds : nil)
    if world.modalities[index].echoes.count > 32 { world.modalities[index].echoes.removeFirst() }
  }

  private mutating func took(_ job: JobView) {
    let before = world.job(job.id)
    // Told by two threads at once, the end may come before what went before it.
    if let before, before.phase.isEnded, !job.phase.isEnded { return }
    world.take(job)
    if let remark = job.remarks.last, job.remarks.count > before?.remarks.count ?? 0 {
      say("\(job.words): \(remark)", .warning, for: .seconds(20))
    }
    guard job.phase.isEnded, before?.phase.isEnded != true else { return }
    if notice?.words.hasPrefix("Cancelling \(job.words).") == true { notice = nil }
    switch job.phase {
    case .failed, .rejected, .timedOut, .partial:
      if !screen.explains(job, world) {
        say("\(job.words): \(job.ending)", job.phase == .partial ? .warning : .bad, for: .seconds(20))
      }
    // Its end would stand in the operation line, if that did not tell of another.
    case .done, .cancelled:
      guard job.isTransfer, world.told != nil, notice == nil || notice?.role.isMild == true else { break }
      say("\(job.words): \(job.ending)", job.phase == .done ? .good : .dim, for: .seconds(12))
    default: break
    }
  }

  /// Arrivals that nobody here has asked for are told in passing.
  private mutating func toast(_ rows: [ActivityRow]) {
    guard let arrival = rows.last(where: \.isArrival), world.clock - arrival.clock < 10 else { return }
    let isOurs = world.jobs.contains { job in
      (job.kind == .move || job.kind == .get) && (job.ended.map { $0.duration(to: world.now) < .seconds(5) } ?? true)
    }
    if !isOurs, notice == nil || notice?.role.isMild == true { say("\(arrival.peer): \(arrival.words)", .good) }
  }

  mutating func say(_ words: String, _ role: Role = .text, for time: Duration = .seconds(6)) {
    notice = Notice(words: words, role: role, since: world.now, until: world.now + time)
  }

  // MARK: Screens

  /// Lets a screen do something, and does what it asks for.
  mutating func ask(_ stack: Int, _ place: Int, _ body: (inout any Screen, inout Context) -> Void) -> [Effect] {
    var context = Context(world: world, nextToken: nextToken)
    body(&stacks[stack][place], &context)
    nextToken = context.nextToken
    if let notice = context.notice {
      say(notice.words, notice.role)
      self.notice?.isHint = notice.isHint
    }
    return context.effects + context.moves.flatMap { follow($0) }
  }

  mutating func askScreen(_ body: (inout any Screen, inout Context) -> Void) -> [Effect] {
    ask(current, stacks[current].count - 1, body)
  }

  private mutating func follow(_ move: Context.Move) -> [Effect] {
    switch move {
    case .push(let screen):
      stacks[current].append(screen)
      return askScreen { $0.opened(&$1) }
    case .show(let index, let stack):
      jump(to: index)
      stacks[index] = stack
      return askScreen { $0.opened(&$1) }
    case .go(let index):
      jump(to: index)
      return askScreen { $0.opened(&$1) }
    case .pop: if stacks[current].count > 1 { stacks[current].removeLast() }
    case .ask(let question): overlay = .question(question)
    case .prompt(let prompt): overlay = .prompt(prompt)
    case .pick(let picker): overlay = .picker(picker)
    case .chooseColumns(let chooser): overlay = .columns(chooser)
    case .keep(let kind, let name, let text): return keep(kind, name: name, text: text)
    }
    return []
  }

  /// Another of the five; the way back is remembered, each screen in it once.
  mutating func jump(to index: Int) {
    guard index != current else { return }
    if let place = trail.firstIndex(of: index) {
      trail.removeSubrange(place...)
    } else {
      trail.append(current)
    }
    current = index
  }

  /// Keeps a text for this person: now, and beyond the end where it may be.
  mutating func keep(_ kind: Kept, name: String, text: String?) -> [Effect] {
    world.keep(kind, name: name, text: text)
    if kind.isPrivate, !world.station.remembersQueries { return [] }
    return [.keep(kind, name: name, text: text)]
  }

  private mutating func confirm(_ count: Message.DeletionCount) {
    let what = Format.count(count.rows, count.level.word, count.level.words)
    let images = Format.count(count.instances, "image", "images")
    var lines = ["\(what), \(images), \(Format.bytes(count.bytes)) will be deleted from this machine."]
    if count.outsideFilter > 0 {
      lines.append(
        "\(Format.count(count.outsideFilter)) \(count.outsideFilter == 1 ? "is" : "are") outside the filter.")
    }
    overlay = .question(
      Question(
        title: "Delete \(what)?", lines: lines, verb: "delete", typed: count.rows > 10 ? String(count.rows) : nil,
        purpose: .perform([.delete(ids: count.ids, words: what)])))
  }
}
