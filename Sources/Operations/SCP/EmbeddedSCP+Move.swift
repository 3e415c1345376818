import Dicom
import Foundation
import LocalIndex
import Synchronization

/// C-MOVE from the local studies, PS3.4 §C.4.2.
extension EmbeddedSCP {
  func move(
    _ request: MoveRequest, _ association: AcceptedAssociation
  ) -> AsyncThrowingStream<MoveProgress, any Error>? {
    guard [UID.studyRootMove, .patientRootMove].contains(request.model) else { return nil }
    guard isAllowed(.move, association) else { return .failing(refuse("C-MOVE", "AllowMove", association)) }
    tally(association).noteMove()
    let configuration = peers.configuration
    let destination = configuration.modalities.first {
      configuration.isSameAETitle($0.aeTitle, request.destination)
    }
    guard let destination else {
      activity.add(
        .rejection, peer: Self.peer(association), "C-MOVE refused: we know no \(request.destination) to move to")
      var entry = HistoryEntry(
        "move", of: association.callingAETitle, at: association.remoteAddress, since: Date(), .rejected,
        "we know no such destination")
      entry.request = "to \(request.destination)"
      history.note(entry)
      return .failing(.moveDestinationUnknown)
    }
    let originator = MoveOriginator(aeTitle: association.callingAETitle, messageID: request.messageID)
    // Only the latest counters matter: each counts all that went before.
    return AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let task = Task.detached { [self] in
        var entry = HistoryEntry(
          "move", of: association.callingAETitle, at: association.remoteAddress, since: Date(), .done)
        entry.request = "to \(destination.aeTitle)"
        do {
          let instances = try await instances(request.identifier, request.model, .move)
          let final = try await send(instances, to: destination, originator, request.cancellation) {
            continuation.yield($0)
          }
          entry.take(final)
          continuation.finish()
        } catch {
          (entry.outcome, entry.reason) = (JobState.failed.rawValue, "\(error)")
          continuation.finish(throwing: error)
        }
        entry.ended = Date()
        history.note(entry)
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// The instances under the unique keys of a request.
  func instances(_ identifier: DataSet, _ model: UID, _ service: Service) async throws -> [OutgoingInstance] {
    let index = index
    do {
      return try await Blocking.run {
        try index.instances(for: identifier, model: model).map(OutgoingInstance.init)
      }
    } catch let error as QueryError {
      throw StatusError(Status(error, service: service))
    }
  }

  /// Runs the sub-operations and reports after each.
  private func send(
    _ instances: [OutgoingInstance], to destination: Modality, _ originator: MoveOriginator,
    _ cancellation: Cancellation, _ report: @escaping @Sendable (MoveProgress) -> Void
  ) async throws -> SubOperations {
    let progress = SubOperationCount(instances.count)
    report(progress.value)
    if instances.isEmpty { return progress.value.subOperations }
    let configuration = peers.configuration
    let title = configuration.callingAETitle(for: destination)
    let timeouts = Timeouts(all: configuration.responseTimeout(for: destination, .inherited))
    let (clock, peers) = (clock, peers)
    var sender = InstanceSender(
      pool: pool,
      lease: { [pool] contexts, deadlines, isFresh in
        let parameters = try Station.parameters(
          destination, callingAETitle: title, contexts, maximumPDULength: configuration.maximumPDULength,
          security: peers.security(to: destination))
        return try await cancellation.whileWanted {
          try await pool.lease(
            parameters, limit: destination.maximumAssociations, deadlines: deadlines, isFresh: isFresh, isGuest: true)
        }
      }, moveOriginator: originator, deadlines: Deadlines(timeouts, clock: clock))
    // Whoever receives would otherwise be told of an association that nothing comes over any more.
    sender.keepsAssociations = false
    sender.isCancelled = { cancellation.isCancelled }
    sender.onInstance = { report(progress.add($1)) }
    let (results, failure) = await sender.send(instances)
    // Those that were never tried have failed as well, unless nobody wanted them any more; they are the last ones.
    for instance in results.dropFirst(progress.count) where !cancellation.isCancelled { _ = progress.add(instance) }
    if let failure, !cancellation.isCancelled {
      activity.add(
        .result, peer: destination.name,
        "sub-operations for \(originator.aeTitle) ended early: \(Outcome(failure).words)")
    }
    report(progress.value)
    return progress.value.subOperations
  }
}

extension HistoryEntry {
  /// What a C-MOVE of another station came to.
  fileprivate mutating func take(_ counters: SubOperations) {
    (completed, failed, warning) = (counters.completed, counters.failed, counters.warning)
    let sent = (completed ?? 0) + (warning ?? 0)
    if let remaining = counters.remaining, remaining > 0 {
      outcome = JobState.cancelled.rawValue
    } else if sent + (failed ?? 0) == 0 {
      (outcome, reason) = (JobState.failed.rawValue, "nothing matched")
    } else if let failed, failed > 0 {
      outcome = (sent > 0 ? JobState.partial : .failed).rawValue
    }
  }
}

/// The counters of a C-MOVE as its sub-operations end.
private final class SubOperationCount: Sendable {
  private let state: Mutex<(progress: MoveProgress, count: Int)>

  init(_ count: Int) {
    let counters = SubOperations(remaining: count, completed: 0, failed: 0, warning: 0)
    state = Mutex((MoveProgress(subOperations: counters), 0))
  }

  var value: MoveProgress { state.withLock { $0.progress } }
  /// How many have ended.
  var count: Int { state.withLock { $0.count } }

  func add(_ instance: SentInstance) -> MoveProgress {
    state.withLock { state in
      state.count += 1
      func count(_ path: WritableKeyPath<SubOperations, Int?>, _ change: Int) {
        state.progress.subOperations[keyPath: path] = (state.progress.subOperations[keyPath: path] ?? 0) + change
      }
      count(\.remaining, -1)
      if !instance.isStored {
        count(\.failed, 1)
        state.progress.failedSOPInstanceUIDs.append(UID(instance.sopInstanceUID))
      } else {
        count(instance.status?.isWarning == true ? \.warning : \.completed, 1)
      }
      return state.progress
    }
  }
}
