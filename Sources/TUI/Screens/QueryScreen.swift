import Dicom
import Operations

/// What is asked of a modality, or of several at once: a form that knows DICOM.
struct QueryScreen: Screen {
  private let fields: [QueryField]
  private let isWorklist: Bool
  private var form: Form
  private var today: Int
  private var addsWildcards: Bool
  /// What the choice of the first field stands for.
  private var choices: [String: [String]] = [:]
  private static let mostOthers = 8

  init(_ world: World, modalities: [String], isWorklist: Bool = false) {
    self.isWorklist = isWorklist
    fields = isWorklist ? QueryField.ofWorklist : QueryField.ofStudies
    today = world.clock
    addsWildcards = world.station.addsWildcards
    form = Form(entries: fields.map { Form.Entry(label: $0.label, hint: $0.hint) } + [Self.other])
    form.focus = 1
    choose(among: world, modalities)
    // One looks at the list of the day, unless one has asked for something else.
    if let text = world.kept[.form]?[keptName] ?? (isWorklist ? "\(Attribute.stepDate.keyword)=today" : nil) {
      load(text)
    }
  }

  /// What was asked is kept under; a worklist has its own.
  private var keptName: String { isWorklist ? "worklist of \(modality)" : modality }

  private static var other: Form.Entry { Form.Entry(label: "Other attribute", hint: "BodyPartExamined=CHEST") }

  /// The modalities one at a time, those that were marked together, and all.
  private mutating func choose(among world: World, _ wanted: [String]) {
    let names = world.modalities.map(\.name)
    var list = names.map { ($0, [$0]) }
    if wanted.count > 1 { list.insert((wanted.joined(separator: ", "), wanted), at: 0) }
    if names.count > 1, wanted != names { list.append(("all \(names.count)", names)) }
    choices = Dictionary(list, uniquingKeysWith: { first, _ in first })
    form.entries[0].kind = .choice(list.isEmpty ? ["none configured"] : list.map(\.0))
    let chosen = wanted.count > 1 ? list.first?.0 : wanted.first ?? names.first
    form.entries[0].field.set(chosen ?? "none configured")
  }

  /// As the first field says it.
  var modality: String { form.entries[0].field.text }
  /// Who is asked.
  private var modalities: [String] { choices[modality] ?? [] }
  var crumb: String { "modalities › \(modality) › \(isWorklist ? "worklist" : "query")" }
  var isEditing: Bool { form.isFocused }
  var escape: String? { form.isFocused ? "leave the field" : nil }

  let bindings = [
    Binding(.enter, does: .open, label: "run", help: "run the query"),
    Binding(
      .tab, .down, .backTab, .up, does: .otherPane, label: "next field",
      help: "next field, or the one before (Shift-Tab, Up); after Esc back into the field"),
    Binding("j", does: .down, help: "after Esc: to the next field, without writing into it"),
    Binding("k", does: .up, help: "after Esc: to the field before"),
  ]
  let fieldBindings = [
    Binding(.control("s"), does: .save, label: "save", help: "save the query by a name"),
    Binding(.control("o"), does: .openSaved, label: "saved ones", help: "open a saved query"),
    Binding(.control("x"), does: .clearForm, label: "empty it", help: "empty the form"),
  ]
  var movement: [Binding] { fieldBindings }

  func summary(_ world: World) -> StyledText {
    guard modalities.count == 1, let row = modalities.first.flatMap({ world.modality($0) }) else {
      return StyledText(modalities.isEmpty ? "" : "\(modalities.count) modalities at once", .dim)
    }
    return StyledText("\(row.aeTitle)@\(row.address)", .dim)
  }

  func job(_ world: World) -> JobView? { modalities.lazy.compactMap { world.running($0) }.first }
  func identifier(_ world: World) -> String? { form.entries[form.focus].field.text }

