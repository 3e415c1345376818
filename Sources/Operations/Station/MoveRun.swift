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

  func items(_ onItem: @Sendable (MoveItemResult) -> Void) async -> [MoveItemResult] {
    var results: [MoveItemResult] = []
    var association: Association?
    let expected = request.items.reduce(0 as Int?) { sum, item in item.expected.map { ($0) + (sum ?? 0) } ?? sum }
    if let expected, expected > 0 { job.update { $0.total = expected } }
    for (number, item) in request.items.enumerated() {
      let result: MoveItemResult
      do {
        if association == nil { association = try await open() }
        guard let open = association else { break }
        result = await move(item, open, after: results)
        if result.status == nil { association = nil }
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
    await association?.release()
    return results
  }

  private var models: [UID] {
    request.level == .patient ? [.patientRootMove, .studyRootMove] : [.studyRootMove, .patientRootMove]
  }

  private func open() async throws -> Association {
    try await station.associate(
      modality, as: request.localAET,
      models.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) }, job)
  }

  private func move(
    _ item: RetrieveItem, _ association: Association, after earlier: [MoveItemResult]
  ) async -> MoveItemResult {
    let start = station.clock.now
    var result = MoveItemResult(item: item, outcome: Outcome(.done, ""))
    let before = ItemSums(earlier)
    let job = job
    let flight = MoveInFlight(
      peer: modality, originatorAETitle: callingAETitle, messageID: station.moves.allocateMessageID(),
      deadlines: job.deadlines
    ) { instances, bytes in
      job.update { before.add(received: instances, bytes: bytes, to: &$0) }
    }
    station.moves.add(flight)
    defer { station.moves.remove(flight) }
    let held = arrival == .otherProcess ? IndexArrivals(station.index, item) : nil
    let watch = held.map { held in watching(held, before) }
    defer { watch?.cancel() }

    var failure: AssociationError?
    do {
      let outcome = try await association.move(
        identifier(item), model: models.first { association.acceptedTransferSyntax(for: $0) != nil } ?? models[0],
        destination: destination, messageID: flight.messageID
      ) { counters in job.update { before.add(counters, to: &$0) } }
      result.status = outcome.status
      result.completed = outcome.subOperations.completed
      result.failed = outcome.subOperations.failed
      result.warning = outcome.subOperations.warning
      result.failedInstances = outcome.failedSOPInstanceUIDs.map(\.rawValue)
      // What remained at the last pending response is no part of the final count.
      var final = outcome.subOperations
      final.remaining = nil
      job.update { [final] in before.add(final, to: &$0) }
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
    return result
  }

  /// How many instances the peer says it has sent: those that must be here before a move to ourselves has ended.
  /// A peer that counts nothing is waited for until nothing arrives any more.
  private static func announced(_ result: MoveItemResult) -> Int {
    if result.completed == nil, result.warning == nil {
      return result.status?.isSuccess == true ? result.item.expected ?? .max : 0
    }
    return (result.completed ?? 0) + (result.warning ?? 0)
  }

  private func identifier(_ item: RetrieveItem) -> DataSet {
    // PatientID may hold other than ASCII.
    let query = Query(level: request.level, keys: item.keys)
    let encoding = modality.defaultEncoding ?? station.configuration.defaultEncoding
    return query.identifier(item.keys, characterSet: query.characterSets(default: encoding).first ?? .utf8)
  }

  private func watching(_ held: IndexArrivals, _ before: ItemSums) -> Task<Void, Never> {
    let job = job
    return Task.detached {
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(300))
        if held.look() {
          job.deadlines.touch()
          job.update { before.add(received: held.arrived, bytes: 0, to: &$0) }
        }
      }
    }
  }

  /// All items together: the worst that happened, and done in part when some succeeded.
  func outcome(_ items: [MoveItemResult]) -> Outcome {
    let received = items.reduce(0) { $0 + ($1.received ?? $1.completed ?? 0) }
    guard items.count > 1 || request.items.count > 1 else {
      return items.first?.outcome ?? Outcome(.cancelled, "cancelled")
    }
    let done = items.count { $0.outcome.state == .done }
    let words = "\(done) of \(request.words), \(Words.count(received, "instance"))"
    let details = items.enumerated().filter { $1.outcome.state != .done }.map { number, item in
      // A patient's key is a patient's data, which no log may name.
      let name = request.level == .patient ? nil : item.item.keys.last?.value
      return "\(name ?? "patient \(number + 1)"): \(item.outcome.words)"
    }
    if done == request.items.count { return Outcome(.done, words) }
    if job.isCancelled { return Outcome(.cancelled, "cancelled after \(words)") }
    let worst = items.first { $0.outcome.state != .done && $0.outcome.state != .partial }?.outcome.state ?? .partial
    return Outcome(done > 0 || received > 0 ? .partial : worst, words, details: details)
  }
}

/// What the items before the running one came to, for the progress of the whole job.
private struct ItemSums: Sendable {
  var completed = 0
  var failed = 0
  var warning = 0
  var received = 0
  var bytes: Int64 = 0

  init(_ items: [MoveItemResult]) {
    for item in items {
      completed += item.completed ?? 0
      failed += item.failed ?? 0
      warning += item.warning ?? 0
      received += item.received ?? 0
      bytes += item.bytes
    }
  }

  func add(_ counters: SubOperations, to progress: inout JobProgress) {
    progress.remaining = counters.remaining
    progress.completed = counters.completed.map { $0 + completed }
    progress.failed = counters.failed.map { $0 + failed }
    progress.warning = counters.warning.map { $0 + warning }
    let total = [counters.remaining, counters.completed, counters.failed, counters.warning].compactMap(\.self)
    if counters.remaining != nil {
      progress.total = max(progress.total ?? 0, total.reduce(completed + failed + warning, +))
    }
  }

  func add(received: Int, bytes: Int64, to progress: inout JobProgress) {
    progress.received = self.received + received
    progress.bytes = self.bytes + bytes
  }
}
