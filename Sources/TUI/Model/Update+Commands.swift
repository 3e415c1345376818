import Dicom

/// Commands typed after `:`. Where a key does the same, the command presses it and answers what it asks.
extension Model {
  mutating func run(_ command: Command) -> [Effect] {
    switch command {
    case .screen(let number): return perform(.screen(number))
    case .echo(let names): return names.map { .echo(modality: $0) }
    case .watch(let names):
      let new = names.filter { world.watching($0) == nil }
      jump(to: 0)
      stacks[0] = Array(stacks[0].prefix(1)) + [WatchScreen(world)]
      return new.map { .watch(modality: $0) }
    case .testStore(let name): return onModality(name, .testStore)
    case .remove(let name): return onModality(name, .delete)
    case .add:
      jump(to: 0)
      return perform(.add)
    case .query(let name, let keys, let isWorklist): return query(name, keys, isWorklist)
    case .importPaths(let paths): return [.importPaths(paths)]
    case .export(let folder): return answering(perform(.save), with: folder)
    case .save(let path):
      guard let text = screen.saved(world) else {
        say("Nothing here to save.", .warning)
        return []
      }
      return [.save(text, path: path)]
    case .send(let name): return choosing(perform(.send), name)
    case .move(let title): return choosing(perform(.retrieveTo), title)
    case .allow(let title): return [.allow(aeTitle: title)]
    case .forbid(let title): return [.forbid(aeTitle: title)]
    case .dump(let path): return push(TagsScreen(file: path, token: newToken()))
    case .explain(let code): explain(code)
    case .theme(let name): return [.theme(name)]
    case .act(.clearFinished):
      world.clearEndedJobs()
      return perform(.screen(4)) + perform(.clearFinished)
    case .act(let action): return perform(action)
    case .whoAmI:
      let station = world.station
      say("We are \(station.aeTitle) at \(station.address); y in this list copies what another is called.", .text)
    case .quit: return leave()
    }
    return []
  }

  private mutating func newToken() -> Int {
    nextToken += 1
    return nextToken
  }

  private mutating func push(_ screen: any Screen) -> [Effect] {
    stacks[current].append(screen)
    return askScreen { $0.opened(&$1) }
  }

  /// What a key does to one modality, wherever the person is.
  private mutating func onModality(_ name: String, _ action: Action) -> [Effect] {
    jump(to: 0)
    stacks[0] = Array(stacks[0].prefix(1))
    if var list = stacks[0].first as? ModalitiesScreen {
      list.show(name)
      stacks[0] = [list]
    }
    return perform(action)
  }

  private mutating func query(_ name: String, _ keys: [String], _ isWorklist: Bool) -> [Effect] {
    var form = QueryScreen(world, modalities: [name], isWorklist: isWorklist)
    if !keys.isEmpty { form.load("") }
    for key in keys { form.set(key) }
    jump(to: 1)
    stacks[1] = [form]
    let effects = askScreen { $0.opened(&$1) }
    return keys.isEmpty ? effects : effects + askScreen { _ = $0.act(.open, &$1) }
  }

  /// The answer to the prompt that a key has opened.
  private mutating func answering(_ effects: [Effect], with text: String) -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return effects }
    prompt.field.set(text)
    overlay = .prompt(prompt)
    return effects + pressOverlay(.enter)
  }

  /// The choice in the picker that a key has opened.
  private mutating func choosing(_ effects: [Effect], _ text: String) -> [Effect] {
    guard case .picker(var picker) = overlay else { return effects }
    picker.choose(text)
    overlay = .picker(picker)
    return effects + pressOverlay(.enter)
  }

  private mutating func explain(_ code: String) {
    do {
      let lines = try Explanation.of(code, service: nil).map { explanation in
        [
          "\(explanation.code) \(explanation.kind): \(explanation.words) (\(explanation.section))",
          explanation.cause.map { "usually: \($0)" }, explanation.remedy.map { "try: \($0)" },
        ].compactMap { $0 }.joined(separator: ". ")
      }
      say(lines.joined(separator: "\n"), .text, for: .seconds(30))
    } catch {
      say("\(error)", .warning)
    }
  }
}
