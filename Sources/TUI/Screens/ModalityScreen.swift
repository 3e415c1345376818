import Dicom
import Operations

/// A modality to add, or one that is there: what it is called by and how we talk to it can be changed and tried, everything
/// else is shown.
struct ModalityScreen: Screen {
  private enum Field: Int, CaseIterable {
    case name, aeTitle, host, port, tls, retrieve, timeout, localAETitle, production

    var label: String {
      switch self {
      case .name: "Name"
      case .aeTitle: "AE title"
      case .host: "Host"
      case .port: "Port"
      case .tls: "TLS"
      case .retrieve: "Retrieves by"
      case .timeout: "Timeout"
      case .localAETitle: "We call as"
      case .production: "Production"
      }
    }

    var hint: String {
      switch self {
      case .name: "what you call it"
      case .aeTitle: "1 to 16 characters"
      case .host: "an address or a name"
      case .port: "1 to 65535"
      case .timeout: "seconds; 0: no limit"
      case .localAETitle: "our AE title, there"
      case .tls, .retrieve, .production: ""
      }
    }

    var choices: [String]? {
      switch self {
      case .tls: [Self.no, Self.yes]
      case .retrieve: [Self.inherited] + RetrieveMethod.allCases.map(\.rawValue)
      case .production: [Self.no, Self.yes]
      default: nil
      }
    }

    static let no = "no"
    static let yes = "yes"
    static let inherited = "as configured"
  }

  /// What came of trying it.
  private enum Trial {
    case untried, trying
    case tried(ModalityRow.Echo)
  }

  /// The name of the one that is shown; nil: a new one.
  private let existing: String?
  private let settings: [ModalityRow.Setting]
  private var form: Form
  private var trial = Trial.untried
  private var token = 0

  init(_ row: ModalityRow?) {
    existing = row?.name
    settings = row?.settings ?? []
    let draft = row?.draft ?? ModalityDraft(name: "", aeTitle: "", host: "", port: 104)
    form = Form(
      entries: Field.allCases.map { field in
        var entry = Form.Entry(label: field.label, hint: field.hint)
        entry.field.set(Self.text(field, draft))
        if let choices = field.choices { entry.kind = .choice(choices) }
        // Another name would be another modality.
        if field == .name, let row { entry.kind = .choice([row.name]) }
        return entry
      })
    form.focus = row == nil ? 0 : 1
    // One looks at settings before changing them.
    form.isFocused = row == nil
  }

  private static func text(_ field: Field, _ draft: ModalityDraft) -> String {
    switch field {
    case .name: draft.name
    case .aeTitle: draft.aeTitle
    case .host: draft.host
    case .port: String(draft.port)
    case .tls: draft.usesTLS ? Field.yes : Field.no
    case .retrieve: draft.retrieveMethod ?? Field.inherited
    case .timeout: draft.timeout.map { $0 == $0.rounded() ? String(Int($0)) : String($0) } ?? ""
    case .localAETitle: draft.localAETitle ?? ""
    case .production: draft.isProduction ? Field.yes : Field.no
    }
  }

  var crumb: String { existing ?? "add" }
  var isEditing: Bool { form.isFocused }
  var escape: String? { form.isFocused ? "leave the field" : nil }

  let bindings = [
    Binding(.enter, does: .open, label: "save", help: "save it in modalities.json"),
    Binding("e", does: .echo, label: "test", help: "test what stands here: an echo, before it is saved"),
    Binding(.tab, .down, "j", does: .down, label: "next field", help: "next field; back into the field"),
    Binding(.backTab, .up, "k", does: .up, help: "field before"),
  ]
  let fieldBindings = [
    Binding(.control("t"), does: .tryOut, label: "test", help: "test what stands here: an echo, before it is saved")
  ]
  // Out of a field e is the key to name.
  let movement = [Binding(.control("t"), does: .tryOut, help: "test what stands here")]

  func job(_ world: World) -> JobView? { world.running("try-\(token)") }
  func explains(_ job: JobView, _ world: World) -> Bool { job.subjects.contains("try-\(token)") }

