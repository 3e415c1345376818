/// One line asked for at the bottom of the screen: a path, a number of seconds, a command.
struct Prompt: Sendable {
  enum Purpose: Sendable {
    case command
    case timeout(job: Int)
    case importPaths
    case save(SavedText)
    case exportFiles(ids: [String], words: String)
    case saveQuery(text: String)

    var isPath: Bool {
      switch self {
      case .importPaths, .save, .exportFiles: true
      default: false
      }
    }
  }

  var label: String
  var hint = ""
  var purpose: Purpose
  var field: TextField
  /// What was wrong with the last answer.
  var complaint: String?
  /// What was answered before, oldest first, and which of it is shown; nil: what is typed now.
  var history: [String] = []
  private var place: Int?
  private var typed = ""
  /// What Tab offered last, and which of it stands in the field.
  private(set) var offers: [String] = []
  private var offer = -1

  init(_ label: String, hint: String = "", text: String = "", purpose: Purpose) {
    self.label = label
    self.hint = hint
    self.purpose = purpose
    field = TextField(text)
  }

  /// An answer given before: `step` -1 the one before, 1 the one after.
  mutating func recall(_ step: Int) {
    guard !history.isEmpty else { return }
    if place == nil, step > 0 { return }
    if place == nil { typed = field.text }
    let next = (place ?? history.count) + step
    place = next >= history.count ? nil : max(0, next)
    field.set(place.map { history[$0] } ?? typed)
    offers = []
  }

  /// Puts what all offers have in common into the field; pressed again, one after the other.
  mutating func take(_ new: [String], step: Int = 1) {
    if new == offers, !offers.isEmpty {
      offer = (offer + step + offers.count) % offers.count
      field.set(offers[offer])
      return
    }
    offers = new
    offer = -1
    guard let first = new.first else { return }
    var common = first
    for text in new { while !text.hasPrefix(common) { common.removeLast() } }
    if new.count == 1 {
      field.set(first)
      offers = []
    } else if common.count > field.text.count {
      field.set(common)
    }
  }

  /// The offers Tab goes through, while it does.
  var isCycling: Bool { !offers.isEmpty && (offer < 0 || offers[offer] == field.text) }

  mutating func forgetOffers() { offers = [] }

  private func drawOffers(into canvas: inout Canvas, _ row: Int) {
    guard offers.count > 1, row > 0 else { return }
    let line = canvas.area.line(row - 1)
    canvas.fill(line)
    var words = StyledText(" ")
    // As many as fit, the one in the field among them.
    let start = max(0, offer - 5)
    for (index, text) in offers.enumerated().dropFirst(start) {
      let shown = purpose.isPath ? Self.lastPart(text) : text
      words += StyledText(shown, index == offer ? .tab : .dim) + StyledText("  ")
      if words.width > line.columns { break }
    }
    canvas.put(words, line)
  }

  private static func lastPart(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return (parts.last.map(String.init) ?? path) + (path.hasSuffix("/") ? "/" : "")
  }

  func draw(into canvas: inout Canvas) {
    let row = canvas.size.rows - 1
    guard row >= 0 else { return }
    let area = canvas.area.line(row)
    canvas.fill(area)
    let label = StyledText(" \(label) ", .key)
    canvas.put(label, area)
    drawOffers(into: &canvas, row)
    // A complaint too long to stand beside the answer stands above it.
    let isLong = (complaint.map(CellText.width) ?? 0) + 3 > max(0, area.columns - label.width - 12)
    if let complaint, isLong || CellText.width(complaint) + 3 > area.columns / 2 {
      let lines = CellText.wrap(complaint, area.columns - 2).suffix(row)
      for (index, line) in lines.enumerated() {
        let above = canvas.area.line(row - lines.count + index)
        canvas.fill(above)
        canvas.put(StyledText(" \(line)", .bad), above)
      }
      field.draw(into: &canvas, area.inset(left: label.width), focused: true)
      return
    }
    let note = complaint.map { StyledText("  \($0) ", .bad) } ?? StyledText("  \(hint) ", .dim)
    let noteWidth = min(note.width, max(0, area.columns / 2))
    let left = label.width
    canvas.put(note, area.inset(left: area.columns - noteWidth))
    field.draw(into: &canvas, area.inset(left: left, right: noteWidth), focused: true)
  }
}
