import NIOConcurrencyHelpers
import NIOCore

@testable import Dicom

/// An acceptor's delegate for tests: accepts everything, stores in memory, answers queries from a list.
final class SampleDelegate: AcceptorDelegate {
  struct Stored: Sendable {
    var request: StoreRequest
    var bytes: ByteBuffer
  }

  struct State: Sendable {
    var stored: [Stored] = []
    var abandoned = 0
    var ends: [AssociationEnd] = []
    var failures: [AssociationEnd] = []
    var waiters: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }

  let state = NIOLockedValueBox(State())
  let matches: [DataSet]
  let decide: @Sendable (AssociateRequest) -> AssociateDecision
  let reception: @Sendable (StoreRequest) -> Status?
  let finish: @Sendable (@escaping @Sendable (Status) -> Void) -> Void
  /// Whether more can be taken at once; else what it is given goes on.
  let hasRoom: @Sendable (@escaping @Sendable () -> Void) -> Bool
  let finding: (@Sendable (FindRequest) -> AsyncThrowingStream<DataSet, any Error>)?
  let moving: (@Sendable (MoveRequest) -> AsyncThrowingStream<MoveProgress, any Error>)?
  let echoing: @Sendable () -> Status

  init(
    matches: [DataSet] = [],
    decide: @escaping @Sendable (AssociateRequest) -> AssociateDecision = { $0.acceptingAll },
    reception: @escaping @Sendable (StoreRequest) -> Status? = { _ in nil },
    finish: @escaping @Sendable (@escaping @Sendable (Status) -> Void) -> Void = { $0(.success) },
    hasRoom: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = { _ in true },
    finding: (@Sendable (FindRequest) -> AsyncThrowingStream<DataSet, any Error>)? = nil,
    moving: (@Sendable (MoveRequest) -> AsyncThrowingStream<MoveProgress, any Error>)? = nil,
    echoing: @escaping @Sendable () -> Status = { .success }
  ) {
    self.matches = matches
    self.decide = decide
    self.reception = reception
    self.finish = finish
    self.hasRoom = hasRoom
    self.finding = finding
    self.moving = moving
    self.echoing = echoing
  }

  var stored: [Stored] { state.withLockedValue { $0.stored } }
  var ends: [AssociationEnd] { state.withLockedValue { $0.ends } }

  /// Waits until so many connections have ended, associations or not.
  func untilEnded(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLockedValue { state in
        let isReached = state.ends.count + state.failures.count >= count
        if !isReached { state.waiters.append((count, continuation)) }
        return isReached
      }
      if isReached { continuation.resume() }
    }
  }

  func evaluate(_ request: AssociateRequest) -> AssociateDecision { decide(request) }
  func echo(_ association: AcceptedAssociation) -> Status { echoing() }

  func closed(_ association: AcceptedAssociation, reason: AssociationEnd) { ended { $0.ends.append(reason) } }
  func failed(remoteAddress: String, reason: AssociationEnd) { ended { $0.failures.append(reason) } }

  private func ended(_ change: (inout State) -> Void) {
    let due = state.withLockedValue { state in
      change(&state)
      let count = state.ends.count + state.failures.count
      let due = state.waiters.filter { $0.count <= count }
      state.waiters.removeAll { $0.count <= count }
      return due
    }
    for (_, waiter) in due { waiter.resume() }
  }

  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
    if let status = reception(request) { return .refuse(status) }
    return .receive(Receiver(request: request, delegate: self))
  }

  func find(_ request: FindRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<DataSet, any Error>? {
    if let finding { return finding(request) }
    let matches = matches
    return AsyncThrowingStream { continuation in
      for match in matches { continuation.yield(match) }
      continuation.finish()
    }
  }

  func move(_ request: MoveRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<MoveProgress, any Error>?
  {
    moving?(request)
  }

  final class Receiver: StoreReceiver {
    let request: StoreRequest
    let delegate: SampleDelegate
    let bytes = NIOLockedValueBox(ByteBuffer())

    init(request: StoreRequest, delegate: SampleDelegate) {
      self.request = request
      self.delegate = delegate
    }

    func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool {
      self.bytes.withLockedValue { _ = $0.writeImmutableBuffer(bytes) }
      return delegate.hasRoom(onRoom)
    }

    func finish(_ respond: @escaping @Sendable (Status) -> Void) {
      let stored = Stored(request: request, bytes: bytes.withLockedValue { $0 })
      delegate.state.withLockedValue { $0.stored.append(stored) }
      delegate.finish(respond)
    }

    func abandon() { delegate.state.withLockedValue { $0.abandoned += 1 } }
  }
}

extension AssociateRequest {
  var acceptingAll: AssociateDecision { accepting(abstractSyntax: { _ in true }, transferSyntax: { _, _ in true }) }
}

extension AssociationParameters {
  /// To a peer on this machine.
  static func local(
    _ port: Int, _ contexts: [PresentationContextProposal] = [.verification], called: String = "ANY-SCP"
  ) -> AssociationParameters {
    AssociationParameters(
      host: "127.0.0.1", port: port, callingAETitle: "FLUORO", calledAETitle: called, presentationContexts: contexts)
  }
}

extension PresentationContextProposal {
  static let uncompressed: [UID] = [.explicitVRLittleEndian, .implicitVRLittleEndian]
  static let verification = PresentationContextProposal(
    abstractSyntax: .verification, transferSyntaxes: [.implicitVRLittleEndian])
  static let studyFind = PresentationContextProposal(abstractSyntax: .studyRootFind, transferSyntaxes: uncompressed)
  static let studyMove = PresentationContextProposal(abstractSyntax: .studyRootMove, transferSyntaxes: uncompressed)
  static let ct = PresentationContextProposal(abstractSyntax: .ctImageStorage, transferSyntaxes: uncompressed)
}

/// Serves `delegate` on a free port of this machine while `body` runs.
func withAcceptor(
  _ delegate: SampleDelegate, idle: Duration? = .seconds(30), maximumPDULength: UInt32 = 131_072,
  clock: any DeadlineClock = SystemDeadlineClock(), security: ConnectionSecurity? = nil,
  _ body: (Acceptor) async throws -> Void
) async throws {
  let acceptor = try await Acceptor.listen(
    host: "127.0.0.1", port: 0, idle: idle, maximumPDULength: maximumPDULength, security: security, delegate: delegate,
    clock: clock)
  do {
    try await body(acceptor)
  } catch {
    await acceptor.close(grace: .zero)
    throw error
  }
  await acceptor.close(grace: .zero)
}

/// A data set with a patient's name and a UID, of some size when asked for.
func sampleIdentifier(_ name: String, study: String = "1.2.3") -> DataSet {
  var dataSet = DataSet()
  dataSet.set(.queryRetrieveLevel, "STUDY")
  dataSet.set(.patientName, name)
  dataSet.set(.studyInstanceUID, study)
  return dataSet
}
