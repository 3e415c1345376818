extension TUI {
  /// The keys of one screen, or of all, for documents: read from the tables the program itself uses.
  public struct KeySection: Sendable {
    public var title: String
    public var keys: [(keys: String, help: String)]
  }

  public static var keyTable: [KeySection] {
    let world = World()
    let screens: [[Binding]] = [
      ModalitiesScreen(world).bindings,
      QueryScreen(world, modalities: []).bindings + QueryScreen(world, modalities: []).fieldBindings,
      LocalScreen(level: .study, parent: nil).bindings, JobsScreen().bindings, ActivityScreen().bindings,
    ]
    let sections = [
      ("everywhere", Keymap.everywhere), ("lists", Keymap.inLists), ("texts", Keymap.inTexts),
      ("text fields, too", Keymap.inFields),
    ]
    return (sections + zip(Keymap.screens, screens)).map { title, bindings in
      KeySection(
        title: title,
        keys: bindings.map { ($0.keys.map(\.description).joined(separator: " "), $0.help) })
    }
  }
}
