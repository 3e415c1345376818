import Testing

@testable import TUI

@Suite("The keymap")
struct KeymapTests {
  private let screens: [any Screen] = {
    let world = World(modalities: [ModalityRow(name: "PACS1", aeTitle: "PACS1", host: "localhost", port: 104)])
    let order = FindOrder(token: 0, modality: "PACS1", level: .study, keys: [:], limit: 0, words: "")
    return [
      ModalitiesScreen(world), QueryScreen(world, modalities: []),
      ResultsScreen(orders: [order], path: []), LocalScreen(level: .study, parent: nil),
      TagsScreen(instance: "", title: "", token: 0), PreviewScreen(id: "", title: "", token: 0), JobsScreen(),
      JobScreen(JobView(id: 1, kind: .move, title: "", peer: "", phase: .paused, started: .now)), ActivityScreen(),
      WatchScreen(world), ModalityScreen(nil),
      WorklistScreen(orders: []), QueryScreen(world, modalities: [], isWorklist: true),
    ]
  }()

  @Test("No key means two things in one place")
  func conflicts() {
    let tables = [
      ("everywhere", Keymap.everywhere), ("lists", Keymap.inLists), ("fields", Keymap.inFields),
      ("texts", Keymap.inPages), ("trees", Keymap.inTrees),
    ]
    for (name, table) in tables {
      let keys = table.flatMap(\.keys)
      #expect(Set(keys).count == keys.count, "a key twice in \(name)")
    }
    for screen in screens {
      var meanings: [Key: Set<Action>] = [:]
      for binding in screen.bindings + screen.movement + screen.fieldBindings + Keymap.everywhere + Keymap.inFields {
        for key in binding.keys { meanings[key, default: []].insert(binding.action) }
      }
      for (key, actions) in meanings { #expect(actions.count == 1, "\(key) on \(screen.crumb): \(actions)") }
    }
  }

  @Test("A key that works in a text field writes nothing")
  func fields() {
    for key in (Keymap.inFields + screens.flatMap(\.fieldBindings)).flatMap(\.keys) {
      #expect(key.text == nil, "\(key)")
    }
  }

  @Test("Every binding has words for the help, those of the footer are short")
  func words() {
    for binding in Keymap.everywhere + Keymap.inLists + Keymap.inFields + screens.flatMap(\.bindings) {
      #expect(!binding.help.isEmpty)
      #expect(binding.label.count <= 20, "\(binding.label)")
    }
  }
}

@Suite("Commands")
struct CommandTests {
  private let modalities = ["PACS1", "Pacs2", "ARCHIVE"]

  @Test func known() throws {
    #expect(try Command("3", modalities: modalities) == .screen(3))
    #expect(try Command("jobs", modalities: modalities) == .screen(4))
    #expect(try Command("q", modalities: modalities) == .quit)
    #expect(try Command("echo pacs2", modalities: modalities) == .echo(["Pacs2"]))
    #expect(try Command("echo", modalities: modalities) == .echo(modalities))
    #expect(try Command("query archive", modalities: modalities) == .query("ARCHIVE", keys: [], isWorklist: false))
    #expect(try Command("import /a b/c", modalities: modalities) == .importPaths(["/a b/c"]))
  }

  @Test("What is unknown is answered with the nearest")
  func unknown() {
    #expect(throws: Command.Complaint(words: "no modality PACS9; there is PACS1, Pacs2")) {
      try Command("echo PACS9", modalities: modalities)
    }
    #expect(throws: Command.Complaint(words: "no command ecco; there is echo, export, explain")) {
      try Command("ecco", modalities: modalities)
    }
  }
}
