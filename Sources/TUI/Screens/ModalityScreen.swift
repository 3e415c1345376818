import Operations

/// A modality to add, or one that is there: what it is called by can be changed, everything else is shown.
struct ModalityScreen: Screen {
  private enum Field: Int, CaseIterable {
    case name, aeTitle, host, port

    var label: String {
      switch self {
      case .name: "Name"
      case .aeTitle: "AE title"
      case .host: "Host"
      case .port: "Port"
      }
    }

    var hint: String {
      switch self {
      case .name: "what you call it"
      case .aeTitle: "1 to 16 characters"
      case .host: "an address or a name"
      case .port: "1 to 65535"
      }
    }
  }

  /// The name of the one that is shown; nil: a new one.
  private let existing: String?
  private var settings: [ModalityRow.Setting] = []
  private var form: Form

  init(_ row: ModalityRow?) {
    existing = row?.name
    settings = row?.settings ?? []
    let texts = row.map { [$0.name, $0.aeTitle, $0.host, String($0.port)] } ?? ["", "", "", "104"]
    form = Form(
      entries: Field.allCases.map { field in
        var entry = Form.Entry(label: field.label, hint: field.hint)
        entry.field.set(texts[field.rawValue])
        // Another name would be another modality.
        if field == .name, let row { entry.kind = .choice([row.name]) }
        return entry
      })
    form.focus = row == nil ? 0 : 1
    // One looks at settings before changing them.
    form.isFocused = row == nil
  }

  var crumb: String { existing ?? "add" }
  var isEditing: Bool { form.isFocused }
  var escape: String? { form.isFocused ? "leave the field" : nil }

  let bindings = [
    Binding(.enter, does: .open, label: "save", help: "save it in modalities.json"),
    Binding(.tab, .down, "j", does: .down, label: "next field", help: "next field; back into the field"),
    Binding(.backTab, .up, "k", does: .up, help: "field before"),
  ]
  let movement: [Binding] = []

  mutating func stepOut(_ context: inout Context) -> Bool {
    guard form.isFocused else { return false }
    form.isFocused = false
    return true
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .down, .up: form.isFocused = true
    case .open: save(&context)
    default: return false
    }
    return true
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter: save(&context)
    case .tab, .down, .control("n"): form.move(by: 1)
    case .backTab, .up, .control("p"): form.move(by: -1)
    default: form.edit(key)
    }
    remark(context.world, all: false)
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    form.paste(text)
    remark(context.world, all: false)
  }

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
    case .aeTitle:
      if text.isEmpty { return "an AE title is missing" }
      if text.count > 16 { return "\(text.count) characters; at most 16" }
      return Modality.complaint(aboutAETitle: text) == nil ? nil : "ASCII without \\ only"
    case .host: return text.isEmpty ? "a host is missing" : text.contains(" ") ? "a host has no spaces" : nil
    case .port: return Int(text).map { (1...65535).contains($0) } == true ? nil : "expected 1 to 65535"
    }
  }

  /// Complains beside the fields: about what is typed, and about what is missing when it is to be saved.
  private mutating func remark(_ world: World, all: Bool) {
    for field in Field.allCases {
      let isLeft = form.entries[field.rawValue].field.text.isEmpty && !all
      form.entries[field.rawValue].remark = isLeft ? nil : complaint(field, world).map { ($0, true) }
    }
  }

  private mutating func save(_ context: inout Context) {
    remark(context.world, all: true)
    if let wrong = Field.allCases.first(where: { complaint($0, context.world) != nil }) {
      form.focus = wrong.rawValue
      form.isFocused = true
      context.say("\(wrong.label): \(complaint(wrong, context.world) ?? "").", .warning)
      return
    }
    context.effects.append(
      .saveModality(
        ModalityDraft(
          name: text(.name), aeTitle: text(.aeTitle), host: text(.host), port: Int(text(.port)) ?? 0)))
    context.moves.append(.pop)
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    form.draw(into: &canvas, area.inset(top: area.rows > 12 ? 1 : 0, left: 1, right: 1))
    var row = form.entries.count + (area.rows > 12 ? 2 : 1)
    func put(_ line: StyledText) {
      guard row < area.rows else { return }
      canvas.put(line, area.line(row).inset(left: 3, right: 1))
      row += 1
    }
    put(StyledText("Enter saves it in modalities.json, beside your configuration file.", .dim))
    put("")
    for setting in settings {
      let padding = String(repeating: " ", count: max(1, 21 - CellText.width(setting.key)))
      put(StyledText(setting.key + padding, .dim) + StyledText(setting.value))
    }
  }
}
