import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("Watching, test storing, exporting", .serialized)
struct ConnectionTests {
  @Test("Watching counts what answers and what does not, and tells when answers stop and come back")
  func statistics() throws {
    var statistics = EchoStatistics()
    let start = Date(timeIntervalSince1970: 1000)
    let turns = [2.0, 4, nil, nil, 3].enumerated().map { index, time in
      statistics.take(time, reason: "no answer", at: start + Double(index))
    }
    #expect(statistics.sent == 5 && statistics.answered == 3 && statistics.lost == 2)
    #expect(statistics.minimum == 2 && statistics.maximum == 4 && statistics.mean == 3)
    #expect(statistics.jitter == 2, "across a lost echo nothing is compared")
    #expect(statistics.recent == [2, 4, nil, nil, 3])
    let outage = try #require(statistics.outages.first)
    #expect(outage.lost == 2 && outage.end == start + 4 && outage.reason == "no answer")
    #expect(turns[2] == .lost(.init(start: start + 2, end: nil, lost: 1, reason: "no answer")))
    #expect(turns[3] == nil && turns[4] == .back(outage))
  }

  @Test("A station that is there is watched as often as wanted; the activity has no line for each echo")
  func watch() async throws {
    try await Stations.with { stations in
      let seen = Box(0)
      let operation = stations.front.watch(stations.modality, every: .milliseconds(1), count: 3) { _, statistics in
        seen.change { $0 = statistics.answered }
      }
      let result = try await operation.value()
      #expect(result.outcome.state == .done && seen.value == 3 && result.statistics.loss == 0)
      #expect(!stations.front.activity.entries.contains { $0.kind == .outgoing })
    }
  }

  @Test("One that refuses is lost every time; cancelled while it rests, a watch ends with what it has")
  func watchNobody() async throws {
    try await Stations.with { stations in
      let refusing = try stations.front.configuration.modality(named: "REFUSES")
      let result = try await stations.front.watch(refusing, every: .milliseconds(1), count: 2).value()
      #expect(result.outcome.state == .failed && result.statistics.outages.first?.lost == 2)
      #expect(stations.front.activity.entries.contains { $0.words.hasPrefix("no answer any more") })
      let cancel = Box<(@Sendable () -> Void)?>(nil)
      let endless = stations.front.watch(refusing, every: .seconds(3600)) { _, _ in cancel.value?() }
      cancel.change { $0 = { endless.job.cancel() } }
      endless.job.cancel()
      let ended = try? await endless.value()
      #expect(ended.map { $0.statistics.sent <= 1 } ?? true)
      #expect(endless.job.snapshot.state == .cancelled)
    }
  }

  @Test("A watch that is cancelled before anything was answered says so")
  func watchSilent() async throws {
    try await Stations.with { stations in
      let silent = try stations.front.configuration.modality(named: "SILENT")
      let operation = stations.front.watch(silent)
      await stations.front.jobs.state(.associating, of: operation.job)
      operation.job.cancel()
      #expect(try await operation.value().outcome.words == "cancelled before the first answer")
    }
  }

  @Test("A test instance is stored and found again, and nobody can take it for a patient's")
  func testStore() async throws {
    try await Stations.with { stations in
      let result = try await stations.front.testStore(stations.modality).value()
      #expect(result.outcome.state == .done && result.isFound == true, "\(result.outcome.words)")
      let stored = try #require(
        try stations.pacs.station.index.study(studyInstanceUID: UID(result.studyInstanceUID)))
      #expect(stored.patientName == "FLUORO^TEST" && stored.patientID == "FLUORO-TEST")
    }
  }

  @Test("Under ReadOnly, and in production without its name, nothing is stored")
  func testStoreRefused() async throws {
    try await Stations.with([.set(\.readOnly, true)]) { stations in
      await #expect(throws: OperationError.self) { try await stations.front.testStore(stations.modality).value() }
    }
    try await Stations.with { stations in
      var production = stations.modality
      production.isProduction = true
      await #expect(throws: OperationError.self) { try await stations.front.testStore(production).value() }
      let confirmed = try await stations.front.testStore(production, confirmation: production.name).value()
      #expect(confirmed.outcome.state == .done)
    }
  }

  @Test("Exported files are those that are stored, with a DICOMDIR; nothing that is there is written over")
  func export() async throws {
    try await Stations.with { stations in
      let station = stations.pacs.station
      let study = try stations.largestStudy()
      let folder = NSTemporaryDirectory() + "fluoro-export-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let result = try await station.exportFiles([study.id], to: folder).value()
      #expect(result.outcome.state == .done && result.instances == study.instances)
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
      #expect(names.filter { $0.split(separator: "/").last?.hasPrefix("IM") == true }.count == study.instances)
      #expect(names.contains("DICOMDIR"))
      await #expect(throws: StorageError.self) { try await station.exportFiles([study.id], to: folder).value() }
    }
  }

  @Test("An allowed title is allowed after a restart, until it is forbidden")
  func allowed() async throws {
    let folder = try TemporaryFolder()
    var configuration = Configuration(storageDirectory: folder.path + "/storage")
    configuration.dicomPort = 0
    let first = try Station(configuration: configuration)
    try first.allowStore(from: "CT9")
    await first.shutdown()
    let second = try Station(configuration: configuration)
    #expect(second.peers.isAllowedTitle("ct9"))
    let isForbidden = try second.forbidStore(from: "ct9")
    #expect(isForbidden)
    #expect(!second.peers.isAllowedTitle("CT9"))
    await second.shutdown()
    let third = try Station(configuration: configuration)
    #expect(!third.peers.isAllowedTitle("CT9"))
    await third.shutdown()
  }

  @Test("A picture's frame becomes shades through its own window")
  func preview() async throws {
    try await Stations.with { stations in
      let index = try stations.pacs.station.index
      let study = try stations.largestStudy()
      let path = try #require(try index.instances(under: study.id).first?.path)
      let frame = try GrayFrame(path: path, frame: 0, longestSide: 64)
      #expect(max(frame.width, frame.height) == 64 && frame.pixels.count == frame.width * frame.height)
      #expect(Set(frame.pixels).count > 8, "neither black nor white alone")
    }
  }
}