  mutating func opened(_ context: inout Context) {
    today = context.world.clock
    addsWildcards = context.world.station.addsWildcards
    remark()
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    guard form.isFocused else { return false }
    form.isFocused = false
    return true
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    guard case .modalities(let rows) = message else { return }
    let names = rows.map(\.name)
    choose(among: context.world, modalities.filter(names.contains))
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .down, .up:
      form.move(by: action == .down ? 1 : -1)
      form.isFocused = false
    // The field left by Esc is the one to go on with.
    case .otherPane: form.isFocused = true
    case .open, .again: run(&context)
    case .save: save(&context)
    case .openSaved: open(&context)
    case .clearForm: load("")
    default: return false
    }
    return true
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    switch key {
    case .enter: run(&context)
    case .tab, .down, .control("n"): form.move(by: 1)
    case .backTab, .up, .control("p"): form.move(by: -1)
    case .right where complete(): break
    case Key(.pageDown), Key(.pageUp), Key(.left, .control), Key(.right, .control): turn(key)
    default: form.edit(key)
    }
    remark()
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    form.paste(text)
    remark()
  }

  // MARK: Dates and other attributes

  private var field: QueryField? { form.focus < fields.count ? fields[form.focus] : nil }

  /// In a date, a month or a day on or back.
  private mutating func turn(_ key: Key) {
    guard let field, field.isDate else { return }
    let text = form.entries[form.focus].field.text
    let step = key == Key(.pageDown) || key == Key(.right, .control) ? 1 : -1
    let isMonth = key.code == .pageDown || key.code == .pageUp
    form.entries[form.focus].field.set(DateInput.turned(text, by: step, isMonth: isMonth, today: today))
  }

  /// → at the end of a keyword takes what it may become.
  private mutating func complete() -> Bool {
    guard form.focus >= fields.count else { return false }
    let field = form.entries[form.focus].field
    guard field.position == field.text.count, let first = OtherKey(field.text, today: today).offers.first else {
      return false
    }
    form.entries[form.focus].field.set(first + "=")
    return true
  }

  /// One empty line for another attribute stays at the end.
  private mutating func adjustOthers() {
    let last = form.entries.count - 1
    if !form.entries[last].field.text.isEmpty, last - fields.count + 1 < Self.mostOthers {
      form.entries.append(Self.other)
    } else if last > fields.count, form.entries[last].field.text.isEmpty,
      form.entries[last - 1].field.text.isEmpty, form.focus < last
    {
      form.entries.removeLast()
    }
  }

  /// Says beside each field what will be sent for it.
  private mutating func remark() {
    adjustOthers()
    for index in form.entries.indices {
      let text = form.entries[index].field.text
      guard index < fields.count else {
        let other = OtherKey(text, today: today)
        if let complaint = other.complaint {
          form.entries[index].remark = (complaint, true)
        } else if !other.offers.isEmpty {
          form.entries[index].remark = ("→ " + other.offers.joined(separator: " "), false)
        } else {
          form.entries[index].remark = other.keyword.isEmpty ? nil : (other.words, false)
        }
        continue
      }
      let field = fields[index]
      switch field.value(text, today: today, addsWildcards: addsWildcards) {
      case .success(let sent):
        form.entries[index].remark = sent == text || field == .modality ? nil : ("asks \(sent)", false)
      case .failure(let complaint): form.entries[index].remark = (complaint.words, true)
      }
    }
  }

  /// What is wrong with which field.
  private struct Mistake: Error {
    var field: Int
    var words: String
  }

  /// What will be asked, by keyword.
  private var keys: Result<[String: String], Mistake> {
    var keys: [String: String] = [:]
    for (index, entry) in form.entries.enumerated() {
      let text = entry.field.text
      guard index < fields.count else {
        let other = OtherKey(text, today: today)
        if !other.offers.isEmpty { return .failure(Mistake(field: index, words: "\(text): = and a value are missing")) }
        if let complaint = other.complaint { return .failure(Mistake(field: index, words: complaint)) }
        if !other.keyword.isEmpty { keys[other.keyword] = other.value }
        continue
      }
      let field = fields[index]
      guard let attribute = field.attribute else { continue }
      switch field.value(text, today: today, addsWildcards: addsWildcards) {
      case .success(let sent): if !sent.isEmpty { keys[attribute.keyword] = sent }
      case .failure:
        return .failure(Mistake(field: index, words: "\(field.label): today, -7d, 2024-01-15, 2024-01..2024-03"))
      }
    }
    return .success(keys)
  }

  // MARK: Running and keeping

  private mutating func run(_ context: inout Context) {
    let known = modalities.filter { context.world.modality($0) != nil }
    guard !known.isEmpty else {
      context.say("No modality is configured to ask; 1 shows them.", .warning)
      return
    }
    switch keys {
    // What is wrong stands beside the field and below the form, until it is mended.
    case .failure(let mistake):
      form.focus = mistake.field
      form.isFocused = true
    case .success(let keys):
      let all = isWorklist ? "worklist" : "all studies"
      let words = keys.isEmpty ? all : keys.values.filter { !$0.isEmpty }.sorted().joined(separator: " ")
      let orders = known.map { name in
        FindOrder(
          token: context.token(), modality: name, level: .study, keys: keys, limit: context.world.station.queryLimit,
          words: words, isWorklist: isWorklist)
      }
      // Coming back, q goes further back instead of into a field.
      form.isFocused = false
      context.moves.append(.keep(.form, name: keptName, text: text))
      context.push(isWorklist ? WorklistScreen(orders: orders) : ResultsScreen(orders: orders, path: []))
    }
  }

  /// The form as lines, `StudyDate=-7d`; what was typed, not what is sent, so that `today` stays today.
  private var text: String {
    var lines: [String] = []
    for (index, entry) in form.entries.enumerated() where !entry.field.text.isEmpty {
      if index >= fields.count {
        lines.append("+" + entry.field.text)
      } else if let attribute = fields[index].attribute {
        lines.append("\(attribute.keyword)=\(entry.field.text)")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Fills the form with what ``text`` gave.
  mutating func load(_ text: String) {
    for index in form.entries.indices.dropFirst() { form.entries[index].field.set("") }
    form.entries.removeLast(form.entries.count - fields.count - 1)
    form.focus = min(form.focus, form.entries.count - 1)
    for line in text.split(separator: "\n") { set(String(line)) }
    remark()
  }

  /// Fills in one `Keyword=value`.
  mutating func set(_ line: String) {
    let name = line.prefix { $0 != "=" }.lowercased()
    let value = String(line.drop { $0 != "=" }.dropFirst())
    if let index = fields.firstIndex(where: { $0.attribute?.keyword.lowercased() == name }) {
      form.entries[index].field.set(value)
    } else {
      form.entries[form.entries.count - 1].field.set(line.hasPrefix("+") ? String(line.dropFirst()) : line)
    }
    remark()
  }

  private func save(_ context: inout Context) {
    guard !text.isEmpty else { return context.say("There is nothing in the form to save.", .warning) }
    context.moves.append(
      .prompt(Prompt("Save this query as", hint: "a name", purpose: .saveQuery(text: text))))
  }

  private func open(_ context: inout Context) {
    let saved = context.world.kept[.query] ?? [:]
    guard !saved.isEmpty else { return context.say("No query is saved yet; Ctrl-S saves this one.", .dim) }
    let choices = saved.sorted { $0.key.lowercased() < $1.key.lowercased() }.map {
      Picker.Choice(id: $0.key, words: $0.key, detail: $0.value.replacing("\n", with: " "))
    }
    context.moves.append(.pick(Picker(title: "Saved queries", choices: choices, purpose: .openQuery)))
  }

  // MARK: Drawing

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    // Empty lines above, below and before the calendar only where it fits nevertheless.
    let top = area.rows >= form.entries.count + MonthView.rows + 4 ? 1 : 0
    let formRows = min(form.entries.count, max(1, area.rows - top - 1))
    let place = area.inset(top: top, left: 1, bottom: area.rows - top - formRows, right: 1)
    form.draw(into: &canvas, place)
    let used = top + formRows + top
    guard area.rows > used else { return }
    canvas.put(words(world), area.line(used).inset(left: 3, right: 1))
    guard form.isFocused, let field, field.isDate else { return }
    let range = DateInput.range(form.entries[form.focus].field.text, today: today) ?? ""
    let calendar = MonthView(range, today: today)
    let below = area.inset(top: used + 1 + top, left: 3)
    if below.rows >= MonthView.rows { calendar.draw(into: &canvas, below) }
  }

  private func words(_ world: World) -> StyledText {
    let limit = world.station.queryLimit
    switch keys {
    case .failure(let mistake): return StyledText("\(mistake.words).", .warning)
    case .success(let keys) where keys.isEmpty:
      return StyledText(
        "No criteria: Enter asks for \(isWorklist ? "the whole worklist" : "every study")"
          + (limit > 0 ? ", the first \(Format.count(limit))." : "."), .warning)
    case .success:
      return StyledText(
        "Enter asks \(modality)" + (limit > 0 ? ", for the first \(Format.count(limit)) matches." : "."), .dim)
    }
  }
}
