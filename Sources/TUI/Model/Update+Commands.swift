import Dicom
import LocalIndex
import Operations

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
    case .diagnose(let name): return onModality(name, .diagnose)
    case .testStore(let name): return onModality(name, .testStore)
    case .remove(let name): return onModality(name, .delete)
    case .add:
      jump(to: 0)
      return perform(.add)
    case .compare(let first, let second, let keys):
      let keys = keys.compactMap { text in
        Tag(parsing: String(text.prefix { $0 != "=" })).map {
          QueryKey($0, String(text.drop { $0 != "=" }.dropFirst()))
        }
      }
      jump(to: 1)
      stacks[1].removeAll { $0 is ComparisonScreen || $0 is InstanceComparisonScreen }
      return push(ComparisonScreen(CompareOrder(token: newToken(), first: first, second: second, keys: keys)))
    case .query(let name, let keys, let isWorklist): return query(name, keys, isWorklist)
    case .importPaths(let paths): return [.importPaths(paths)]
    case .export(let folder): return answering(perform(.save), with: folder, "export")
    case .save(let path):
      guard let text = screen.saved(world) else {
        say("Nothing here to save.", .warning)
        return []
      }
      return [.save(text, path: path)]
    case .send(let name, nil): return choosing(perform(.send), name, "send")
    case .send(let name, let path?): return send(name, path)
    case .commit(let name): return choosing(perform(.commit), name, "commit")
    case .move(let title): return choosing(perform(.retrieveTo), title, "move")
    case .retrieve(let name, let keys, let destination, let isGet): return retrieve(name, keys, destination, isGet)
    case .filterLocal(let words): return filterLocal(words)
    case .convert(let source, let target, let syntax): return [.convert(from: source, to: target, syntax)]
    case .verify: return [.verify]
    case .reindex: return [.reindex]
    case .statistics: return [.statistics]
    case .addModality(let draft): return [.saveModality(draft)]
    case .importModalities(let path): return [.importModalities(path: path)]
    case .allow(let title): return [.allow(aeTitle: title)]
    case .forbid(let title): return [.forbid(aeTitle: title)]
    case .dump(let path):
      return push(
        OrthancIdentifier.isWellFormed(path)
          ? TagsScreen(instance: path, title: "tags", token: newToken()) : TagsScreen(file: path, token: newToken()))
    case .explain(let code): explain(code)
    case .help(let words): say("\(words).", .text, for: .seconds(30))
    case .theme(let name): return [.theme(name)]
    case .act(.clearFinished):
      world.clearEndedJobs()
      return perform(.screen(4)) + perform(.clearFinished)
    case .act(.history): return perform(.screen(4)) + perform(.history)
    case .act(let action):
      let said = notice
      let effects = perform(action)
      let verbs: [Action: String] = [.get: "retrieve", .retrieve: "retrieve", .delete: "delete", .protect: "protect"]
      if effects.isEmpty, overlay == nil, notice == said, let verb = verbs[action] {
        say("Here is nothing to \(verb).", .warning)
      }
      return effects
    case .whoAmI: return push(IdentityScreen(token: newToken()))
    case .check(let name): return [.check(modality: name)]
    case .bulk(let order): return bulk(order)
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
  private mutating func answering(_ effects: [Effect], with text: String, _ verb: String) -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return missing(verb, effects) }
    prompt.field.set(text)
    overlay = .prompt(prompt)
    return effects + pressOverlay(.enter)
  }

  /// The choice in the picker that a key has opened.
  private mutating func choosing(_ effects: [Effect], _ text: String, _ verb: String) -> [Effect] {
    guard case .picker(var picker) = overlay else { return missing(verb, effects) }
    picker.choose(text)
    overlay = .picker(picker)
    return effects + pressOverlay(.enter)
  }

  /// The screen in front has nothing that the verb is for; unless it has said why itself.
  private mutating func missing(_ verb: String, _ effects: [Effect]) -> [Effect] {
    if effects.isEmpty, notice == nil { say("Here is nothing to \(verb).", .warning) }
    return effects
  }

  private mutating func send(_ name: String, _ path: String) -> [Effect] {
    if let words = world.station.refusal("nothing is sent to other stations") {
      say(words, .warning)
      return []
    }
    return confirmed(world.modality(name), "Send \(path) to \(name)") {
      [.send(modality: name, ids: [path], words: path, confirmation: $0)]
    }
  }

  private mutating func retrieve(
    _ name: String, _ keys: [String], _ destination: String?, _ isGet: Bool
  ) -> [Effect] {
    var values: [Attribute: [String]] = [:]
    for key in keys {
      let keyword = key.prefix { $0 != "=" }.lowercased()
      guard let attribute = Attribute.allCases.first(where: { $0.keyword.lowercased() == keyword }) else {
        say("\(key): a retrieve takes no other keys than UIDs.", .warning)
        return []
      }
      values[attribute, default: []].append(String(key.drop { $0 != "=" }.dropFirst()))
    }
    let (series, instance) = (values[.seriesInstanceUID]?.first, values[.sopInstanceUID]?.first)
    let items = (values[.studyInstanceUID] ?? []).map { study in
      RetrieveOrder.Item(
        studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: instance,
        words: instance ?? series ?? study, instances: nil)
    }
    let level: Level = instance != nil ? .instance : series != nil ? .series : .study
    var order = RetrieveOrder(modality: name, level: level, items: items)
    order.isGet = isGet
    guard let destination else { return [.retrieve(order)] }
    if let words = world.station.refusal("nothing is moved between other stations") {
      say(words, .warning)
      return []
    }
    return moved([order], to: destination)
  }

  private mutating func bulk(_ order: BulkOrder) -> [Effect] {
    let what = "what \(order.path) names"
    switch order.verb {
    case .find:
      let find = FindOrder(
        token: newToken(), modality: order.modality, level: .study, keys: [:], limit: 0, words: what, bulk: order)
      jump(to: 1)
      stacks[1] = Array(stacks[1].prefix(1))
      return push(ResultsScreen(orders: [find], path: []))
    case .move where order.target == nil: return begin(order)
    case .move, .store:
      let target = order.target ?? order.modality
      if world.station.isReadOnly {
        say("This fluoro is read only (ReadOnly): nothing goes to other stations.", .warning)
        return []
      }
      // Where both are in production it is the destination that counts.
      let production =
        world.modalities.first { $0.isProduction && $0.aeTitle.uppercased() == target.uppercased() }
        ?? world.modality(order.modality)
      var effects: [Effect] = []
      let asked = confirmed(production, "\(order.verb == .move ? "Move" : "Send") \(what) to \(target)") { name in
        var order = order
        order.confirmation = name
        return [.bulk(order)]
      }
      if overlay == nil { effects = begin(order) } else { effects = asked }
      return effects
    }
  }

  private mutating func begin(_ order: BulkOrder) -> [Effect] {
    say("4 shows how far it is.", .dim)
    return [.bulk(order)]
  }

  private mutating func filterLocal(_ words: String) -> [Effect] {
    jump(to: 2)
    stacks[2] = [LocalScreen(level: .study, parent: nil)]
    return askScreen { screen, context in
      screen.opened(&context)
      if !words.isEmpty {
        screen.paste(words, &context)
        screen.edit(.enter, &context)
      }
    }
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
