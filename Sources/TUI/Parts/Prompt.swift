import Foundation

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

  private static let offeredLines = 6

  /// What the offers differ in: all begin with the words, or the folders, that are typed already.
  private var offered: [String] {
    guard let first = offers.first else { return [] }
    let separator: Character = purpose.isPath || Command.pathBeingTyped(first) != nil ? "/" : " "
    let typed = offers.reduce(first) { $0.commonPrefix(with: $1) }
    let known = typed.lastIndex(of: separator).map { typed[...$0].count } ?? 0
    return offers.map { String($0.dropFirst(known)) }
  }

  private func drawOffers(into canvas: inout Canvas, _ row: Int) {
    guard offers.count > 1, row > 0 else { return }
    let columns = canvas.size.columns
    var lines = [StyledText(" ")]
    var chosen = 0
    for (index, text) in offered.enumerated() {
      let width = CellText.width(text) + 2
      if lines[lines.count - 1].width + width > columns, lines[lines.count - 1].width > 1 { lines.append(" ") }
      if index == offer { chosen = lines.count - 1 }
      lines[lines.count - 1] += StyledText(text, index == offer ? .tab : .dim) + StyledText("  ")
    }
    // As many lines as there is room for, that of the one in the field among them.
    let room = min(Self.offeredLines, row, lines.count)
    let start = max(0, min(chosen - room + 1, lines.count - room))
    for (index, words) in lines[start..<start + room].enumerated() {
      let line = canvas.area.line(row - room + index)
      canvas.fill(line)
      canvas.put(words, line)
    }
    let left = lines.count - start - room
    if left > 0 {
      let more = StyledText(" … ", .key)
      canvas.put(more, canvas.area.line(row - 1).inset(left: max(0, columns - more.width)))
    }
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
