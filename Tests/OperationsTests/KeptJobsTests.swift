import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("Jobs that outlast their process")
struct KeptJobsTests {
  private struct NotThere: Error {}

  /// A send of 200 instances that is paused when the fifth was answered.
  private func pausedSend(_ station: Station, _ modality: Modality, _ request: SendRequest) async throws -> Job {
    let operation = station.store(modality, request) { instance in
      if instance.sopInstanceUID == "1.2.5", let job = station.jobs.jobs.last { station.jobs.pause(job) }
    }
    await station.jobs.state(.paused, of: operation.job)
    return operation.job
  }

  @Test("a running send is paused, and resumed sends what is left")
  func pause() async throws {
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 200) { station, modality, request in
      let job = try await pausedSend(station, modality, request)
      let before = peer.stored.value.count
      #expect((5..<200).contains(before))
      #expect(station.jobs.resume(job))
      await station.jobs.end(of: job)
      #expect(job.snapshot.outcome?.state == .done, "\(job.snapshot)")
      #expect(Set(peer.stored.value).count == 200)
      // What was under way when it was broken off had no answer.
      #expect(peer.stored.value.count <= 201)
    }
  }

  @Test("nothing has failed of a send that is paused; resumed, its counts go on, and its pace is of what runs now")
  func counts() async throws {
    let clock = ManualClock()
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 200, clock: clock) { station, modality, request in
      let job = try await pausedSend(station, modality, request)
      let paused = job.snapshot.progress
      let acknowledged = peer.stored.value.count
      #expect(paused.failed == 0 && paused.total == 200, "\(paused)")
      clock.advance(by: .seconds(600))
      let (resumed, seen) = (clock.now, Box<[JobSnapshot]>([]))
      let observation = station.jobs.observe { job in
        let now = job.snapshot
        seen.change { $0.append(now) }
      }
      #expect(station.jobs.resume(job))
      await station.jobs.end(of: job)
      observation.cancel()
      let first = try #require(seen.value.lazy.compactMap(\.pace).first)
      // What was acknowledged while it was broken off is not known here.
      #expect((5...acknowledged).contains(first.done) && first.since == resumed, "\(first)")
      #expect(seen.value.allSatisfy { $0.progress.total == 200 && $0.progress.done >= first.done && $0.rate >= 0 })
      let end = job.snapshot.progress
      #expect(end.completed == 200 && end.failed == 0 && end.bytes > paused.bytes, "\(end)")
    }
  }

  @Test("a paused job that is cancelled ends")
  func cancelled() async throws {
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 200) { station, modality, request in
      let job = try await pausedSend(station, modality, request)
      job.cancel()
      await station.jobs.end(of: job)
      #expect(job.snapshot.state == .cancelled)
    }
  }

  @Test("an unfinished send comes back paused with what was acknowledged; p sends the rest; then it is gone")
  func send() async throws {
    let peer = StubbornPeer()
    try await StubbornPeer.with(peer, count: 200) { first, modality, request in
      try first.add(modality)
      #expect(try first.keepJobs() == 0)
      let asked = try await pausedSend(first, modality, request)
      first.jobs.keep(title: "C-STORE DOE, JANE", of: asked)
      let second = try Station(configuration: first.configuration)
      #expect(try second.keepJobs() == 0, "its process is alive")
      await second.shutdown()
      let acknowledged = peer.stored.value
      await first.shutdown()

      let third = try Station(configuration: first.configuration)
      #expect(try third.keepJobs() == 1)
      let job = try #require(third.jobs.jobs.first)
      await third.jobs.state(.paused, of: job)
      let leftover = try #require(job.snapshot.leftover)
      #expect(leftover.user == NSUserName() && (5...acknowledged.count).contains(leftover.done))
      #expect(leftover.title == "C-STORE DOE, JANE")
      #expect(third.jobs.resume(job))
      await third.jobs.end(of: job)
      #expect(job.snapshot.outcome?.state == .done)
      #expect(job.snapshot.progress.total == 200 && job.snapshot.progress.completed == 200, "it counts on")
      #expect(Set(peer.stored.value).count == 200 && peer.stored.value.count <= 201)
      await third.shutdown()

      let fourth = try Station(configuration: first.configuration)
      #expect(try fourth.keepJobs() == 0, "it has ended")
      await fourth.shutdown()
    }
  }

  @Test("an unfinished move comes back as one for what is missing, in the order of its queue; cancelled it is gone")
  func move() async throws {
    try await Stations.with { stations in
      let studies = try stations.pacs.station.index.studies().prefix(3).map(\.studyInstanceUID)
      var configuration = stations.front.configuration
      configuration.storageDirectory += "-kept"
      defer { try? FileManager.default.removeItem(atPath: configuration.storageDirectory) }
      let first = try Station(configuration: configuration)
      try first.keepJobs()
      var modality = stations.modality
      modality.maximumAssociations = 1
      // Nothing of it starts: the one place is taken by a watch.
      let watch = first.watch(modality) { _, _ in }
      await first.jobs.state(.waiting, of: watch.job)
      let jobs = studies.map { first.move(modality, RetrieveRequest(level: .study, items: [.study($0)])).job }
      #expect(first.jobs.move(jobs[2], sooner: true))
      await first.shutdown()

      let second = try Station(configuration: configuration)
      #expect(try second.keepJobs() == 3)
      let back = second.jobs.jobs
      func study(_ job: Job) -> String? {
        if case .move(let request) = job.request { request.items.first?.keys.last?.value } else { nil }
      }
      #expect(back.map(study) == [studies[0], studies[2], studies[1]])
      #expect(back[0].snapshot.leftover?.title == "C-MOVE study \(studies[0])", "nobody called it otherwise")
      for job in back { await second.jobs.state(.paused, of: job) }
      #expect(second.jobs.resume(back[0]))
      await second.jobs.end(of: back[0])
      #expect(back[0].snapshot.outcome?.state == .done, "\(back[0].snapshot)")
      back[1].cancel()
      await second.jobs.end(of: back[1])
      await second.shutdown()

      let third = try Station(configuration: configuration)
      #expect(try third.keepJobs() == 1)
      await third.shutdown()
    }
  }

  @Test("a title stands beside what was asked for: with and without it, it is read, and where titles are unknown, too")
  func titles() throws {
    let request = try #require(KeptRequest(.store(SendRequest(sources: [.path("/data/ct")]))))
    let (old, new) = (try request.json(), try request.json(title: "C-STORE DOE, JANE"))
    #expect(!old.contains("title") && KeptRequest.title(json: old) == nil)
    #expect(KeptRequest.title(json: new) == "C-STORE DOE, JANE")
    for json in [old, new] {
      guard case .store(let read) = try KeptRequest(json: json) else {
        Issue.record("\(json) is a send")
        continue
      }
      #expect(read.sources == [.path("/data/ct")])
    }
    #expect(JobRequest.store(SendRequest(sources: [.path("/data/ct")])).title == "C-STORE /data/ct")
    #expect(JobRequest.store(SendRequest(sources: [.path("/a"), .path("/b")])).title == nil)
  }
}
