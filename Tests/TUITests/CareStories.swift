import Testing

@testable import TUI

@Suite("What is asked first, refused, or not lost")
struct CareStories {
  private func study(_ uid: String, _ date: String) -> Record {
    Record(id: uid, level: .study, [.studyInstanceUID: uid, .patientName: "DOE^\(uid)", .studyDate: date])
  }

  private func ended(_ id: Int, _ title: String, _ outcome: String, at now: ContinuousClock.Instant) -> JobView {
    var job = JobView(id: id, kind: .move, title: title, peer: "SAMPLEPACS", phase: .failed, started: now)
    job.ended = now
    job.outcome = outcome
    return job
  }

  private func local(_ story: Story) {
    story.press("3")
    let token = story.effects.pages.last?.token ?? 0
    story.show(.page(.init(token: token, records: [study("1", "20240101")], offset: 0, isLast: true)))
  }

  @Test("A key typed before the first row was drawn does nothing, and says that the answer is not here")
  func tooEarly() {
    let story = Story()
    story.press(.enter, .enter, "m")
    #expect(story.shows("PACS1 has not answered yet"))
    #expect(story.effects.orders.isEmpty)
  }

  @Test("When the answer is complete, whoever has not moved stands on the first row; whoever has, stays")
  func firstRow() {
    for hasMoved in [false, true] {
      let story = Story()
      story.press(.enter, .enter)
      let token = story.effects.compactMap { if case .find(let order) = $0 { order.token } else { nil } }.last ?? 0
      story.show(.matches(token: token, [study("1", "20240101"), study("2", "20230101")]))
      if hasMoved { story.press("j") }
      story.show(.matches(token: token, [study("3", "20250101")]))
      #expect(story.selected.contains(hasMoved ? "DOE, 2" : "DOE, 1"))
      story.show(.findEnded(token: token, .init()))
      #expect(story.selected.contains(hasMoved ? "DOE, 2" : "DOE, 3"))
    }
  }

  @Test("Read only: no key leads to sending, to a move between others, or to deleting")
  func readOnly() {
    let story = Story()
    var station = StationView()
    station.isReadOnly = true
    story.show(.station(station))
    local(story)
    story.press("s")
    #expect(story.shows("read only (ReadOnly): nothing is sent"))
    story.press("x")
    #expect(story.shows("read only"))
    #expect(!story.shows("Delete"))
  }

  @Test("Sending to a modality in production takes its name, typed in full")
  func production() {
    var rows = Story.modalities
    rows[1].isProduction = true
    let story = Story(rows)
    local(story)
    story.press("s")
    story.type("PACS2")
    story.press(.enter)
    #expect(story.shows("PACS2 is marked as Production."))
    story.type("PACS")
    story.press(.enter)
    #expect(story.effects.sent.isEmpty)
    story.type("2")
    story.press(.enter)
    #expect(story.effects.sent == ["PACS2"])
  }

  @Test("A modality is added by a form that says what is wrong beside the field")
  func addModality() {
    let story = Story()
    story.press("a")
    story.type("PACS1")
    #expect(story.shows("there is one already"))
    story.press(.control("u"))
    story.type("NEW")
    story.press(.tab)
    story.type("A_TITLE_TOO_LONG_FOR_DICOM")
    story.press(.enter)
    #expect(story.shows("26 characters; at most 16"))
    #expect(story.effects.saved.isEmpty)
    story.press(.control("u"))
    story.type("NEWAET")
    story.press(.tab)
    story.type("10.0.0.9")
    story.press(.enter)
    #expect(story.effects.saved == [ModalityDraft(name: "NEW", aeTitle: "NEWAET", host: "10.0.0.9", port: 104)])
    #expect(story.footer.contains("e echo"))
  }

  @Test("A modality is removed after a question; its settings are shown")
  func removeModality() {
    var rows = Story.modalities
    rows[0].settings = [.init(key: "RetrieveMethod", value: "C-GET")]
    let story = Story(rows)
    story.press("o")
    #expect(story.shows("RetrieveMethod       C-GET"))
    story.press("q")
    story.press("x")
    #expect(story.shows("Remove PACS1?"))
    story.press(.enter)
    #expect(story.effects.removed.isEmpty)
    story.press("y")
    #expect(story.effects.removed == ["PACS1"])
  }

  @Test("r in jobs does the same again; not while it runs, and not a query, which has no place to show its rows")
  func retry() {
    let story = Story()
    story.show(.job(ended(1, "C-MOVE DOE", "refused", at: story.now)))
    story.press("4", "r")
    #expect(story.effects.retried == [1])
  }

  @Test("4 leads to the job that the operation line tells of, wherever one was in jobs")
  func tellsAll() {
    let story = Story()
    story.show(.job(ended(1, "C-MOVE ONE", "refused", at: story.now)))
    story.press("4", .enter, "1")
    story.pass(.seconds(1))
    let reason = "refused: 0xA801 move destination unknown, which is a long story that does not fit into one line"
    story.show(.job(ended(2, "C-MOVE TWO", reason, at: story.now)))
    #expect(story.operation.contains("4 Enter tells all"))
    story.press("4")
    #expect(story.selected.contains("C-MOVE TWO"))
  }

  @Test("At 80 columns titles, AE titles and outcomes of usual length are not cut")
  func widths() {
    let rows = ["SAMPLEPACS", "ARCHIVE"].map {
      ModalityRow(name: $0, aeTitle: "\($0)_1", host: "10.0.0.1", port: 11112)
    }
    let story = Story(rows)
    #expect(story.shows("SAMPLEPACS_1"))
    #expect(story.shows("10.0.0.1:11112"))
    story.show(.job(ended(1, "C-MOVE DOE^JANE", "24 instances, 808 kB in 0.3 s", at: story.now)))
    story.press("4")
    #expect(story.selected.contains("24 instances, 808 kB in 0.3 s"))
    #expect(story.selected.contains("SAMPLEPACS"))
  }

  @Test("A port that is taken is named in the header, with who holds it")
  func notReceiving() {
    let story = Story()
    var station = StationView()
    station.address = "0.0.0.0:4242"
    station.receiving = .off("Port 4242 is in use by Orthanc (process 5160).")
    story.show(.station(station))
    #expect(story.shows("not receiving: Port 4242 is in use by Orthanc (process 5160)."))
  }

  @Test("What is wrong with a command is said in full")
  func complaint() {
    let story = Story()
    story.press(":")
    story.type("echo nosuch")
    story.press(.enter)
    #expect(story.shows("no modality nosuch; there are PACS1, PACS2, ARCHIVE"))
  }
}
