/// The only way for text to become cells. Names in a data set come from anybody: a control would move the cursor, a
/// format character would turn the line around, a wide one would be cut in half. Here each becomes something harmless.
enum CellText {
  /// What a scalar becomes in a cell.
  private enum Kind {
    case spacing(UInt32, width: Int)
    case mark(UInt32)
    case dropped
  }

  private static let ellipsis: Unicode.Scalar = "…"
  /// A UID has 64 characters (PS3.5 §9.1); what others take for one may have more.
  private static let longestIdentifier = 200
  private static let leftToRightMark: UInt32 = 0x200e

  /// Exactly `columns` cells: the text, cut with `…` or padded.
  static func fit(_ text: StyledText, _ columns: Int, _ alignment: Alignment = .left) -> [Cell] {
    guard columns > 0 else { return [] }
    // One column more tells whether something was left out; nothing behind it is looked at.
    var run = cells(text, limit: alignment == .identifier ? longestIdentifier : columns + 1)
    if run.count > columns, alignment == .identifier, columns > 8, run.allSatisfy({ $0.width == 1 }) {
      let head = columns / 3
      let style = run[head].style
      run = run.prefix(head) + [Cell(scalar: ellipsis.value, style: style)] + run.suffix(columns - head - 1)
    } else if run.count > columns {
      let style = run[columns - 1].style
      run.removeLast(run.count - (columns - 1))
      if run.last?.width == 2 { run[run.count - 1] = Cell(style: style) }
      run.append(Cell(scalar: ellipsis.value, style: style))
      if run.contains(where: { isRightToLeft($0.scalar) }) { attach(leftToRightMark, to: &run, last: true) }
    }
    let padding = Array(repeating: Cell.blank, count: columns - run.count)
    return alignment == .right ? padding + run : run + padding
  }

  static func fit(_ text: String, _ columns: Int, _ role: Role = .text, _ alignment: Alignment = .left) -> [Cell] {
    fit(StyledText(text, role), columns, alignment)
  }

