import Dicom
import TUI

/// Rows for a person, printed as they come: every column but the last has a fixed width, counted in terminal cells, and what
/// is longer is cut there. `--csv` and `--json` have all of it.
struct TextTable: Sendable {
  struct Column: Sendable {
    var title: String
    var width: Int
    var alignsRight = false
    /// Identifiers that begin alike differ at their end: they lose their middle.
    var isIdentifier = false

    /// The column of an attribute that somebody named, and nobody else thought of.
    static func other(_ tag: Tag) -> Column {
      let title = tag.keyword ?? tag.hexadecimal
      return Column(title: title, width: max(16, title.count))
    }
  }

  let columns: [Column]

  var header: String { row(columns.map(\.title)) }

  func row(_ values: [String]) -> String {
    var line = ""
    for (index, (column, value)) in zip(columns, values).enumerated() {
      if index > 0 { line += "  " }
      var text = PlainText.visible(value)
      if index < columns.count - 1 { text = TUI.cut(text, to: column.width, losesMiddle: column.isIdentifier) }
      let padding = String(repeating: " ", count: max(0, column.width - PlainText.width(text)))
      line += column.alignsRight ? padding + text : text + padding
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Text from outside on its way to a terminal.
enum PlainText {
  /// Nothing in it can command the terminal any more.
  static func visible(_ text: String) -> String { VisibleText.of(text) }

  /// Columns it takes in a terminal.
  static func width(_ text: String) -> Int { TUI.width(of: text) }
}
