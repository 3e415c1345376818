import Dicom

extension Station {
  /// C-GET: the modality sends what is asked for over our own association; nothing of ours needs to listen. One C-GET for
  /// each item; what does not come is asked for again by its SOP Instance UID in other presentation contexts, then moved.
  public func get(
    _ modality: Modality, _ request: RetrieveRequest, timeout: TimeoutChoice = .inherited,
    onItem: @escaping @Sendable (MoveItemResult) -> Void = { _ in }
  ) -> Operation<MoveResult> {
    let retry: @Sendable () -> Job = { [self] in
      get(modality, request.again, timeout: timeout, onItem: onItem).job
    }
    return run(
      .get(request), "get \(request.words) from \(modality.name)", modality, timeout,
      retry: retry
    ) { [self] job in
      let request = job.isResumed ? request.again : request
      if request.target != nil {
        throw OperationError("a C-GET brings instances here; to another station it is a move")
      }
      let callingAETitle = configuration.callingAETitle(for: modality, override: request.localAET)
      let run = GetRun(station: self, modality: modality, request: request, callingAETitle: callingAETitle, job: job)
      var items = await run.items(onItem)
      if request.mayChangeMethod, !job.isCancelled {
        items = await fetchOtherwise(items, request, modality, job, "C-GET", "C-MOVE") { rest in
          let arrival = try await arrival(at: callingAETitle, rest, modality)
          let move = MoveRun(
            station: self, modality: modality, request: rest, callingAETitle: callingAETitle,
            destination: callingAETitle, arrival: arrival, job: job)
          return await move.items(onItem)
        }
      }
      return MoveResult(items: items, outcome: request.outcome(items, isCancelled: job.isCancelled))
    }
  }

  /// The models for queries at a level: the proper one first, the other where it is refused.
  static func findModels(_ level: Level) -> [UID] {
    level == .patient ? [.patientRootFind, .studyRootFind] : [.studyRootFind, .patientRootFind]
  }

  static func getModels(_ level: Level) -> [UID] {
    level == .patient ? [.patientRootGet, .studyRootGet] : [.studyRootGet, .patientRootGet]
  }
}
