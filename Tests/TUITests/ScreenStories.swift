import Testing

@testable import TUI

@Suite("Keys on the screens")
struct ScreenStories {
  private func job(
    _ id: Int, _ kind: JobView.Kind = .echo, _ title: String = "C-ECHO", _ peer: String = "PACS1",
    _ phase: JobView.Phase = .waiting, at now: ContinuousClock.Instant
  ) -> JobView {
    var job = JobView(id: id, kind: kind, title: title, peer: peer, phase: phase, started: now)
    job.wait = Waiting(
      words: "waiting for \(title) response", since: now, deadline: now + .seconds(10), limit: .seconds(10))
    job.subjects = [peer]
    return job
  }

  private func study(_ uid: String, _ name: String, _ date: String, instances: Int = 10) -> Record {
    Record(
      id: uid, level: .study,
      [.studyInstanceUID: uid, .patientName: name, .studyDate: date, .studyInstances: String(instances)])
  }

  @Test("The footer says what works here, and what Esc will do")
  func footer() {
    let story = Story()
    #expect(story.footer.contains("Enter query"))
    #expect(story.footer.contains("e echo"))
    #expect(story.footer.contains("q quit"))
    story.press("/")
    #expect(story.footer.contains("Esc leave the field"))
    story.type("PACS")
    story.press(.enter)
    #expect(story.footer.contains("Esc clear the filter"))
    #expect(story.shows("2 of 3 modalities"))
    story.press(.escape)
    #expect(story.shows("3 modalities"))
    story.press("3")
    #expect(story.footer.contains("Esc to modalities"))
    story.press(.escape)
    #expect(story.footer.contains("Enter query"))
  }

  @Test("A wait counts down in tenths on its row, in the operation line and in jobs, and is refilled")
  func countdown() {
    let story = Story()
    story.press("e")
    var job = job(1, at: story.now)
    story.show(.job(job))
    story.pass(.milliseconds(2600))
    #expect(story.selected.contains("7.4 s"))
    #expect(story.operation.contains("waiting for C-ECHO response 7.4 s"))
    story.pass(.milliseconds(100))
    #expect(story.selected.contains("7.3 s"))
    job.wait?.deadline = story.now + .seconds(10)
    story.show(.job(job))
    #expect(story.selected.contains("10.0 s"))
    story.press("4")
    #expect(story.selected.contains("10.0 s"))
    job.wait?.deadline = nil
    story.show(.job(job))
    #expect(story.shows("no limit"))
    var ended = job
    ended.phase = .done
    ended.wait = nil
    story.show(.job(ended))
    story.show(.job(job))
    #expect(!story.shows("no limit"), "what is told late does not start it again")
  }

  @Test("While something runs for the row, the footer says that c cancels it; the keys before stay where they are")
  func cancelKey() {
    let story = Story()
    let before = story.footer
    story.show(.job(job(1, at: story.now)))
    #expect(story.footer.contains("c cancel  q quit"))
    #expect(story.footer.prefix(40) == before.prefix(40))
    story.press("j")
    #expect(!story.footer.contains("c cancel"), "nothing runs there")
    story.press("k", .enter)
    #expect(!story.footer.contains("c cancel"), "in a field c is a letter")
  }

