import Dicom
import LocalIndex
import Testing

@testable import TUI

/// What is asked of the local studies, the jobs and the activity, a bullet a story.
@Suite("Local, jobs and activity")
struct ArchiveStories {
  private func study(_ id: String, _ name: String) -> Record {
    Record(id: id, level: .study, [.studyInstanceUID: id, .patientName: name, .studyInstances: "10"])
  }

  private func page(_ story: Story, _ records: [Record], total: Int? = nil, isLast: Bool = true) {
    let order = story.effects.pages.last
    let count = total ?? records.count
    story.show(
      .page(
        .init(
          token: order?.token ?? 0, records: records, offset: order?.offset ?? count - records.count, isLast: isLast,
          total: count)))
  }

  /// Answers what was asked for last, out of a list of so many studies, as the index would.
  private func answer(_ story: Story, of total: Int) {
    guard let order = story.effects.pages.last else { return }
    let start = order.offset ?? max(0, total - order.limit)
    let end = min(total, start + order.limit)
    page(story, (start..<end).map { study("\($0)", "P\($0)") }, total: total, isLast: end == total)
  }

  private func job(_ id: Int, _ phase: JobView.Phase, at now: ContinuousClock.Instant) -> JobView {
    JobView(id: id, kind: .move, title: "C-MOVE DOE \(id)", peer: "PACS1", phase: phase, started: now)
  }

  // MARK: Local

  @Test("The search goes on with every letter, and rows are fetched a page at a time however many there are")
  func liveSearch() {
    let story = Story()
    story.show(.station(StationView(localStudies: 100_000)))
    story.press("3")
    #expect(story.shows("loading 100,000 studies"))
    page(story, (0..<200).map { study("\($0)", "P\($0)") }, total: 100_000, isLast: false)
    #expect(story.shows("100,000 studies"))
    #expect(story.effects.pages.last?.limit == 200)
    story.press("/")
    story.type("do")
    #expect(story.effects.pages.suffix(2).map(\.filter) == ["d", "do"])
    page(story, [study("a", "DOE^JANE")])
    #expect(story.selected.contains("DOE, JANE"))
    story.press(.escape, .escape)
    page(story, (0..<200).map { study("\($0)", "P\($0)") }, total: 100_000, isLast: false)
    for _ in 0..<20 { story.press(.control("f")) }
    #expect(story.effects.pages.last?.offset == 200, "the next page comes before the end is reached")
  }

  @Test(
    "G goes to the last of a hundred thousand at once, g back to the first; in between pages come before they are missed"
  )
  func ends() {
    let story = Story()
    story.press("3")
    answer(story, of: 100_000)
    let asked = story.effects.pages.count
    story.press("G")
    #expect(story.effects.pages.last.map { $0.offset == nil } == true)
    answer(story, of: 100_000)
    #expect(story.selected.contains("P99999"))
    #expect(story.effects.pages.count == asked + 1, "one page of 200, not five hundred")
    for _ in 0..<14 { story.press(.control("b")) }
    #expect(story.effects.pages.last?.offset == 99_600)
    let before = story.selected
    answer(story, of: 100_000)
    #expect(story.selected == before, "rows that come above do not move the cursor")
    for _ in 0..<8 { story.press(.control("b")) }
    #expect(story.selected.contains("P997"))
    story.press("g")
    answer(story, of: 100_000)
    #expect(story.selected.contains("P0"))
  }

  @Test("What arrives while one stands at the end shifts no row under the cursor")
  func endWhileReceiving() throws {
    let story = Story()
    story.press("3")
    answer(story, of: 1000)
    story.press("G")
    answer(story, of: 1000)
    let before = story.selected
    story.show(.indexChanged(studies: []))
    let order = try #require(story.effects.pages.last)
    let offset = try #require(order.offset)
    // Three new ones stand before all others.
    let end = min(1003, offset + order.limit)
    page(
      story, (offset..<end).map { $0 < 3 ? study("new\($0)", "NEW") : study("\($0 - 3)", "P\($0 - 3)") }, total: 1003)
    #expect(story.selected == before)
    #expect(story.shows("1,003 studies"))
  }

