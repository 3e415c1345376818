import Dicom

/// Keys: the overlay first, then the field, then the screen, then what works everywhere.
extension Model {
  mutating func press(_ key: Key) -> [Effect] {
    if notice?.isHint == true { notice = nil }
    let place = (current, stacks[current].count)
    let said = notice
    let effects = dispatch(key)
    // What was said of one screen is not carried to the next, nor a hint past the key that heeds it.
    let isHeeded = !effects.isEmpty || place != (current, stacks[current].count)
    if isHeeded, notice == said, notice?.role != .bad { notice = nil }
    // Where all about a job is told, it is not said above it again.
    if let job = (screen as? JobScreen).flatMap({ world.job($0.id) }),
      notice?.words.hasPrefix("\(job.words): ") == true
    {
      notice = nil
    }
    return effects
  }

  private mutating func dispatch(_ key: Key) -> [Effect] {
    if let since = notice?.since, since.duration(to: world.now) > .seconds(3) { notice = nil }
    if overlay != nil, !key.modifiers.contains(.alt) { return pressOverlay(key) }
    if overlay == nil, let action = Keymap.action(key, bindings) { return perform(action) }
    // An Alt-key that means nothing is Esc and then the key, as terminals without Alt send it; in a field too.
    if key.modifiers.contains(.alt) {
      var plain = key
      plain.modifiers.remove(.alt)
      return press(.escape) + press(plain)
    }
    if screen.isEditing { return askScreen { $0.edit(key, &$1) } }
    return []
  }

  /// A paste is text: into the field, or into a filter it opens. It is never read as keys.
  mutating func paste(_ text: String) -> [Effect] {
    switch overlay {
    case .prompt(var prompt):
      prompt.field.insert(text)
      overlay = .prompt(prompt)
    case .picker(var picker):
      picker.field.insert(text)
      overlay = .picker(picker)
    case .question, .help, .columns: break
    case nil: return askScreen { $0.paste(text, &$1) }
    }
    return []
  }

  mutating func perform(_ action: Action) -> [Effect] {
    if screen.isEditing, action != .back, !screen.fieldBindings.contains(where: { $0.action == action }) {
      // What works in a field works for everybody.
    } else if action != .back, action != .leave {
      var done = false
      let effects = askScreen { done = $0.act(action, &$1) }
      if done { return effects }
    }
    switch action {
    case .screen(let number):
      // What the operation line tells of is what `4 Enter` opens.
      if number == 4, current != 3, let last = world.lastEnded, var jobs = stacks[3].first as? JobsScreen {
        jobs.show(last.id)
        stacks[3] = [jobs]
      }
      jump(to: number - 1)
      return askScreen { $0.opened(&$1) }
    case .back: return back()
    case .leave: return trail.isEmpty && stacks[current].count == 1 && screen.escape == nil ? leave() : back()
    case .interrupt: return interrupt()
    case .cancel: return cancel()
    case .more, .less: return extend(by: action == .more ? 10 : -10)
    case .timeout: askTimeout()
    case .copy:
      guard let text = screen.identifier(world), !text.isEmpty else {
        say("Nothing here to copy.", .warning)
        return []
      }
      say("Copied: \(text)", .good)
      return [.copy(text)]
    case .command: openCommand()
    case .save:
      guard let text = screen.saved(world) else {
        say("Nothing here to save.", .warning)
        return []
      }
      overlay = .prompt(
        Prompt(
          "Save \(text.what) to", hint: "a new file", text: "~/\(savedName(text.ending))", purpose: .save(text)))
    case .help: overlay = .help(help)
    case .redraw: return [.redraw]
    case .suspend: return suspend()
    default: break
    }
    return []
  }

  /// What `?` shows: exactly the tables that dispatch.
  var help: Help {
    // What a screen has for itself is not said again.
    let own = Set(screen.bindings.flatMap(\.keys))
    func others(_ bindings: [Binding]) -> [Binding] { bindings.filter { own.isDisjoint(with: $0.keys) } }
    let sections: [(title: String, bindings: [Binding])] = [
      (title: "On this screen", bindings: chosen(screen.bindings)),
      (
        title: "Everywhere",
        bindings: Keymap.joined(chosen(others(Keymap.everywhere))) + Keymap.joined(chosen(others(Keymap.inFields)))
      ),
      (
        title: screen.fieldBindings.isEmpty ? "Moving about" : "In the form",
        bindings: chosen(others(screen.movement))
      ),
    ]
    return Help(sections: sections, in: world.size)
  }

  // MARK: One step out

  private mutating func back() -> [Effect] {
    var stepped = false
    let effects = askScreen { stepped = $0.stepOut(&$1) }
    if stepped { return effects }
    if stacks[current].count > 1 {
      stacks[current].removeLast()
    } else if let origin = trail.popLast() {
      current = origin
    } else {
      say("There is nothing further back; q quits.", .dim, for: .seconds(3))
    }
    return effects
  }

  /// Quits, asking first while something would be broken off.
  mutating func leave(always: Bool = false) -> [Effect] {
    let unfinished = unfinished
    if unfinished.isEmpty, !always { return [.quit] }
    overlay = .question(
      Question(
        title: "Quit fluoro?", lines: unfinished.isEmpty ? ["Nothing is running."] : unfinished + afterwards,
        verb: "quit",
        purpose: .quit))
    return []
  }

  private mutating func suspend() -> [Effect] {
    let unfinished = unfinished
    if unfinished.isEmpty { return [.suspend] }
    overlay = .question(
      Question(
        title: "Suspend?", lines: unfinished + ["Nothing is answered or received while suspended."], verb: "suspend",
        purpose: .suspend))
    return []
  }

  // MARK: Operations

  private mutating func interrupt() -> [Effect] {
    defer { lastInterrupt = world.now }
    if let lastInterrupt, lastInterrupt.duration(to: world.now) < .seconds(2) { return [.quit] }
    // Never one that is neither under the cursor nor on the line of operations.
    guard let job = jobOfRow ?? world.told, job.phase != .cancelling else { return leave(always: true) }
    say("Cancelling \(job.words). Ctrl-C again quits.", .warning)
    return [.cancel(job: job.id)]
  }

  private mutating func cancel() -> [Effect] {
    guard let job = jobOfRow else {
      say(
        world.front == nil ? "Nothing is running." : "Nothing runs for this row; Ctrl-C cancels the one in front.", .dim
      )
      return []
    }
    say("Cancelling \(job.words).", .warning)
    return [.cancel(job: job.id)]
  }

  /// What runs for the row under the cursor.
  private var jobOfRow: JobView? { screen.job(world).flatMap { $0.isRunning ? $0 : nil } }

  private var meant: JobView? { jobOfRow ?? world.front }

  private mutating func extend(by seconds: Int) -> [Effect] {
    guard let job = meant else {
      say("Nothing is running.", .dim)
      return []
    }
    return [.extend(job: job.id, seconds: seconds)]
  }

  private mutating func askTimeout() {
    guard let job = meant else {
      say("Nothing is running that has a timeout.", .dim)
      return
    }
    overlay = .prompt(
      Prompt("Timeout of \(job.title), seconds", hint: "0: none", purpose: .timeout(job: job.id)))
  }
}

extension Level {
  var word: String { self == .series ? "series" : self == .instance ? "image" : description.lowercased() }
  var words: String {
    switch self {
    case .patient: "patients"
    case .study: "studies"
    case .series: "series"
    case .instance: "images"
    }
  }
}
