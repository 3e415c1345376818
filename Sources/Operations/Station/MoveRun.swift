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
    job.update { progress in
      progress.comesHere = arrival != .elsewhere
      if let expected, expected > 0 { progress.total = expected }
    }
    for (number, item) in request.items.enumerated() {
      let result: MoveItemResult
      do {
        result = try await fetch(item, after: results)
      } catch {
        // What keeps us from connecting would keep the other items from it too.
        for item in request.items[number...] {
          var refused = MoveItemResult(item: item, outcome: Outcome(error))
          refused.isRefusedForGood = Self.isRefusedForGood(error)
          results.append(refused)
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
      models.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) }
        + (arrival == .elsewhere ? [] : Completeness.contexts(request.level)),
      negotiating: request.negotiations(models), job, isFresh: isFresh)
  }

  /// One item, or what is missing of it.
  ///
  /// - Throws: when no association could be opened; what happens later is in the result.
  private func fetch(_ item: RetrieveItem, after earlier: [MoveItemResult]) async throws -> MoveItemResult {
    var parts = [(level: request.level, item: item)]
    if request.isOnlyMissing, arrival != .elsewhere, let listing = await completeness.listing(of: item, request.level) {
      completeness.leaveOut(listing, of: item)
      if listing.missing.isEmpty {
        let count = Words.count(listing.all.count, "instance")
        var whole = MoveItemResult(item: item, outcome: Outcome(.done, "all \(count) are here already"))
        whole.received = 0
        return whole
      }
      parts = listing.parts(of: item, request.level)
    }
    if parts.count == 1, parts[0].item == item { return try await move(item, request.level, after: earlier).result }
    var total = MoveItemResult(item: item, outcome: Outcome(.done, ""))
    var failure: AssociationError?
    for part in parts where failure == nil && !job.isCancelled && !total.isRefusedForGood {
      let one = try await move(part.item, part.level, after: earlier + [total], isPart: true)
      total.add(one.result)
      failure = one.failure
    }
    if !job.isCancelled { total.take(await completeness.check(item, request.level, arrived: 0, on: nil)) }
    judge(&total, failure)
    return total
  }

  private var completeness: Completeness {
    var modality = modality
    modality.localAET = request.localAET ?? modality.localAET
    return Completeness(station: station, modality: modality, job: job)
  }

  /// - Throws: when no association could be opened.
  private func move(
    _ item: RetrieveItem, _ level: Level, after earlier: [MoveItemResult], isPart: Bool = false
  ) async throws -> (result: MoveItemResult, failure: AssociationError?) {
    var lease = try await lease(isFresh: false)
    while true {
      var (result, failure) = await move(item, level, lease.association, after: earlier)
      if let failure {
        station.pool.discard(lease)
        if lease.wasDead(failure), (result.received ?? 0) == 0, !job.isCancelled {
          lease = try await self.lease(isFresh: true)
          continue
        }
      }
      if !isPart, isWorthChecking(result, failure) {
        let arrived = arrival == .here ? result.received ?? 0 : 0
        result.take(
          await completeness.check(item, level, arrived: arrived, on: failure == nil ? lease.association : nil))
      }
      if failure == nil { await station.pool.giveBack(lease) }
      judge(&result, failure)
      return (result, failure)
    }
  }

  private func judge(_ result: inout MoveItemResult, _ failure: AssociationError?) {
    let verdict = MoveVerdict(result, failure, destination: destination, self)
    result.outcome = verdict.outcome
    if verdict.isGoodAllTheSame { job.remark(verdict.outcome.words) }
  }

  /// A peer that refused the request has been told nothing of instances; one that is gone is not asked any more.
  private func isWorthChecking(_ result: MoveItemResult, _ failure: AssociationError?) -> Bool {
    if arrival == .elsewhere || job.isCancelled { return false }
    let arrived = result.received ?? 0
    if let failure { return arrived > 0 && failure.isEndByPeer }
    return arrived > 0 || result.status.map { $0.isSuccess || $0.isWarning } ?? false
  }

  private static func isRefusedForGood(_ error: any Error) -> Bool {
    guard let error = error as? AssociationError, case .noAcceptedContext = error.reason else { return false }
    return true
  }

  private func move(
    _ item: RetrieveItem, _ level: Level, _ association: Association, after earlier: [MoveItemResult]
  ) async -> (MoveItemResult, failure: AssociationError?) {
    let start = station.clock.now
    var result = MoveItemResult(item: item, outcome: Outcome(.done, ""))
    let before = ItemSums(self.earlier + earlier)
    let flight = flight(before)
    station.moves.add(flight)
    defer { station.moves.remove(flight) }
    let held = arrival == .otherProcess ? indexArrivals(of: item, before) : nil
    let (job, modality, destination, station, isHere) = (job, modality, destination, station, arrival == .here)
    let silence = SilentMove(flight, clock: station.clock) { sent in
      job.remark(MoveVerdict.silence(modality, sent, destination, station))
    }
    defer { silence.end() }

    var failure: AssociationError?
    do {
      let outcome = try await association.move(
        item.identifier(level, encoding: station.encoding(of: modality)),
        model: models.first { association.acceptedTransferSyntax(for: $0) != nil } ?? models[0],
        destination: destination, messageID: flight.messageID
      ) { counters in
        if isHere { silence.note(counters) }
        job.update { before.add(counters, to: &$0) }
      }
      let final = result.take(outcome)
      job.update { before.add(final, to: &$0) }
      if isHere { silence.note(final) }
      let announced = Self.announced(result)
      switch arrival {
      case .here: await flight.wait(for: announced)
      case .otherProcess:
        await held?.wait(for: announced, job.deadlines)
        await station.waitUntilIndexed(job)
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
    case .otherProcess:
      held?.look()
      result.received = held?.arrived.instances
      result.bytes = held?.arrived.bytes ?? 0
      result.earlier = held?.earlier ?? 0
    case .elsewhere: break
    }
    result.seconds = station.seconds(since: start)
    result.isRefusedForGood =
      (result.received ?? 0) == 0
      && (failure.map(Self.isRefusedForGood) ?? (result.status.map { MoveVerdict.refusals.contains($0.code) } ?? false))
    return (result, failure)
  }

  /// What arrives at our own acceptor for a move of this run.
  private func flight(_ before: ItemSums) -> MoveInFlight {
    let job = job
    return MoveInFlight(
      peer: modality, originatorAETitle: callingAETitle, messageID: station.moves.allocateMessageID(),
      deadlines: job.deadlines
    ) { instances, bytes in
      job.update { before.add(received: instances, bytes: bytes, to: &$0) }
    }
  }

  /// What another process receives for us, as the index tells it.
  private func indexArrivals(of item: RetrieveItem, _ before: ItemSums) -> IndexArrivals? {
    guard let index = try? station.index else { return nil }
    let job = job
    return IndexArrivals(index, item) { instances, bytes in
      job.deadlines.touch()
      job.update { before.add(received: instances, bytes: bytes, to: &$0) }
    }
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