  @Test("Marks stay on rows that a filter or a jump has left behind, until those are gone")
  func marksElsewhere() {
    let story = Story()
    story.press("3")
    answer(story, of: 100_000)
    story.press(" ", "G")
    answer(story, of: 100_000)
    story.press(" ", "s")
    #expect(story.shows("Send 2 studies to"))
    story.press(.escape, "/")
    story.type("p5")
    page(story, [study("5", "P5")])
    story.press(.enter)
    #expect(story.shows("2 marked"))
    story.show(.indexChanged(studies: ["0", "7", "*"]))
    let asked = story.effects.compactMap { if case .missing(let ids) = $0 { ids } else { nil } }
    #expect(asked == [["0"]], "only what has changed is looked at")
    story.show(.gone(["0"]))
    #expect(story.shows("1 marked"), "one of them has been deleted elsewhere")
  }

  @Test("* marks all that the filter leaves, also what is not here yet, and says how many; again it marks none")
  func markAll() {
    let story = Story()
    story.press("3", "/")
    story.type("p")
    story.press(.enter)
    answer(story, of: 1204)
    #expect(story.shows("1,204 studies"))
    story.press("*")
    let asked = story.effects.compactMap { effect in
      if case .studies(let token, let filter, _) = effect { (token, filter) } else { nil }
    }
    #expect(asked.map(\.1) == ["p"])
    let all = (0..<1204).map { study("\($0)", "P\($0)") }
    story.show(.studies(token: asked[0].0, .success(all)))
    #expect(story.shows("1,204 studies marked, those further down too"))
    #expect(story.shows("1,204 marked · 1,204 studies"))
    story.press("x")
    let counts = story.effects.compactMap { if case .count(let order) = $0 { order } else { nil } }
    #expect(Set(counts[0].ids) == Set(all.map(\.id)) && counts[0].ids.count == 1204)
    #expect(counts[0].elsewhere.isEmpty, "all of them are inside the filter, here or not")
    story.press("j", "*")
    let again = story.effects.compactMap { if case .studies(let token, _, _) = $0 { token } else { nil } }
    story.show(.studies(token: again.last ?? -1, .success(all)))
    #expect(!story.shows(" marked ·"))
    #expect(story.shows("1,204 studies not marked any more"))
  }

  @Test(
    "* marks at once what is all here; of a million it says that they are too many; another filter is not marked late")
  func markLimits() {
    let story = Story()
    story.press("3")
    page(story, [study("a", "DOE"), study("b", "ROE")])
    story.press("*")
    #expect(story.shows("2 marked"))
    story.press(.escape, "r")
    page(story, [study("a", "DOE"), study("b", "ROE")], total: 1_000_000, isLast: false)
    story.press("*")
    #expect(story.shows("1,000,000 are too many to mark at once; / leaves fewer, 100,000 at most."))
    story.press("r")
    page(story, [study("a", "DOE"), study("b", "ROE")], total: 300, isLast: false)
    story.press("*", "/")
    story.type("x")
    let asked = story.effects.compactMap { if case .studies(let token, _, _) = $0 { token } else { nil } }
    story.show(.studies(token: asked.last ?? -1, .success([study("a", "DOE"), study("c", "POE")])))
    #expect(!story.shows("marked"))
  }

