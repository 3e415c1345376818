import Dicom
import Testing

@testable import Operations

@Suite("Requests for storage commitment")
struct CommitmentTests {
  @Test("one that never reached the peer is not kept as one whose report is awaited")
  func neverMade() async throws {
    try await Stations.with { stations in
      let front = stations.front
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      _ = try await front.move(stations.modality, request).value()

      let refusing = try front.configuration.modality(named: "REFUSES")
      #expect(try await front.commit(refusing, ids: [study.id]).value().outcome.state == .failed)
      #expect(try front.index.commitments(askedOf: refusing.aeTitle).isEmpty, "nobody listens there")

      let peer = StubbornPeer(unknown: [.storageCommitmentPushModel])
      let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: peer)
      let stubborn = Modality(name: "PEER", aeTitle: "PEER", host: "127.0.0.1", port: acceptor.port)
      let result = try await front.commit(stubborn, ids: [study.id]).value()
      #expect(result.outcome.words.contains("Storage Commitment") && result.status == nil, "\(result.outcome)")
      #expect(try front.index.commitments(askedOf: "PEER").isEmpty, "its presentation context was refused")
      await acceptor.close(grace: .zero)
    }
  }
}
