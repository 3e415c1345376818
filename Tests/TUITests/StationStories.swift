import Dicom
import Foundation
import Operations
import Testing

@testable import TUI

/// Two stations in this process on free ports: one with the sample studies, and ours.
private struct Laboratory {
  let pacs: Station
  let station: Station
  let folder: String

  init(maximumAssociations: Int? = nil, remembersQueries: Bool = false) async throws {
    folder = NSTemporaryDirectory() + "fluoro-story-\(UUID().uuidString)"
    var theirs = Configuration(storageDirectory: folder + "/pacs")
    theirs.dicomAET = "SAMPLE"
    theirs.dicomPort = 0
    theirs.dicomBindAddress = "127.0.0.1"
    theirs.alwaysAllowed = [.echo, .find, .move, .store]
    pacs = try Station(configuration: theirs)
    _ = try SampleStudies.install(into: pacs.index)
    guard case .listening(let port, _) = await pacs.startReceiving() else { throw CancellationError() }
    var ours = Configuration(storageDirectory: folder + "/ours")
    ours.dicomPort = 0
    ours.dicomBindAddress = "127.0.0.1"
    ours.modalities = [
      Modality(name: "sample", aeTitle: "SAMPLE", host: "127.0.0.1", port: port),
      Modality(name: "nobody", aeTitle: "NOBODY", host: "127.0.0.1", port: 1),
    ]
    ours.rememberQueries = remembersQueries
    if let maximumAssociations { ours.modalities[0].maximumAssociations = maximumAssociations }
    station = try Station(configuration: ours, traces: TraceRing())
    guard case .listening(let ourPort, _) = await station.startReceiving() else { throw CancellationError() }
    try pacs.add(Modality(name: "FLUORO", aeTitle: "FLUORO", host: "127.0.0.1", port: ourPort))
  }

  func close() async {
    await station.shutdown()
    await pacs.shutdown()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

@Suite("With a station behind it", .serialized)
struct StationStories {
  private func withLaboratory(_ body: (Story) async throws -> Void) async throws {
    let laboratory = try await Laboratory()
    try await body(Story(laboratory.station, size: Size(rows: 30, columns: 110)))
    await laboratory.close()
  }

  @Test("d: layer by layer, what works; m has an instance sent here, which proves that we are reached")
  func diagnose() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      story.press("d")
      await story.until("What it comes to")
      #expect(story.shows("diagnose sample") && story.shows("✓ C-ECHO") && story.shows("? sending to us"))
      #expect(story.shows("is not proven"))
      story.press("m")
      await story.until("Everything works")
      #expect(story.shows("✓ sending to us"))
      story.press(.escape, "j", "d")
      await story.until("✗ connection")
      #expect(story.shows("nothing listens on that port") && story.shows("not reached"))
      story.press(":")
      story.type("diagnose sample")
      story.press(.enter)
      await story.until("✓ C-FIND")
    }
  }

