/// What is around a screen: the header, the five tabs, the breadcrumb, the notice, the operation line and the footer.
struct Frame {
  let model: Model
  let layout: FrameLayout

  init(_ model: Model) {
    self.model = model
    layout = FrameLayout(model.world.size, noticeRows: Frame.noticeLines(model).count)
  }

  private var world: World { model.world }

  static func noticeLines(_ model: Model) -> [String] {
    guard let notice = model.notice, model.world.size.columns >= 20 else { return [] }
    var lines = CellText.wrap(notice.words, model.world.size.columns - 5)
    if lines.count > 4 { lines = lines.prefix(3) + [lines[3] + "…"] }
    return lines
  }

  func draw(into canvas: inout Canvas) {
    guard layout.kind != .tooSmall else {
      canvas.put(StyledText("terminal too small", .warning), canvas.area.line(0))
      return
    }
    if layout.kind == .full {
      header(&canvas)
      tabs(&canvas)
      rule(&canvas)
    }
    model.screen.draw(into: &canvas, layout.body, world)
    for (index, line) in Frame.noticeLines(model).enumerated() where index < layout.notice.rows {
      let role = model.notice?.role ?? .text
      let mark = role == .bad ? "✗" : role == .good ? "✓" : role == .warning ? "!" : "·"
      canvas.put(
        StyledText(index == 0 ? " \(mark) " : "   ", role) + StyledText(line, role), layout.notice.line(index))
    }
    let own = model.screen.job(world).flatMap { job in
      job.isRunning && (job.kind != .watch || world.lastEnded == nil) ? job : nil
    }
    OperationLine(world: world, job: own ?? world.told, isEditing: model.screen.isEditing)
      .draw(into: &canvas, layout.operation)
    if layout.kind == .full { footer(&canvas) } else { status(&canvas) }
  }

  // MARK: Above

  private func header(_ canvas: inout Canvas) {
    let station = world.station
    var left = StyledText(" fluoro ", .heading) + StyledText(" \(station.aeTitle)", .strong)
    // The reason for not receiving names the port itself, and needs the room.
    let isOff = if case .off = station.receiving { true } else { false }
    if isOff || world.away != nil {
      left += "  "
    } else if !station.address.isEmpty {
      left += StyledText("  \(station.address)  ", .dim)
    }
    left += receiving
    if let away = world.away { left += StyledText(", was suspended \(Format.duration(away.duration))", .warning) }
    if station.isReadOnly { left += StyledText("  read only", .warning) }
    canvas.put(left, layout.header)
    // From the full to the plain: what fits without touching what stands on the left.
    let used = left.width
    let right = counts.first { used + 2 + $0.width <= layout.header.columns } ?? StyledText()
    put(right, atRightOf: used, layout.header, &canvas)
  }

  /// What comes in and what room is left, each time with less of it; a disk that is almost full goes last.
  private var counts: [StyledText] {
    let station = world.station
    func line(_ parts: StyledText...) -> StyledText { parts.joined("  ") + StyledText(" ") }
    let open =
      station.associations > 0
      ? StyledText("⇄ \(Format.count(station.associations, "association", "associations"))", .busy) : StyledText()
    let isShort = station.freeBytes.map { $0 < 2_000_000_000 } ?? false
    let free = station.freeBytes.map { StyledText("\(Format.bytes($0)) free", isShort ? .bad : .dim) } ?? StyledText()
    var arrived = StyledText()
    var when = StyledText()
    if station.arrived > 0 {
      arrived = StyledText("↓ ", .good) + StyledText("\(Format.count(station.arrived)) arrived")
      when = StyledText(" \(Format.clock(station.lastArrival))", .dim)
    }
    return [
      line(open, free, arrived + when), line(open, free, arrived), isShort ? line(open, free) : line(open, arrived),
      isShort ? free : arrived, open,
    ]
  }

  /// Whether we receive, and for how long we did not.
  private var receiving: StyledText {
    switch world.station.receiving {
    case .starting: StyledText("○ starting", .dim)
    case .listening: StyledText("● receiving", .good)
    case .refusing(let reason): StyledText("✗ taking nothing: \(reason)", .bad)
    case .off(let reason): StyledText("✗ not receiving: \(reason)", .bad)
    }
  }

  private func tabs(_ canvas: inout Canvas) {
    guard layout.tabs.rows > 0 else { return }
    var line = StyledText(" ")
    for (index, name) in Keymap.screens.enumerated() {
      var label = " \(index + 1) \(name)"
      if index == 2, world.station.localStudies > 0 { label += " \(Format.count(world.station.localStudies))" }
      if index == 3, !world.running.isEmpty { label += " \(world.running.count)" }
      canvas.touch(
        layout.tabs.inset(left: line.width, right: max(0, layout.tabs.columns - line.width - label.count - 1)),
        .key(.alt(Character("\(index + 1)"))))
      line += StyledText(label + " ", index == model.current ? .tab : .dim)
    }
    canvas.put(line, layout.tabs)
  }

  private func rule(_ canvas: inout Canvas) {
    let bar = String(repeating: "─", count: layout.rule.columns)
    canvas.put(StyledText(bar, .rule), layout.rule)
    let summary = model.screen.summary(world)
    let right = summary.isEmpty ? summary : StyledText(" ") + summary + StyledText(" ")
    let room = layout.rule.columns - right.width - 5
    let crumbs = StyledText(" \(Self.shortened(model.breadcrumb, room - 2)) ", .strong)
    let width = min(crumbs.width, max(0, room))
    canvas.put(crumbs, Area(row: layout.rule.row, column: 1, rows: 1, columns: width))
    put(right, atRightOf: width + 2, layout.rule.inset(right: 1), &canvas)
  }

