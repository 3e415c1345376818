import Dicom
import Testing

@testable import Operations

@Suite("Associations kept for the next operation")
struct AssociationPoolTests {
  private let query = Query(level: .study)

  @Test("two queries in a row share one association; some idle seconds later it is released")
  func reuse() async throws {
    let clock = ManualClock()
    try await Stations.with(clock: clock) { stations in
      let (first, _) = try await stations.find(query)
      #expect(first.outcome.state == .done)
      #expect(stations.front.pool.idleCount == 1)
      let (second, matches) = try await stations.find(query)
      #expect(second.outcome.state == .done && !matches.isEmpty)
      #expect(stations.opened == 1)
      clock.advance(by: AssociationPool.keepingTime)
      await stations.untilPACSHasNone()
      #expect(stations.front.pool.idleCount == 0)
    }
  }

  @Test("another calling title is another association")
  func keyedByParameters() async throws {
    try await Stations.with { stations in
      _ = try await stations.find(query)
      var other = stations.modality
      other.localAET = "OTHER"
      _ = try await stations.find(query, other)
      #expect(stations.opened == 2)
    }
  }

  @Test("one that the peer has ended meanwhile is replaced, and nobody notices")
  func deadOnes() async throws {
    try await Stations.with { stations in
      _ = try await stations.find(query)
      for association in stations.pacs.station.incoming { association.abort() }
      // Whether we have heard of the abort yet or not.
      let (second, matches) = try await stations.find(query)
      #expect(second.outcome.state == .done && !matches.isEmpty)
      #expect(stations.opened == 2)
    }
  }

  @Test("where a station takes one association, an idle one gives way to another kind")
  func limit() async throws {
    try await Stations.with { stations in
      var modality = stations.modality
      modality.maximumAssociations = 1
      _ = try await stations.find(query, modality)
      #expect(stations.pacs.station.incoming.count == 1)
      let echo = try await stations.front.echo(modality).value()
      #expect(echo.isOK)
      #expect(stations.front.pool.idleCount == 0)
      #expect(stations.opened == 2)
    }
  }

  @Test("nothing stays open when the station ends")
  func shutdown() async throws {
    try await Stations.with { stations in
      _ = try await stations.find(query)
      await stations.front.pool.close()
      await stations.untilPACSHasNone()
      _ = try await stations.find(query)
      #expect(stations.front.pool.idleCount == 0)
    }
  }

  @Test("several associations share what is to be sent, as many as the modality takes", arguments: [1, 2, 64])
  func severalAtOnce(_ wanted: Int) async throws {
    try await Stations.with { stations in
      let ids = try stations.pacs.station.index.studies().map(\.id)
      let front = stations.front
      try await stations.retrieveAll()
      var modality = stations.modality
      modality.maximumAssociations = 3
      let before = stations.opened
      let request = SendRequest(sources: ids.map { .id($0) }, associations: wanted)
      let result = try await front.store(modality, request).value()
      #expect(result.outcome.state == .done)
      #expect(result.instances.count == result.completed && result.completed > 10)
      #expect(stations.opened - before == min(wanted, 3))
      #expect(front.jobs.places(of: front.jobs.jobs[front.jobs.jobs.count - 1]) == 1)
    }
  }
}

@Suite("Places of what comes without a job")
struct GuestTests {
  private let peer = StubbornPeer()

  private func with(_ body: (AssociationPool, AssociationParameters) async throws -> Void) async throws {
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: peer)
    let parameters = AssociationParameters(
      host: "127.0.0.1", port: acceptor.port, callingAETitle: "FLUORO", calledAETitle: "PEER",
      presentationContexts: [.init(abstractSyntax: .verification, transferSyntaxes: Station.uncompressed)])
    let pool = AssociationPool(clock: ManualClock(), trace: nil)
    try await body(pool, parameters)
    await pool.close()
    await acceptor.close(grace: .seconds(3))
  }

  @Test("however many ask at once, no more get an association than the station takes", .timeLimit(.minutes(1)))
  func together() async throws {
    try await with { pool, parameters in
      let most = Box(0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            let lease = try await pool.lease(
              parameters, limit: 2, deadlines: Deadlines(Timeouts()), isFresh: true, isGuest: true)
            most.change { $0 = max($0, pool.guestCount) }
            await Task.yield()
            await pool.giveBack(lease, keeps: false)
          }
        }
        try await group.waitForAll()
      }
      #expect(most.value == 2)
      #expect(pool.waitingCount == 0)
    }
  }

  @Test("a job waits for the guest that has the last place, and a guest for a job", .timeLimit(.minutes(1)))
  func others() async throws {
    try await with { pool, parameters in
      for isGuestFirst in [true, false] {
        var first: Lease? = try await pool.lease(
          parameters, limit: 1, deadlines: Deadlines(Timeouts()), isGuest: isGuestFirst)
        let second = Task {
          let lease = try await pool.lease(
            parameters, limit: 1, deadlines: Deadlines(Timeouts()), isGuest: !isGuestFirst)
          await pool.giveBack(lease, keeps: false)
        }
        try await until { pool.waitingCount == 1 }
        if let first { await pool.giveBack(first, keeps: false) }
        first = nil
        try await second.value
      }
    }
  }
}

extension Stations {
  /// Associations that our station has opened.
  fileprivate var opened: Int { front.activity.entries.count { $0.kind == .outgoing } }

  fileprivate func untilPACSHasNone() async {
    while !pacs.station.incoming.isEmpty { await Task.yield() }
  }

  fileprivate func retrieveAll() async throws {
    await front.startReceiving()
    let items = try pacs.station.index.studies().map { RetrieveItem.study($0.studyInstanceUID) }
    _ = try await front.move(modality, RetrieveRequest(level: .study, items: items)).value()
  }
}