  @Test("w: among the jobs, too, it is said what is counted")
  func watched() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      story.press("w", "4")
      await story.until("1 echo")
      story.press("c")
      await story.until("– cancelled")
    }
  }

  @Test("5, Enter: an entry of the activity shows what went over the wire")
  func wire() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      story.press("e")
      await story.until("● up")
      story.press("5")
      await story.until("C-ECHO done")
      story.press(.enter)
      await story.until("on the wire")
      #expect(story.shows("A-ASSOCIATE-RQ") && story.shows("FLUORO calls SAMPLE"))
      story.press(Key(.pageDown))
      #expect(story.shows("C-ECHO-RSP"), "\(story.screen)")
    }
  }

  @Test("4, H: the history has what was done; / searches it, Enter tells all of an entry")
  func history() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      story.press("e")
      await story.until("● up")
      story.press("j", "e")
      await story.until("nothing listens")
      story.press("4", "H")
      await story.until("2 entries")
      #expect(story.shows("✓ done") && story.shows("✗ failed"))
      #expect(story.shows("ENDED▼"), "newest first, by what is shown")
      story.press("/")
      story.type("refused")
      await story.until("1 entry")
      story.press(.enter, .enter)
      #expect(story.shows("NOBODY@127.0.0.1:1") && story.shows("user "))
      story.press(.escape, .escape)
      await story.until("2 entries")
    }
  }

  @Test("e, Enter, Enter, m, 3: echo, query, retrieve, and the study is here")
  func firstLight() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      #expect(story.selected.contains("sample"))
      story.press("e")
      await story.until("● up")
      #expect(story.shows("associate"))
      story.press(.enter)
      #expect(story.shows("modalities › sample › query"))
      #expect(story.shows("No criteria"))
      story.press(.enter)
      await story.until("12 studies ")
      await story.until("○ none")
      // The cursor stays on the row that came first; the top is a key away.
      story.press("g")
      #expect(story.selected.contains("DOE, JANE"))
      story.press("m")
      await story.until("● all")
      story.press("3")
      await story.untilSelected("DOE, JANE")
      await story.until("24 images")
    }
  }

  @Test("Drill down at the peer, and here as far as the tags")
  func drillDown() async throws {
    try await withLaboratory { story in
      story.press(.enter)
      story.type("παπα")
      #expect(story.shows("asks παπα*"))
      story.press(.enter)
      await story.until("1 study ")
      story.press(.enter)
      await story.until("2 series")
      story.press(.enter)
      await story.until("16 images")
      story.press("m")
      await story.until("↓ 1 arrived")
      story.press(.escape, .escape)
      await story.until("◐ 1/32")
      story.press("3")
      await story.untilSelected("Παπαδοπούλου")
      story.press(.enter)
      await story.until("1 series")
      story.press(.enter)
      await story.until("1 image ")
      story.press(.enter)
      await story.until("PatientName")
      story.press("/")
      story.type("patientname")
      #expect(story.shows("Παπαδοπούλου"))
      story.press(.enter, "y")
      #expect(story.shows("Copied: Παπαδοπούλου"))
    }
  }

  @Test("What failed is said in words, on the row, and stays to be read")
  func failure() async throws {
    try await withLaboratory { story in
      story.press("j", "e")
      await story.until("✗ down")
      await story.until("refused")
      story.press("4")
      await story.until("✗ failed")
      story.press("5")
      await story.until("C-ECHO failed")
    }
  }

  @Test("Delete asks first, counts, and the list follows")
  func delete() async throws {
    try await withLaboratory { story in
      story.press(.enter, .enter)
      await story.until("12 studies ")
      story.press("g", "j", "j", "m")
      await story.until("● all")
      story.press("3")
      await story.untilSelected("DOE, JANE")
      story.press("x")
      await story.until("Delete 1 study?")
      story.press(.enter)
      #expect(story.shows("Delete 1 study?"))
      story.press("n")
      #expect(!story.shows("Delete 1 study?"))
      story.press("x")
      await story.until("Delete 1 study?")
      story.press("y")
      await story.until("No study is on this machine yet")
    }
  }

  @Test("What is marked and outside the filter is counted by the index, and said before it is deleted")
  func outside() async throws {
    try await withLaboratory { story in
      story.press(.enter, .enter)
      await story.until("12 studies ")
      story.press("*", "m")
      await story.until("12 of 12 studies")
      story.press("3")
      await story.untilSelected(" ")
      story.press("g", " ", "/")
      story.type("παπα")
      story.press(.enter)
      await story.until("1 marked · 1 study")
      story.press("*", "x")
      await story.until("Delete 2 studies?")
      #expect(story.shows("1 is outside the filter."))
    }
  }

  @Test(":compare: what is missing here, down to images; s brings it, S all of it, and then both are the same")
  func compare() async throws {
    try await withLaboratory { story in
      await story.until("● receiving")
      story.press(":")
      story.type("compare sample local")
      story.press(.enter)
      await story.until("12 differences · 12 studies compared")
      #expect(story.shows("missing on local"))
      story.press("/")
      story.type("jane")
      story.press(.enter, .enter)
      await story.until("24 images differ")
      story.press("s")
      await story.until("✓ brought")
      story.press(.escape, .escape, "r")
      await story.until("local lacks 23")
      await story.until("12 differences · 12 studies compared")
      story.press("/")
      story.type("jane")
      story.press(.enter)
      #expect(story.selected.contains(" 24 ") && story.selected.contains(" 1 "), "\(story.selected)")
      story.press(.enter)
      await story.until("23 images differ")
      story.press(.escape, "s")
      await story.until("✓ brought")
      story.press("4")
      await story.until("C-MOVE DOE, JANE")
      #expect(story.shows("23 instances"), "only what was missing came:\n\(story.screen)")
      story.press(.escape, .escape, "r")
      await story.until("11 differences · 12 studies compared")
      story.press("S")
      await story.until("11 studies to local")
      story.type("11")
      story.press(.enter)
      await story.until("✓ C-MOVE 11 studies to local")
      story.press("r")
      await story.until("sample and local have the same.")
    }
  }

  @Test(
    "What was left unfinished is called at the next start as it was before; a patient's name is kept only where it may be",
    arguments: [true, false])
  func leftover(remembersQueries: Bool) async throws {
    let laboratory = try await Laboratory(maximumAssociations: 1, remembersQueries: remembersQueries)
    let story = Story(laboratory.station, size: Size(rows: 30, columns: 110))
    await story.until("● receiving")
    story.press(.enter, .enter)
    await story.until("12 studies ")
    // The one place is the watch's.
    story.press("1", "w", "2", "g", "j", "j", "m", "4")
    await story.until("next for sample")
    #expect(story.shows("C-MOVE DOE, JANE"))
    let configuration = laboratory.station.configuration
    await laboratory.station.shutdown()
    let next = try Station(configuration: configuration)
    let restarted = Story(next, size: Size(rows: 30, columns: 110))
    restarted.press("4")
    await restarted.until("1 job · 1 paused")
    #expect(restarted.selected.contains("C-MOVE DOE, JANE") == remembersQueries, "\(restarted.screen)")
    #expect(restarted.selected.contains("C-MOVE study 2.25") != remembersQueries, "\(restarted.screen)")
    await next.shutdown()
    await laboratory.close()
  }

  @Test("Send what is here to a modality picked by a letter")
  func send() async throws {
    try await withLaboratory { story in
      story.press(.enter, .enter)
      await story.until("12 studies ")
      story.press("g", "j", "j", "m")
      await story.until("● all")
      story.press("3")
      await story.untilSelected("DOE, JANE")
      story.press("s")
      #expect(story.shows("Send DOE, JANE to"))
      story.type("sam")
      story.press(.enter)
      await story.until("✓ C-STORE DOE, JANE · sample")
    }
  }
}
