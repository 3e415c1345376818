import Dicom
import Synchronization

/// Sends instances to one station, with a presentation context for each SOP class and transfer syntax; more than 128 of
/// them (PS3.8 §9.3.2.2: odd ids up to 255) take several associations, one after the other. Several associations at once
/// share the instances, each taking the next one when it has room.
struct InstanceSender: Sendable {
  let pool: AssociationPool
  let lease: @Sendable (_ contexts: [PresentationContextProposal], _ isFresh: Bool) async throws -> Lease
  let moveOriginator: MoveOriginator?
  /// Whether associations stay open for what is sent next.
  var keepsAssociations = true
  /// At once, where the station takes as many.
  var associations = 1
  /// Somebody else waits for an association that we could do without.
  var isAnotherWaiting: @Sendable () -> Bool = { false }
  /// The association with this number, of those that are used at once, was had, or could not be.
  var onAssociation: @Sendable (_ number: Int, _ failure: (any Error)?) -> Void = { _, _ in }
  /// One association fewer is in use now, for good.
  var onFewer: @Sendable () -> Void = {}
  /// Before each instance.
  var isCancelled: @Sendable () -> Bool = { false }
  /// Bytes sent so far of the instance with this number.
  var onBytes: @Sendable (_ number: Int, _ bytes: Int) -> Void = { _, _ in }
  /// The fate of each as it becomes known: over one association, in their order.
  var onInstance: @Sendable (_ number: Int, SentInstance) -> Void = { _, _ in }

  /// - Returns: one result an instance, in their order; and what ended it all, when something did.
  func send(_ instances: [OutgoingInstance]) async -> (results: [SentInstance], failure: (any Error)?) {
    let list = SharedList(instances)
    for batch in AssociationParameters.divide(instances, contexts: { [$0.context] }) {
      list.open(batch.count)
      let contexts = Self.contexts(batch)
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<min(associations, batch.count) {
          group.addTask { await work(list, contexts, number) }
        }
      }
      list.close()
    }
    return list.end
  }

  /// What one association does: instance after instance, until there are no more.
  private func work(_ list: SharedList, _ contexts: [PresentationContextProposal], _ number: Int) async {
    let isExtra = number > 0
    defer { if isExtra { onFewer() } }
    var isFresh = false
    while true {
      let lease: Lease
      do {
        lease = try await self.lease(contexts, isFresh)
        onAssociation(number, nil)
      } catch {
        onAssociation(number, error)
        // A station that takes fewer associations than we would like is served by fewer.
        return list.note(refusal: error)
      }
      let taken = Mutex<[Int]>([])
      do {
        try await lease.association.store(moveOriginator: moveOriginator) {
          if isCancelled() || (isExtra && isAnotherWaiting()) { return nil }
          guard let (number, instance) = list.next() else { return nil }
          taken.withLock { $0.append(number) }
          return OutgoingStore(
            source: { try instance.source() }, onProgress: { onBytes(number, $0) }
          ) { answer in
            if case .failure(let error) = answer, lease.wasDead(error) { return }
            taken.withLock { $0.removeAll { $0 == number } }
            let result = Self.result(of: instance, answer, lease.association)
            list.set(result, at: number)
            onInstance(number, result)
          }
        }
        return await pool.giveBack(lease, keeps: keepsAssociations)
      } catch {
        pool.discard(lease)
        guard lease.wasDead(error), !Task.isCancelled, !isCancelled() else { return list.fail(error) }
        list.putBack(taken.withLock { $0 })
        isFresh = true
      }
    }
  }

  private static func result(
    of instance: OutgoingInstance, _ answer: Result<Status, any Error>, _ association: Association
  ) -> SentInstance {
    var result = SentInstance(
      sopInstanceUID: instance.sopInstanceUID.rawValue, status: nil, problem: nil, bytes: instance.bytes)
    switch answer {
    case .success(let status): result.status = status
    case .failure(let error as AssociationError):
      if case .noAcceptedContext = error.reason {
        result.problem = refusal(instance, association)
      } else {
        result.problem = error.description
      }
    case .failure(let error): result.problem = "\(error)"
    }
    return result
  }

  private static func refusal(_ instance: OutgoingInstance, _ association: Association) -> String {
    let sopClass = instance.sopClassUID.name ?? instance.sopClassUID.rawValue
    let syntax = instance.transferSyntax.name ?? instance.transferSyntax.rawValue
    return association.contexts(for: instance.sopClassUID).isEmpty
      ? "the peer accepts no \(sopClass) in \(syntax)" : "the peer accepts \(sopClass), but not in \(syntax)"
  }

  static func contexts(_ batch: [OutgoingInstance]) -> [PresentationContextProposal] {
    var seen: Set<PresentationContextProposal> = []
    return batch.map(\.context).filter { seen.insert($0).inserted }
  }
}

/// The instances that several associations share, and what became of each.
private final class SharedList: Sendable {
  private struct State {
    var next = 0
    var end = 0
    /// Taken by an association that turned out to be dead.
    var returned: [Int] = []
    var results: [SentInstance?]
    var failure: (any Error)?
    /// Why an association could not be had; that matters only when something is left in the end.
    var refusal: (any Error)?
  }

  private let instances: [OutgoingInstance]
  private let state: Mutex<State>

  init(_ instances: [OutgoingInstance]) {
    self.instances = instances
    state = Mutex(State(results: Array(repeating: nil, count: instances.count)))
  }

  /// So many more may be taken.
  func open(_ count: Int) { state.withLock { $0.end += count } }

  func next() -> (number: Int, instance: OutgoingInstance)? {
    let number = state.withLock { state -> Int? in
      guard state.failure == nil else { return nil }
      if let number = state.returned.popLast() { return number }
      guard state.next < state.end else { return nil }
      state.next += 1
      return state.next - 1
    }
    return number.map { ($0, instances[$0]) }
  }

  func putBack(_ numbers: [Int]) { state.withLock { $0.returned = ($0.returned + numbers).sorted(by: >) } }
  func set(_ result: SentInstance, at number: Int) { state.withLock { $0.results[number] = result } }
  func note(refusal: any Error) { state.withLock { $0.refusal = $0.refusal ?? refusal } }

  /// Nobody takes any more of those that were opened.
  func close() {
    state.withLock { state in
      if state.next < state.end || !state.returned.isEmpty { state.failure = state.failure ?? state.refusal }
    }
  }

  func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

  var end: (results: [SentInstance], failure: (any Error)?) {
    let (known, failure) = state.withLock { ($0.results, $0.failure) }
    let results = zip(instances, known).map { instance, result in
      result
        ?? SentInstance(
          sopInstanceUID: instance.sopInstanceUID.rawValue, status: nil, problem: "not sent", bytes: instance.bytes)
    }
    return (results, failure ?? (known.contains { $0 == nil } ? CancellationError() : nil))
  }
}
