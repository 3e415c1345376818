/// What the administrator of a PACS must know of this fluoro; `y` copies all of it.
struct IdentityScreen: PageScreen {
  var page = TextPage()
  private let token: Int
  private var text: Result<[String], Message.Failure>?

  init(token: Int) { self.token = token }

  var crumb: String { "who we are" }
  let bindings = [Binding("y", does: .copy, label: "copy all", help: "copy all of it, for the administrator of a PACS")]

  func identifier(_ world: World) -> String? { try? text?.get().joined(separator: "\n") }

  mutating func opened(_ context: inout Context) { if text == nil { context.effects.append(.whoAmI(token: token)) } }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .identity(token, let text) = message { self.text = text }
  }

  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    switch text {
    case .success(let lines): lines.flatMap { CellText.wrap(StyledText($0), columns) }
    case .failure(let failure): CellText.wrap(failure.words, columns).map { StyledText($0, .bad) }
    case nil: [StyledText("loading", .dim)]
    }
  }
}
