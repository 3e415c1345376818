/// Text that is read: scrolled and searched.
struct TextPage: Sendable {
  private(set) var top = 0
  var search = TextField()
  var isSearching = false
  private var height = 1
  private(set) var columns = 80

  mutating func settle(_ area: Area, _ count: Int) {
    columns = area.columns
    height = max(1, area.rows - (isSearching || !search.text.isEmpty ? 1 : 0))
    top = max(0, min(top, count - height))
  }

  /// - Returns: false where it is not a page's business; else what to say, if anything.
  mutating func act(_ action: Action, _ lines: [StyledText]) -> (isTaken: Bool, words: String?) {
    switch action {
    case .down: top += 1
    case .up: top -= 1
    case .halfDown: top += height / 2
    case .halfUp: top -= height / 2
    case .pageDown: top += height - 1
    case .pageUp: top -= height - 1
    case .first: top = 0
    case .last: top = lines.count
    case .filter: isSearching = true
    case .nextMatch, .previousMatch:
      if search.text.isEmpty { return (true, "Nothing is searched for; / does.") }
      if !seek(action == .nextMatch ? 1 : -1, lines) { return (true, nowhere) }
    default: return (false, nil)
    }
    top = max(0, min(top, lines.count - height))
    return (true, nil)
  }

  private var nowhere: String { "\(search.text) is nowhere here." }

  /// - Returns: what to say, if anything.
  mutating func edit(_ key: Key, _ lines: [StyledText]) -> String? {
    if key == .enter {
      isSearching = false
      return search.text.isEmpty || seek(1, lines, staying: true) ? nil : nowhere
    }
    if search.take(key) { _ = seek(1, lines, staying: true) }
    return nil
  }

  private mutating func seek(_ step: Int, _ lines: [StyledText], staying: Bool = false) -> Bool {
    guard !lines.isEmpty, !search.text.isEmpty else { return false }
    for distance in (staying ? 0 : 1)...lines.count {
      let place = ((top + step * distance) % lines.count + lines.count) % lines.count
      if lines[place].plain.lowercased().contains(search.text.lowercased()) {
        // A match near the end is in sight although the top cannot reach it.
        top = place
        return true
      }
    }
    return false
  }

  func draw(_ lines: [StyledText], into canvas: inout Canvas, _ area: Area) {
    var place = area
    if isSearching || !search.text.isEmpty {
      canvas.put(StyledText("/ ", .key), area.line(0))
      search.draw(
        into: &canvas, area.line(0).inset(left: 2, right: max(0, area.columns - 42)), focused: isSearching,
        hint: "type to search")
      place = area.inset(top: 1)
    }
    for (row, line) in lines.dropFirst(top).prefix(place.rows).enumerated() {
      canvas.put(line, place.line(row))
      if !search.text.isEmpty { canvas.highlight(search.text, place.line(row)) }
    }
  }
}

/// A screen that is a text: it says its lines, the rest is here once.
protocol PageScreen: Screen {
  var page: TextPage { get set }
  /// Wrapped to the width.
  func lines(_ columns: Int, _ world: World) -> [StyledText]
  /// Its own verbs.
  mutating func perform(_ action: Action, _ context: inout Context) -> Bool
}

extension PageScreen {
  var movement: [Binding] { Keymap.inPages }
  var isEditing: Bool { page.isSearching }
  mutating func perform(_ action: Action, _ context: inout Context) -> Bool { false }

  var escape: String? {
    if page.isSearching { return "leave the field" }
    return page.search.text.isEmpty ? nil : "clear the search"
  }

  mutating func stepOut(_ context: inout Context) -> Bool {
    if page.isSearching {
      page.isSearching = false
    } else if !page.search.text.isEmpty {
      page.search = TextField()
    } else {
      return false
    }
    return true
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    if perform(action, &context) { return true }
    let (isTaken, words) = page.act(action, lines(page.columns, context.world))
    if let words { context.say(words, .warning) }
    return isTaken
  }

  mutating func edit(_ key: Key, _ context: inout Context) {
    if let words = page.edit(key, lines(page.columns, context.world)) { context.say(words, .warning) }
  }

  mutating func paste(_ text: String, _ context: inout Context) {
    page.isSearching = true
    page.search.insert(text)
  }

  func saved(_ world: World) -> SavedText? {
    let lines = lines(10_000, world).map(\.plain)
    return SavedText(what: Format.count(lines.count, "line", "lines"), ending: "txt", lines: lines)
  }

  private func inside(_ area: Area) -> Area { area.inset(top: area.rows > 8 ? 1 : 0, left: 3, right: 2) }

  mutating func settle(_ area: Area, _ world: World) {
    let inside = inside(area)
    page.settle(inside, lines(inside.columns, world).count)
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    let inside = inside(area)
    page.draw(lines(inside.columns, world), into: &canvas, inside)
  }
}
