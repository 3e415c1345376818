import Testing

@testable import Operations
@testable import TUI

/// The keys of the contract, one after the other.
@Suite("What each key does")
struct KeyStories {
  private func study(_ uid: String, _ name: String, _ date: String = "20240101") -> Record {
    Record(
      id: uid, level: .study,
      [
        .studyInstanceUID: uid, .patientName: name, .studyDate: date, .studyInstances: "10",
        .studyDescription: "CT, head",
      ])
  }

  private func results(_ size: Size = Size(rows: 24, columns: 80)) -> Story {
    let story = Story(size: size)
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? -1
    story.show(.matches(token: token, [study("1", "DOE^JANE"), study("2", "ROE^JIM", "20230101")]))
    story.show(.findEnded(token: token, .init()))
    return story
  }

  private func local() -> Story {
    let story = Story()
    story.press("3")
    let token = story.effects.pages.last?.token ?? 0
    story.show(
      .page(.init(token: token, records: [study("a", "DOE^JANE"), study("b", "ROE^JIM")], offset: 0, isLast: true)))
    return story
  }

  private func job(
    _ id: Int, _ phase: JobView.Phase, _ kind: JobView.Kind = .move, at now: ContinuousClock.Instant
  )
    -> JobView
  {
    var job = JobView(id: id, kind: kind, title: "C-MOVE DOE", peer: "PACS1", phase: phase, started: now)
    job.subjects = ["PACS1"]
    return job
  }

  // MARK: Everywhere

  @Test("Tab goes to the details and back: there the keys that move scroll them, and Esc returns")
  func otherPane() {
    let story = results(Size(rows: 20, columns: 160))
    let before = story.selected
    #expect(story.shows("Study UID"))
    story.press(.tab, "j")
    #expect(story.selected == before, "the list's cursor stays")
    #expect(story.footer.contains("Esc to the list"))
    story.press("G")
    story.press(.escape, "j")
    #expect(story.selected != before)
  }

  @Test("Ctrl-S writes the marked rows, or all that are shown, into a new file")
  func saveRows() {
    let story = results()
    story.press(.control("s"))
    #expect(story.shows("Save 2 rows to"))
    story.press(.control("u"))
    story.type("/tmp/list.csv")
    story.press(.enter)
    #expect(story.effects.files.last?.path == "/tmp/list.csv")
    #expect(story.effects.files.last?.text.lines.count == 3)
    #expect(story.effects.files.last?.text.lines[1].contains("\"DOE, JANE\"") == true)
    #expect(story.effects.files.last?.text.lines[1].contains("\"CT, head\"") == true)
    story.press("g", " ", .control("s"))
    #expect(story.shows("Save 1 row to"))
  }

  @Test("In a tag tree / searches and leaves nothing out; n and N go from match to match, around the end")
  func searchTags() {
    let story = local()
    story.press("v")
    let lines = ["PatientName", "StudyDate", "PatientID", "Modality"].enumerated().map {
      TagLine(id: $0.offset, depth: 0, tag: "(0010,00\($0.offset)0)", vr: "LO", keyword: $0.element, value: "v")
    }
    let token = story.effects.compactMap { if case .tags(_, let token) = $0 { token } else { nil } }.last ?? -1
    story.show(.tags(token: token, .success(lines)))
    story.press("/")
    story.type("patient")
    story.press(.enter)
    #expect(story.shows("4 tags"))
    #expect(story.selected.contains("PatientName"))
    story.press("n")
    #expect(story.selected.contains("PatientID"))
    story.press("n")
    #expect(story.selected.contains("PatientName"))
    story.press("N")
    #expect(story.selected.contains("PatientID"))
    #expect(story.footer.contains("Esc clear the search"))
    story.press(.escape, .escape)
    #expect(story.shows("2 studies"))
  }

  @Test("In a text / searches, n finds the next, and Ctrl-S saves its lines")
  func searchText() {
    let story = Story()
    var failed = job(1, .failed, at: story.now)
    failed.outcome = "3 failed"
    failed.details = (1...60).map { "1.2.3.\($0): 0x0110 processing failure" }
    story.show(.job(failed))
    story.press("4", .enter, "/")
    story.type("1.2.3.50:")
    story.press(.enter)
    #expect(story.shows("1.2.3.50:"))
    story.press(.control("s"), .enter)
    #expect(story.effects.files.last?.text.lines.contains { $0.hasPrefix("1.2.3.60:") } == true)
  }

