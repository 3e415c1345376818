import Dicom
import Operations
import Testing

@testable import TUI

/// What two sides have, side by side.
@Suite("A comparison")
struct ComparisonStories {
  private func run(_ story: Story, _ command: String) {
    story.press(":")
    story.type(command)
    story.press(.enter)
  }

  private func row(_ uid: String, _ name: String, _ first: Int?, _ second: Int?) -> ComparisonScreen.Row {
    ComparisonScreen.Row(
      record: Record(id: uid, level: .study, [.studyInstanceUID: uid, .patientName: name, .studyDate: "20260102"]),
      difference: StudyDifference(
        studyInstanceUID: uid, isInFirst: first != nil, isInSecond: second != nil, firstCount: first,
        secondCount: second), since: .now)
  }

  /// PACS1 and PACS2: one study is missing on either side, and one has fewer images on the second.
  private func compared(_ modalities: [ModalityRow] = Story.modalities, _ second: String = "PACS2") -> Story {
    let story = Story(modalities, size: Size(rows: 24, columns: 110))
    run(story, "compare pacs1 \(second) StudyDate=20260102")
    let token = story.effects.comparisons.last?.token ?? -1
    story.receive(
      .compared(
        token: token, [row("1", "DOE^JANE", 5, nil), row("2", "ROE^RICHARD", nil, 7), row("3", "POE^PAT", 9, 4)]))
    var end = Message.FindEnd()
    end.words = "12 studies compared, 3 different"
    story.show(.findEnded(token: token, end))
    return story
  }

  @Test("It says what is missing where, and how many images either side has")
  func differences() {
    let story = compared()
    #expect(story.effects.comparisons.last?.keys == [QueryKey(.studyDate, "20260102")])
    #expect(story.shows("PACS1 and PACS2") && story.shows("12 studies compared, 3 different"))
    #expect(story.selected.contains("DOE, JANE") && story.selected.contains("missing on PACS2"))
    #expect(story.shows("missing on PACS1") && story.shows("PACS2 lacks 5 "))
    #expect(story.shows("PACS2 lacks 5 images that PACS1 has."), "\(story.screen)")
    #expect(story.footer.contains("s bring the missing") && story.footer.contains("S all of it"))
    story.press("y")
    #expect(story.shows("Copied: 1"))
  }

  @Test("s brings what a study lacks to where it is missing; marked ones go each its way")
  func bringing() {
    let story = compared()
    story.press("s")
    #expect(story.effects.brought.map(\.target) == ["PACS2"])
    #expect(story.effects.brought.last?.differences.map(\.studyInstanceUID) == ["1"])
    story.press(" ", " ", "s")
    let both = story.effects.brought.suffix(2)
    #expect(both.map(\.target) == ["PACS2", "PACS1"])
    #expect(both.map { $0.differences.map(\.studyInstanceUID) } == [["1"], ["2"]])
  }

  private func transfer(
    _ story: Story, _ phase: JobView.Phase, _ subjects: [String], from first: String = "PACS1",
    to second: String = "PACS2", isRest: Bool = true, id: Int = 1
  ) {
    let order = CompareOrder(token: 0, first: first, second: second)
    var job = JobView(
      id: id, kind: .move, title: "C-MOVE DOE to PACS2", peer: first, phase: phase, started: story.now + .seconds(5))
    job.subjects = Set(subjects + [order.way(true)] + (isRest ? [order.way(true, isRest: true)] : []))
    story.show(.job(job))
  }

  @Test("What has been brought is said on its row, in its details and above, and is not brought again")
  func brought() {
    let story = compared()
    story.press("s")
    transfer(story, .receiving, ["1"])
    story.press("s")
    #expect(story.effects.brought.count == 1 && story.shows("It is under way; c cancels it."))
    transfer(story, .done, ["1"])
    #expect(story.selected.contains("✓ brought") && story.selected.contains("5 ") && !story.selected.contains("–"))
    #expect(!story.shows("PACS2 lacks 5 images that PACS1 has.") && story.shows("1 brought, r compares again"))
    story.press("s")
    #expect(story.effects.brought.count == 1 && story.shows("It has been brought; r compares again."))
    story.press("S")
    #expect(story.shows("1 study to PACS2: 5 images from PACS1."), "\(story.screen)")
    story.press("n")
    story.changeWorld { $0.clearEndedJobs() }
    #expect(story.selected.contains("✓ brought"))
    // Some images of a study are not what it lacks.
    transfer(story, .done, ["3", "3.1.1"], isRest: false, id: 2)
    #expect(story.shows("PACS2 lacks 5") && story.shows("1 brought"))
    transfer(story, .done, ["2"], from: "PACS2", to: "PACS1", id: 3)
    #expect(story.shows("2 brought"))
  }

