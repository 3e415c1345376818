import Dicom
import Foundation
import NIOCore
import Testing

@testable import Operations

@Suite("A send that is asked for again")
struct RetryTests {
  /// Takes instances but for what it is told not to; each association ends at the first of some.
  private final class Stubborn: AcceptorDelegate {
    let refused = Box<Set<String>>([])
    /// Instances at which it aborts.
    let fatal: Set<String>
    let stored = Box<[String]>([])

    init(fatal: Set<String> = []) { self.fatal = fatal }

    func evaluate(_ request: AssociateRequest) -> AssociateDecision {
      request.accepting(abstractSyntax: { _ in true }, transferSyntax: { _, _ in true })
    }

    func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
      let uid = request.sopInstanceUID.rawValue
      if fatal.contains(uid) {
        association.abort()
        return .refuse(Status(0xC000))
      }
      if refused.value.contains(uid) { return .refuse(Status(0xA700)) }
      return .receive(Receiver { [stored] in stored.change { $0.append(uid) } })
    }

    private final class Receiver: StoreReceiver {
      let done: @Sendable () -> Void
      init(_ done: @escaping @Sendable () -> Void) { self.done = done }
      func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool { true }
      func finish(_ respond: @escaping @Sendable (Status) -> Void) {
        done()
        respond(.success)
      }
      func abandon() {}
    }
  }

  private func with(
    _ peer: Stubborn, count: Int, _ body: (Station, Modality, SendRequest) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    for number in 1...count {
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, UID.ctImageStorage)
      dataSet.set(.sopInstanceUID, UID("1.2.\(number)"))
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: UID("1.2.\(number)"),
        transferSyntax: TransferSyntax.explicitVRLittleEndian.uid)
      try DicomFile.write(dataSet, meta: meta, to: "\(folder.path)/\(100 + number).dcm")
    }
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: peer)
    let station = try Station(configuration: Configuration(storageDirectory: folder.path + "-storage"))
    let modality = Modality(name: "PEER", aeTitle: "PEER", host: "127.0.0.1", port: acceptor.port)
    try await body(station, modality, SendRequest(sources: [.path(folder.path)]))
    await station.shutdown()
    await acceptor.close(grace: .zero)
    try? FileManager.default.removeItem(atPath: folder.path + "-storage")
  }

  private func retried(_ job: Job, _ station: Station) async throws -> Job {
    let again = try #require(job.retry())
    await station.jobs.end(of: again)
    return again
  }

  @Test("only what failed goes again; when nothing is left to do, r sends all of it anew")
  func onlyFailed() async throws {
    let peer = Stubborn()
    peer.refused.change { $0 = ["1.2.3", "1.2.4"] }
    try await with(peer, count: 6) { station, modality, request in
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

  @Test("an instance at which the peer ends every association is left out in the end, and the others go")
  func fatal() async throws {
    let peer = Stubborn(fatal: ["1.2.3"])
    try await with(peer, count: 6) { station, modality, request in
      let operation = station.store(modality, request)
      let result = try await operation.value()
      #expect(result.failedInstances == ["1.2.3"] && result.outcome.state == .partial)
      #expect(peer.stored.value == ["1.2.1", "1.2.2", "1.2.4", "1.2.5", "1.2.6"])
      #expect(operation.job.snapshot.remarks.count == 2)
    }
  }

  @Test("what was cancelled goes on where it ended")
  func cancelled() async throws {
    let peer = Stubborn()
    try await with(peer, count: 200) { station, modality, request in
      let first = station.store(modality, request) { instance in
        if instance.sopInstanceUID == "1.2.5" { station.jobs.jobs.first?.cancel() }
      }
      #expect(try await first.value().outcome.state == .cancelled)
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