  @Test("Columns are hidden, shown and made wider, and the choice is kept")
  func columns() {
    let story = results(Size(rows: 24, columns: 120))
    #expect(story.shows("DESCRIPTION"))
    story.press("|")
    while !story.selectedPopup.contains("DESCRIPTION") { story.press("j") }
    story.press(" ", .escape)
    #expect(!story.shows("DESCRIPTION"))
    #expect(story.effects.kept.last?.kind == .columns)
    #expect(story.effects.kept.last?.text == "DESCRIPTION\t0")
    story.press("|", "r", .escape)
    #expect(story.shows("DESCRIPTION"))
  }

  // MARK: Modalities

  @Test("w watches, with loss and times; c stops it, Esc does not")
  func watch() {
    let story = Story()
    story.press("w")
    #expect(story.effects.watched == ["PACS1"])
    #expect(story.shows("modalities › watch"))
    var watching = job(1, .waiting, .watch, at: story.now)
    watching.title = "watch"
    story.show(.job(watching))
    var statistics = EchoStatistics()
    for (index, time) in [2.0, 3, nil, 4].enumerated() {
      statistics.take(time, reason: "no answer", at: .init(timeIntervalSince1970: Double(story.clock + index)))
    }
    story.show(.watched(modality: "PACS1", statistics))
    #expect(story.selected.contains("25.0%"))
    #expect(story.selected.contains("3.0 ms"))
    #expect(story.shows("1 lost  no answer"))
    story.press(.escape)
    #expect(story.effects.cancelled.isEmpty)
    #expect(story.operation.contains("watch"))
    story.press("w")
    #expect(story.effects.watched == ["PACS1"], "it is watched already")
    #expect(story.footer.contains("c stop") && !story.footer.contains("watch on"))
    story.press("c")
    #expect(story.effects.cancelled == [1])
    (watching.phase, watching.ended, watching.outcome) = (.cancelled, story.now, "3 of 4 answered")
    story.show(.job(watching))
    #expect(!story.footer.contains("c stop") && story.footer.contains("w watch on"), "\(story.footer)")
  }

  @Test("A diagnosis counts down on one line, the seconds whole, however narrow the terminal")
  func diagnosisCountdown() {
    for columns in [60, 80, 160] {
      let story = Story(size: Size(rows: 24, columns: columns))
      story.press("d")
      let token = story.effects.compactMap { if case .diagnose(_, _, let token) = $0 { token } else { nil } }.last ?? -1
      var diagnosis = Diagnosis(
        modality: "PACS1", aeTitle: "PACS1", host: "10.0.0.1", port: 104, callingAETitle: "FLUORO", started: .init())
      diagnosis[.association].verdict = .running
      story.show(.diagnosed(token: token, diagnosis))
      var job = job(1, .associating, .diagnosis, at: story.now)
      job.subjects = ["diagnosis-\(token)"]
      job.wait = Waiting(
        words: "waiting for the association to be accepted", since: story.now, deadline: story.now + .seconds(10),
        limit: .seconds(10))
      story.show(.job(job))
      let lines = story.lines.dropLast(2).filter { $0.contains("10.0 s") }
      #expect(lines.count == 1 && lines[0].contains("association"), "\(story.screen)")
      let bar = lines.first?.contains(columns == 60 ? "▕" : "▕████████▏")
      #expect(bar == (columns != 60), "the bar whole or not at all:\n\(story.screen)")
      #expect(story.footer.contains("c cancel"))
      (job.phase, job.wait) = (.done, nil)
      story.show(.job(job))
      #expect(!story.footer.contains("c cancel"), "nothing runs any more")
    }
  }

  @Test("What a diagnosis found stands in it and is not said again over it; elsewhere it is, cut where it is long")
  func diagnosisFailure() {
    for isOpen in [true, false] {
      let story = Story()
      story.press("d")
      let token = story.effects.compactMap { if case .diagnose(_, _, let token) = $0 { token } else { nil } }.last ?? -1
      var job = job(1, .associating, .diagnosis, at: story.now)
      job.subjects = ["diagnosis-\(token)"]
      story.show(.job(job))
      if !isOpen { story.press(.escape) }
      let reason = String(repeating: "nothing arrived of what was asked for; ", count: 20)
      (job.phase, job.wait, job.ended, job.outcome) = (.partial, nil, story.now, reason)
      story.show(.job(job))
      let notice = story.lines.filter { $0.contains("nothing arrived") }.dropLast()
      #expect(notice.count == (isOpen ? 0 : 4), "\(story.screen)")
      #expect(isOpen || notice.last?.contains("…") == true, "\(story.screen)")
    }
  }