  @Test("The rows stand in an order that the head shows; a failure says its reason in full")
  func orderAndFailure() {
    let story = compared()
    #expect(story.shows("DATE▼"))
    story.press("r")
    var end = Message.FindEnd(failed: true)
    end.words =
      "PACS2 rejected the association: the calling AE title FLUORO is not recognized (permanent); add it there, or set LocalAet to one that it knows."
    story.show(.findEnded(token: story.effects.comparisons.last?.token ?? -1, end))
    #expect(story.shows("set LocalAet to one that it knows.") && story.shows("r compares again"), "\(story.screen)")
  }

  @Test("S counts all of it and asks; a station in production wants its name typed; ReadOnly brings nothing to others")
  func care() {
    let story = compared()
    story.press("S")
    #expect(story.shows("Bring what is missing?"))
    #expect(story.shows("2 studies to PACS2: 10 images from PACS1."))
    #expect(story.shows("1 study to PACS1: 7 images from PACS2."))
    #expect(story.effects.brought.isEmpty)
    story.press("y")
    #expect(story.effects.brought.map(\.target) == ["PACS2", "PACS1"])

    var rows = Story.modalities
    rows[1].isProduction = true
    let careful = compared(rows)
    careful.press("s")
    #expect(careful.shows("PACS2 is marked as Production.") && careful.effects.brought.isEmpty)
    careful.type("PACS2")
    careful.press(.enter)
    #expect(careful.effects.brought.map(\.confirmation) == ["PACS2"])

    let readOnly = compared(Story.modalities, "local")
    readOnly.changeWorld { $0.station.isReadOnly = true }
    readOnly.press("s")
    #expect(readOnly.effects.brought.map(\.target) == ["local"], "to here it may come")
    readOnly.press("j", "s")
    #expect(readOnly.effects.brought.count == 1 && readOnly.shows("nothing is brought to PACS1"))
  }

  @Test("Enter asks for the images; what the study lacks is marked and brought image by image")
  func images() {
    let story = compared()
    story.press("G", .enter)
    let order = story.effects.comparisons.last
    #expect(order?.study == "3" && order?.first == "PACS1")
    let instances = (1...3).map { number in
      var instance = ComparedInstance(study: "3", series: "3.1", sopInstanceUID: "3.1.\(number)")
      (instance.instanceNumber, instance.isInFirst, instance.isInSecond) = ("\(number)", number < 3, number == 3)
      return InstanceComparisonScreen.Row(instance: instance, since: .now)
    }
    story.receive(.comparedImages(token: order?.token ?? -1, instances))
    story.show(.findEnded(token: order?.token ?? -1, Message.FindEnd()))
    #expect(story.shows("SERIES▲"))
    #expect(story.shows("3 images differ") && story.selected.contains("missing on PACS2"), "\(story.screen)")
    story.press("s")
    #expect(story.effects.brought.last?.differences.first?.missingInSecond == ["3.1.1"])
    story.press("S")
    let all = story.effects.brought.suffix(2)
    #expect(all.map(\.toSecond) == [true, false])
    #expect(story.shows("PACS1 and PACS2"))
  }

  @Test("What cannot be compared says so; sides and keys complete")
  func command() {
    let story = Story()
    story.press(":")
    story.type("compare PACS1 pacs1")
    story.press(.enter)
    #expect(story.shows("there is nothing to compare"))
    let world = story.model.world
    #expect(Command.completions("comp", world) == ["compare "])
    #expect(
      Command.completions("compare PACS1 ", world) == ["PACS2", "ARCHIVE", "local"].map { "compare PACS1 " + $0 })
    #expect(Command.completions("compare PACS1 lo", world) == ["compare PACS1 local"])
    #expect(Command.completions("compare PACS1 local StudyD", world).contains("compare PACS1 local StudyDate="))
  }
}
