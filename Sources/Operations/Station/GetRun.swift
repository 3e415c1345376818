import Dicom

/// The C-GETs of one retrieve.
struct GetRun: Sendable {
  let station: Station
  let modality: Modality
  let request: RetrieveRequest
  let callingAETitle: String
  let job: Job

  func items(_ onItem: @Sendable (MoveItemResult) -> Void) async -> [MoveItemResult] {
    var results: [MoveItemResult] = []
    var lease: Lease?
    let expected = request.items.reduce(0 as Int?) { sum, item in item.expected.map { ($0) + (sum ?? 0) } ?? sum }
    if let expected, expected > 0 { job.update { $0.total = expected } }
    for (number, item) in request.items.enumerated() {
      var fetch = GetFetch(run: self, item: item, earlier: results, lease: lease)
      let failure = await fetch.run()
      lease = fetch.lease
      results.append(fetch.result)
      onItem(fetch.result)
      if job.isCancelled { break }
      // What keeps us from opening an association would keep the other items from it too.
      if let failure, Self.concernsAll(failure) {
        for item in request.items[(number + 1)...] {
          var refused = MoveItemResult(item: item, outcome: Outcome(failure))
          refused.isRefusedForGood = fetch.result.isRefusedForGood
          results.append(refused)
          onItem(results[results.count - 1])
        }
        break
      }
    }
    if let lease { await station.pool.giveBack(lease, keeps: false) }
    return results
  }

  private static func concernsAll(_ error: any Error) -> Bool {
    guard let error = error as? AssociationError else { return true }
    if case .noAcceptedContext = error.reason { return true }
    return [.resolve, .connect, .tls, .associate].contains(error.phase)
  }

  /// Opens an association for C-FIND, C-GET and these contexts, in which we receive.
  ///
  /// - Throws: `AssociationError`, also where the peer offers no C-GET.
  func open(_ contexts: [PresentationContextProposal]) async throws -> Lease {
    let services = Station.findModels(request.level) + models
    let lease = try await station.lease(
      modality, as: request.localAET,
      services.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) }
        + contexts,
      storing: GetContexts.classes(contexts), negotiating: request.negotiations(models), job, isFresh: true)
    if !models.contains(where: { lease.association.acceptedTransferSyntax(for: $0) != nil }) {
      await station.pool.giveBack(lease, keeps: false)
      throw AssociationError(
        .noAcceptedContext(models), phase: .get,
        endpoint: .init(
          host: modality.host, port: modality.port, callingAETitle: callingAETitle, calledAETitle: modality.aeTitle))
    }
    return lease
  }

  private var models: [UID] { Station.getModels(request.level) }

  /// One C-GET; what comes is counted in `flight`.
  func get(
    _ identifier: DataSet, on association: Association, _ flight: MoveInFlight,
    onProgress: @escaping @Sendable (SubOperations) -> Void = { _ in }
  ) async throws -> MoveOutcome {
    let (storing, modality, callingAETitle) = (try station.storing, modality, callingAETitle)
    return try await association.get(
      identifier, model: models.first { association.acceptedTransferSyntax(for: $0) != nil } ?? models[0],
      onProgress: onProgress
    ) { storing.receive($0, from: modality, as: callingAETitle, for: flight) }
  }
}