  @Test("A failure too long for its line is told as far as there is room, and the way to all of it works from there")
  func longFailure() {
    let story = Story()
    var failed = job(1, at: story.now)
    (failed.phase, failed.wait, failed.ended) = (.failed, nil, story.now)
    failed.outcome = "10.0.0.1:104 refused the connection: nothing listens on that port; is the server running there?"
    story.show(.job(failed))
    #expect(story.operation.contains("10.0.0.1:104 refused") && story.operation.contains("; 4 Enter tells all"))
    story.press(.enter)
    #expect(story.operation.contains("; Alt-4 Enter tells all"), "in a field 4 is a character")
    story.press(.alt("4"), .enter)
    #expect(story.screen.components(separatedBy: "running there?").count == 2, "told once:\n\(story.screen)")
    #expect(story.footer.contains("r retry"))
    for useless in ["c cancel", "10 s more", "timeout", "pause"] { #expect(!story.footer.contains(useless)) }
  }

  @Test("On a wide terminal a failure fills its line, and its outcome in jobs has the room that times would take")
  func wideFailure() {
    let story = Story(size: Size(rows: 48, columns: 160))
    var failed = job(1, at: story.now)
    (failed.phase, failed.wait, failed.ended, failed.startedClock) = (.failed, nil, story.now, 1_710_504_000)
    failed.outcome =
      "The connection works; the association does not: OTHERPACS@10.0.0.1:104: the association was rejected permanently "
      + "by the service user: called AE title not recognized. The peer is not called OTHERPACS: check its title."
    story.show(.job(failed))
    #expect(story.operation.contains("the association was rejected") && story.operation.contains("; 4 Enter tells all"))
    story.press("4")
    #expect(story.selected.contains("The connection works; the association does not: OTHER"), "\(story.selected)")
    #expect(!story.shows("START") && story.shows("  since "), "said beside:\n\(story.screen)")
    let narrow = Story()
    narrow.show(.job(failed))
    #expect(narrow.operation.contains("The connection works; the association does"), "\(narrow.operation)")
    var brief = failed
    brief.outcome = "answered in 12 ms"
    story.show(.job(brief))
    #expect(story.shows("START"))
  }

  @Test("Nothing counting down, no timer")
  func idle() {
    let story = Story()
    #expect(story.model.nextTick == nil)
    story.show(.job(job(1, at: story.now)))
    #expect(story.model.nextTick != nil)
  }

  @Test("c cancels what is under the cursor, Ctrl-C what is in front, a second within two seconds quits")
  func cancelling() {
    let story = Story()
    story.show(.job(job(1, at: story.now)))
    story.show(.job(job(2, .echo, "C-ECHO", "PACS2", at: story.now)))
    story.press("c")
    #expect(story.effects.cancelled == [1])
    var ended = job(1, at: story.now)
    (ended.phase, ended.wait, ended.ended) = (.cancelled, nil, story.now)
    story.show(.job(ended))
    story.press(.control("c"))
    #expect(story.effects.cancelled == [1, 2])
    #expect(story.shows("Ctrl-C again quits"))
    story.press(.control("c"))
    #expect(story.effects.quits)
  }

  @Test("On a job that has ended Ctrl-C cancels the one that runs, as the line above says, and none that waits")
  func interruptElsewhere() {
    let story = Story()
    var ended = job(3, .store, "C-STORE ROE", at: story.now)
    (ended.phase, ended.wait, ended.ended) = (.cancelled, nil, story.now)
    var queued = job(2, .store, "C-STORE MOE", "PACS1", .queued, at: story.now)
    queued.wait = nil
    let running = job(1, .store, "C-STORE DOE", "PACS1", .sending, at: story.now)
    for job in [running, queued, ended] { story.show(.job(job)) }
    story.press("4", "g")
    #expect(story.selected.contains("C-STORE ROE") && story.operation.contains("C-STORE DOE"))
    #expect(story.shows("3 jobs · 1 running · 1 queued"))
    story.press(.control("c"))
    #expect(story.effects.cancelled == [1])
    story.pass(.seconds(3))
    story.show(.job(job(1, .store, "C-STORE DOE", "PACS1", .cancelling, at: story.now)))
    story.press(.control("c"))
    #expect(story.effects.cancelled == [1], "what waits is not what was meant")
    #expect(story.shows("Quit fluoro?"))
  }

  @Test("What is paused or queued does not run, and is counted as what it is")
  func jobCounts() {
    let story = Story()
    for id in 1...2 { story.show(.job(job(id, .store, "C-STORE DOE", "PACS1", .paused, at: story.now))) }
    story.press("4")
    #expect(story.shows("2 jobs · 2 paused") && !story.shows("running"))
    story.show(.job(job(1, .store, "C-STORE DOE", "PACS1", .sending, at: story.now)))
    #expect(story.shows("2 jobs · 1 running · 1 paused"))
  }

  @Test("Ctrl-C with nothing running asks, and Enter is no yes")
  func quitting() {
    let story = Story()
    story.press(.control("c"))
    #expect(story.shows("Quit fluoro?"))
    story.press(.enter)
    #expect(!story.effects.quits)
    story.press("n")
    #expect(!story.shows("Quit fluoro?"))
    story.pass(.seconds(3))
    story.press(.control("c"), "y")
    #expect(story.effects.quits)
  }

  @Test("q quits at the root, asking while something runs and naming it")
  func quitWhileRunning() {
    let story = Story()
    story.show(.job(job(1, .move, "C-MOVE DOE^JANE", at: story.now)))
    story.press("q")
    #expect(story.shows("Quit fluoro?"))
    #expect(story.shows("C-MOVE DOE^JANE · PACS1"))
    story.press("y")
    #expect(story.effects.quits)
  }

  @Test("Keys read before a question was drawn do not answer it")
  func typedAhead() {
    let story = Story()
    story.show(.job(job(1, at: story.now)))
    story.pressAtOnce("q", "y")
    #expect(story.shows("Quit fluoro?"))
    #expect(!story.effects.quits)
    story.press("y")
    #expect(story.effects.quits)
  }

  @Test("Above ten studies the number is typed")
  func typedNumber() {
    let story = Story()
    story.press("3")
    story.show(
      .counted(
        Message.DeletionCount(
          ids: ["a"], level: .study, rows: 12, instances: 1204, bytes: 612_000_000, outsideFilter: 1)))
    #expect(story.shows("Delete 12 studies?"))
    #expect(story.shows("1,204 images, 612 MB"))
    #expect(story.shows("1 is outside the filter"))
    story.press("y", .enter)
    #expect(story.effects.deletions == 0)
    story.press(.backspace)
    story.type("12")
    story.press(.enter)
    #expect(story.effects.deletions == 1)
  }

  // MARK: Results

  private func results() -> (Story, Int) {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? -1
    return (story, token)
  }

  @Test("Rows do not move under the cursor while more arrive")
  func streaming() {
    let (story, token) = results()
    story.show(.matches(token: token, [study("1", "ADAMS", "20240101"), study("2", "BAKER", "20240102")]))
    #expect(story.selected.contains("BAKER"))
    story.press("j")
    #expect(story.selected.contains("ADAMS"))
    story.show(.matches(token: token, [study("3", "CLARK", "20240103"), study("4", "AARON", "20230101")]))
    #expect(story.selected.contains("ADAMS"))
    #expect(story.shows("4 studies so far"))
    story.press("m")
    #expect(story.effects.retrieved == ["1"])
    story.show(.findEnded(token: token, Message.FindEnd(isCut: true)))
    #expect(story.shows("first 4; narrow it, or r for all"))
  }

  @Test("A key acts only on a row that was seen under it")
  func unseen() {
    let (story, token) = results()
    story.receive(.matches(token: token, [study("1", "ADAMS", "20240101")]))
    story.pressAtOnce("m")
    #expect(story.effects.retrieved.isEmpty)
    #expect(story.shows("press the key again"))
    story.press("m")
    #expect(story.effects.retrieved == ["1"])
  }

  @Test("Actions apply to the marked rows, Esc clears marks before it goes back")
  func marks() {
    let (story, token) = results()
    story.show(
      .matches(token: token, [study("1", "A", "20240103"), study("2", "B", "20240102"), study("3", "C", "20240101")]))
    story.press(" ", " ", "m")
    #expect(story.effects.retrieved == ["1", "2"])
    #expect(story.footer.contains("Esc clear the marks"))
    story.press(.escape)
    #expect(story.footer.contains("Esc back"))
    story.press("M")
    #expect(story.shows("Move 1 study from PACS1 to"))
    story.type("ELSEWHERE")
    story.press(.enter, "y")
    #expect(story.effects.destinations.last == "ELSEWHERE")
  }

  @Test("Whether it is here: none, part, all")
  func here() {
    let (story, token) = results()
    story.show(
      .matches(token: token, [study("1", "A", "20240103"), study("2", "B", "20240102"), study("3", "C", "20240101")]))
    story.show(.holdings(["1": Holding(instances: 0), "2": Holding(instances: 4), "3": Holding(instances: 10)]))
    #expect(story.shows("○ none"))
    #expect(story.shows("◐ 4/10"))
    #expect(story.shows("● all"))
  }

  @Test("A failed query says why, wrapped, and how to go on")
  func failed() {
    let (story, token) = results()
    let words =
      "PACS1 rejected the association: the calling AE title FLUORO is not recognized (permanent); add it there, or set LocalAet."
    story.show(.findEnded(token: token, Message.FindEnd(words: words, failed: true)))
    #expect(story.shows("add it there"))
    #expect(story.shows("r tries again"))
    story.press("r")
    #expect(story.effects.finds.count == 2)
  }

  // MARK: Form

  @Test("In a text field letters are text, Alt-digits still jump")
  func field() {
    let story = Story()
    story.press(.enter)
    story.type("q*?1")
    #expect(story.shows("q*?1"))
    #expect(story.shows("modalities › PACS1 › query"))
    story.press(.alt("3"))
    #expect(story.shows("No study is on this machine yet") || story.shows("loading"))
    story.press(.escape)
    #expect(story.shows("q*?1"))
  }

  @Test("Dates are understood while typing")
  func dates() {
    let story = Story()
    story.press(.enter, .tab, .tab, .tab)
    story.type("2024-02")
    #expect(story.shows("asks 20240201-20240229"))
    story.type("x")
    #expect(story.shows("not a date"))
    story.press(.enter)
    #expect(story.effects.finds.isEmpty)
    story.press(.backspace, .enter)
    #expect(story.effects.finds.first?.keys["StudyDate"] == "20240201-20240229")
  }

  @Test("A paste goes into the field, elsewhere it opens the filter, never is it keys")
  func paste() {
    let story = Story()
    story.show(.input(.paste("PACS2")))
    #expect(story.shows("1 of 3 modalities"))
    #expect(story.selected.contains("PACS2"))
    story.press(.escape, .escape, .enter)
    story.show(.input(.paste("DOE^J")))
    #expect(story.shows("DOE^J"))
  }

  // MARK: Frame

  @Test("The header says that receiving starts before it says that it failed, or what is not taken")
  func receiving() {
    #expect(Views.receiving(.notStarted, problem: nil) == .starting)
    #expect(Views.receiving(.off(reason: "the port is taken"), problem: nil) == .off("the port is taken"))
    #expect(Views.receiving(.listening(port: 104, titles: []), problem: nil) == .listening)
    #expect(Views.receiving(.listening(port: 104, titles: []), problem: "disk full") == .refusing("disk full"))
  }

  @Test("An unbound Alt-key is Esc and the key")
  func alt() {
    let story = Story()
    story.press("3", .alt("j"))
    #expect(story.shows("3 modalities"))
    #expect(story.selected.contains("PACS2"))
    story.press(.enter, .alt("q"))
    #expect(story.shows("3 modalities"), "out of a field too")
    story.press("?", .alt("4"))
    #expect(story.shows("Nothing has been asked for yet"), "and out of what is in front")
  }

  @Test("Commands by colon, complaints in place")
  func commands() {
    let story = Story()
    story.press(":")
    story.type("ecco")
    story.press(.enter)
    #expect(story.shows("no command ecco"))
    story.press(.control("u"))
    story.type("echo PACS2")
    story.press(.enter)
    #expect(story.effects.echoed == ["PACS2"])
  }

  @Test("The help is the keymap")
  func help() {
    let story = Story(size: Size(rows: 70, columns: 100))
    story.press("?")
    #expect(story.shows("✓  ✗  –         done, failed, cancelled") && story.shows("↓               arrived here"))
    for binding in story.model.screen.bindings { #expect(story.shows(binding.help)) }
    for binding in Keymap.inLists { #expect(story.shows(binding.help)) }
    story.press("?")
    #expect(!story.shows("Moving about"))
    let wide = Story(size: Size(rows: 48, columns: 160))
    wide.press("5", "?")
    #expect(wide.shows("what was done before, and by others   "), "two columns stand apart:\n\(wide.screen)")
  }

  @Test("The help says all of every key, however narrow the terminal, and the last line is reached")
  func narrowHelp() {
    for columns in [60, 80, 160] {
      let story = Story(size: Size(rows: 24, columns: columns))
      story.press("4", "?")
      // What lies in the box; beside it there may be something else that is cut.
      func box() -> String { story.lines.filter { $0.contains("│") }.joined(separator: "\n") }
      var text = box()
      while case .help(let help) = story.model.overlay {
        story.press("j")
        guard case .help(let next) = story.model.overlay, next.top > help.top else { break }
        text += "\n" + box()
      }
      #expect(!text.contains("…"), "\(text)")
      #expect(text.contains("more columns further right"), "to the end:\n\(story.screen)")
      for word in ["what is left", "done before, and by others"] {
        let words = word.split(separator: " ")
        #expect(words.allSatisfy { text.contains($0) }, "\(word) is cut at \(columns):\n\(text)")
      }
    }
    let story = Story(size: Size(rows: 48, columns: 160))
    story.press(.enter, Key(.function(1)))
    #expect(story.shows("In the form") && !story.shows("Moving about"))
  }

  @Test("The help fits the terminal when that is resized under it, and stays within its lines")
  func resizedHelp() {
    let story = Story(size: Size(rows: 24, columns: 160))
    story.press("4", "?", "G")
    story.show(.resized(Size(rows: 30, columns: 70)))
    #expect(story.shows("Keys ─") && story.shows("scroll"), "\(story.screen)")
    #expect(story.lines.allSatisfy { CellText.width($0) <= 70 })
    story.press("G")
    #expect(story.shows("more columns further right"), "\(story.screen)")
    story.show(.resized(Size(rows: 60, columns: 160)))
    #expect(story.shows("On this screen") && story.shows("more columns further right"), "all of it:\n\(story.screen)")
  }

  @Test("A job's name is whole on 80 columns, and the times of echoes stand below each other")
  func names() {
    let story = Story(size: Size(rows: 24, columns: 80))
    var ended = job(1, .move, "C-MOVE Papadopoulou, Eleni", "SAMPLEPACS", at: story.now)
    (ended.phase, ended.wait, ended.ended, ended.outcome) = (.done, nil, story.now, "32 instances, 1.1 MB in 97 ms")
    story.show(.job(ended))
    story.press("4")
    #expect(story.selected.contains("C-MOVE Papadopoulou, Eleni ✓ done"))
    story.press("1")
    story.show(.echoed(modality: "PACS1", ModalityRow.Echo(succeeded: true, milliseconds: 17, words: "", clock: 0)))
    story.show(.echoed(modality: "PACS2", ModalityRow.Echo(succeeded: false, milliseconds: 0, words: "", clock: 0)))
    let times = story.lines.filter { $0.contains("17 ms") || $0.contains("failed") }.prefix(2)
    #expect(times.count == 2 && Set(times.map { Array($0).lastIndex(of: ":") }).count == 1, "\(times)")
  }

  @Test("In the list of jobs the footer names what can be done with the one under the cursor")
  func jobVerbs() {
    let story = Story(size: Size(rows: 24, columns: 120))
    var ended = job(1, .store, "C-STORE DOE", at: story.now)
    (ended.phase, ended.wait, ended.ended, ended.outcome) = (.failed, nil, story.now, "0 of 1 instance")
    story.show(.job(job(2, .move, "C-MOVE DOE", at: story.now)))
    story.show(.job(ended))
    story.press("4")
    story.press("/")
    story.type("store")
    story.press(.enter)
    #expect(story.selected.contains("C-STORE") && story.footer.contains("r retry"))
    for useless in ["c cancel", "10 s more", "timeout", "p pause"] { #expect(!story.footer.contains(useless)) }
    story.press(.escape, "/")
    story.type("move")
    story.press(.enter)
    #expect(story.selected.contains("C-MOVE") && !story.footer.contains("r retry"))
    for useful in ["c cancel", "10 s more", "p pause"] { #expect(story.footer.contains(useful), "\(story.footer)") }
  }

  @Test("A search in a text that finds nothing says so at Enter")
  func searchedInVain() {
    let story = Story()
    var failed = job(1, at: story.now)
    (failed.phase, failed.wait, failed.ended, failed.outcome) = (.failed, nil, story.now, "refused")
    story.show(.job(failed))
    story.press("4", .enter, "/")
    story.type("refused")
    story.press(.enter)
    #expect(!story.shows("nowhere"))
    story.press(.escape, "/")
    story.type("elsewhere")
    story.press(.enter)
    #expect(story.shows("elsewhere is nowhere here."))
  }

  @Test("y copies the identifier and shows it")
  func copy() {
    let story = Story()
    story.press("y")
    #expect(story.shows("Copied: PACS1@10.0.0.1:104"))
  }

  @Test(
    "Every size draws, and no row is clipped by another",
    arguments: [(1, 1), (3, 19), (4, 20), (10, 40), (14, 59), (15, 60), (24, 80), (40, 120), (60, 200)])
  func sizes(rows: Int, columns: Int) {
    let story = Story(size: Size(rows: rows, columns: columns))
    story.show(.job(job(1, at: story.now)))
    story.press("e", .enter, .enter, "4", "5", "3", "?", .escape, "1")
    #expect(story.lines.count == rows)
    if columns >= 20, rows >= 4 {
      #expect(story.selected.contains("PACS1"))
      #expect(story.operation.contains("10.0 s"))
    } else {
      #expect(story.lines[0].hasPrefix("terminal too small".prefix(columns - 1)))
    }
  }

  @Test("Resizing keeps the cursor in sight")
  func resize() {
    let rows = (1...100).map { ModalityRow(name: "PACS\($0)", aeTitle: "A", host: "h", port: 104) }
    let story = Story(rows, size: Size(rows: 60, columns: 100))
    story.press("G")
    #expect(story.selected.contains("PACS100"))
    story.show(.resized(Size(rows: 16, columns: 60)))
    #expect(story.selected.contains("PACS100"))
    story.press("g")
    #expect(story.selected.contains("PACS1 "))
  }

  @Test("An empty list names the key that fills it")
  func empty() {
    let story = Story([])
    #expect(story.shows("No modality is configured yet") && story.footer.hasPrefix(" a add"))
    story.press("4")
    #expect(story.shows("e echoes a modality"))
    story.press("5")
    #expect(story.shows("Nothing has happened yet") && story.shows("1 then e makes the first"))
    story.press("H")
    story.show(.history(token: historyToken(story), []))
    #expect(story.shows("1 then e makes the first entry"))
    story.press("3")
    story.show(.page(.init(token: story.effects.pages.last?.token ?? 0, records: [], offset: 0, isLast: true)))
    #expect(story.shows("i imports files or a folder") && story.shows("m retrieves a study"))
    story.press(":")
    story.type("watch")
    story.press(.enter)
    #expect(story.shows("w on a modality watches it"))
    let (results, token) = self.results()
    results.show(.findEnded(token: token, .init()))
    #expect(results.shows("PACS1 has no studies for this.") && results.shows("r asks again"))
  }

  private func historyToken(_ story: Story) -> Int {
    story.effects.compactMap { if case .history(let token, _, _) = $0 { token } else { nil } }.last ?? 0
  }

  @Test("The receiver's state is in the header, with the reason when it is off")
  func receiver() {
    let story = Story(size: Size(rows: 24, columns: 100))
    var station = StationView(aeTitle: "FLUORO", address: "0.0.0.0:4242", receiving: .off("port 4242 is taken"))
    story.show(.station(station))
    #expect(story.lines[0].contains("✗ not receiving: port 4242 is taken"))
    station.receiving = .listening
    station.arrived = 12
    story.show(.station(station))
    #expect(story.lines[0].contains("● receiving"))
    #expect(story.lines[0].contains("↓ 12 arrived"))
    station.receiving = .refusing("the disk is full")
    story.show(.station(station))
    #expect(story.lines[0].contains("✗ taking nothing: the disk is full"))
  }

  @Test("Where the header is narrow it says less, nothing of it cut off; an almost full disk is said last")
  func header() {
    var station = StationView(aeTitle: "FLUORO", address: "127.0.0.1:42139", receiving: .listening)
    station.arrived = 1204
    station.lastArrival = 1_710_504_000
    for (columns, ending, free) in [
      (100, "67 GB free  ↓ 1,204 arrived", 67_000_000_000), (76, "67 GB free  ↓ 1,204 arrived", 67_000_000_000),
      (66, "receiving  ↓ 1,204 arrived", 67_000_000_000), (66, "receiving  900 MB free", 900_000_000),
      (60, "receiving", 67_000_000_000),
    ] {
      let story = Story(size: Size(rows: 24, columns: columns))
      station.freeBytes = free
      story.show(.station(station))
      let words = story.lines[0].split(separator: " ").joined(separator: " ")
      #expect(words.contains(ending.replacing("  ", with: " ")), "\(columns): \(story.lines[0])")
      #expect(!story.lines[0].contains("…"))
    }
  }

  @Test("The form's verbs stand in the footer once")
  func formFooter() {
    let story = Story(size: Size(rows: 48, columns: 160))
    story.press(.enter)
    #expect(story.footer.components(separatedBy: "Ctrl-S").count == 2)
  }
}
