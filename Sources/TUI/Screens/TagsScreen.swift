/// The tags of an instance, searched by `/` and `n`.
struct TagsScreen: ListScreen {
  var list: List<TagLine>
  /// The identifier of an instance, or the path of a file.
  private let instance: String
  private let title: String
  private let token: Int
  private var failure: String?
  private var isLoading = true

  /// Those of a file, wherever it is.
  init(file path: String, token: Int) {
    // A slash tells a path from an identifier.
    self.init(
      instance: path.contains("/") ? path : "./" + path, title: String(path.split(separator: "/").last ?? ""),
      token: token)
  }

  init(instance: String, title: String, token: Int) {
    self.instance = instance
    self.title = title
    self.token = token
    list = List(Self.columns, searched: { "\($0.tag) \($0.keyword) \($0.vr) \($0.value)" }, isSearch: true)
  }

  var crumb: String { title }
  let bindings: [Binding] = []
  let movement = Keymap.inTrees
  var columnsName: String? { "tags" }

  private static let columns: [Column<TagLine>] = [
    Column(
      title: "TAG", minimum: 11, ideal: 13,
      cell: { line, _ in StyledText(String(repeating: "  ", count: min(line.depth, 8)) + line.tag, .dim) }),
    Column(title: "VR", minimum: 2, ideal: 2, priority: 2, cell: { line, _ in StyledText(line.vr, .accent) }),
    Column(
      title: "KEYWORD", minimum: 16, ideal: 28, flex: 1, priority: 1, cell: { line, _ in StyledText(line.keyword) }),
    Column(title: "VALUE", minimum: 16, ideal: 30, flex: 4, cell: { line, _ in StyledText(line.value, .strong) }),
  ]

  var detailRows: Int { 2 }

  /// The value in full: a row seldom has room for it.
  func details(_ world: World) -> [StyledText] {
    guard let line = list.detailed, world.size.columns < Self.sideBySide || !line.value.isEmpty else { return [] }
    return [
      [StyledText(line.tag, .dim), StyledText(line.vr, .accent), StyledText(line.keyword)].joined(StyledText("  ")),
      StyledText(line.value, .strong),
    ]
  }

  func identifier(_ world: World) -> String? { list.current?.value }

  func summary(_ world: World) -> StyledText {
    isLoading ? StyledText("loading", .busy) : StyledText(list.summary("tag", "tags"), .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if let failure { return CellText.wrap(failure, max(20, world.size.columns - 8)).map { StyledText($0, .bad) } }
    return [StyledText(isLoading ? "reading the file" : "It has no tags.", .dim)]
  }

  mutating func opened(_ context: inout Context) { context.effects.append(.tags(instance: instance, token: token)) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    guard case .tags(let token, let result) = message, token == self.token else { return }
    isLoading = false
    switch result {
    case .success(let lines): list.replace(lines)
    case .failure(let error): failure = error.words
    }
  }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    guard action == .again else { return false }
    context.effects.append(.tags(instance: instance, token: token))
    return true
  }
}