  mutating func stepOut(_ context: inout Context) -> Bool {
    guard form.isFocused else { return false }
    form.isFocused = false
    return true
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .down, .up: form.isFocused = true
    case .open: save(&context)
    case .tryOut, .echo: tryOut(&context)
    default: return false
    }
    return true
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter: return save(&context)
    case .tab, .down, .control("n"): form.move(by: 1)
    case .backTab, .up, .control("p"): form.move(by: -1)
    default: form.edit(key)
    }
    changed(context.world)
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    form.paste(text)
    changed(context.world)
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    if case .tried(let token, let echo) = message, token == self.token { trial = .tried(echo) }
  }

  /// What was found out is no more true of another address.
  private mutating func changed(_ world: World) {
    remark(world, all: false)
    if draft != tried { trial = .untried }
  }

  private var tried: ModalityDraft?

  // MARK: What is typed

  private func text(_ field: Field) -> String {
    let text = form.entries[field.rawValue].field.text
    // Spaces around are a slip, and without meaning in an AE title (PS3.5 §6.2).
    return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  private func complaint(_ field: Field, _ world: World) -> String? {
    let text = text(field)
    switch field {
    case .name:
      if text.isEmpty { return "a name is missing" }
      if existing == nil, world.modality(text) != nil { return "there is one already" }
      return text.contains("@") ? "a name has no @" : nil
    case .aeTitle: return text.isEmpty ? "an AE title is missing" : Self.complaint(aboutAETitle: text)
    case .host: return text.isEmpty ? "a host is missing" : text.contains(" ") ? "a host has no spaces" : nil
    case .port: return Int(text).map { (1...65535).contains($0) } == true ? nil : "expected 1 to 65535"
    case .timeout:
      return text.isEmpty || Double(text).map { (0...86400).contains($0) } == true ? nil : "seconds, 0 to 86400"
    case .localAETitle: return text.isEmpty ? nil : Self.complaint(aboutAETitle: text)
    case .tls, .retrieve, .production: return nil
    }
  }

  private static func complaint(aboutAETitle text: String) -> String? {
    if text.count > 16 { return "\(text.count) characters; at most 16" }
    return Modality.complaint(aboutAETitle: text) == nil ? nil : "ASCII without \\ only"
  }

  /// Complains beside the fields: about what is typed, and about what is missing when it is to be saved.
  private mutating func remark(_ world: World, all: Bool) {
    for field in Field.allCases {
      let isLeft = form.entries[field.rawValue].field.text.isEmpty && !all
      form.entries[field.rawValue].remark = isLeft ? nil : complaint(field, world).map { ($0, true) }
    }
    if text(.production) == Field.yes {
      form.entries[Field.production.rawValue].remark = ("its name is typed first", false)
    }
  }

  private var draft: ModalityDraft {
    var draft = ModalityDraft(
      name: text(.name), aeTitle: text(.aeTitle), host: text(.host), port: Int(text(.port)) ?? 0)
    draft.usesTLS = text(.tls) == Field.yes
    draft.retrieveMethod = RetrieveMethod(rawValue: text(.retrieve))?.rawValue
    draft.timeout = Double(text(.timeout))
    draft.localAETitle = text(.localAETitle).isEmpty ? nil : text(.localAETitle)
    draft.isProduction = text(.production) == Field.yes
    return draft
  }

  /// Puts the cursor where the first of these fields is wrong; true: none is.
  private mutating func isRight(_ fields: [Field], _ context: inout Context) -> Bool {
    remark(context.world, all: true)
    guard let wrong = fields.first(where: { complaint($0, context.world) != nil }) else { return true }
    form.focus = wrong.rawValue
    form.isFocused = true
    context.say("\(wrong.label): \(complaint(wrong, context.world) ?? "").", .warning)
    return false
  }

  private mutating func save(_ context: inout Context) {
    guard isRight(Field.allCases, &context) else { return }
    context.effects.append(.saveModality(draft))
    context.moves.append(.pop)
  }

  private mutating func tryOut(_ context: inout Context) {
    // It may be tried before it has a name.
    guard isRight(Field.allCases.filter { $0 != .name }, &context) else { return }
    remark(context.world, all: false)
    token = context.token()
    trial = .trying
    tried = draft
    var draft = draft
    if draft.name.isEmpty { draft.name = draft.aeTitle }
    context.effects.append(.tryModality(draft, token: token))
  }

  // MARK: Drawing

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    let top = area.rows > form.entries.count + settings.count + 6 ? 1 : 0
    let formRows = min(form.entries.count, max(1, area.rows - top - 2))
    form.draw(
      into: &canvas, area.inset(top: top, left: 1, bottom: max(0, area.rows - top - formRows), right: 1))
    var row = top + formRows + top
    func put(_ line: StyledText, touch: Touch? = nil) {
      guard row < area.rows else { return }
      let place = area.line(row).inset(left: 3, right: 1)
      canvas.put(line, place)
      if let touch { canvas.touch(place, touch) }
      row += 1
    }
    let key = isEditing ? "Ctrl-T" : "e"
    put(
      StyledText("‹ test ›", .tab) + StyledText(" \(key)", .key) + StyledText(" echoes it before you save   ", .dim)
        + StyledText("Enter", .key)
        + StyledText(area.columns < 90 ? " saves it" : " saves it in modalities.json", .dim),
      touch: .key(.control("t")))
    let outcome = CellText.wrap(result(world, isWide: area.columns >= 100), max(20, area.columns - 4))
    for line in outcome.prefix(max(1, area.rows - row - settings.count)) { put(line) }
    for setting in settings {
      let padding = String(repeating: " ", count: max(1, 21 - CellText.width(setting.key)))
      put(StyledText(setting.key + padding, .dim) + StyledText(setting.value))
    }
  }

  private func result(_ world: World, isWide: Bool) -> StyledText {
    switch trial {
    case .untried: return StyledText()
    case .trying:
      guard let job = job(world), let wait = job.wait else { return world.spinner + StyledText(" asking", .busy) }
      return world.spinner + StyledText(" \(wait.words) ") + StyledText(wait.clock(world.now), .strong) + " "
        + Bars.countdown(wait, world.now, 14)
    case .tried(let echo):
      guard echo.succeeded else { return StyledText("✗ \(echo.words)", .bad) }
      return StyledText("✓ it answers in \(Format.milliseconds(echo.milliseconds))", .good)
        + StyledText(isWide ? "  \(echo.words)" : "", .dim)
    }
  }
}
