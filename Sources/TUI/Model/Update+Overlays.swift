import Operations

/// Keys while a question, a prompt, a picker or the help is open.
extension Model {
  mutating func pressOverlay(_ key: Key) -> [Effect] {
    switch overlay {
    case .question(let question): return press(key, question)
    case .prompt(let prompt): return press(key, prompt)
    case .picker(let picker): return press(key, picker)
    case .help(let help): return press(key, help)
    case .columns(let chooser): return press(key, chooser)
    case nil: return []
    }
  }

  private mutating func press(_ key: Key, _ chooser: ColumnChooser) -> [Effect] {
    var chooser = chooser
    let isOpen = chooser.take(key)
    overlay = isOpen ? .columns(chooser) : nil
    // The list behind follows at once; what is kept on disk is the choice one ends with.
    world.keep(.columns, name: chooser.name, text: chooser.choice.text)
    return isOpen ? [] : keep(.columns, name: chooser.name, text: chooser.choice.text)
  }

  private mutating func press(_ key: Key, _ question: Question) -> [Effect] {
    var question = question
    if key == .control("c") {
      // Ctrl-C twice always quits, whatever is asked in between.
      if let lastInterrupt, lastInterrupt.duration(to: world.now) < .seconds(2) { return [.quit] }
      lastInterrupt = world.now
    }
    switch question.take(key) {
    case .waiting: overlay = .question(question)
    case .no: overlay = nil
    case .yes:
      overlay = nil
      switch question.purpose {
      case .quit: return [.quit]
      case .suspend: return [.suspend]
      case .perform(let effects): return effects
      }
    }
    return []
  }

  private mutating func press(_ key: Key, _ prompt: Prompt) -> [Effect] {
    var prompt = prompt
    switch key {
    case .escape, .control("c"): overlay = nil
    case .backspace where prompt.field.text.isEmpty: overlay = nil
    case .enter:
      overlay = nil
      return answer(prompt)
    case .up, .control("p"), .down, .control("n"):
      prompt.recall(key == .up || key == .control("p") ? -1 : 1)
      overlay = .prompt(prompt)
    case .tab, .backTab: return complete(prompt, step: key == .tab ? 1 : -1)
    default:
      prompt.complaint = nil
      prompt.forgetOffers()
      _ = prompt.field.take(key)
      overlay = .prompt(prompt)
    }
    return []
  }

  private mutating func complete(_ prompt: Prompt, step: Int) -> [Effect] {
    var prompt = prompt
    if prompt.isCycling {
      prompt.take(prompt.offers, step: step)
      overlay = .prompt(prompt)
      return []
    }
    if prompt.purpose.isPath { return [.completePath(prompt.field.text)] }
    guard case .command = prompt.purpose else { return [] }
    let text = prompt.field.text
    if let path = Command.pathBeingTyped(text) { return [.completePath(path)] }
    prompt.take(Command.completions(text, world), step: step)
    overlay = .prompt(prompt)
    return []
  }

  /// Paths found for what was typed, if that is still what stands there.
  mutating func complete(_ text: String, _ paths: [String]) {
    guard case .prompt(var prompt) = overlay, prompt.field.text.hasSuffix(text) else { return }
    let before = String(prompt.field.text.dropLast(text.count))
    prompt.take(paths.map { before + $0 })
    overlay = .prompt(prompt)
  }

