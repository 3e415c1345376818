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
      if index < columns.count - 1 { text = PlainText.cut(text, column.width, losesMiddle: column.isIdentifier) }
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
  static func width(_ text: String) -> Int { TUI.width(of: text) }

  /// At most so many columns of it: what does not fit is left out at its end, or in its middle, and `…` stands there.
  static func cut(_ text: String, _ columns: Int, losesMiddle: Bool) -> String {
    guard columns > 0, width(text) > columns else { return text }
    let head = losesMiddle ? columns / 3 : columns - 1
    let tail = String(beginning(of: text.reversed(), columns - 1 - head).reversed())
    return beginning(of: text, head) + "…" + tail
  }

  private static func beginning(of text: some Sequence<Character>, _ columns: Int) -> String {
    var taken = 0
    return String(
      text.prefix {
        taken += width(String($0))
        return taken <= columns
      })
  }
}