  @Test("T stores a test image only after a question")
  func testStore() {
    let story = Story()
    story.press("T")
    #expect(story.shows("Store a test image on PACS1?"))
    story.press(.enter, "n")
    let asked = { story.effects.contains { if case .testStore("PACS1", nil) = $0 { true } else { false } } }
    #expect(!asked())
    story.press("T", "y")
    #expect(asked())
  }

  @Test("Enter on marked modalities asks them together; each row says who has it, and is retrieved from there")
  func together() {
    let story = Story()
    story.press(" ", " ", .enter)
    #expect(story.shows("PACS1, PACS2"))
    story.press(.enter)
    let orders = story.effects.finds
    #expect(orders.map(\.modality) == ["PACS1", "PACS2"])
    story.show(.matches(token: orders[0].token, [study("1", "DOE^JANE")]))
    story.show(.matches(token: orders[1].token, [study("1", "DOE^JANE"), study("2", "ROE^JIM", "20230101")]))
    #expect(story.shows("3 studies so far, 2 of 2 still answer"))
    story.show(.findEnded(token: orders[0].token, .init()))
    story.show(.findEnded(token: orders[1].token, .init(words: "gone", failed: true)))
    #expect(story.shows("SOURCE"))
    #expect(story.shows("PACS2: gone"))
    story.press("*", "m")
    #expect(Set(story.effects.orders.map(\.modality)) == ["PACS1", "PACS2"])
    #expect(story.effects.orders.last?.items.map(\.uid) == ["1", "2"])
  }

  @Test("L asks for the worklist: of today, unless one has asked for something else")
  func worklist() {
    let story = Story()
    story.press("L")
    #expect(story.shows("modalities › PACS1 › worklist"))
    #expect(story.shows("asks 20240315"))
    story.press(.tab)
    story.type("ct")
    story.press(.enter)
    let order = story.effects.finds.last
    #expect(order?.isWorklist == true)
    #expect(order?.keys == ["ScheduledProcedureStepStartDate": "20240315", "Modality": "CT"])
    let entry = Record(
      id: "1", level: .study,
      [
        .patientName: "DOE^JANE", .stepDate: "20240315", .stepTime: "0830", .stepDescription: "CT chest",
        .modality: "CT",
      ])
    story.show(.matches(token: order?.token ?? 0, [entry]))
    story.show(.findEnded(token: order?.token ?? 0, .init()))
    #expect(story.selected.contains("2024-03-15 08:30"))
    #expect(story.shows("1 entry"))
    story.press(.enter)
    #expect(story.shows("Step        CT chest"))
    story.press("1", "L")
    #expect(story.shows("asks CT") || story.shows("CT"), "it is remembered")
  }

  // MARK: Query

  @Test("Queries are saved by name and opened again, and what was asked of a modality stands there next time")
  func savedQueries() {
    let story = Story()
    story.press(.enter, .tab, .tab, .tab)
    story.type("-7d")
    story.press(.control("s"))
    story.type("last week")
    story.press(.enter)
    #expect(story.effects.kept.last?.name == "last week")
    #expect(story.effects.kept.last?.text == "StudyDate=-7d")
    story.press(.control("x"))
    #expect(!story.shows("asks 20240308-"))
    story.press(.control("o"))
    #expect(story.shows("last week"))
    story.press(.enter)
    #expect(story.shows("asks 20240308-"))
    story.press(.enter)
    #expect(story.effects.finds.last?.keys["StudyDate"] == "20240308-")
    #expect(story.effects.kept.count == 1, "what was asked is kept on disk only under RememberQueries")
    story.press("1", .enter)
    #expect(story.shows("asks 20240308-"))
    story.press("j", .escape, "1", "j", .enter)
    #expect(!story.shows("asks 20240308-"), "another modality has its own")
  }

  @Test("Any attribute is asked for by its keyword, completed by →")
  func otherAttributes() {
    let story = Story()
    story.press(.enter, .backTab, .backTab)
    story.type("insti")
    #expect(story.shows("→ InstitutionName"))
    story.press(.right)
    story.type("*north*")
    #expect(story.shows("(0008,0080) LO"))
    story.press(.tab)
    story.type("Nonsense=1")
    #expect(story.shows("no attribute Nonsense"))
    story.press(.enter)
    #expect(story.effects.finds.isEmpty)
    story.press(.control("u"), .enter)
    #expect(story.effects.finds.last?.keys["InstitutionName"] == "*north*")
  }

