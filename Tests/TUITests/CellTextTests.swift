import Testing

@testable import TUI

@Suite("Text into cells")
struct CellTextTests {
  private func read(_ cells: [Cell]) -> String { cells.map(\.string).joined() }

  @Test(
    "Fits exactly, cut with an ellipsis or padded",
    arguments: [
      ("DOE^JANE", 10, "DOE^JANE  "), ("DOE^JANE", 8, "DOE^JANE"), ("DOE^JANE", 5, "DOE^…"), ("DOE", 1, "…"),
      ("", 2, "  "),
      ("山田太郎", 8, "山田太郎"), ("山田太郎", 7, "山田太…"), ("山田太郎", 6, "山田 …"), ("a山", 2, "a…"),
      ("김희중", 6, "김희중"), ("e\u{301}te\u{301}", 3, "e\u{301}te\u{301}"),
    ])
  func fit(text: String, columns: Int, expected: String) {
    let cells = CellText.fit(text, columns)
    #expect(cells.count == columns)
    #expect(read(cells) == expected)
    #expect(cells.reduce(0) { $0 + Int($1.width) } == columns)
  }

  @Test("Of an identifier the middle is left out, where nothing in it is wide")
  func identifier() {
    let uid = "2.25.34031119123843006785008916620798177280"
    #expect(read(CellText.fit(uid, 18, .text, .identifier)) == "2.25.3…20798177280")
    #expect(read(CellText.fit("1.2", 5, .text, .identifier)) == "1.2  ")
    #expect(read(CellText.fit("山田太郎山田太郎", 9, .text, .identifier)) == "山田太郎…")
  }

  @Test("As a string it is cut as in a cell, and what fits is left alone")
  func cut() {
    #expect(TUI.cut("DOE^JANE", to: 5, losesMiddle: false) == "DOE^…")
    #expect(TUI.cut("2.25.34031119123843006785008916620798177280", to: 18, losesMiddle: true) == "2.25.3…20798177280")
    #expect(TUI.cut("山田太郎", to: 6, losesMiddle: false) == "山田 …")
    #expect(TUI.cut("שרון", to: 4, losesMiddle: true) == "שרון")
  }

  @Test("A detail goes on below where it began")
  func detail() {
    let lines = CellText.wrap(StyledText.detail("Study UID", StyledText("2.25.1234567 and more"), width: 10), 20)
    #expect(lines.map(\.plain) == ["Study UID 2.25.12345", "          67 and", "          more"])
  }

  @Test("Aligned right it ends at the right")
  func right() { #expect(read(CellText.fit("12", 5, .text, .right)) == "   12") }

  @Test(
    "Nothing from outside can move the cursor or turn the line",
    arguments: [
      ("a\u{1b}[2Jb", "a␛[2Jb"), ("a\nb", "a␊b"), ("a\u{7f}", "a␡"), ("a\u{85}b", "a\u{fffd}b"), ("a\u{202e}b", "ab"),
      ("a\u{200b}b", "ab"), ("a\u{feff}b", "ab"), ("a\u{2028}b", "a␤b"), ("a\u{e000}b", "a\u{fffd}b"),
      ("☎\u{fe0f}", "☎"), ("a\u{a0}b", "a b"),
    ])
  func hostile(text: String, shown: String) {
    #expect(read(CellText.fit(text, CellText.width(shown))) == shown)
  }

  @Test("At most four marks stay on a cell")
  func marks() {
    let cells = CellText.fit("e" + String(repeating: "\u{301}", count: 50) + "x", 2)
    #expect(cells[0].string.unicodeScalars.count == 5)
    #expect(cells[1].string == "x")
  }

  @Test("Decomposed Hangul takes the columns of the syllable")
  func hangul() {
    #expect(CellText.width("\u{1112}\u{1161}\u{11ab}") == 2)
    #expect(CellText.fit("\u{1112}\u{1161}\u{11ab}", 2).count == 2)
  }

  @Test("Right-to-left text keeps its order and ends with one mark that turns back")
  func rightToLeft() {
    let cells = CellText.fit("שרון^דבורה", 12)
    let text = read(cells)
    #expect(text.hasPrefix("שרון"))
    #expect(text.unicodeScalars.count { $0 == "\u{200e}" } == 1)
    #expect(cells.count == 12)
    let cut = read(CellText.fit("שרון^דבורה", 5))
    #expect(cut.unicodeScalars.count { $0 == "\u{200e}" } == 1)
  }

  @Test("A megabyte of text costs what its first columns cost")
  func bounded() {
    let text = String(repeating: "x", count: 1 << 20)
    #expect(read(CellText.fit(text, 4)) == "xxx…")
  }

  @Test("Sentences wrap between words, words that are too long within")
  func wrap() {
    #expect(CellText.wrap("the peer refused the connection", 12) == ["the peer", "refused the", "connection"])
    #expect(CellText.wrap("1.2.840.113619", 6) == ["1.2.84", "0.1136", "19"])
    #expect(CellText.wrap("", 5) == [""])
  }
}

@Suite("The canvas")
struct CanvasTests {
  @Test("A wide cell cut in half becomes blank")
  func wide() {
    var canvas = Canvas(Size(rows: 1, columns: 4))
    canvas.put(CellText.fit("山田", 4), row: 0, column: 0)
    canvas.put(CellText.fit("x", 1), row: 0, column: 1)
    #expect(canvas.text(0) == " x田")
    canvas.put(CellText.fit("y", 1), row: 0, column: 2)
    #expect(canvas.text(0) == " xy")
    canvas.put(CellText.fit("山", 2), row: 0, column: 3)
    #expect(canvas.text(0) == " xy")
  }

  @Test("Columns go from the right by priority, the first stays")
  func columns() {
    func column(_ title: String, _ minimum: Int, _ priority: Int, flex: Int = 0) -> Column<Int> {
      Column(title: title, minimum: minimum, ideal: minimum + 4, flex: flex, priority: priority) { _, _ in "" }
    }
    let columns = [column("NAME", 10, 0, flex: 1), column("ID", 8, 3), column("DATE", 10, 1), column("HERE", 6, 2)]
    #expect(TableLayout(columns, width: 60).places.map(\.column) == [0, 1, 2, 3])
    #expect(TableLayout(columns, width: 32).places.map(\.column) == [0, 2, 3])
    #expect(TableLayout(columns, width: 20).places.map(\.column) == [0])
    #expect(TableLayout(columns, width: 22).places.map(\.column) == [0, 2])
    #expect(TableLayout(columns, width: 22, shift: 1).places.map(\.column) == [0, 2])
    #expect(TableLayout(columns, width: 22, shift: 2).places.map(\.column) == [0, 3])
    for width in 1...100 {
      let layout = TableLayout(columns, width: width)
      #expect((layout.places.last.map { $0.offset + $0.width } ?? 0) <= width, "at \(width)")
    }
  }
}

@Suite("Styled text")
struct StyledTextTests {
  @Test("Wraps between words and keeps each word's style")
  func wrap() {
    let text = StyledText("the peer ", .dim) + StyledText("PACS1", .strong) + StyledText(" refused it", .bad)
    let lines = CellText.wrap(text, 10)
    #expect(lines.map(\.plain) == ["the peer ", "PACS1", "refused it"])
    #expect(lines[1].spans.map(\.style.role) == [.strong])
    #expect(CellText.wrap(text, 80) == [text])
  }
}
