import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("Every operation is kept, whoever asked for it")
struct HistoryTests {
  private func entries(_ station: Station) async throws -> [HistoryEntry] {
    await station.history.flush()
    var entries: [HistoryEntry] = []
    try station.index.history(HistoryFilter()) {
      entries.append($0)
      return true
    }
    return entries
  }

  @Test("what we did, and at the other end what was asked there")
  func bothEnds() async throws {
    try await Stations.with { stations in
      let (front, modality) = (stations.front, stations.modality)
      let study = try stations.largestStudy()
      _ = try await front.echo(modality).value()
      _ = try await stations.find(Query(keys: [QueryKey(.patientName, "*SECRET*")]))
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      _ = try await front.move(modality, request).value()
      let id = try #require(try front.index.studies().first).id
      _ = try await front.store(modality, SendRequest(sources: [.id(id)])).value()
      _ = try await front.commit(modality, ids: [id], timeout: .limit(.seconds(1))).value()
      _ = try await front.deleteLocal([id]).value()

      let ours = try await entries(front)
      let asked = ours.filter { !$0.isIncoming }
      #expect(asked.map(\.operation) == ["echo", "find", "move", "store", "commit", "delete"])
      #expect(asked.map(\.outcome) == ["done", "done", "done", "done", "failed", "done"])
      #expect(asked.dropLast().allSatisfy { $0.peer == "SAMPLEPACS" && $0.address == modality.address })
      #expect(asked.allSatisfy { !$0.user.isEmpty && !$0.reason.isEmpty && $0.ended >= $0.started })
      #expect(asked[1].request == "study PatientName" && !asked[1].reason.contains("SECRET"))
      #expect(asked[2].request == "study StudyInstanceUID=\(study.studyInstanceUID)")
      #expect(asked[2].received == study.instances && asked[2].completed == study.instances && asked[2].bytes > 0)
      #expect(asked[3].completed == study.instances && asked[3].failed == 0 && asked[3].request == id)
      #expect(asked[5].completed == study.instances)
      // What the PACS sent us for it.
      let received = try #require(ours.first { $0.isIncoming })
      #expect(received.operation == "store" && received.received == study.instances && received.failed == 0)

      try await front.shutdownAssociations()
      let theirs = try await entries(stations.pacs.station).filter(\.isIncoming)
      #expect(Set(theirs.map(\.operation)) == ["echo", "find", "move", "store"])
      let move = try #require(theirs.first { $0.operation == "move" })
      #expect(move.completed == study.instances && move.outcome == "done" && move.request.hasPrefix("to "))
    }
  }

  @Test("values of queries are kept where RememberQueries says so")
  func values() async throws {
    try await Stations.with([.set(\.rememberQueries, true)]) { stations in
      _ = try await stations.find(Query(keys: [QueryKey(.patientName, "DOE*")]))
      #expect(try await entries(stations.front).map(\.request) == ["study PatientName=DOE*"])
    }
  }

  @Test("what was refused is kept with its reason: here, and by us")
  func refused() async throws {
    try await Stations.with([.set(\.readOnly, true)]) { stations in
      var wrong = stations.modality
      wrong.port = 1
      #expect(try await stations.front.echo(wrong).value().outcome.state == .failed)
      await #expect(throws: OperationError.self) {
        try await stations.front.deleteLocal(["da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709"]).value()
      }
      let entries = try await entries(stations.front)
      #expect(entries.map(\.outcome) == ["failed", "failed"])
      #expect(entries[1].reason.contains("ReadOnly"))
    }
  }
}

extension Station {
  /// Lets the associations that wait for work go, so that the other end hears of their end.
  fileprivate func shutdownAssociations() async throws {
    await pool.close()
  }
}
