import Dicom

extension Station {
  /// Fetches from a modality by the method it is configured with; to a third station always by C-MOVE.
  public func retrieve(
    _ modality: Modality, _ request: RetrieveRequest, timeout: TimeoutChoice = .inherited,
    onItem: @escaping @Sendable (MoveItemResult) -> Void = { _ in }
  ) -> Operation<MoveResult> {
    var request = request
    request.mayChangeMethod = request.target == nil
    let method = modality.retrieveMethod ?? configuration.defaultRetrieveMethod
    return request.target == nil && method == .get
      ? get(modality, request, timeout: timeout, onItem: onItem)
      : move(modality, request, timeout: timeout, onItem: onItem)
  }

  /// C-MOVE: the modality sends what is asked for, to us or to another. One C-MOVE for each item, one after the other.
  ///
  /// A move to ourselves is refused unless a fluoro on this storage listens under the title it goes to; nobody does:
  /// we begin to.
  public func move(
    _ modality: Modality, _ request: RetrieveRequest, timeout: TimeoutChoice = .inherited,
    onItem: @escaping @Sendable (MoveItemResult) -> Void = { _ in }
  ) -> Operation<MoveResult> {
    let target = request.target.map { " to \($0)" } ?? ""
    let retry: @Sendable () -> Job = { [self] in
      move(modality, request.again, timeout: timeout, onItem: onItem).job
    }
    return run(
      .move(request), "move \(request.words) from \(modality.name)\(target)", modality, timeout,
      retry: retry
    ) { [self] job in
      let request = job.isResumed ? request.again : request
      let callingAETitle = configuration.callingAETitle(for: modality, override: request.localAET)
      let destination = request.target ?? callingAETitle
      let arrival = try await arrival(at: destination, request, modality)
      let run = MoveRun(
        station: self, modality: modality, request: request, callingAETitle: callingAETitle, destination: destination,
        arrival: arrival, job: job)
      var items = await run.items(onItem)
      if request.mayChangeMethod, arrival != .elsewhere, !job.isCancelled {
        items = await fetchOtherwise(items, request, modality, job, "C-MOVE", "C-GET") { rest in
          let get = GetRun(
            station: self, modality: modality, request: rest, callingAETitle: callingAETitle, job: job)
          return await get.items(onItem)
        }
      }
      return MoveResult(items: items, outcome: request.outcome(items, isCancelled: job.isCancelled))
    }
  }

  /// Asks by another method for what was refused by the first for good.
  func fetchOtherwise(
    _ items: [MoveItemResult], _ request: RetrieveRequest, _ modality: Modality, _ job: Job, _ method: String,
    _ other: String, _ fetch: (RetrieveRequest) async throws -> [MoveItemResult]
  ) async -> [MoveItemResult] {
    let refused = items.filter(\.isRefusedForGood)
    guard let first = refused.first else { return items }
    job.remark("\(modality.name) refuses \(method), so it is asked by \(other). \(first.outcome.words)")
    var rest = request
    rest.items = refused.map(\.item)
    do {
      var fetched = try await fetch(rest)[...]
      return items.map { item in
        guard item.isRefusedForGood, var new = fetched.popFirst() else { return item }
        if new.outcome.state == .done {
          new.outcome.words += ", by \(other)"
        } else {
          new.outcome.words = "\(item.outcome.clause); by \(other): \(new.outcome.words)"
        }
        return new
      }
    } catch {
      return items.map { item in
        var item = item
        if item.isRefusedForGood { item.outcome.words = "\(item.outcome.clause); by \(other): \(error)" }
        return item
      }
    }
  }

  /// Sees to it that what is sent to us can be received.
  func arrival(
    at destination: String, _ request: RetrieveRequest, _ modality: Modality
  ) async throws(OperationError) -> MoveRun.Arrival {
    if let complaint = Modality.complaint(aboutAETitle: destination) { throw OperationError(complaint) }
    let configuration = configuration
    let isOurTitle = (configuration.ownAETitles + scp.titles).contains { configuration.isSameAETitle($0, destination) }
    guard request.target == nil || isOurTitle else {
      if configuration.readOnly {
        throw OperationError("ReadOnly is set: nothing is moved between other stations")
      }
      try check(request.confirmation, against: nameToConfirm(movingFrom: modality, to: request.target))
      return .elsewhere
    }
    switch await startReceiving(as: destination) {
    case .listening: return .here
    case .off(let reason): throw OperationError("nothing was asked for, because we could not receive it: \(reason)")
    case .elsewhere(let receiver):
      guard receiver.titles.contains(where: { configuration.isSameAETitle($0, destination) }) else {
        throw OperationError(
          "the fluoro that receives on this storage (process \(receiver.process), port \(receiver.port)) is not called "
            + "\(destination) but \(receiver.titles.joined(separator: ", ")); move to that title, or end it")
      }
      return .otherProcess
    }
  }
}