  mutating func openCommand() {
    var prompt = Prompt(":", hint: "Tab completes, Up earlier ones", purpose: .command)
    let commands = world.kept[.command] ?? [:]
    prompt.history = commands.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }.map(\.value)
    overlay = .prompt(prompt)
  }

  /// Remembers a command, the last hundred of them, each once.
  private mutating func remember(_ command: String) -> [Effect] {
    let known = world.kept[.command] ?? [:]
    var effects: [Effect] = []
    for (name, text) in known where text == command { effects += keep(.command, name: name, text: nil) }
    let numbers = known.keys.compactMap(Int.init).sorted()
    if numbers.count >= 100, let oldest = numbers.first { effects += keep(.command, name: "\(oldest)", text: nil) }
    return effects + keep(.command, name: "\((numbers.last ?? 0) + 1)", text: command)
  }

  /// `fluoro-local-20240611-081502.csv`.
  func savedName(_ ending: String) -> String {
    let place = Keymap.screens[current]
    return "fluoro-\(place)-\(Format.stamp(world.clock)).\(ending)"
  }

  private mutating func answer(_ prompt: Prompt) -> [Effect] {
    let text = String(prompt.field.text.drop { $0 == " " })
    guard !text.isEmpty else { return [] }
    func again(_ complaint: String) {
      var prompt = prompt
      prompt.complaint = complaint
      overlay = .prompt(prompt)
    }
    switch prompt.purpose {
    case .importPaths: return [.importPaths([text])]
    case .save(let saved): return [.save(saved, path: text)]
    case .exportFiles(let ids, let words): return [.exportFiles(ids: ids, folder: text, words: words)]
    case .saveQuery(let query):
      say("Saved the query \(text); Ctrl-O opens it.", .good)
      return keep(.query, name: text, text: query)
    case .timeout(let job):
      guard let seconds = Int(text), (0...86400).contains(seconds) else {
        again("seconds, 0 to 86400")
        return []
      }
      return [.setTimeout(job: job, seconds: seconds)]
    case .command:
      do {
        let command = try Command(text, modalities: world.modalities.map(\.name))
        return remember(text) + run(command)
      } catch {
        again(error.words)
        return []
      }
    }
  }

  private mutating func press(_ key: Key, _ picker: Picker) -> [Effect] {
    var picker = picker
    switch key {
    case .escape, .control("c"): overlay = nil
    case .enter:
      guard let chosen = picker.chosen else { return [] }
      if picker.takesText, let complaint = Modality.complaint(aboutAETitle: chosen) {
        say("\(complaint).", .warning)
        return []
      }
      overlay = nil
      switch picker.purpose {
      case .send(let ids, let words):
        return confirmed(world.modality(chosen), "Send \(words) to \(chosen)") {
          [.send(modality: chosen, ids: ids, words: words, confirmation: $0)]
        }
      case .commit(let ids, let words): return [.commit(modality: chosen, ids: ids, words: words)]
      case .retrieveTo(let orders):
        let effects = moved(orders, to: chosen)
        return picker.takesText && overlay == nil ? sure(effects, orders, chosen) : effects
      case .openQuery:
        guard let text = world.kept[.query]?[chosen], var form = screen as? QueryScreen else { return [] }
        form.load(text)
        screen = form
      }
    case .control("x") where picker.forgets != nil:
      guard let kind = picker.forgets, let chosen = picker.chosen else { return [] }
      picker.choices.removeAll { $0.id == chosen }
      overlay = picker.choices.isEmpty ? nil : .picker(picker)
      say("Forgotten: \(chosen).", .dim)
      return keep(kind, name: chosen, text: nil)
    default:
      picker.take(key)
      overlay = .picker(picker)
    }
    return []
  }

  /// An AE title that nobody is configured with may be a slip of whoever looked for a name.
  private mutating func sure(_ effects: [Effect], _ orders: [RetrieveOrder], _ title: String) -> [Effect] {
    let sources = Set(orders.map(\.modality)).sorted().joined(separator: ", ")
    overlay = .question(
      Question(
        title: "Move to the AE title \(title)?",
        lines: ["No modality here has that title. \(sources) must know it, and sends to whom it knows by it."],
        verb: "move", purpose: .perform(effects)))
    return []
  }

  /// Moves from where things are to a third station.
  mutating func moved(_ orders: [RetrieveOrder], to title: String) -> [Effect] {
    // Where both are in production it is the destination that counts.
    let destination = world.modalities.first { $0.isProduction && $0.aeTitle.uppercased() == title.uppercased() }
    let sources = orders.compactMap { world.modality($0.modality) }
    return confirmed(destination ?? sources.first(where: \.isProduction), "Move to \(title)") { name in
      orders.map { order in
        var order = order
        order.destination = title
        order.confirmation = name
        return .retrieve(order)
      }
    }
  }

  /// At once, or after the name of a station in production has been typed.
  mutating func confirmed(
    _ modality: ModalityRow?, _ words: String, _ effects: (String?) -> [Effect]
  ) -> [Effect] {
    guard let modality, modality.isProduction else { return effects(nil) }
    overlay = .question(
      Question(
        title: "\(words)?", lines: ["\(modality.name) is marked as Production."], verb: "send", typed: modality.name,
        purpose: .perform(effects(modality.name))))
    return []
  }

  private mutating func press(_ key: Key, _ help: Help) -> [Effect] {
    var help = help
    let page = max(1, world.size.rows - 5)
    switch Keymap.action(key, Keymap.inLists) {
    case .down: help.scroll(by: 1)
    case .up: help.scroll(by: -1)
    case .halfDown, .pageDown: help.scroll(by: page / 2)
    case .halfUp, .pageUp: help.scroll(by: -page / 2)
    case .first: help.scroll(by: -1_000_000)
    case .last: help.scroll(by: 1_000_000)
    default:
      switch key {
      case .escape, "q", "?", .enter, Key(.function(1)), .control("c"):
        overlay = nil
        return []
      default: return []
      }
    }
    overlay = .help(help)
    return []
  }
}
