import Dicom
import Testing

@testable import TUI

/// What is asked of queries, a bullet a story.
@Suite("Query and retrieve")
struct QueryStories {
  private func study(_ number: Int) -> Record {
    Record(
      id: "\(number)", level: .study,
      [.studyInstanceUID: "\(number)", .patientName: "P\(number)", .studyDate: "2024010\(number)"])
  }

  private func asked() -> (Story, Int) {
    let story = Story()
    story.press(.enter, .enter)
    return (story, story.effects.finds.last?.token ?? -1)
  }

  private func job(_ token: Int, at now: ContinuousClock.Instant) -> JobView {
    var job = JobView(id: 1, kind: .find, title: "C-FIND all studies", peer: "PACS1", phase: .receiving, started: now)
    job.wait = Waiting(
      words: "waiting for C-FIND response", since: now, deadline: now + .seconds(10), limit: .seconds(10))
    job.subjects = ["find-\(token)", "PACS1"]
    return job
  }

  @Test("The form knows DICOM: names get their wildcard, modalities are a list, dates are ranges; what is sent is said")
  func form() {
    let story = Story()
    story.press(.enter)
    story.type("doe, j")
    #expect(story.shows("asks doe^j*"), "as lists show a name")
    story.press(.backspace, .backspace)
    #expect(story.shows("asks doe*"))
    story.press(.backspace)
    #expect(story.shows("asks doe*"))
    story.press(.tab, .tab, .tab)
    story.type("2024-01..2024-03")
    #expect(story.shows("asks 20240101-20240331"))
    story.press(.tab)
    story.type("ct, mr")
    #expect(story.shows("asks CT\\MR"))
    story.press(.tab, .tab)
    story.type("thorax")
    #expect(story.shows("asks *thorax*"))
    story.press(.enter)
    #expect(
      story.effects.finds.last?.keys == [
        "PatientName": "doe*", "StudyDate": "20240101-20240331", "ModalitiesInStudy": "CT\\MR",
        "StudyDescription": "*thorax*",
      ])
  }

  @Test("After Esc, j and k go from field to field and write nothing; Tab goes back into the one in sight")
  func afterEscape() {
    let story = Story()
    story.press(.enter)
    story.type("doe")
    story.press(.escape, "j", "j", "k")
    #expect(story.lines.contains { $0.contains("› Patient ID") } && !story.shows("jj"))
    story.press(.tab)
    story.type("17")
    story.press(.enter)
    #expect(story.effects.finds.last?.keys == ["PatientName": "doe*", "PatientID": "17"])
  }

  @Test("Enter with a date that is none goes to its field; what was said of it goes with the text")
  func badDate() {
    let story = Story()
    story.press(.enter, .tab, .tab, .tab)
    story.type("soon")
    story.press(.tab, .enter)
    #expect(story.effects.finds.isEmpty && story.shows("not a date"))
    #expect(story.lines.contains { $0.contains("› Study date") } && story.shows("Study date: today"))
    story.press(.control("u"))
    #expect(!story.shows("Study date: today") && !story.shows("not a date"))
    story.press(.enter)
    #expect(story.effects.finds.count == 1)
  }

  @Test("An AE title that nobody here has is asked about before anything is moved to it; one that is none is refused")
  func unknownTitle() {
    let (story, token) = asked()
    story.show(.matches(token: token, [study(1)]))
    story.press("M")
    story.type("SEVENTEENLETTERS-")
    story.press(.enter)
    #expect(story.shows("Move 1 study from PACS1 to") && story.effects.orders.isEmpty)
    story.press(.control("u"))
    story.type("ARCHIV9")
    story.press(.enter)
    #expect(story.shows("Move to the AE title ARCHIV9?") && story.effects.orders.isEmpty)
    story.press("n", "M")
    story.type("archive")
    story.press(.enter)
    #expect(story.effects.destinations == ["ARCHIVE"], "what is configured needs no question")
  }

  @Test("Without QueryWildcards what is typed is what is asked")
  func asTyped() {
    let story = Story()
    story.show(.station(StationView(addsWildcards: false)))
    story.press(.enter)
    story.type("doe, j")
    #expect(!story.shows("asks doe"))
    story.press(.enter)
    #expect(story.effects.finds.last?.keys == ["PatientName": "doe, j"])
  }

  @Test("A form with no criteria says so, and how many it will take")
  func noCriteria() {
    let story = Story()
    story.press(.enter)
    #expect(story.shows("No criteria: Enter asks for every study, the first 500."))
    story.press(.enter)
    #expect(story.effects.finds.last?.limit == 500)
  }

  @Test(
    "Matches are counted as they stream in; cancelled, those that came stay and can be retrieved, and r asks for all")
  func cancelled() {
    let (story, token) = asked()
    story.show(.job(job(token, at: story.now)))
    #expect(story.shows("waiting for C-FIND response 10.0 s"))
    story.show(.matches(token: token, [study(1), study(2)]))
    #expect(story.shows("2 studies so far"))
    story.press("c")
    #expect(story.effects.cancelled == [1])
    story.show(.findEnded(token: token, .init(words: "cancelled", isCancelled: true)))
    #expect(story.shows("2 studies, then cancelled; r for all"))
    story.press("m")
    #expect(story.effects.retrieved == ["2"])
    story.press("r")
    #expect(story.effects.finds.last?.limit == 0)
    #expect(story.shows("0 studies so far"))
  }

  @Test("Cancelled before anything came, it does not say that there is nothing")
  func cancelledEarly() {
    let (story, token) = asked()
    story.show(.findEnded(token: token, .init(words: "cancelled", isCancelled: true)))
    #expect(story.shows("Cancelled before anything came.") && !story.shows("has no studies"))
    #expect(story.shows("cancelled; r for all"))
    story.press("r")
    #expect(story.effects.finds.count == 2)
  }

  @Test("c stops all that were asked together, and what had come from each stays")
  func cancelledTogether() {
    let story = Story()
    story.press("*", .enter, .enter)
    let orders = story.effects.finds
    for (number, order) in orders.enumerated() {
      var asking = job(order.token, at: story.now)
      asking = JobView(
        id: number + 1, kind: .find, title: asking.title, peer: order.modality, phase: .receiving, started: story.now)
      asking.subjects = ["find-\(order.token)", order.modality]
      story.show(.job(asking))
    }
    story.show(.matches(token: orders[0].token, [study(1)]))
    story.show(.matches(token: orders[2].token, [study(2)]))
    story.press("c")
    #expect(story.effects.cancelled == [1, 2, 3])
    #expect(story.shows("Cancelling 3 queries."))
    for order in orders { story.show(.findEnded(token: order.token, .init(words: "cancelled", isCancelled: true))) }
    #expect(story.shows("2 studies, then cancelled; r for all"))
  }

  @Test("Of several that were asked together it is said how many failed, and which one where it is one")
  func failedTogether() {
    let story = Story()
    story.press("*", .enter, .enter)
    let orders = story.effects.finds
    story.show(.matches(token: orders[0].token, [study(1)]))
    story.show(.findEnded(token: orders[0].token, .init()))
    story.show(.findEnded(token: orders[1].token, .init(words: "refused", failed: true)))
    story.show(.findEnded(token: orders[2].token, .init()))
    #expect(story.shows("1 study; PACS2 failed"))
    story.press("r")
    let again = story.effects.finds.suffix(3).map(\.token)
    story.show(.matches(token: again[0], [study(1)]))
    story.show(.findEnded(token: again[0], .init()))
    for token in again.dropFirst() { story.show(.findEnded(token: token, .init(words: "refused", failed: true))) }
    #expect(story.shows("1 study; 2 of 3 failed"))
  }

  @Test("A name that nobody has is asked for anywhere in a name by R; one with wildcards is not, nor one that is found")
  func wider() {
    let story = Story()
    story.press(.enter)
    story.type("ane")
    story.press(.enter)
    let first = story.effects.finds.last
    #expect(first?.keys["PatientName"] == "ane*")
    #expect(!story.footer.contains("R "), "while it is asked nothing is known yet")
    story.show(.findEnded(token: first?.token ?? -1, .init()))
    #expect(story.shows("PACS1 has no studies for this."))
    #expect(story.shows("R asks for *ane*") && story.footer.contains("R anywhere in it"))
    story.press("R")
    let second = story.effects.finds.last
    #expect(second?.keys["PatientName"] == "*ane*" && second?.limit == 500)
    story.show(.findEnded(token: second?.token ?? -1, .init()))
    #expect(!story.shows("R asks for"), "wider than that it does not get")
    story.press("R")
    #expect(story.effects.finds.count == 2)
    story.press(.escape, .tab, .control("u"))
    story.type("d?e")
    story.press(.enter)
    story.show(.findEnded(token: story.effects.finds.last?.token ?? -1, .init()))
    #expect(!story.shows("R asks for"))
  }

  @Test("Of several modalities each is named in full, however long; the column is ten wide where there is room")
  func source() {
    for (names, size) in [(["A", "B"], 200), (["SAMPLEPACS", "ARCHIVE"], 80)] {
      let rows = names.map { ModalityRow(name: $0, aeTitle: $0, host: "h", port: 104) }
      let story = Story(rows, size: Size(rows: 24, columns: size))
      story.press("*", .enter)
      #expect(story.shows("Ask") && !story.shows("Modality "), "who is asked is no attribute of DICOM")
      story.press(.enter)
      for (number, order) in story.effects.finds.enumerated() {
        story.show(.matches(token: order.token, [study(number + 1)]))
      }
      let head = story.lines.first { $0.contains("SOURCE") } ?? ""
      let width = head.firstRange(of: "SOURCE").map { head[$0.upperBound...].prefix { $0 == " " }.count + 6 } ?? 0
      #expect(width > 10, "with the gap after it: \(head)")
      for name in names { #expect(story.lines.contains { $0.contains(" \(name) ") }) }
    }
  }

  @Test("After the first 500, r asks for all")
  func all() {
    let (story, token) = asked()
    story.show(.matches(token: token, [study(1)]))
    story.show(.findEnded(token: token, .init(isCut: true)))
    story.press("r")
    #expect(story.effects.finds.last?.limit == 0)
  }

  @Test("Enter goes down study, series, images with the UIDs of the way; back is there at once")
  func down() {
    let (story, token) = asked()
    story.show(.matches(token: token, [study(1)]))
    story.show(.findEnded(token: token, .init()))
    story.press(.enter)
    let series = story.effects.finds.last
    #expect(series?.level == .series && series?.keys == ["StudyInstanceUID": "1"])
    let row = Record(
      id: "1.1", level: .series,
      [.studyInstanceUID: "1", .seriesInstanceUID: "1.1", .seriesNumber: "4", .modality: "CT"])
    story.show(.matches(token: series?.token ?? -1, [row]))
    story.press(.enter)
    #expect(story.effects.finds.last?.level == .instance)
    #expect(story.effects.finds.last?.keys == ["StudyInstanceUID": "1", "SeriesInstanceUID": "1.1"])
    #expect(story.shows("P1 › CT series 4"))
    story.press("q", "q")
    #expect(story.shows("1 study "))
    #expect(story.effects.finds.count == 3, "nothing is asked again")
  }

  @Test("How much is here is asked of what is in sight only, and again when it has changed")
  func holdings() {
    let (story, token) = asked()
    story.show(.matches(token: token, (1...9).map(study)))
    func wanted() -> [Set<String>] {
      story.effects.compactMap { if case .holdings(_, let uids) = $0 { Set(uids) } else { nil } }
    }
    #expect(wanted() == [Set((1...9).map(String.init))])
    story.press("j", "k")
    #expect(wanted().count == 1)
    story.show(.indexChanged(studies: ["3", "77"]))
    #expect(wanted().last == ["3"])
  }

  @Test("The worklist is cancelled and grows old as any answer does")
  func worklist() {
    let story = Story()
    story.press("L", .enter)
    let token = story.effects.finds.last?.token ?? -1
    story.show(.matches(token: token, [study(1)]))
    #expect(story.shows("1 entry so far"))
    story.show(.findEnded(token: token, .init(words: "cancelled")))
    story.passOnTheClock(seconds: 7300)
    #expect(story.shows("1 entry · 2 h ago, r asks again"))
  }
}
