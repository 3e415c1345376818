import Dicom
import Synchronization

/// Sends instances to one station, with a presentation context for each SOP class and transfer syntax; more than 128 of
/// them (PS3.8 §9.3.2.2: odd ids up to 255) take several associations, one after the other. Several associations at once
/// share the instances, each taking the next one when it has room.
struct InstanceSender: Sendable {
  let pool: AssociationPool
  let lease: @Sendable (_ contexts: [PresentationContextProposal], _ isFresh: Bool) async throws -> Lease
  let moveOriginator: MoveOriginator?
  /// The pauses before another attempt to connect are by this clock.
  var clock: any DeadlineClock = SystemDeadlineClock()
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
  /// How often, in all, an association that was lost is asked for again; what had no answer goes over the new one.
  var reconnections = 0
  /// Another association is asked for, after this.
  var onReconnection: @Sendable (_ number: Int, _ loss: any Error) -> Void = { _, _ in }
  /// Where the station does not take an instance as it is stored, it goes in another uncompressed transfer syntax.
  var converts = true
  /// The instance with this number goes in another transfer syntax.
  var onConversion: @Sendable (_ number: Int, _ syntax: UID) -> Void = { _, _ in }
  /// Before each instance.
  var isCancelled: @Sendable () -> Bool = { false }
  /// Bytes sent so far of the instance with this number.
  var onBytes: @Sendable (_ number: Int, _ bytes: Int) -> Void = { _, _ in }
  /// The fate of each as it becomes known: over one association, in their order.
  var onInstance: @Sendable (_ number: Int, SentInstance) -> Void = { _, _ in }

  /// - Returns: one result an instance, in their order; and what ended it all, when something did.
  func send(_ instances: [OutgoingInstance]) async -> (results: [SentInstance], failure: (any Error)?) {
    let list = SharedInstances(instances, reconnections: reconnections)
    let scratch = ScratchFolder()
    for batch in AssociationParameters.divide(instances, contexts: \.contexts) {
      list.open(batch.count)
      let contexts = Self.contexts(batch)
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<min(associations, batch.count) {
          group.addTask { await work(list, contexts, number, scratch) }
        }
      }
      list.close()
    }
    scratch.remove()
    return list.end
  }

  /// What one association does: instance after instance, until there are no more.
  private func work(
    _ list: SharedInstances, _ contexts: [PresentationContextProposal], _ number: Int, _ scratch: ScratchFolder
  ) async {
    let isExtra = number > 0
    defer { if isExtra { onFewer() } }
    var isFresh = false
    var pause: Duration?
    while true {
      let lease: Lease
      do {
        lease = try await self.lease(contexts, isFresh)
        onAssociation(number, nil)
        pause = pause.map { _ in .zero }
      } catch {
        // After a loss the station may need a moment to be back.
        if let wait = pause, Self.mayPass(error), isGoingOn, let count = list.reconnect() {
          onReconnection(count, error)
          pause = max(.seconds(1), wait * 2)
          if (try? await clock.sleep(for: max(.seconds(1), wait))) != nil { continue }
        }
        onAssociation(number, error)
        // A station that takes fewer associations than we would like is served by fewer.
        return list.note(refusal: error)
      }
      let turn = SendingTurn()
      do {
        try await lease.association.store(moveOriginator: moveOriginator) {
          if isCancelled() || (isExtra && isAnotherWaiting()) { return nil }
          guard let (number, instance) = list.next() else { return nil }
          turn.take(number)
          return outgoing(instance, number, list, turn, lease, scratch)
        }
        return await pool.giveBack(lease, keeps: keepsAssociations)
      } catch {
        pool.discard(lease)
        list.putBack(turn.unanswered)
        guard isGoingOn else { return list.fail(error) }
        isFresh = true
        if lease.wasDead(error) { continue }
        // One that takes none and says nothing would only say nothing again.
        guard turn.hasAnswers || !Self.isTimeout(error), Self.mayPass(error), let count = list.reconnect() else {
          return list.fail(error)
        }
        pause = .zero
        onReconnection(count, error)
      }
    }
  }

  private var isGoingOn: Bool { !Task.isCancelled && !isCancelled() }

  private func outgoing(
    _ instance: OutgoingInstance, _ number: Int, _ list: SharedInstances, _ turn: SendingTurn, _ lease: Lease,
    _ scratch: ScratchFolder
  ) -> OutgoingStore {
    let converted = "\(number).dcm"
    return OutgoingStore(
      source: {
        guard let syntax = conversion(of: instance, lease.association) else { return try instance.source() }
        onConversion(number, syntax)
        return try instance.source(in: syntax, path: scratch.path(converted))
      },
      onProgress: { onBytes(number, $0) },
      completion: { answer in
        scratch.remove(converted)
        if case .failure(let error) = answer {
          if lease.wasDead(error) { return }
          if Self.isLoss(error), isGoingOn, list.mayTryAgain(number, after: error) { return }
        }
        turn.ended(number, isAnswered: (try? answer.get()) != nil)
        let result = result(of: instance, answer, lease.association)
        list.set(result, at: number)
        onInstance(number, result)
      })
  }

  /// Another transfer syntax for an instance that is not taken as it is; nil: it is, or there is none.
  private func conversion(of instance: OutgoingInstance, _ association: Association) -> UID? {
    let isTaken = association.acceptedContexts.contains {
      $0.transferSyntax == instance.transferSyntax && $0.abstractSyntax == instance.sopClassUID
    }
    if isTaken || !converts { return nil }
    return instance.conversion(to: association.contexts(for: instance.sopClassUID).map(\.transferSyntax))
  }

  /// The peer, or the network, ended the association while an instance was under way.
  private static func isLoss(_ error: any Error) -> Bool {
    guard let error = error as? AssociationError else { return false }
    switch error.reason {
    case .timeout, .unreachable, .tls: return true
    default: return error.isEndByPeer
    }
  }

  private static func isTimeout(_ error: any Error) -> Bool {
    if case .timeout = (error as? AssociationError)?.reason { true } else { false }
  }

  /// Whether another association may go better: it was lost, nobody listens just now, or it was one instance that
  /// could not be read to its end.
  private static func mayPass(_ error: any Error) -> Bool {
    if isLoss(error) { return true }
    switch (error as? AssociationError)?.reason {
    case .refused, .local: return true
    default: return false
    }
  }

  private func result(
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

  /// Why there is no presentation context for it, and what to do.
  private func refusal(_ instance: OutgoingInstance, _ association: Association) -> String {
    let sopClass = instance.sopClassUID.name ?? instance.sopClassUID.rawValue
    let syntax = instance.transferSyntax.name ?? instance.transferSyntax.rawValue
    let accepted = association.contexts(for: instance.sopClassUID).map(\.transferSyntax)
    if accepted.isEmpty {
      return "the peer accepts no \(sopClass), neither in \(syntax) nor uncompressed: allow that class there"
    }
    let taken = Set(accepted.map { $0.name ?? $0.rawValue }).sorted().joined(separator: ", ")
    let words = "the peer accepts \(sopClass) only in \(taken); this instance is \(syntax)"
    return instance.conversion(to: accepted) == nil
      ? "\(words), which is not decompressed here: allow it there, or convert it where it comes from"
      : "\(words), and AllowTranscoding is false for this modality"
  }

  static func contexts(_ batch: [OutgoingInstance]) -> [PresentationContextProposal] {
    var seen: Set<PresentationContextProposal> = []
    return batch.flatMap(\.contexts).filter { seen.insert($0).inserted }
  }
}
