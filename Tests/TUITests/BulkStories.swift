import Dicom
import Operations
import Testing

@testable import TUI

/// `:find`, `:move` and `:store` by the rows of a file, and the small tools after `:`.
@Suite("In bulk, by keyboard")
struct BulkKeyStories {
  private func run(_ story: Story, _ command: String) {
    story.press(":")
    story.type(command)
    story.press(.enter)
  }

  @Test("The words of the command line: a file, a pace, a window, a limit, results; blanks are part of a path")
  func options() {
    let story = Story()
    run(
      story,
      "move pacs1 --from /tmp/my list.csv --rate 120/h --between 19:00-06:00 --stop-after 3 --result /tmp/result.csv")
    let order = story.effects.bulk.last
    #expect(order?.modality == "PACS1" && order?.verb == .move && order?.path == "/tmp/my list.csv")
    #expect(order?.pace.perHour == 120 && order?.pace.window?.from == 19 * 60 && order?.stopAfter == 3)
    #expect(order?.result == "/tmp/result.csv" && order?.target == nil)
    run(story, "move pacs1 ELSEWHERE --from /tmp/a.csv")
    #expect(story.effects.bulk.last?.target == "ELSEWHERE")
    run(story, "store PACS2 --from /tmp/a.csv")
    #expect(story.effects.bulk.last?.verb == .store)
    for (command, complaint) in [
      ("move PACS1 --from /a --rate soon", "expected a number an hour"), ("store PACS1 --from", "--from what?"),
      ("store PACS1 x --from /a", "exclude each other"), ("find PACS1 --from /a --fast 1", "no option --fast"),
      ("move PACS1 --from /a --between 9-5", "expected two times"),
      ("move PACS1 --from /a --stop-after 0", "at least 1"),
    ] {
      let story = Story()
      run(story, command)
      #expect(story.shows(complaint), "\(command):\n\(story.screen)")
      #expect(story.effects.bulk.isEmpty)
    }
  }

  @Test("find opens the list of results, which the rows fill; r asks once more")
  func find() {
    let story = Story()
    run(story, "find PACS1 --from /tmp/list.csv")
    let order = story.effects.finds.last
    #expect(order?.bulk?.path == "/tmp/list.csv" && story.shows("asking PACS1"))
    let match = Record(id: "1", level: .study, [.studyInstanceUID: "1", .patientName: "DOE^JANE"])
    story.receive(.matches(token: order?.token ?? -1, [match]))
    story.show(.findEnded(token: order?.token ?? -1, Message.FindEnd(words: "2 rows done")))
    #expect(story.selected.contains("DOE, JANE"))
    story.press("r")
    #expect(story.effects.finds.last?.bulk?.path == "/tmp/list.csv")
    #expect(story.effects.finds.last?.token != order?.token)
  }

  @Test("A station in production wants its name typed before rows go to it, and ReadOnly sends none")
  func care() {
    var rows = Story.modalities
    rows[1].isProduction = true
    let story = Story(rows)
    run(story, "store PACS2 --from /tmp/a.csv")
    #expect(story.shows("PACS2 is marked as Production.") && story.effects.bulk.isEmpty)
    story.type("PACS2")
    story.press(.enter)
    #expect(story.effects.bulk.last?.confirmation == "PACS2")
    story.changeWorld { $0.station.isReadOnly = true }
    run(story, "move PACS1 ELSEWHERE --from /tmp/a.csv")
    #expect(story.effects.bulk.count == 1 && story.shows("read only"))
    run(story, "move PACS1 --from /tmp/a.csv")
    #expect(story.effects.bulk.count == 2, "to here it may come")
  }

  @Test("Options and paths complete")
  func completion() {
    let world = Story().model.world
    #expect(Command.completions("move PACS1 --fr", world) == ["move PACS1 --from "])
    #expect(Command.completions("move PACS1 --from /a --", world).contains("move PACS1 --from /a --target "))
    #expect(!Command.completions("store PACS1 --from /a --", world).contains("store PACS1 --from /a --from "))
    #expect(Command.completions("echo --", world) == ["echo --check "])
    #expect(Command.completions("echo --check pacs2", world) == ["echo --check PACS2"])
    #expect(Command.pathBeingTyped("move PACS1 --from /tm") == "/tm")
    #expect(Command.pathBeingTyped("move PACS1 --from /a b --result /t") == "/t")
    #expect(Command.pathBeingTyped("move PACS1 --from /a --rate 1") == nil)
  }

  @Test("Rows under way show in the jobs, and p pauses them")
  func jobs() {
    let story = Story(size: Size(rows: 24, columns: 120))
    var job = JobView(
      id: 1, kind: .bulk, title: "move 250 rows from PACS1", peer: "PACS1", phase: .receiving, started: story.now)
    job.progress = JobView.Progress(total: 250, completed: 2, failed: 1, noun: " rows")
    job.progress.current = StyledText("row 4: AccessionNumber=A4")
    story.show(.job(job))
    story.press("4")
    #expect(story.shows("3/250 rows") && story.shows("1 failed") && story.shows("row 4: AccessionNumber=A4"))
    story.press("p")
    #expect(
      story.effects.contains { effect in
        if case .pause(job: 1) = effect { true } else { false }
      })
  }

  @Test(":whoami shows all that a PACS administrator needs, and y copies it")
  func whoAmI() {
    let story = Story()
    run(story, "whoami")
    let token = story.effects.compactMap { if case .whoAmI(let token) = $0 { token } else { nil } }.last ?? -1
    story.show(.identity(token: token, .success(["AE title       FLUORO", "Certificate    CN=fluoro"])))
    #expect(story.shows("who we are") && story.shows("CN=fluoro"))
    story.press("y")
    #expect(story.shows("Copied: AE title"))
    #expect(
      story.effects.contains { effect in
        if case .copy("AE title       FLUORO\nCertificate    CN=fluoro") = effect { true } else { false }
      })
  }

  @Test(":echo --check judges one modality")
  func check() {
    let story = Story()
    run(story, "echo --check pacs2")
    #expect(
      story.effects.contains { effect in
        if case .check(modality: "PACS2") = effect { true } else { false }
      })
    run(story, "echo --check")
    #expect(story.shows("echo --check what? a modality"))
  }
}
