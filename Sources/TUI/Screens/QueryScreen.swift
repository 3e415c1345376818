import Dicom

/// What is asked of a modality: a form that knows DICOM.
struct QueryScreen: Screen {
  private enum Field: CaseIterable {
    case modality, patientName, patientID, birthDate, studyDate, modalities, accession, description, referring

    var label: String {
      switch self {
      case .modality: "Modality"
      case .patientName: "Patient name"
      case .patientID: "Patient ID"
      case .birthDate: "Birth date"
      case .studyDate: "Study date"
      case .modalities: "Modalities"
      case .accession: "Accession number"
      case .description: "Description"
      case .referring: "Referring physician"
      }
    }

    var hint: String {
      switch self {
      case .modality: ""
      case .patientName: "DOE, or DOE^J*"
      case .studyDate, .birthDate: "today  -7d  2024-01..2024-03"
      case .modalities: "CT"
      case .patientID, .accession, .description, .referring: "* and ? match anything"
      }
    }

    var attribute: Attribute? {
      switch self {
      case .modality: nil
      case .patientName: .patientName
      case .patientID: .patientID
      case .birthDate: .patientBirthDate
      case .studyDate: .studyDate
      case .modalities: .modalitiesInStudy
      case .accession: .accessionNumber
      case .description: .studyDescription
      case .referring: .referringPhysicianName
      }
    }
  }

  private var form: Form
  private var today: Int

  init(_ world: World, modality: String?) {
    today = world.clock
    form = Form(
      entries: Field.allCases.map { field in
        var entry = Form.Entry(label: field.label, hint: field.hint)
        if field == .modality {
          let names = world.modalities.map(\.name)
          entry.kind = .choice(names.isEmpty ? ["none configured"] : names)
          entry.field.set(modality ?? names.first ?? "none configured")
        }
        return entry
      })
    form.focus = 1
  }

  var modality: String { form.entries[0].field.text }
  var crumb: String { "modalities › \(modality) › query" }
  var isEditing: Bool { form.isFocused }
  var escape: String? { form.isFocused ? "leave the field" : nil }

  let bindings = [
    Binding(.enter, does: .open, label: "run", help: "run the query"),
    Binding(.tab, .down, "j", does: .down, label: "next field", help: "next field; back into the field"),
    Binding(.backTab, .up, "k", does: .up, help: "field before"),
  ]
  let movement: [Binding] = []

  func summary(_ world: World) -> StyledText {
    StyledText(world.modality(modality).map { "\($0.aeTitle)@\($0.address)" } ?? "", .dim)
  }

  func job(_ world: World) -> JobView? { world.running(modality) }
  func identifier(_ world: World) -> String? { form.entries[form.focus].field.text }

  mutating func opened(_ context: inout Context) {
    today = context.world.clock
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    guard form.isFocused else { return false }
    form.isFocused = false
    return true
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    guard case .modalities(let rows) = message, !rows.isEmpty else { return }
    form.entries[0].kind = .choice(rows.map(\.name))
    if !rows.contains(where: { $0.name == modality }) { form.entries[0].field.set(rows[0].name) }
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    // The field left by Esc is the one to go on with.
    case .down, .up: form.isFocused = true
    case .open, .again: run(&context)
    default: return false
    }
    return true
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter: run(&context)
    case .tab, .down, .control("n"): form.move(by: 1)
    case .backTab, .up, .control("p"): form.move(by: -1)
    default: form.edit(key)
    }
    remark()
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    form.paste(text)
    remark()
  }

  /// Says beside each field what will be sent for it.
  private mutating func remark() {
    for (index, field) in Field.allCases.enumerated() {
      let text = form.entries[index].field.text
      switch value(field, text) {
      case .success(let sent):
        form.entries[index].remark = sent == text || field == .modality ? nil : ("asks \(sent)", false)
      case .failure(let complaint): form.entries[index].remark = (complaint.words, true)
      }
    }
  }

  private func value(_ field: Field, _ text: String) -> Result<String, Command.Complaint> {
    let text = text.split(separator: " ").joined(separator: " ")
    let hasWildcard = text.contains("*") || text.contains("?")
    switch field {
    case .birthDate, .studyDate:
      return DateInput.range(text, today: today).map { .success($0) }
        ?? .failure(Command.Complaint(words: "not a date"))
    case .patientName, .referring: return .success(text.isEmpty || hasWildcard ? text : text + "*")
    case .description: return .success(text.isEmpty || hasWildcard ? text : "*\(text)*")
    case .modalities:
      return .success(text.uppercased().split { $0 == "," || $0 == " " || $0 == "\\" }.joined(separator: "\\"))
    default: return .success(text)
    }
  }

  private var keys: Result<[String: String], Command.Complaint> {
    var keys: [String: String] = [:]
    for (index, field) in Field.allCases.enumerated() {
      guard let attribute = field.attribute else { continue }
      switch value(field, form.entries[index].field.text) {
      case .success(let sent): if !sent.isEmpty { keys[attribute.rawValue] = sent }
      case .failure(let complaint): return .failure(complaint)
      }
    }
    return .success(keys)
  }

  private mutating func run(_ context: inout Context) {
    guard context.world.modality(modality) != nil else {
      context.say("No modality is configured to ask; 1 shows them.", .warning)
      return
    }
    switch keys {
    case .failure(let complaint): context.say("\(complaint.words): today, -7d, 2024-01-15, 2024-01..2024-03.", .warning)
    case .success(let keys):
      let order = FindOrder(
        token: context.token(), modality: modality, level: .study, keys: keys, limit: context.world.station.queryLimit,
        words: keys.isEmpty ? "all studies" : keys.values.sorted().joined(separator: " "))
      // Coming back, q goes further back instead of into a field.
      form.isFocused = false
      context.push(ResultsScreen(order: order, path: []))
    }
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    form.draw(into: &canvas, area.inset(top: area.rows > 12 ? 1 : 0, left: 1, right: 1))
    let used = form.entries.count + (area.rows > 12 ? 2 : 1)
    guard area.rows > used else { return }
    let limit = world.station.queryLimit
    let words: StyledText
    switch keys {
    case .failure: words = StyledText("Mend the field marked red, then Enter runs the query.", .warning)
    case .success(let keys) where keys.isEmpty:
      words = StyledText(
        "No criteria: Enter asks for every study" + (limit > 0 ? ", the first \(Format.count(limit))." : "."), .warning)
    case .success:
      words = StyledText(
        "Enter asks \(modality)" + (limit > 0 ? ", for the first \(Format.count(limit)) matches." : "."), .dim)
    }
    canvas.put(words, area.line(used).inset(left: 3, right: 1))
  }
}
