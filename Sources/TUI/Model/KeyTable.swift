import Dicom

extension TUI {
  /// The keys of one screen, or of all, for documents: read from the tables the program itself uses.
  public struct KeySection: Sendable {
    public var title: String
    public var keys: [(keys: String, help: String)]
  }

  public static var keyTable: [KeySection] {
    let everywhere = [
      ("everywhere", Keymap.everywhere), ("lists", Keymap.inLists), ("texts", Keymap.inTexts),
      ("text fields, too", Keymap.inFields),
    ]
    let screens = everyScreen.map { title, screen in
      let verbs = screen.bindings + screen.fieldBindings.filter { field in !screen.bindings.contains { $0 == field } }
      return (title, screen is ResultsScreen || screen is WorklistScreen ? verbs + [ResultsScreen.wider] : verbs)
    }
    return (everywhere + screens).filter { !$0.1.isEmpty }.map { title, bindings in
      KeySection(
        title: title,
        keys: bindings.map { ($0.keys.map(\.description).joined(separator: " "), $0.help) })
    }
  }

  /// Every screen there is, as a person comes upon it.
  static var everyScreen: [(title: String, screen: any Screen)] {
    let world = World()
    let order = FindOrder(token: 0, modality: "", level: .study, keys: [:], limit: 0, words: "")
    let comparison = CompareOrder(token: 0, first: "", second: "")
    let job = JobView(id: 0, kind: .move, title: "", peer: "", phase: .waiting, started: world.now)
    return [
      ("modalities", ModalitiesScreen(world)), ("a modality's settings", ModalityScreen(nil)),
      ("watch", WatchScreen(world)), ("diagnosis", DiagnosisScreen("", token: 0)),
      ("query", QueryScreen(world, modalities: [])), ("query results", ResultsScreen(orders: [order], path: [])),
      ("a comparison (:compare)", ComparisonScreen(comparison)),
      ("images of a comparison", InstanceComparisonScreen(comparison)), ("who we are", IdentityScreen(token: 0)),
      ("worklist", WorklistScreen(orders: [order])), ("local", LocalScreen(level: .study, parent: nil)),
      ("tags", TagsScreen(instance: "", title: "", token: 0)), ("preview", PreviewScreen(id: "", title: "", token: 0)),
      ("jobs", JobsScreen()), ("one job", JobScreen(job)), ("activity", ActivityScreen()), ("history", HistoryScreen()),
    ]
  }
}
