import Testing

@testable import TUI

/// The keys that work on every list.
@Suite("Moving about")
struct MovingStories {
  private let rows = (1...60).map {
    ModalityRow(name: "PACS\($0 < 10 ? "0" : "")\($0)", aeTitle: "AET\($0)", host: "10.0.0.\($0)", port: 104)
  }

  @Test(
    "vi's keys and the arrows move alike: a row, half a page, a page, to the ends",
    arguments: [
      (["j", "j", "k"], [.down, .down, .up], "PACS02"), (["G"], [Key(.end)], "PACS60"),
      (["G", "k", "g"], [Key(.end), .up, Key(.home)], "PACS01"),
      ([.control("f")], [Key(.pageDown)], "PACS12"),
      ([.control("d"), .control("d")], [Key(.pageDown), .down], "PACS13"),
      (["G", .control("b")], [Key(.end), Key(.pageUp)], "PACS49"),
      ([.control("d"), .control("u")], [Key(.pageDown), Key(.pageUp)], "PACS01"),
    ] as [([Key], [Key], String)])
  func keys(vi: [Key], arrows: [Key], name: String) {
    for keys in [vi, arrows] {
      let story = Story(rows)
      story.pass(.zero)
      for key in keys { story.press(key) }
      #expect(story.selected.contains(name), "\(keys)")
    }
  }

  @Test("Columns that have no room are reached by → and come back by ←")
  func columns() {
    let story = Story(size: Size(rows: 24, columns: 60))
    #expect(!story.shows("ECHOES"))
    #expect(story.lines.contains { $0.hasSuffix("→") }, "there are more")
    story.press(.right, .right, .right, .right)
    #expect(story.shows("ECHOES"))
    #expect(story.selected.contains("PACS1"), "the first stays")
    story.press(.left, .left, .left, .left)
    #expect(!story.shows("ECHOES"))
  }

  @Test("Columns are made wider and narrower, and < > I sort by any of them")
  func widthsAndOrder() {
    let story = Story(size: Size(rows: 24, columns: 120))
    story.press("|", "j", .right, .right, .escape)
    #expect(story.effects.kept.last?.text == "AE TITLE\t16")
    story.press(">")
    #expect(story.shows("NAME▲"))
    #expect(story.selected.contains("PACS1"), "the cursor stays on its row")
    story.press("I", "g")
    #expect(story.selected.contains("PACS2"))
    story.press(">")
    #expect(story.shows("AE TITLE▲"))
    story.press("<", "<")
    #expect(!story.shows("▲") && !story.shows("▼"), "before the first it is as it came")
  }

  @Test(
    "F1 and Alt-digits work from a text field, Ctrl-L draws again, Ctrl-Z suspends, and the header says for how long")
  func fields() {
    let story = Story()
    story.press(.enter)
    story.press(Key(.function(1)))
    #expect(story.shows("On this screen"))
    story.press(.escape, .alt("4"))
    #expect(story.shows("Nothing has been asked for yet"))
    story.press(.escape, .control("l"), .control("z"))
    #expect(story.effects.contains { if case .redraw = $0 { true } else { false } })
    #expect(story.effects.contains { if case .suspend = $0 { true } else { false } })
    story.show(.station(StationView(address: "0.0.0.0:4242", receiving: .listening)))
    story.show(.resumed(away: .seconds(192)))
    #expect(story.lines[0].contains("was suspended 3 m 12 s"))
    story.pass(.seconds(130))
    #expect(!story.lines[0].contains("suspended"))
  }

  @Test("* marks all that the filter leaves, and again none; what is marked outside the filter is counted")
  func marks() {
    let story = Story(rows)
    story.press(" ", "/")
    story.type("PACS1")
    story.press(.enter, "*")
    #expect(story.shows("11 marked · 10 of 60 modalities"))
    story.press("*")
    #expect(story.shows("1 marked · 10 of 60"))
    story.press("e")
    #expect(story.effects.echoed == ["PACS01"], "the marked one, although it is outside the filter")
  }

  @Test("A hundred thousand rows arrive in pieces: each in its place, the cursor on its own, the filter as typed")
  func many() {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? -1
    func row(_ number: Int) -> Record {
      let date = 20_000_101 + number * 7919 % 9000
      return Record(
        id: "\(number)", level: .study,
        [.studyInstanceUID: "\(number)", .patientName: "P\(number)", .studyDate: "\(date)"])
    }
    story.show(.matches(token: token, (0..<500).map(row)))
    story.press("G", "k")
    let before = story.selected
    story.press("/")
    story.type("p1")
    story.press(.escape, .escape)
    for start in stride(from: 500, to: 5000, by: 500) {
      story.receive(.matches(token: token, (start..<start + 500).map(row)))
    }
    story.press("g")
    let dates = story.lines.compactMap { line in line.firstMatch(of: /P\d+ .*(\d{4}-\d\d-\d\d)/).map { String($0.1) } }
    #expect(dates.count > 10)
    #expect(dates == dates.sorted(by: >))
    #expect(!before.isEmpty && story.shows("5,000 studies so far"))
    story.press("/")
    story.type("p4999")
    #expect(story.shows("1 of 5,000"))
    #expect(story.selected.contains("P4999"))
  }
}
