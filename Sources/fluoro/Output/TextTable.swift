import Dicom

/// Rows for a person, printed as they come: every column but the last has a fixed width, counted in terminal cells.
struct TextTable: Sendable {
  struct Column: Sendable {
    var title: String
    var width: Int
    var alignsRight = false
  }

  let columns: [Column]

  var header: String { row(columns.map(\.title)) }

  func row(_ values: [String]) -> String {
    var line = ""
    for (column, value) in zip(columns, values) {
      if !line.isEmpty { line += "  " }
      let text = PlainText.visible(value)
      let padding = String(repeating: " ", count: max(0, column.width - PlainText.width(text)))
      line += column.alignsRight ? padding + text : text + padding
    }
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}

/// Text from outside on its way to a terminal.
enum PlainText {
  /// Nothing in it can command the terminal any more.
  static func visible(_ text: String) -> String { VisibleText.of(text) }

  /// Columns it takes in a terminal.
  static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // East Asian Wide and Fullwidth (UAX #11), by block.
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
