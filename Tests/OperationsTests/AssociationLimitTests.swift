import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("As many associations as the other side grants")
struct AssociationLimitTests {
  @Test("A station that takes two at once gets everything over two, and that is said")
  func fewer() async throws {
    try await Stations.with { stations in
      let acceptor = try await Acceptor.listen(
        host: "127.0.0.1", port: 0, delegate: BrokenStation(admissions: Box(2)))
      var modality = Modality(name: "ARCHIVE", aeTitle: "ARCHIVE", host: "127.0.0.1", port: acceptor.port)
      modality.maximumAssociations = 4
      let study = try stations.largestStudy()
      var request = SendRequest(sources: [.id(study.id)])
      request.associations = 4
      let operation = stations.pacs.station.store(modality, request)
      let result = try await operation.value()
      #expect(result.outcome.state == .done && result.completed == study.instances)
      let remark = try #require(operation.job.snapshot.remarks.first)
      #expect(remark.hasPrefix("sent over 2 associations instead of 4: ARCHIVE@127.0.0.1"))
      #expect(result.json.text.contains(#""associations":2"#))
      await acceptor.close(grace: .seconds(3))
    }
  }

  @Test("Sub-operations of a C-MOVE asked of us wait until the destination has a place")
  func subOperations() async throws {
    try await Stations.with { stations in
      await stations.front.startReceiving()
      let pacs = stations.pacs.station
      var destination = try pacs.configuration.modality(named: "FLUORO")
      destination.maximumAssociations = 1
      try pacs.add(destination)
      let parameters = AssociationParameters(
        host: destination.host, port: destination.port, callingAETitle: "SAMPLEPACS", calledAETitle: "FLUORO",
        presentationContexts: [.init(abstractSyntax: .verification, transferSyntaxes: Station.uncompressed)])
      var lease: Lease? = try await pacs.pool.lease(parameters, limit: 1, deadlines: Deadlines(Timeouts()))
      let study = try stations.largestStudy()
      let move = stations.front.move(
        stations.modality, RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)]))
      while pacs.pool.waitingCount == 0 { await Task.yield() }
      #expect(stations.front.incoming.count == 1, "only the one that is on loan")
      if let lease { await pacs.pool.giveBack(lease, keeps: false) }
      lease = nil
      let result = try await move.value()
      #expect(result.outcome.state == .done && result.received == study.instances)
    }
  }

  @Test(
    "A C-CANCEL is answered at once while the destination of a C-MOVE is connected to, or waited for",
    .timeLimit(.minutes(1)), arguments: [false, true])
  func cancelled(_ isFull: Bool) async throws {
    // The front's clock stands still: it waits for the answer as long as it takes.
    try await Stations.with(clock: ManualClock()) { stations in
      let pacs = stations.pacs.station
      let silent = try DroppingPort()
      var destination = Modality(name: "SILENT", aeTitle: "SILENT", host: "127.0.0.1", port: silent.port)
      destination.maximumAssociations = 1
      destination.timeout = .seconds(3600)
      try pacs.add(destination)
      // Another sub-operation has the only place, or none has.
      let other = Task { [destination] in
        guard isFull else { return }
        let parameters = try Station.parameters(
          destination, callingAETitle: "SAMPLEPACS", [], maximumPDULength: 16384, security: nil)
        _ = try await pacs.pool.lease(parameters, limit: 1, deadlines: Deadlines(Timeouts(all: nil)), isGuest: true)
      }
      try await until { !isFull || pacs.pool.guestCount == 1 }
      var request = RetrieveRequest(
        level: .study, items: [.study(try stations.largestStudy().studyInstanceUID)])
      request.target = "SILENT"
      let move = stations.front.move(stations.modality, request)
      try await until { (isFull ? pacs.pool.waitingCount : pacs.pool.guestCount) == 1 }
      move.job.cancel()
      let result = try await move.value()
      #expect(result.items.first?.status?.code == 0xFE00)
      #expect(result.items.first?.failed == 0, "what was never tried has not failed")
      other.cancel()
      _ = await other.result
      _ = silent
    }
  }
}
