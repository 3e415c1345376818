import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

@Suite("C-GET between ourselves")
struct GetTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  /// Sends back instances from memory; some of them cannot be opened.
  final class Archive: AcceptorDelegate {
    let count: Int
    let broken: Set<Int>
    private let state = NIOLockedValueBox<(closed: Int, ends: [AssociationEnd])>((0, []))

    init(_ count: Int, broken: Set<Int> = []) {
      self.count = count
      self.broken = broken
    }

    var closed: Int { state.withLockedValue { $0.closed } }
    var ends: [AssociationEnd] { state.withLockedValue { $0.ends } }

    func evaluate(_ request: AssociateRequest) -> AssociateDecision {
      request.accepting(
        abstractSyntax: { _ in true }, transferSyntax: { _, _ in true }, roles: request.userInformation.roleSelections)
    }

    func get(_ request: GetRequest, _ association: AcceptedAssociation) -> (@Sendable () async throws -> [GetInstance])?
    {
      { [self] in
        (0..<count).map { number in
          GetInstance(sopClassUID: .ctImageStorage, sopInstanceUID: UID("1.2.\(number)")) { [self] syntaxes in
            if broken.contains(number) { throw StatusError(.processingFailure) }
            return StoreSource(
              content: .bytes(ByteBuffer(repeating: UInt8(number), count: 300_000)), sopClassUID: .ctImageStorage,
              sopInstanceUID: UID("1.2.\(number)"), transferSyntax: syntaxes[0])
          } close: { [self] in
            state.withLockedValue { $0.closed += 1 }
          }
        }
      }
    }

    func closed(_ association: AcceptedAssociation, reason: AssociationEnd) {
      state.withLockedValue { $0.ends.append(reason) }
    }
  }

  private func parameters(_ port: Int, role: Bool = true) -> AssociationParameters {
    var parameters = AssociationParameters.local(
      port,
      [PresentationContextProposal(abstractSyntax: .studyRootGet, transferSyntaxes: [.explicitVRLittleEndian]), .ct])
    if role {
      parameters.roleSelections = [RoleSelection(sopClassUID: .ctImageStorage, isSCU: false, isSCP: true)]
    }
    return parameters
  }

  private func serving(
    _ archive: Archive, clock: any DeadlineClock = SystemDeadlineClock(), _ body: (Int) async throws -> Void
  ) async throws {
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: archive, clock: clock)
    do { try await body(acceptor.port) } catch {
      await acceptor.close(grace: .zero)
      throw error
    }
    await acceptor.close(grace: .zero)
  }

  @Test("instances come back in order, each acknowledged; what failed is counted and named")
  func roundTrip() async throws {
    let archive = Archive(6, broken: [2])
    let kept = SampleDelegate(reception: { $0.sopInstanceUID == "1.2.4" ? .outOfResources : nil })
    try await serving(archive) { port in
      let association = try await Association.request(parameters(port), deadlines: deadlines)
      let progress = NIOLockedValueBox<[Int?]>([])
      let outcome = try await association.get(sampleIdentifier(""), model: .studyRootGet) { counters in
        progress.withLockedValue { $0.append(counters.remaining) }
      } onStore: { request in
        if let status = kept.reception(request) { return .refuse(status) }
        return .receive(SampleDelegate.Receiver(request: request, delegate: kept))
      }
      await association.release()
      #expect(outcome.status.code == 0xB000)
      #expect(outcome.subOperations.completed == 4 && outcome.subOperations.failed == 2)
      #expect(outcome.failedSOPInstanceUIDs == ["1.2.2", "1.2.4"])
      #expect(progress.withLockedValue { $0 } == [5, 4, 3, 2, 1])
      #expect(kept.stored.map(\.request.sopInstanceUID) == ["1.2.0", "1.2.1", "1.2.3", "1.2.5"])
      #expect(kept.stored.allSatisfy { $0.bytes.readableBytes == 300_000 })
    }
    #expect(archive.closed == 5, "what was opened is closed again")
  }

  @Test("who has not proposed to be an SCP is sent nothing")
  func withoutRole() async throws {
    try await serving(Archive(3)) { port in
      let association = try await Association.request(parameters(port, role: false), deadlines: deadlines)
      let outcome = try await association.get(sampleIdentifier(""), model: .studyRootGet) { _ in
        Issue.record("an instance came")
        return .refuse(.outOfResources)
      }
      #expect(outcome.status.code == 0xA702)
      #expect(outcome.subOperations.failed == 3)
      await association.release()
    }
  }

  @Test(
    "a peer that does not answer an instance is given up after the idle time; its own disk may take as long as it likes"
  )
  func silent() async throws {
    let (far, near) = (ManualClock(), ManualClock())
    let deadlines = Deadlines(Timeouts(all: .seconds(20)), clock: near)
    let archive = Archive(2)
    try await serving(archive, clock: far) { port in
      let association = try await Association.request(parameters(port), deadlines: deadlines)
      let (answers, answer) = AsyncStream.makeStream(of: (@Sendable (Status) -> Void).self)
      let kept = SampleDelegate(finish: { answer.yield($0) })
      let retrieval = Task {
        try await association.get(sampleIdentifier(""), model: .studyRootGet) { request in
          .receive(SampleDelegate.Receiver(request: request, delegate: kept))
        }
      }
      var iterator = answers.makeAsyncIterator()
      let durable = await iterator.next()
      near.advance(by: .seconds(3600))
      #expect(deadlines.current?.kind == .response("C-GET"))
      while archive.ends.isEmpty {
        far.advance(by: .seconds(31))
        await Task.yield()
      }
      #expect(archive.ends == [.idle(.seconds(30))])
      durable?(.success)
      let error = await #expect(throws: AssociationError.self) { try await retrieval.value }
      #expect(error?.phase == .get)
    }
  }
}
