import Dicom
import Synchronization

/// Sends instances to one station, with a presentation context for each SOP class and transfer syntax; more than 128 of
/// them (PS3.8 §9.3.2.2: odd ids up to 255) take several associations, one after the other. Several associations at once
/// share the instances, each taking the next one when it has room.
struct InstanceSender: Sendable {
  let pool: AssociationPool
  let lease:
    @Sendable (_ contexts: [PresentationContextProposal], _ deadlines: Deadlines, _ isFresh: Bool) async throws -> Lease
  let moveOriginator: MoveOriginator?
  /// What all of it waits by, and the pauses before another attempt to connect.
  let deadlines: Deadlines
  /// Whether associations stay open for what is sent next.
  var keepsAssociations = true
  /// Whether those that do not are closed at once, or with this process. A peer that has a process for each ends it then: DCMTK's
  /// take some milliseconds of the processors for that.
  var closesConnections = true
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
  /// Another association is asked for, after this and a pause.
  var onReconnection: @Sendable (_ number: Int, _ loss: any Error, _ pause: Duration) -> Void = { _, _, _ in }
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
    for runs in AssociationParameters.divide(Self.runs(instances), contexts: { $0.first?.contexts ?? [] }) {
      let count = runs.reduce(0) { $0 + $1.count }
      list.open(count)
      let contexts = Self.contexts(runs.compactMap(\.first))
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<min(associations, count) {
          group.addTask { await work(list, contexts, number, scratch) }
        }
      }
      if list.hasReturned, isGoingOn { await work(list, contexts, 0, scratch) }
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
    list.join()
    defer {
      list.leave()
      if isExtra { onFewer() }
    }
    // What one waits for must not be over because another goes on.
    let deadlines = associations > 1 ? self.deadlines.branch() : self.deadlines
    let share: @Sendable () -> Int = { list.share }
    var isFresh = false
    // Before the last attempt after a loss; nil: there was none.
    var pause: Duration?
    while true {
      let lease: Lease
      do {
        lease = try await self.lease(contexts, deadlines, isFresh)
        onAssociation(number, nil)
      } catch {
        // After a loss the station may need a moment to be back.
        if let last = pause, Self.mayPass(error), isGoingOn, let count = list.reconnect() {
          let wait = Self.longer(than: last)
          pause = wait
          onReconnection(count, error, wait)
          if (try? await deadlines.clock.sleep(for: wait)) != nil { continue }
        }
        onAssociation(number, error)
        // A station that takes fewer associations than we would like is served by fewer.
        return list.note(refusal: error)
      }
      let answers = list.answers
      let turn = SendingTurn(self, list, lease.association, wasDead: lease.wasDead, scratch)
      do {
        try await lease.association.store(moveOriginator: moveOriginator, ahead: share) {
          isExtra && isAnotherWaiting() ? nil : turn.next()
        }
        return await pool.giveBack(lease, keeps: keepsAssociations, closes: closesConnections)
      } catch {
        pool.discard(lease)
        list.putBack(turn.end())
        guard isGoingOn else { return list.fail(error) }
        isFresh = true
        if lease.wasDead(error) { continue }
        // One that says nothing, and has answered nobody meanwhile, would only say nothing again.
        guard list.answers > answers || !Self.isTimeout(error), Self.mayPass(error), let count = list.reconnect() else {
          return list.fail(error)
        }
        // One that ends an association before it has answered anything may be about to go, or not be back yet.
        let isTaken = list.answers > answers || !Self.isLoss(error)
        let wait = isTaken ? .zero : Self.longer(than: pause ?? .zero)
        pause = wait
        onReconnection(count, error, wait)
        if wait > .zero, (try? await deadlines.clock.sleep(for: wait)) == nil { return list.fail(error) }
      }
    }
  }

  private static func longer(than pause: Duration) -> Duration { max(.seconds(1), pause * 2) }

  var isGoingOn: Bool { !Task.isCancelled && !isCancelled() }

  /// The peer, or the network, ended the association while an instance was under way.
  static func isLoss(_ error: any Error) -> Bool {
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

  /// Neighbours that need the same presentation contexts.
  private static func runs(_ instances: [OutgoingInstance]) -> [ArraySlice<OutgoingInstance>] {
    var runs: [ArraySlice<OutgoingInstance>] = []
    var start = 0
    for index in instances.indices.dropFirst() where !instances[index].needsSameContexts(as: instances[start]) {
      runs.append(instances[start..<index])
      start = index
    }
    return instances.isEmpty ? [] : runs + [instances[start...]]
  }

  static func contexts(_ batch: [OutgoingInstance]) -> [PresentationContextProposal] {
    var seen: Set<PresentationContextProposal> = []
    return batch.flatMap(\.contexts).filter { seen.insert($0).inserted }
  }
}