  /// Where one is, the beginning of the way there left out where there is no room for it.
  static func shortened(_ breadcrumb: String, _ columns: Int) -> String {
    let steps = breadcrumb.split(separator: " › ")
    for count in 0..<max(1, steps.count) {
      let left = (count > 0 ? ["…"] : []) + steps.dropFirst(count)
      let text = left.joined(separator: " › ")
      if CellText.width(text) <= columns { return text }
    }
    return steps.last.map(String.init) ?? ""
  }

  private func put(_ text: StyledText, atRightOf used: Int, _ area: Area, _ canvas: inout Canvas) {
    let width = text.width
    guard width > 0, used + width < area.columns else { return }
    canvas.put(text, area.inset(left: area.columns - width))
  }

  // MARK: Below

  private func footer(_ canvas: inout Canvas) {
    var right = StyledText()
    if let escape = model.escape { right += item("Esc", escape) } else { right += item("q", "quit") }
    if let cancel { right = item(cancel, "cancel") + right }
    if !model.screen.isEditing { right += item("?", "help") } else { right += item("F1", "help") }
    var left = StyledText(" ")
    let room = layout.footer.columns - right.width - 1
    let fields = model.screen.isEditing ? model.screen.fieldBindings : []
    var said: Set<Action> = []
    for binding in model.chosen(model.screen.bindings + fields + model.screen.movement + Keymap.everywhere)
    where !binding.label.isEmpty && !binding.keys.isEmpty && binding.action != .help {
      guard !model.screen.isEditing || binding.keys.first?.text == nil else { continue }
      guard said.insert(binding.action).inserted else { continue }
      let next = item(binding.keys.first?.description ?? "", binding.label)
      guard left.width + next.width <= room else { break }
      if let key = binding.keys.first {
        let after = layout.footer.columns - left.width - next.width
        canvas.touch(layout.footer.inset(left: left.width, right: max(0, after)), .key(key))
      }
      left += next
    }
    canvas.put(left, layout.footer)
    put(right, atRightOf: 0, layout.footer, &canvas)
  }

  /// The key that cancels what runs for the row, where the screen does not name it among its own. It stands on the right,
  /// so that nothing else moves when it comes and goes.
  private var cancel: String? {
    guard !model.screen.isEditing, let job = model.screen.job(world), job.isRunning, job.kind != .watch,
      !model.screen.bindings.contains(where: { $0.action == .cancel && !$0.label.isEmpty })
    else { return nil }
    let binding = model.chosen(Keymap.everywhere.filter { $0.action == .cancel }).first
    return binding?.keys.first?.description
  }

  private func item(_ key: String, _ words: String) -> StyledText {
    StyledText(key, .key) + StyledText(" \(words)  ", .dim)
  }

  /// The one line a small terminal has for all of it.
  private func status(_ canvas: inout Canvas) {
    let light: StyledText =
      switch world.station.receiving {
      case .listening: StyledText("●", .good)
      case .starting: StyledText("○", .dim)
      case .refusing, .off: StyledText("✗", .bad)
      }
    let summary = model.screen.summary(world)
    let room = layout.footer.columns - summary.width - 4
    let crumbs = StyledText(model.breadcrumb, .strong)
    canvas.put(
      light + " " + crumbs, layout.footer.inset(right: layout.footer.columns - max(0, min(room, crumbs.width + 2))))
    put(summary, atRightOf: 2, layout.footer, &canvas)
  }
}

/// Where the parts of a frame stand in a terminal of a size.
struct FrameLayout: Equatable {
  enum Kind { case full, small, tooSmall }
  let kind: Kind
  var header = Area(row: 0, column: 0, rows: 0, columns: 0)
  var tabs = Area(row: 0, column: 0, rows: 0, columns: 0)
  var rule = Area(row: 0, column: 0, rows: 0, columns: 0)
  var body = Area(row: 0, column: 0, rows: 0, columns: 0)
  var notice = Area(row: 0, column: 0, rows: 0, columns: 0)
  var operation = Area(row: 0, column: 0, rows: 0, columns: 0)
  var footer = Area(row: 0, column: 0, rows: 0, columns: 0)

  init(_ size: Size, noticeRows: Int = 0) {
    guard size.columns >= 20, size.rows >= 4 else {
      kind = .tooSmall
      return
    }
    kind = size.columns >= 60 && size.rows >= 15 ? .full : .small
    let whole = Area(row: 0, column: 0, rows: size.rows, columns: size.columns)
    var top = 0
    if kind == .full {
      header = whole.line(0)
      top = 1
      if size.rows >= 20 {
        tabs = whole.line(1)
        top = 2
      }
      rule = whole.line(top)
      top += 1
    }
    footer = whole.line(size.rows - 1)
    operation = whole.line(size.rows - 2)
    let noticeRows = min(noticeRows, max(0, size.rows - top - 4))
    body = whole.inset(top: top, bottom: 2 + noticeRows)
    notice = Area(row: size.rows - 2 - noticeRows, column: 0, rows: noticeRows, columns: size.columns)
  }
}
