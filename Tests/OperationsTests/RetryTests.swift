import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("A send that is asked for again")
struct RetryTests {
  private func retried(_ job: Job, _ station: Station) async throws -> Job {
    let again = try #require(job.retry())
    await station.jobs.end(of: again)
    return again
  }

  @Test("only what failed goes again; when nothing is left to do, r sends all of it anew")
  func onlyFailed() async throws {
    let peer = StubbornPeer()
    peer.refused.change { $0 = ["1.2.3", "1.2.4"] }
    try await StubbornPeer.with(peer, count: 6) { station, modality, request in
      let first = station.store(modality, request)
      #expect(try await first.value().outcome.state == .partial)
      #expect(peer.stored.value.count == 4)
      peer.refused.change { $0 = ["1.2.4"] }
      let second = try await retried(first.job, station)
      #expect(second.title == "send the rest of 1 item to PEER")
      #expect(second.snapshot.outcome?.words.hasPrefix("1 of 2 instances, 4 acknowledged before") == true)
      peer.refused.change { $0 = [] }
      let third = try await retried(second, station)
      #expect(third.snapshot.outcome?.state == .done)
      #expect(third.snapshot.progress.total == 1)
      #expect(peer.stored.value.sorted() == (1...6).map { "1.2.\($0)" }, "none went twice")
      let fourth = try await retried(third, station)
      #expect(fourth.snapshot.progress.completed == 6 && peer.stored.value.count == 12)
    }
  }

  @Test("what is in two files goes twice, and both go again with what failed")
  func repeated() async throws {
    let peer = StubbornPeer()
    peer.refused.change { $0 = ["1.2.3"] }
    try await StubbornPeer.with(peer, count: 4) { station, modality, request in
      guard case .path(let folder) = request.sources.first else { throw OperationError("the sources are no folder") }
      try FileManager.default.copyItem(atPath: "\(folder)/102.dcm", toPath: "\(folder)/again.dcm")
      let first = station.store(modality, request)
      #expect(try await first.value().outcome.state == .partial)
      #expect(peer.stored.value == ["1.2.1", "1.2.2", "1.2.4", "1.2.2"])
      peer.refused.change { $0 = [] }
      let second = try await retried(first.job, station)
      #expect(second.snapshot.outcome?.words.hasPrefix("3 instances, ") == true)
      #expect(peer.stored.value.dropFirst(4) == ["1.2.2", "1.2.3", "1.2.2"])
    }
  }

  @Test("an instance at which the peer ends every association is left out in the end, and the others go")
  func fatal() async throws {
    let peer = StubbornPeer(fatal: ["1.2.3"])
    try await StubbornPeer.with(peer, count: 6) { station, modality, request in
      let operation = station.store(modality, request)
      let result = try await operation.value()
      #expect(result.failedInstances == ["1.2.3"] && result.outcome.state == .partial)
      #expect(peer.stored.value == ["1.2.1", "1.2.2", "1.2.4", "1.2.5", "1.2.6"])
      #expect(operation.job.snapshot.remarks.count == 2)
    }
  }

  @Test("a peer that ends an association before it has answered anything gets a moment", .timeLimit(.minutes(1)))
  func moment() async throws {
    let clock = ManualClock()
    let peer = StubbornPeer(fatal: ["1.2.1"])
    try await StubbornPeer.with(peer, count: 3, clock: clock) { station, modality, request in
      let operation = station.store(modality, request)
      for (attempt, pause) in [(1, 1), (2, 2)] {
        try await until { operation.job.snapshot.remarks.count == attempt }
        let remark = try #require(operation.job.snapshot.remarks.last)
        #expect(remark.hasSuffix("over another association in \(pause) s, attempt \(attempt) of 5"), "\(remark)")
        try await Task.sleep(for: .milliseconds(50))
        clock.advance(by: .milliseconds(pause * 1000 - 1))
        #expect(peer.aborts.value == attempt && peer.stored.value.isEmpty)
        clock.advance(by: .milliseconds(1))
      }
      let result = try await operation.value()
      #expect(result.failedInstances == ["1.2.1"] && peer.stored.value == ["1.2.2", "1.2.3"])
    }
  }

  @Test(
    "one association of two that gets no answer is given up in time, though the other goes on", .timeLimit(.minutes(1)))
  func silent() async throws {
    let clock = ManualClock()
    let peer = StubbornPeer(unanswered: ["1.2.3"])
    try await StubbornPeer.with(peer, count: 200, clock: clock) { station, modality, request in
      var (modality, request) = (modality, request)
      modality.maximumAssociations = 2
      request.associations = 2
      let operation = station.store(modality, request)
      try await until { peer.silences.value == 1 && station.pool.idleCount == 1 }
      let others = peer.stored.value.count
      #expect((1..<200).contains(others), "what the silent one has read ahead waits for it")
      // Asked twice, and given up both times.
      for times in 1...2 {
        try await until { peer.silences.value == times && operation.job.snapshot.wait?.kind == .response("C-STORE") }
        clock.advance(by: .milliseconds(50))
        #expect(operation.job.snapshot.state == .sending, "some went, and one waits for its answer")
        clock.advance(by: .seconds(10))
      }
      let result = try await operation.value()
      #expect(result.outcome.state == .partial && result.failedInstances.contains("1.2.3"))
      #expect(result.completed == others && operation.job.snapshot.progress.completed == others)
    }
  }

  @Test("what is stored with a warning is counted, and the status said with its meaning")
  func warned() async throws {
    let peer = StubbornPeer(answer: Status(0xB000))
    try await StubbornPeer.with(peer, count: 3) { station, modality, request in
      let operation = station.store(modality, request)
      let result = try await operation.value()
      #expect(result.outcome.state == .done)
      #expect(result.counts(on: "PEER") == "3 instances stored on PEER, 3 with a warning")
      let remark = try #require(operation.job.snapshot.remarks.first)
      #expect(
        remark.hasPrefix(
          "3 instances stored with 0xB000 Warning: coercion of data elements; stored, with values changed"))
      #expect(operation.job.snapshot.remarks.count == 1)
    }
  }

  @Test("what was cancelled goes on where it ended")
  func cancelled() async throws {
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 200) { station, modality, request in
      let first = station.store(modality, request) { instance in
        if instance.sopInstanceUID == "1.2.5" { station.jobs.jobs.first?.cancel() }
      }
      let result = try await first.value()
      #expect(result.outcome.state == .cancelled)
      // What was not sent has not failed: it is counted, and JSON names it.
      let stored = result.completed
      #expect(result.counts(on: "PEER") == "\(stored) instances stored on PEER, \(200 - stored) not sent")
      #expect(result.outcome.details.isEmpty && result.failedInstances.count == 200 - stored)
      #expect(first.job.snapshot.progress.failed == 0)
      // The activity says it once.
      #expect(station.activity.entries.contains { $0.words.hasPrefix("C-STORE cancelled after ") })
      let before = peer.stored.value
      #expect((5..<200).contains(before.count))
      let second = try await retried(first.job, station)
      #expect(second.snapshot.outcome?.state == .done)
      #expect(Set(peer.stored.value).count == 200)
      // The one under way when it was cancelled had no answer.
      #expect(peer.stored.value.count <= 201)
    }
  }
}
