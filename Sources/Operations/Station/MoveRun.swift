import Dicom
import LocalIndex

/// The C-MOVEs of one retrieve.
struct MoveRun: Sendable {
  /// Where the instances will arrive.
  enum Arrival: Sendable {
    /// At our acceptor.
    case here
    /// At another fluoro on this storage: we see them in the index.
    case otherProcess
    /// At another station.
    case elsewhere
  }

  let station: Station
  let modality: Modality
  let request: RetrieveRequest
  let callingAETitle: String
  let destination: String
  let arrival: Arrival
  let job: Job
  /// What the job fetched before, for its progress.
  var earlier: [MoveItemResult] = []

  func items(_ onItem: @Sendable (MoveItemResult) -> Void) async -> [MoveItemResult] {
    var results: [MoveItemResult] = []
    let expected = request.items.reduce(0 as Int?) { sum, item in item.expected.map { ($0) + (sum ?? 0) } ?? sum }
    if let expected, expected > 0 { job.update { $0.total = expected } }
    for (number, item) in request.items.enumerated() {
      let result: MoveItemResult
      do {
        result = try await move(item, after: results)
      } catch {
        // What keeps us from connecting would keep the other items from it too.
        for item in request.items[number...] {
          results.append(MoveItemResult(item: item, outcome: Outcome(error)))
          onItem(results[results.count - 1])
        }
        break
      }
      results.append(result)
      onItem(result)
      if job.isCancelled { break }
    }
    return results
  }

  private var models: [UID] {
    request.level == .patient ? [.patientRootMove, .studyRootMove] : [.studyRootMove, .patientRootMove]
  }

  private func lease(isFresh: Bool) async throws -> Lease {
    try await station.lease(
      modality, as: request.localAET,
      models.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) },
      negotiating: request.negotiations(models), job, isFresh: isFresh)
  }

  /// - Throws: when no association could be opened; what happens later is in the result.
  private func move(_ item: RetrieveItem, after earlier: [MoveItemResult]) async throws -> MoveItemResult {
    var lease = try await lease(isFresh: false)
    while true {
      let (result, failure) = await move(item, lease.association, after: earlier)
      guard let failure else {
        await station.pool.giveBack(lease)
        return result
      }
      station.pool.discard(lease)
      guard lease.wasDead(failure), (result.received ?? 0) == 0, !job.isCancelled else { return result }
      lease = try await self.lease(isFresh: true)
    }
  }

  private func move(
    _ item: RetrieveItem, _ association: Association, after earlier: [MoveItemResult]
  ) async -> (MoveItemResult, failure: AssociationError?) {
    let start = station.clock.now
    var result = MoveItemResult(item: item, outcome: Outcome(.done, ""))
    let before = ItemSums(self.earlier + earlier)
    let job = job
    let flight = MoveInFlight(
      peer: modality, originatorAETitle: callingAETitle, messageID: station.moves.allocateMessageID(),
      deadlines: job.deadlines
    ) { instances, bytes in
      job.update { before.add(received: instances, bytes: bytes, to: &$0) }
    }
    station.moves.add(flight)
    defer { station.moves.remove(flight) }
    let held =
      arrival != .otherProcess
      ? nil
      : IndexArrivals(station.index, item) { arrived in
        job.deadlines.touch()
        job.update { before.add(received: arrived, bytes: 0, to: &$0) }
      }

    var failure: AssociationError?
    do {
      let outcome = try await association.move(
        item.identifier(request.level, encoding: station.encoding(of: modality)),
        model: models.first { association.acceptedTransferSyntax(for: $0) != nil } ?? models[0],
        destination: destination, messageID: flight.messageID
      ) { counters in job.update { before.add(counters, to: &$0) } }
      let final = result.take(outcome)
      job.update { before.add(final, to: &$0) }
      let announced = Self.announced(result)
      switch arrival {
      case .here: await flight.wait(for: announced)
      case .otherProcess: await held?.wait(for: announced, job.deadlines)
      case .elsewhere: break
      }
    } catch let error as AssociationError {
      failure = error
    } catch {
      failure = nil
      result.outcome = Outcome(error)
    }
    switch arrival {
    case .here: (result.received, result.bytes) = flight.received
    case .otherProcess: result.received = held?.arrived
    case .elsewhere: break
    }
    result.seconds = station.seconds(since: start)
    result.outcome = MoveVerdict(result, failure, destination: destination, self).outcome
    return (result, failure)
  }

  /// How many instances the peer says it has sent: those that must be here before a move to ourselves has ended.
  /// A peer that counts nothing is waited for until nothing arrives any more.
  private static func announced(_ result: MoveItemResult) -> Int {
    if result.completed == nil, result.warning == nil {
      return result.status?.isSuccess == true ? result.item.expected ?? .max : 0
    }
    return (result.completed ?? 0) + (result.warning ?? 0)
  }
}
