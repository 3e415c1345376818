import Testing

@testable import TUI

@Suite("The keymap")
struct KeymapTests {
  private let screens: [any Screen] = {
    let world = World(modalities: [ModalityRow(name: "PACS1", aeTitle: "PACS1", host: "localhost", port: 104)])
    let paused = JobView(id: 1, kind: .move, title: "", peer: "", phase: .paused, started: .now)
    return TUI.everyScreen.map(\.screen) + [
      JobScreen(paused), QueryScreen(world, modalities: [], isWorklist: true),
      LocalScreen(level: .instance, parent: nil),
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

  @Test("The man page has every key of every screen")
  func manual() {
    let told = Set(TUI.keyTable.flatMap(\.keys).map(\.help))
    for screen in screens {
      for binding in screen.bindings + screen.fieldBindings { #expect(told.contains(binding.help), "\(binding)") }
    }
    #expect(told.contains { $0.contains("retrieve it here") } && told.contains { $0.contains("anywhere in a name") })
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
    #expect(throws: Command.Complaint(words: "no modality PACS9; there are PACS1, Pacs2")) {
      try Command("echo PACS9", modalities: modalities)
    }
    #expect(throws: Command.Complaint(words: "no command ecco; do you mean echo?")) {
      try Command("ecco", modalities: modalities)
    }
    #expect(throws: Command.Complaint(words: "no command forbit; do you mean forbid?")) {
      try Command("forbit", modalities: modalities)
    }
  }
}
