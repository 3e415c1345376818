import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

/// Rows as one job, on two real stations.
@Suite("The rows of a file as a job")
struct BulkJobTests {
  private func source(
    _ rows: [String], header: String = "StudyInstanceUID", _ folder: TemporaryFolder
  ) throws
    -> BulkSource
  {
    let path = folder.path + "/rows.csv"
    try ([header] + rows).joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return try BulkSource(path: path)
  }

  private static let move = BulkRequest.Verb.move(RetrieveRequest(level: .study, items: []))

  /// Studies of the sample PACS, the smallest first.
  private func studies(_ stations: Stations, _ count: Int) throws -> [StudyRow] {
    Array(try stations.pacs.station.index.studies().sorted { $0.instances < $1.instances }.prefix(count))
  }

  @Test("each row is a part of one job, that says which is under way; retried, only what failed is done again")
  func rows() async throws {
    try await Stations.with { stations in
      let folder = try TemporaryFolder()
      let studies = try studies(stations, 2)
      let source = try source([studies[0].studyInstanceUID, "1.2.3.4", studies[1].studyInstanceUID], folder)
      let seen = Box<Set<String>>([])
      let observation = stations.front.jobs.observe { job in
        if job.kind == .bulk { seen.change { $0.insert(job.snapshot.progress.current) } }
      }
      let told = Box<[JobState]>([])
      let operation = try stations.front.bulk(
        stations.modality, BulkRequest(Self.move, source),
        onRow: { _, outcome in told.change { $0.append(outcome.state) } })
      let result = try await operation.value()
      observation.cancel()
      #expect(told.value == [.done, .failed, .done])
      #expect((result.done, result.failed) == (2, 1) && result.outcome.state == .partial)
      for number in 1...3 { #expect(seen.value.contains { $0.hasPrefix("row \(number): StudyInstanceUID=") }) }
      let parts = stations.front.jobs.jobs.filter { $0.parent?.id == operation.job.id }
      #expect(parts.map(\.kind) == [.move, .move, .move])
      #expect(operation.job.snapshot.progress.completed == 2 && operation.job.snapshot.progress.failed == 1)

      let again = try #require(operation.job.retry())
      await stations.front.jobs.end(of: again)
      #expect(again.snapshot.outcome?.state == .partial)
      #expect(stations.front.jobs.jobs.filter { $0.parent?.id == again.id }.count == 1, "the row that failed")
    }
  }

  @Test("--rate: the second row begins half a minute after the first; --between: the third in the evening")
  func pace() async throws {
    let clock = ManualClock()
    try await Stations.with(clock: clock) { stations in
      let folder = try TemporaryFolder()
      var source = try source(try studies(stations, 3).map(\.studyInstanceUID), folder)
      source.pace.perHour = 120
      source.pace.window = BulkPace.window(parsing: "19:00-20:00")
      let (start, now) = (
        try #require(
          Calendar.current.date(
            from: DateComponents(
              year: 2026, month: 3, day: 4, hour: 19, minute: 59, second: 20))), clock.now
      )
      let date: @Sendable () -> Date = { start + now.duration(to: clock.now).inSeconds }
      let begun = Box<[Double]>([])
      let observation = stations.front.jobs.observe { job in
        guard job.parent != nil, job.snapshot.state == .queued, job.snapshot.started == nil else { return }
        begun.change { times in
          if times.count < job.id - 1 { times.append(date().timeIntervalSince(start)) }
        }
      }
      let operation = try stations.front.bulk(
        stations.modality, BulkRequest(.find(Query(level: .study)), source), date: date)
      let job = operation.job
      for (wait, begin) in [("row 2 waits until", 30.0), ("row 3 waits until", 23 * 3600 + 40.0)] {
        while !job.snapshot.progress.current.hasPrefix(wait) { await Task.yield() }
        while job.snapshot.progress.current.hasPrefix(wait) {
          let left = begin - date().timeIntervalSince(start)
          // Time goes on only while the job rests. What rests may be something else, and the job only then lie down: it
          // gets up so much later.
          while job.snapshot.progress.current.hasPrefix(wait), clock.pendingCount == 0 { await Task.yield() }
          #expect(left <= 0 || job.snapshot.progress.current.hasPrefix(wait), "not before its time")
          clock.advance(by: .seconds(left > 0 ? min(10, left) : 10))
        }
      }
      let result = try await operation.value()
      observation.cancel()
      #expect(result.outcome.state == .done && result.done == 3)
      #expect(begun.value.count == 3)
    }
  }

  @Test("paused amid a row it waits; resumed it finishes, and nothing was sent twice; stopped after a failure")
  func pauseAndStop() async throws {
    try await Stations.with { stations in
      let folder = try TemporaryFolder()
      let large = try stations.largestStudy()
      let source = try source([large.studyInstanceUID, try studies(stations, 1)[0].studyInstanceUID], folder)
      let operation = try stations.front.bulk(stations.modality, BulkRequest(Self.move, source))
      let job = operation.job
      while job.snapshot.part?.received ?? 0 == 0, !job.snapshot.state.hasEnded { await Task.yield() }
      #expect(stations.front.jobs.pause(job))
      await stations.front.jobs.state(.paused, of: job)
      #expect(stations.front.jobs.resume(job))
      let result = try await operation.value()
      #expect(result.outcome.state == .done, "\(result)")
      let holdings = try stations.front.index.holdings(studyInstanceUID: UID(large.studyInstanceUID))
      #expect(holdings?.instances == large.instances)

      var failing = try self.source(["1.2.3", "1.2.4", "1.2.5"], folder)
      failing.stopAfter = 2
      let stopped = try await stations.front.bulk(stations.modality, BulkRequest(Self.move, failing)).value()
      #expect(stopped.failed == 2 && stopped.outcome.words.hasPrefix("stopped"))
    }
  }

  @Test("what is unfinished comes back paused with its rows, and does only those that were not done")
  func restart() async throws {
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 1) { first, modality, _ in
      try first.add(modality)
      try first.keepJobs()
      _ = try SampleStudies.install(into: first.index)
      let study = try #require(try first.index.studies().max { $0.instances < $1.instances })
      let instances = try first.index.find(LocalQuery(level: .instance, [(.studyInstanceUID, study.studyInstanceUID)]))
        .compactMap { $0.dataSet.string(.sopInstanceUID) }
      let folder = try TemporaryFolder()
      let source = try source(instances, header: "SOPInstanceUID", folder)
      let operation = try first.bulk(
        modality, BulkRequest(.store(SendRequest(sources: [])), source),
        onRow: { row, _ in
          if row.number == 5, let job = first.jobs.jobs.first(where: { $0.kind == .bulk }) { first.jobs.pause(job) }
        })
      await first.jobs.state(.paused, of: operation.job)
      let before = peer.stored.value.count
      #expect((5...6).contains(before), "\(operation.job.snapshot)")
      await first.shutdown()

      let second = try Station(configuration: first.configuration)
      #expect(try second.keepJobs() == 1)
      let job = try #require(second.jobs.jobs.first)
      await second.jobs.state(.paused, of: job)
      try #require(job.kind == .bulk && second.jobs.resume(job))
      await second.jobs.end(of: job)
      #expect(job.snapshot.outcome?.state == .done, "\(job.snapshot)")
      #expect(Set(peer.stored.value) == Set(instances) && peer.stored.value.count <= instances.count + 1)
      await second.shutdown()
    }
  }
}
