import Operations
import Testing

@testable import TUI

/// What a person has set up: other keys, the mouse, a theme; and what the screen says by itself.
@Suite("Habits and looks")
struct HabitStories {
  // MARK: Keys

  @Test(
    "A key is read as people write it",
    arguments: [
      ("j", "j"), ("J", "J"), ("Ctrl-D", "Ctrl-D"), ("ctrl-d", "Ctrl-D"), ("Alt-1", "Alt-1"), ("space", "Space"),
      ("PgDn", "PgDn"), ("F5", "F5"), ("-", "-"), ("Shift-Tab", "Shift-Tab"),
    ])
  func keys(text: String, shown: String) { #expect(Key(parsing: text)?.description == shown) }

  @Test("What is no key, no verb, or would shut the way out is said, and the rest is taken")
  func complaints() {
    let choice = KeyChoice([("retrieve", ["R", "nokey"]), ("retreive", ["x"]), ("echo", ["Esc"])])
    #expect(choice.keys == [.retrieve: ["R"]])
    #expect(choice.complaints.count == 3)
    #expect(choice.complaints[1].hasSuffix("there is no verb retreive; do you mean retrieve?"))
  }

  @Test("Another key does the verb, the old one no longer; footer and help say so")
  func remapped() {
    let story = Story(size: Size(rows: 60, columns: 120))
    story.changeWorld { $0.keys = KeyChoice([("echo", ["z"]), ("down", ["e", "Down"])]) }
    #expect(story.footer.contains("z echo"))
    story.press("e")
    #expect(story.effects.echoed.isEmpty)
    #expect(story.selected.contains("PACS2"))
    story.press("j")
    #expect(story.selected.contains("PACS2"))
    story.press("z")
    #expect(story.effects.echoed == ["PACS2"])
    story.press("?")
    #expect(story.shows("z               echo (C-ECHO)"))
  }

  // MARK: Mouse

  private func click(_ story: Story, on text: String) {
    for (row, line) in story.lines.enumerated() {
      guard let range = line.firstRange(of: text) else { continue }
      let column = line[..<range.lowerBound].count
      story.show(.input(.mouse(MouseEvent(kind: .press, row: row, column: column))))
      return
    }
    Issue.record("\(text) is not on the screen")
  }

  @Test("A click stands on a row, a second opens it; tabs and the footer's keys are clicked, and the wheel moves")
  func mouse() {
    let story = Story()
    click(story, on: "PACS2")
    #expect(story.selected.contains("PACS2"))
    story.show(.input(.mouse(MouseEvent(kind: .wheelDown, row: 5, column: 5))))
    #expect(story.selected.contains("ARCHIVE"))
    click(story, on: "4 jobs")
    #expect(story.shows("Nothing has been asked for yet"))
    click(story, on: "1 modalities")
    click(story, on: "e echo")
    #expect(story.effects.echoed == ["ARCHIVE"])
    click(story, on: "PACS1 ")
    click(story, on: "PACS1 ")
    #expect(story.shows("modalities › PACS1 › query"))
  }

  @Test("A click answers no question, and reaches nothing behind it")
  func mouseAndQuestions() {
    let story = Story()
    story.press("x")
    click(story, on: "remove   n Esc")
    click(story, on: "1 modalities")
    #expect(story.shows("Remove PACS1?"))
    #expect(story.effects.removed.isEmpty)
  }

  // MARK: What is said by itself

  @Test("Arrivals that nobody here asked for are told in passing")
  func arrivals() {
    let story = Story()
    var row = ActivityRow(
      id: 1, clock: story.clock, kind: "result", role: .good, peer: "CT1 10.0.0.5",
      words: "received 24 instances, 12 MB")
    row.isArrival = true
    story.show(.activity([row]))
    #expect(story.shows("✓ CT1 10.0.0.5: received 24 instances, 12 MB"))
    story.pass(.seconds(10))
    #expect(!story.shows("received 24 instances"))
    var move = JobView(id: 1, kind: .move, title: "C-MOVE DOE", peer: "PACS1", phase: .receiving, started: story.now)
    move.subjects = ["PACS1"]
    story.show(.job(move))
    story.show(.activity([row]))
    #expect(!story.shows("✓ CT1"), "what comes for our own move shows there")
  }

  @Test(
    "A transfer that ends while another job is in front is told in passing, with counts; alone it stands in its line")
  func transfers() {
    let story = Story()
    func send(_ id: Int, _ phase: JobView.Phase, _ outcome: String, failed: Int = 0) -> Message {
      var job = JobView(id: id, kind: .store, title: "C-STORE DOE", peer: "ARCHIVE", phase: phase, started: story.now)
      job.outcome = outcome
      job.progress = JobView.Progress(total: 3, completed: 3 - failed, failed: failed)
      if phase.isEnded { job.ended = story.now }
      return .job(job)
    }
    story.show(send(1, .done, "3 instances, 1.5 MB in 0.2 s"))
    #expect(story.operation.contains("3 instances") && story.lines.count { $0.contains("3 instances") } == 1)
    story.show(send(2, .sending, ""))
    story.show(send(3, .done, "3 instances, 1.6 MB in 0.2 s"))
    #expect(story.shows("✓ C-STORE DOE · ARCHIVE: 3 instances, 1.6 MB in 0.2 s"))
    #expect(story.operation.contains("3/3") && !story.operation.contains("1.6 MB"), "the line tells of the other")
    story.show(send(4, .partial, "1 of 3 instances: 0xA700 out of resources", failed: 2))
    #expect(story.shows("! C-STORE DOE · ARCHIVE: 2 of 3 failed; 1 of 3 instances: 0xA700 out of"))
    story.show(send(5, .done, "3 instances"))
    #expect(story.shows("2 of 3 failed"), "what went well does not hide what did not")
  }

  @Test("The header says what is left on the disk")
  func disk() {
    let story = Story()
    var station = StationView()
    station.freeBytes = 72_000_000_000
    story.show(.station(station))
    #expect(story.lines[0].contains("72 GB free"))
  }

  @Test("While keys come faster than one reads, the details wait; then they follow")
  func details() {
    let story = Story()
    story.pass(.seconds(1))
    #expect(story.shows("PACS1@10.0.0.1:104"))
    story.pass(.seconds(1))
    story.press("j")
    #expect(story.shows("PACS2@10.0.0.2:104"), "one step is followed at once")
    story.press("j")
    #expect(!story.shows("ARCHIVE@10.0.0.3:104"))
    #expect(story.model.nextTick != nil)
    story.pass(.milliseconds(200))
    #expect(story.shows("ARCHIVE@10.0.0.3:104"))
    #expect(story.model.nextTick == nil)
  }

  @Test("An answer grows old, and says so")
  func age() {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? 0
    story.show(.matches(token: token, [Record(id: "1", level: .study, [.studyInstanceUID: "1"])]))
    story.show(.findEnded(token: token, .init()))
    #expect(!story.shows("ago"))
    story.passOnTheClock(seconds: 300)
    #expect(story.shows("1 study · 5 m ago, r asks again"))
  }

  // MARK: Themes

  @Test(
    "The terminal says whether it is light",
    arguments: [
      ("15;0", Theme.Name.dark), ("0;15", .light), ("0;default;7", .light), ("", nil), ("12;8", .dark),
    ])
  func background(colors: String, name: Theme.Name?) { #expect(Theme.Name.of(colors) == name) }

  @Test(
    "Every role can be told from plain text or carries its meaning in words, in every theme",
    arguments: Theme.Name.allCases)
  func roles(name: Theme.Name) {
    let theme = Theme(name: name)
    for colors in [0, 8, 16, 256] {
      let plain = theme.look(.text, colors: colors)
      #expect(theme.look(Style(.text, selected: true), colors: colors) != plain, "the cursor's row shows")
      for role in [Role.strong, .heading, .bad, .key, .tab, .field, .match] {
        #expect(theme.look(Style(role), colors: colors) != plain, "\(role) of \(name) in \(colors) colours")
      }
    }
  }
}