  @Test("< and > let the index sort by any column, those without room too, which is said")
  func sort() {
    let story = Story()
    story.press("3")
    page(story, [study("a", "DOE^JANE")])
    story.press("<", "<", "<", "<")
    #expect(!story.shows("▲") && !story.shows("▼"), "before the first it is as it came")
    var columns: [StudyOrder.Column] = []
    for _ in 0..<10 {
      story.press(">")
      if let order = story.effects.pages.last?.order { columns.append(order.column) }
      #expect(story.shows("▲") != story.shows("Sorted by"), "\(story.screen)")
    }
    #expect(
      columns == [
        .patientName, .patientID, .patientBirthDate, .studyDate, .studyTime, .modalities, .studyDescription,
        .accessionNumber, .instances, .bytes,
      ])
    story.press("I")
    #expect(story.effects.pages.last?.order.isDescending == true)
  }

  @Test("i imports what a path names; the job tells how far it is")
  func importing() {
    let story = Story()
    story.press("3", "i")
    #expect(story.shows("a file, folder, ZIP or DICOMDIR"))
    story.type("/media/cdrom")
    story.press(.enter)
    let paths = story.effects.compactMap { if case .importPaths(let paths) = $0 { paths } else { nil } }
    #expect(paths == [["/media/cdrom"]])
    var job = JobView(
      id: 1, kind: .importing, title: "import /media/cdrom", peer: "", phase: .receiving, started: story.now)
    job.progress = JobView.Progress(total: 250, completed: 120, failed: 2, bytes: 64_000_000, rate: 12_000_000)
    story.show(.job(job))
    #expect(story.operation.contains("122/250 · 2 failed · 64 MB · 12 MB/s"))
  }

  @Test("What is deleted is counted first, with what is marked outside the filter")
  func delete() {
    let story = Story()
    story.press("3")
    page(story, [study("a", "DOE"), study("b", "ROE")])
    story.press(" ", "/")
    story.type("ro")
    page(story, [study("b", "ROE")])
    story.press(.enter, "*", "x")
    let counts = story.effects.compactMap { if case .count(let order) = $0 { order } else { nil } }
    #expect(counts.map(\.ids) == [["b", "a"]])
    #expect(
      counts.map(\.elsewhere) == [["a"]] && counts.map(\.filter) == ["ro"], "the index says whether it is outside")
  }

  @Test("l locks what is marked against recycling, and lets it go when all of it is locked; :protect does the same")
  func protect() {
    let story = Story()
    story.press("3")
    var locked = study("a", "DOE")
    locked.isProtected = true
    page(story, [locked, study("b", "ROE")])
    #expect(story.shows("protected") && !story.shows("Never"))
    story.press("l")
    story.press("*", "l")
    story.press(":")
    story.type("protect")
    story.press(.enter)
    let asked = story.effects.compactMap { effect in
      if case .protect(let ids, let isProtected, _) = effect { (ids, isProtected) } else { nil }
    }
    #expect(asked.map(\.0) == [["a"], ["a", "b"], ["a", "b"]])
    #expect(asked.map(\.1) == [false, true, true])
  }

  @Test("Columns of the local list are left out, made wider and sorted by, and the choice is its own")
  func columns() {
    let story = Story(size: Size(rows: 24, columns: 120))
    story.press("3")
    page(story, [study("a", "DOE^JANE")])
    #expect(story.shows("BORN") && story.shows("ACCESSION"))
    story.press("|")
    while !story.selectedPopup.contains("BORN") { story.press("j") }
    story.press(" ", "k", .right, .escape)
    #expect(!story.shows("BORN") && story.shows("ACCESSION"))
    #expect(story.effects.kept.last?.kind == .columns && story.effects.kept.last?.name == "local studies")
    story.press("<")
    #expect(story.shows("Sorted by BORN, which has no room here"), "left out, it can still be sorted by")
    story.press("<")
    #expect(story.shows("ID▲") && !story.shows("Sorted by"), "what was said of the other column is over")
  }

  @Test("An export tells how far it is, at what pace, and how long it still takes")
  func exporting() {
    let story = Story(size: Size(rows: 24, columns: 120))
    var job = JobView(id: 1, kind: .exporting, title: "export DOE", peer: "", phase: .sending, started: story.now)
    job.progress = JobView.Progress(total: 200, completed: 50, bytes: 25_000_000, rate: 2_500_000)
    story.show(.job(job))
    #expect(!story.shows("to go"), "of what has just begun nobody can tell")
    story.pass(.seconds(10))
    #expect(story.operation.contains("50/200 · 25 MB · 2.5 MB/s · 30 s to go"))
    story.press("4")
    #expect(story.shows("30 s to go"))
    story.press(.enter)
    #expect(story.shows("50/200 · 25 MB · 2.5 MB/s · 30 s to go"))
    // Paused, and resumed after a while: what was done before, and the pause, say nothing of how long it takes now.
    story.pass(.seconds(600))
    job.pace = (story.now, 50)
    job.progress.completed = 100
    story.show(.job(job))
    #expect(!story.shows("to go"))
    story.pass(.seconds(10))
    #expect(story.shows("100/200 · 25 MB · 2.5 MB/s · 20 s to go"))
    job.phase = .done
    story.show(.job(job))
    #expect(!story.shows("to go"))
  }

  // MARK: Jobs

  @Test(
    "A job says its state by a light and a word",
    arguments: [
      (JobView.Phase.queued, "○ queued"), (.resolving, "resolving"), (.connecting, "connecting"), (.tls, "TLS"),
      (.associating, "associating"), (.waiting, "waiting"), (.receiving, "receiving"), (.sending, "sending"),
      (.cancelling, "cancelling"), (.paused, "○ paused"), (.done, "✓ done"), (.partial, "◐ partial"),
      (.failed, "✗ failed"), (.timedOut, "✗ timed out"), (.rejected, "✗ rejected"), (.cancelled, "– cancelled"),
    ])
  func states(phase: JobView.Phase, words: String) {
    let story = Story()
    story.show(.job(job(1, phase, at: story.now)))
    story.press("4")
    #expect(story.selected.contains(words))
  }

  @Test("Enter tells what failed and why; r asks for just that again; X clears what has ended and leaves the rest")
  func details() {
    let story = Story()
    var failed = job(1, .partial, at: story.now)
    failed.outcome = "248 of 250 instances"
    failed.details = ["1.2.3.7: 0xA700 out of resources", "1.2.3.9: 0x0110 processing failure"]
    failed.progress = JobView.Progress(total: 250, completed: 248, failed: 2, bytes: 1000)
    story.show(.job(failed))
    story.show(.job(job(2, .waiting, at: story.now)))
    story.press("4", "j", .enter)
    #expect(story.shows("1.2.3.7: 0xA700 out of resources"))
    #expect(story.shows("250/250 · 2 failed"))
    story.press("r")
    #expect(story.effects.retried == [1])
    story.press(.escape, "X")
    #expect(!story.shows("C-MOVE DOE 1") && story.shows("C-MOVE DOE 2"))
    #expect(story.effects.contains { if case .clearFinishedJobs = $0 { true } else { false } })
  }

  // MARK: Activity

  private func entry(_ id: Int, _ peer: String, _ words: String) -> ActivityRow {
    ActivityRow(id: id, clock: 1_710_504_000 + id, kind: "incoming", role: .accent, peer: peer, words: words)
  }

  @Test("What happened stands newest first, is filtered, and by f of one peer only")
  func activity() {
    let story = Story()
    story.show(
      .activity([entry(1, "CT1", "association"), entry(2, "CT2", "association"), entry(3, "CT1", "released")]))
    story.press("5")
    let lines = story.lines.filter { $0.contains("incoming") }
    #expect(lines.count == 3 && lines[0].contains("released"))
    story.press("j", "f")
    #expect(story.shows("only CT2"))
    #expect(!story.shows("released"))
    story.press(.escape, "/")
    story.type("released")
    #expect(story.selected.contains("CT1") && !story.shows("CT2"))
  }

  @Test("Enter opens an entry down to its PDUs")
  func pdus() {
    let story = Story()
    story.show(.activity([entry(7, "CT1", "association")]))
    story.press("5", .enter)
    story.show(.trace(entry: 7, ["12:00:00 received A-ASSOCIATE-RQ", "  context 1: CT Image Storage"]))
    #expect(story.shows("on the wire"))
    #expect(story.shows("A-ASSOCIATE-RQ"))
    #expect(story.shows("  context 1: CT Image Storage"))
  }

  // MARK: The frame

  @Test("At 200 by 60 there is more: details beside the list")
  func large() {
    let small = Story()
    let large = Story(size: Size(rows: 60, columns: 200))
    for story in [small, large] {
      story.press("3")
      var record = study("1.2.3", "DOE^JANE")
      record[.patientBirthDate] = "19700101"
      record[.accessionNumber] = "A1"
      record[.referringPhysicianName] = "WHO^DR"
      page(story, [record])
    }
    #expect(large.shows("Study UID") && !small.shows("Study UID"))
    #expect(small.shows("DOE, JANE") && small.shows("1.2.3"))
  }
}
