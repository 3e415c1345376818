import Testing

@testable import TUI

/// Ways in, back and out.
@Suite("Stacks, Esc and quitting")
struct WayStories {
  private func job(
    _ id: Int, _ kind: JobView.Kind, _ title: String, _ phase: JobView.Phase = .waiting, at now: ContinuousClock.Instant
  ) -> JobView {
    var job = JobView(id: id, kind: kind, title: title, peer: "PACS1", phase: phase, started: now)
    job.subjects = ["PACS1"]
    return job
  }

  private func study(_ uid: String) -> Record {
    Record(id: uid, level: .study, [.studyInstanceUID: uid, .patientName: "DOE^JANE"])
  }

  @Test("Each screen keeps its own stack; a jump remembers where it came from, and the breadcrumb shows the way")
  func stacks() {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? 0
    story.show(.matches(token: token, [study("1")]))
    story.show(.findEnded(token: token, .init()))
    story.press(.enter)
    #expect(story.shows("modalities › PACS1 › query › DOE^JANE"))
    story.press("3", "4", "2")
    #expect(story.shows("modalities › PACS1 › query › DOE^JANE"), "as it was left")
    story.press(.escape)
    #expect(story.shows("DOE, JANE"), "back to the results, without asking again")
    #expect(story.effects.finds.count == 2)
    story.press(.escape, .escape)
    #expect(story.shows("─ modalities ─"), "and from the form to where one came from")
  }

  @Test("Esc goes one step at a time: help, field, filter, marks, back; it never stops network work")
  func steps() {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? 0
    story.show(.matches(token: token, [study("1"), study("2")]))
    story.show(.job(job(1, .move, "C-MOVE DOE", .receiving, at: story.now)))
    story.press("*", "/")
    story.type("doe")
    story.press("?")
    story.press(.enter, "?")
    #expect(story.shows("On this screen"))
    let steps = ["Esc clear the filter", "Esc clear the marks", "Esc back"]
    for step in steps {
      story.press(.escape)
      #expect(story.footer.contains(step))
    }
    story.press(.escape, .escape)
    #expect(story.effects.cancelled.isEmpty)
    #expect(story.operation.contains("C-MOVE DOE"))
  }

  @Test("Esc closes a question, a prompt, the help and the choice of columns, and changes nothing")
  func closing() {
    let story = Story()
    for (key, words) in [
      ("x", "Remove PACS1?"), (":", "Tab completes"), ("?", "On this screen"), ("|", "as wide as it needs"),
    ] {
      story.press(Key(.character(Character(key))))
      #expect(story.shows(words), "\(key)")
      story.press(.escape)
      #expect(!story.shows(words) && story.footer.contains("Enter query"), "\(key)")
    }
    #expect(story.effects.removed.isEmpty && !story.effects.quits)
  }

  @Test("q is Esc without its delay, and quits at the root only")
  func leave() {
    let story = Story()
    story.press("3", "q")
    #expect(!story.effects.quits)
    #expect(story.shows("─ modalities ─"))
    story.press(" ", "q")
    #expect(!story.effects.quits, "first the marks")
    story.press("q")
    #expect(story.effects.quits)
  }

  @Test("Quitting and suspending ask while an association is open to us, and name it")
  func associations() {
    let story = Story()
    var station = StationView()
    station.associations = 2
    story.show(.station(station))
    story.press("q")
    #expect(story.shows("2 associations open to us"))
    story.press("n", .control("z"))
    #expect(story.shows("Suspend?"))
    #expect(story.shows("Nothing is answered or received while suspended."))
    story.press("n")
    let suspends = { story.effects.contains { if case .suspend = $0 { true } else { false } } }
    #expect(!suspends())
    story.press(.control("z"), "y")
    #expect(suspends())
    story.show(.resumed(away: .seconds(125)))
    #expect(story.lines[0].contains("was suspended 2 m 05 s"))
  }

  @Test("Quitting says what becomes of what is unfinished: it comes back, or, where nothing is kept, it is lost")
  func afterwards() {
    for keepsJobs in [true, false] {
      let story = Story()
      var station = StationView()
      station.keepsJobs = keepsJobs
      story.show(.station(station))
      story.show(.job(job(1, .move, "C-MOVE DOE", .receiving, at: story.now)))
      story.press("q")
      #expect(story.shows("Unfinished retrieves and sends come back, paused.") == keepsJobs)
      #expect(story.shows("What is unfinished is lost") == !keepsJobs)
      story.press("n", .control("z"))
      #expect(story.shows("Suspend?") && !story.shows("come back") && !story.shows("lost"))
      story.press("n")
      story.show(.job(job(1, .move, "C-MOVE DOE", .paused, at: story.now)))
      story.press("q")
      #expect(story.effects.quits == keepsJobs, "what is paused waits for the next start, if there is one for it")
    }
  }

  @Test("A watch is network work too: quitting names it; the line above the footer tells of what ended since")
  func watching() {
    let story = Story()
    story.show(.job(job(1, .watch, "watch", at: story.now)))
    #expect(story.operation.contains("watching"))
    var moved = job(2, .move, "C-MOVE DOE", .done, at: story.now)
    moved.ended = story.now
    moved.outcome = "24 instances"
    story.show(.job(moved))
    #expect(story.operation.contains("24 instances"))
    story.press("q")
    #expect(story.shows("watch · PACS1"))
  }

  @Test("+ and - give and take ten seconds, t sets a timeout, on the row's operation")
  func deadlines() {
    let story = Story()
    story.show(.job(job(1, .echo, "C-ECHO", at: story.now)))
    story.press("+", "-", "t")
    story.type("0x")
    story.press(.enter)
    #expect(story.shows("seconds, 0 to 86400"))
    story.press(.backspace, .enter)
    let asked = story.effects.compactMap { effect -> String? in
      switch effect {
      case .extend(let job, let seconds): "\(job) \(seconds)"
      case .setTimeout(let job, let seconds): "\(job) =\(seconds)"
      default: nil
      }
    }
    #expect(asked == ["1 10", "1 -10", "1 =0"])
  }

  @Test("Rows sorted and inverted keep the cursor on its row; the key acts on that one")
  func sorting() {
    let story = Story()
    story.press("j")
    for key: Key in [">", "I", "<", ">"] {
      story.press(key)
      #expect(story.selected.contains("PACS2"), "after \(key)")
    }
    story.press("e")
    #expect(story.effects.echoed == ["PACS2"])
  }

  @Test("A row that is gone is not acted on, and it says so")
  func gone() {
    let story = Story()
    story.press("j")
    story.receive(.modalities(Story.modalities.filter { $0.name != "PACS2" }))
    story.pressAtOnce("e")
    #expect(story.effects.echoed.isEmpty)
    #expect(story.shows("press the key again"))
  }

  @Test("From 160 columns list and details stand side by side; below 60x15 there are list, operation and status")
  func sizes() {
    let wide = Story(size: Size(rows: 48, columns: 160))
    #expect(wide.lines.contains { $0.contains("› PACS1 ") && $0.contains("│ AE title") && $0.hasSuffix(" PACS1") })
    let small = Story(size: Size(rows: 14, columns: 59))
    #expect(!small.shows("fluoro "))
    #expect(small.selected.contains("PACS1"))
    #expect(small.lines[13].contains("modalities"))
    let tiny = Story(size: Size(rows: 3, columns: 40))
    #expect(tiny.lines[0] == "terminal too small")
  }
}
