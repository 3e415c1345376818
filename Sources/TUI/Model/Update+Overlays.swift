/// Keys while a question, a prompt, a picker or the help is open.
extension Model {
  mutating func pressOverlay(_ key: Key) -> [Effect] {
    switch overlay {
    case .question(let question): return press(key, question)
    case .prompt(let prompt): return press(key, prompt)
    case .picker(let picker): return press(key, picker)
    case .help(let help): return press(key, help)
    case nil: return []
    }
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
      case .perform(let effect): return [effect]
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
    default:
      prompt.complaint = nil
      _ = prompt.field.take(key)
      overlay = .prompt(prompt)
    }
    return []
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
    case .timeout(let job):
      guard let seconds = Int(text), (0...86400).contains(seconds) else {
        again("seconds, 0 to 86400")
        return []
      }
      return [.setTimeout(job: job, seconds: seconds)]
    case .command:
      do {
        return run(try Command(text, modalities: world.modalities.map(\.name)))
      } catch {
        again(error.words)
        return []
      }
    }
  }

  private mutating func run(_ command: Command) -> [Effect] {
    switch command {
    case .screen(let number): return perform(.screen(number))
    case .echo(let names): return names.map { .echo(modality: $0) }
    case .query(let name):
      let form = QueryScreen(world, modality: name)
      jump(to: 1)
      stacks[1] = [form]
    case .importPaths(let paths): return [.importPaths(paths)]
    case .help: overlay = .help(help)
    case .quit: return leave()
    }
    return []
  }

  private mutating func press(_ key: Key, _ picker: Picker) -> [Effect] {
    var picker = picker
    switch key {
    case .escape, .control("c"): overlay = nil
    case .enter:
      guard let chosen = picker.chosen else { return [] }
      overlay = nil
      switch picker.purpose {
      case .send(let ids, let words):
        return confirmed(world.modality(chosen), "Send \(words) to \(chosen)") {
          .send(modality: chosen, ids: ids, words: words, confirmation: $0)
        }
      case .retrieveTo(var order):
        order.destination = chosen
        // Where both are in production it is the destination that counts.
        let destination = world.modalities.first {
          $0.isProduction && $0.aeTitle.uppercased() == chosen.uppercased()
        }
        return confirmed(destination ?? world.modality(order.modality), "Move to \(chosen)") { name in
          order.confirmation = name
          return .retrieve(order)
        }
      }
    default:
      picker.take(key)
      overlay = .picker(picker)
    }
    return []
  }

  /// At once, or after the name of a station in production has been typed.
  private mutating func confirmed(
    _ modality: ModalityRow?, _ words: String, _ effect: (String?) -> Effect
  ) -> [Effect] {
    guard let modality, modality.isProduction else { return [effect(nil)] }
    overlay = .question(
      Question(
        title: "\(words)?", lines: ["\(modality.name) is marked as Production."], verb: "send", typed: modality.name,
        purpose: .perform(effect(modality.name))))
    return []
  }

  private mutating func press(_ key: Key, _ help: Help) -> [Effect] {
    var help = help
    let page = max(1, world.size.rows - 5)
    switch Keymap.action(key, Keymap.inLists) {
    case .down: help.scroll(by: 1, height: page)
    case .up: help.scroll(by: -1, height: page)
    case .halfDown, .pageDown: help.scroll(by: page / 2, height: page)
    case .halfUp, .pageUp: help.scroll(by: -page / 2, height: page)
    case .first: help.top = 0
    case .last: help.scroll(by: .max / 2, height: page)
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