  @Test("A date has a calendar: a month or a day further by a key")
  func calendar() {
    let story = Story()
    story.press(.enter, .tab, .tab, .tab)
    #expect(story.shows("March 2024"))
    story.press(Key(.pageUp))
    #expect(story.shows("asks 20240301-20240331"))
    story.press(Key(.pageUp))
    #expect(story.shows("asks 20240201-20240229"))
    #expect(story.shows("February 2024"))
    story.press(Key(.left, .control))
    #expect(story.shows("asks 20240131"))
  }

  // MARK: Local, jobs, activity

  @Test("Ctrl-S exports the files of the marked studies")
  func export() {
    let story = local()
    story.press("*", .control("s"))
    #expect(story.shows("Export 2 studies to"))
    story.type("out")
    story.press(.enter)
    #expect(story.effects.exports.last?.folder == "~/out")
    #expect(Set(story.effects.exports.last?.ids ?? []) == ["a", "b"])
  }

  @Test("p shows a picture, in shades where there are any, else in characters; j goes to the next image")
  func preview() {
    for hasShades in [true, false] {
      let story = local()
      story.changeWorld { $0.hasShades = hasShades }
      story.press("p")
      let order = story.effects.previews.last
      #expect(order?.id == "a")
      let pixels = (0..<64).map { UInt8($0 % 8 * 36) }
      story.show(
        .preview(
          token: order?.token ?? 0,
          .success(
            PreviewImage(
              id: "b", width: 8, height: 8, pixels: pixels, image: 0, images: 3, frame: 0, frames: 1,
              words: "8×8, 8 bit"))))
      #expect(story.shows("image 1 of 3 · 8×8, 8 bit"))
      #expect(story.shows(hasShades ? "▄▄▄▄" : "::"))
      story.press("j")
      #expect(story.effects.previews.last?.image == 1)
      story.press("v")
      #expect(story.shows("tags of image 1 of "))
      let instance = story.effects.compactMap { if case .tags(let instance, _) = $0 { instance } else { nil } }.last
      #expect(instance == "b", "that of the image in sight")
    }
  }

  @Test("The preview of a single image offers no next one")
  func singlePreview() {
    let story = local()
    story.press("p")
    let token = story.effects.previews.last?.token ?? 0
    let image = PreviewImage(
      id: "b", width: 2, height: 2, pixels: [0, 0, 0, 0], image: 0, images: 1, frame: 0, frames: 1, words: "2×2")
    story.show(.preview(token: token, .success(image)))
    #expect(story.footer.contains("v tags") && !story.footer.contains("next") && !story.footer.contains("before"))
  }

  @Test("p pauses what is queued, J and K move it; of what runs only retrieves and sends are paused, and it says so")
  func queue() {
    let story = Story()
    var queued = job(2, .queued, at: story.now)
    queued.place = 2
    var echo = job(1, .waiting, at: story.now)
    echo.kind = .echo
    story.show(.job(echo))
    story.show(.job(queued))
    story.press("4", "g")
    #expect(story.selected.contains("queued 2"))
    #expect(story.selected.contains("1 before it for PACS1"))
    story.press("p", "K", "J")
    let asked = story.effects.compactMap { effect -> String? in
      switch effect {
      case .pause(let id): "pause \(id)"
      case .shift(let id, let sooner): "\(sooner ? "sooner" : "later") \(id)"
      default: nil
      }
    }
    #expect(asked == ["pause 2", "sooner 2", "later 2"])
    story.press("j", "p")
    #expect(story.shows("has begun"))
    story.press("K")
    #expect(story.shows("C-MOVE DOE · PACS1 runs already: only what waits can be moved in its queue."))
    #expect(!story.shows("paused then"))
    var send = job(3, .sending, at: story.now)
    send.kind = .store
    story.show(.job(send))
    story.press("g", "p")
    guard case .pause(3) = story.effects.last else {
      Issue.record("the send is to be paused")
      return
    }
    send.phase = .paused
    send.origin = "asked for 06-11 08:15:02 by jane, 7 done"
    story.show(.job(send))
    #expect(story.selected.contains("○ paused") && story.selected.contains("p goes on; asked for"))
    #expect(story.footer.contains("p go on with it  Enter details"))
    #expect(story.operation.contains("○ C-MOVE DOE · PACS1") && story.operation.contains("paused p goes on"))
    story.press(.enter)
    #expect(story.shows("p goes on with it, c cancels and forgets it"))
    #expect(story.footer.contains("p go on with it"))
    story.press("p")
    guard case .pause(3) = story.effects.last else {
      Issue.record("the send is to go on, from its details too")
      return
    }
    send.phase = .sending
    story.show(.job(send))
    #expect(!story.shows("goes on with it") && !story.footer.contains("go on with it"))
  }