  /// How many columns the text takes.
  static func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) {
      if case .spacing(_, let width) = kind($1) { return $0 + width }
      return $0
    }
  }

  /// Text broken into lines of at most that width, between words where it can.
  static func wrap(_ text: String, _ columns: Int) -> [String] {
    guard columns > 0 else { return [] }
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        var word = String(word)
        if !line.isEmpty, width(line) + 1 + width(word) <= columns {
          line += " " + word
          continue
        }
        if !line.isEmpty { lines.append(line) }
        while width(word) > columns {
          let head = prefix(word, columns)
          lines.append(head)
          word.removeFirst(max(1, head.count))
        }
        line = word
      }
      lines.append(line)
    }
    return lines
  }

  /// The same for text in several styles.
  static func wrap(_ text: StyledText, _ columns: Int) -> [StyledText] {
    guard columns > 0, text.width > columns else { return [text] }
    var lines: [StyledText] = []
    var line = StyledText()
    let hang = text.hang < columns ? text.hang : 0
    let indent = StyledText(String(repeating: " ", count: hang))
    for span in text.spans {
      for (index, word) in span.text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
        let gap = index > 0 ? StyledText(" ", span.style.role) : StyledText()
        for (part, piece) in wrap(String(word), columns - hang).enumerated() {
          let piece = StyledText(piece, span.style.role)
          if part == 0, line.width + gap.width + piece.width <= columns {
            line += gap + piece
          } else {
            if !line.isEmpty { lines.append(line) }
            line = lines.isEmpty ? piece : indent + piece
          }
        }
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  private static func prefix(_ word: String, _ columns: Int) -> String {
    var taken = 0
    return String(
      word.prefix {
        taken += width(String($0))
        return taken <= columns
      })
  }

  private static func cells(_ text: StyledText, limit: Int) -> [Cell] {
    var run: [Cell] = []
    for span in text.spans {
      var turnsAround = false
      let start = run.count
      for scalar in span.text.unicodeScalars {
        switch kind(scalar) {
        case .dropped: continue
        case .mark(let mark): attach(mark, to: &run)
        case .spacing(let value, let width):
          if isRightToLeft(value) { turnsAround = true }
          run.append(Cell(scalar: value, width: UInt8(width), style: span.style))
          if width == 2 { run.append(.continuation(span.style)) }
        }
        if run.count >= limit { break }
      }
      // What stands to the right of Arabic or Hebrew must not be drawn to its left by a terminal that reorders.
      if turnsAround, run.count > start { attach(leftToRightMark, to: &run, last: true) }
    }
    return run
  }

  private static func attach(_ mark: UInt32, to run: inout [Cell], last: Bool = false) {
    guard let index = run.lastIndex(where: { $0.width > 0 }) else { return }
    for slot in 0..<4 where run[index].marks[slot] == 0 {
      run[index].marks[slot] = mark
      return
    }
    if last { run[index].marks[3] = mark }
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    let value = scalar.value
    if value >= 0x20, value < 0x7f { return .spacing(value, width: 1) }
    if value < 0x20 { return .spacing(0x2400 + value, width: 1) }
    if value == 0x7f { return .spacing(0x2421, width: 1) }
    // Vowels and finals of decomposed Hangul are drawn into the syllable's cell.
    if (0x1160...0x11ff).contains(value) || (0xd7b0...0xd7ff).contains(value) { return .mark(value) }
    // Variation selectors: terminals disagree about their width.
    if (0xfe00...0xfe0f).contains(value) || (0xe0100...0xe01ef).contains(value) { return .dropped }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return .mark(value)
    case .format: return .dropped
    case .control, .unassigned, .privateUse, .surrogate: return .spacing(0xfffd, width: 1)
    case .lineSeparator, .paragraphSeparator: return .spacing(0x2424, width: 1)
    case .spaceSeparator where value != 0x3000: return .spacing(0x20, width: 1)
    default: return .spacing(value, width: isWide(value) ? 2 : 1)
    }
  }

  static func isRightToLeft(_ value: UInt32) -> Bool {
    (0x0590...0x08ff).contains(value) || (0xfb1d...0xfdff).contains(value) || (0xfe70...0xfeff).contains(value)
      || (0x10800...0x10fff).contains(value) || (0x1e800...0x1efff).contains(value)
  }

  static func isWide(_ value: UInt32) -> Bool {
    guard value >= 0x1100 else { return false }
    var low = 0
    var high = wide.count
    while low < high {
      let middle = (low + high) / 2
      if wide[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low < wide.count && wide[low].lowerBound <= value
  }

  /// East Asian Width W and F (UAX #11); gaps of unassigned scalars are closed, those never come here.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x231a...0x231b, 0x2329...0x232a, 0x23e9...0x23ec, 0x23f0...0x23f0, 0x23f3...0x23f3,
    0x25fd...0x25fe, 0x2614...0x2615, 0x2648...0x2653, 0x267f...0x267f, 0x2693...0x2693, 0x26a1...0x26a1,
    0x26aa...0x26ab, 0x26bd...0x26be, 0x26c4...0x26c5, 0x26ce...0x26ce, 0x26d4...0x26d4, 0x26ea...0x26ea,
    0x26f2...0x26f3, 0x26f5...0x26f5, 0x26fa...0x26fa, 0x26fd...0x26fd, 0x2705...0x2705, 0x270a...0x270b,
    0x2728...0x2728, 0x274c...0x274c, 0x274e...0x274e, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
    0x27b0...0x27b0, 0x27bf...0x27bf, 0x2b1b...0x2b1c, 0x2b50...0x2b50, 0x2b55...0x2b55, 0x2e80...0x303e,
    0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff,
    0xfe10...0xfe1f, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x1b2ff, 0x1f004...0x1f004,
    0x1f0cf...0x1f0cf, 0x1f18e...0x1f18e, 0x1f191...0x1f19a, 0x1f200...0x1f320, 0x1f32d...0x1f335,
    0x1f337...0x1f37c, 0x1f37e...0x1f393, 0x1f3a0...0x1f3ca, 0x1f3cf...0x1f3d3, 0x1f3e0...0x1f3f0,
    0x1f3f4...0x1f3f4, 0x1f3f8...0x1f43e, 0x1f440...0x1f440, 0x1f442...0x1f4fc, 0x1f4ff...0x1f53d,
    0x1f54b...0x1f54e, 0x1f550...0x1f567, 0x1f57a...0x1f57a, 0x1f595...0x1f596, 0x1f5a4...0x1f5a4,
    0x1f5fb...0x1f64f, 0x1f680...0x1f6c5, 0x1f6cc...0x1f6cc, 0x1f6d0...0x1f6d2, 0x1f6d5...0x1f6df,
    0x1f6eb...0x1f6ec, 0x1f6f4...0x1f6fc, 0x1f7e0...0x1f7f0, 0x1f90c...0x1f93a, 0x1f93c...0x1f945,
    0x1f947...0x1f9ff, 0x1fa70...0x1faff, 0x20000...0x3fffd,
  ]
}