  @Test("a allows a rejected title after a question; elsewhere it says that there is nothing to allow")
  func allow() {
    let story = Story()
    var refused = ActivityRow(
      id: 1, clock: story.clock, kind: "rejection", role: .bad, peer: "CT9 10.0.0.9", words: "C-STORE refused")
    refused.refusedAETitle = "CT9"
    story.show(.activity([refused, ActivityRow(id: 2, clock: 0, kind: "note", role: .dim, peer: "", words: "a note")]))
    story.press("5", "a")
    #expect(story.shows("Nothing was refused here") && !story.footer.contains("a allow"))
    story.press("j")
    #expect(story.footer.contains("a allow its title"))
    story.press("a")
    #expect(story.shows("Allow CT9 to store here?"))
    story.press(.enter, "y")
    #expect(story.effects.contains { if case .allow("CT9") = $0 { true } else { false } })
  }

  // MARK: Commands

  @Test("Commands complete by Tab, and Up brings back earlier ones")
  func commandLine() {
    let story = Story()
    story.press(":")
    story.type("ec")
    story.press(.tab)
    story.type("pa")
    story.press(.tab)
    #expect(story.footer.contains(": echo PACS"))
    story.press(.tab)
    #expect(story.footer.contains("echo PACS1"))
    story.press(.tab)
    #expect(story.footer.contains("echo PACS2"))
    story.press(.enter)
    #expect(story.effects.echoed == ["PACS2"])
    story.press(":", .up)
    #expect(story.footer.contains("echo PACS2"))
    story.press(.down)
    #expect(!story.footer.contains("echo PACS2"))
    story.press(.control("u"))
    story.type("query PACS1 Accession")
    story.press(.tab)
    story.type("A1")
    story.press(.enter)
    #expect(story.effects.finds.last?.keys == ["AccessionNumber": "A1"])
  }

  @Test("Tab after : shows every command whole; of arguments only what is to be typed")
  func offers() {
    let story = Story()
    story.press(":", .tab)
    let words = Set(story.screen.split { $0 == " " || $0 == "\n" }.map(String.init))
    for name in Command.names { #expect(words.contains(name), "\(name)") }
    story.type("compare PACS1 ")
    story.press(.tab)
    let line = story.lines[story.lines.count - 2]
    #expect(line.split(separator: " ") == ["PACS2", "ARCHIVE", "local"])
  }

  @Test("help tells what a command does, and its name completes; without one it shows the keys")
  func commandHelp() {
    let story = Story()
    story.press(":")
    story.type("help compare")
    story.press(.enter)
    #expect(story.shows("compare A B [Keyword=value...]") && !story.shows("Moving about"))
    #expect(Command.completions("help compa", story.model.world) == ["help compare"])
    story.press(":")
    story.type("help ecco")
    story.press(.enter)
    #expect(story.shows("no command ecco; do you mean echo?"))
    story.press(.escape, ":")
    story.type("help")
    story.press(.enter)
    #expect(story.shows("On this screen"))
  }

  @Test("A path completes from the disk")
  func paths() {
    let story = Story()
    story.press(":")
    story.type("import ~/im")
    story.press(.tab)
    let asked = story.effects.compactMap { if case .completePath(let text) = $0 { text } else { nil } }
    #expect(asked == ["~/im"])
    story.show(.completions(for: "~/im", ["~/images/"]))
    #expect(story.footer.contains("import ~/images/"))
  }

  @Test("A command does what its key does, and asks what the key asks")
  func commandsAsKeys() {
    let story = local()
    story.press(":")
    story.type("send PACS2")
    story.press(.enter)
    #expect(story.effects.sent == ["PACS2"])
    story.press(":")
    story.type("export /tmp/out")
    story.press(.enter)
    #expect(story.effects.exports.last?.folder == "/tmp/out")
    story.press(":")
    story.type("explain A801")
    story.press(.enter)
    #expect(story.shows("move destination unknown"))
    story.press(":")
    story.type("remove PACS2")
    story.press(.enter)
    #expect(story.shows("Remove PACS2?"))
  }
}
