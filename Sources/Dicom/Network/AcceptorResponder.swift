import NIOCore

/// Turns what a delegate yields into the responses of one C-FIND, C-MOVE or C-GET.
struct AcceptorResponder: Sendable {
  let session: NIOLoopBound<WeakBox<AcceptorSession>>
  let command: CommandSet
  let contextID: UInt8
  let transferSyntax: TransferSyntax

  func find(_ matches: AsyncThrowingStream<DataSet, any Error>, pendingAs pendingStatus: Status) async {
    var status = Status.success
    do {
      for try await match in matches {
        try await pending(
          command.response(status: pendingStatus), try DataSetWriter.write(match, transferSyntax: transferSyntax))
      }
    } catch {
      status = Self.status(error)
    }
    final(command.response(status: Task.isCancelled ? .cancel : status), nil)
  }

  func move(
    _ stream: AsyncThrowingStream<MoveProgress, any Error>, onCancel: @escaping @Sendable () -> Void
  ) async {
    // A task of its own, not cancelled with this one: also what ends after the cancel is counted.
    let reading = Task {
      var last: MoveProgress?
      do {
        for try await progress in stream {
          last = progress
          if (progress.subOperations.remaining ?? 0) > 0 {
            try await pending(response(.pending, progress.subOperations), nil)
          }
        }
      } catch {
        return (last, Self.status(error) as Status?)
      }
      return (last, nil)
    }
    let (last, status) = await withTaskCancellationHandler {
      await reading.value
    } onCancel: {
      onCancel()
    }
    end(last, status, .move)
  }

  /// Sends the instances one after the other in `contexts`, those in which the peer receives.
  func get(_ instances: @Sendable () async throws -> [GetInstance], in contexts: [AcceptedContext]) async {
    var progress: MoveProgress?
    var status: Status?
    do {
      let instances = try await instances()
      var counters = SubOperations(remaining: instances.count, completed: 0, failed: 0, warning: 0)
      var failed: [UID] = []
      progress = MoveProgress(subOperations: counters)
      for instance in instances {
        if Task.isCancelled { break }
        let answer = try await store(instance, in: contexts.filter { $0.abstractSyntax == instance.sopClassUID })
        counters.remaining = (counters.remaining ?? 1) - 1
        if let answer, answer.isSuccess {
          counters.completed = (counters.completed ?? 0) + 1
        } else if let answer, answer.isWarning {
          counters.warning = (counters.warning ?? 0) + 1
        } else {
          counters.failed = (counters.failed ?? 0) + 1
          failed.append(instance.sopInstanceUID)
        }
        progress = MoveProgress(subOperations: counters, failedSOPInstanceUIDs: failed)
        if counters.remaining ?? 0 > 0 { try await pending(response(.pending, counters), nil) }
      }
    } catch {
      status = Self.status(error)
    }
    end(progress, status, .get)
  }

  /// The peer's answer to one instance; nil: it could not be sent.
  private func store(_ instance: GetInstance, in contexts: [AcceptedContext]) async throws -> Status? {
    guard !contexts.isEmpty, let source = try? await instance.open(contexts.map(\.transferSyntax)) else { return nil }
    defer { instance.close() }
    guard let context = contexts.first(where: { $0.transferSyntax == source.transferSyntax }) else { return nil }
    return try await withCheckedThrowingContinuation { continuation in
      session.execute { session in
        if let session = session.object {
          session.store(source, in: context, continuation)
        } else {
          continuation.resume(throwing: CancellationError())
        }
      }
    }
  }

  /// The final response of a retrieval.
  private func end(_ last: MoveProgress?, _ status: Status?, _ service: Service) {
    var counters = last?.subOperations ?? SubOperations(completed: 0, failed: 0, warning: 0)
    let isCancelled = Task.isCancelled
    // PS3.7 §9.1.4.1: the final response counts what remains only when it was cancelled.
    if !isCancelled { counters.remaining = nil }
    var answer = response(isCancelled ? .cancel : status ?? last?.finalStatus(service) ?? .success, counters)
    var failures: ByteBuffer?
    if let uids = last?.failedSOPInstanceUIDs, !uids.isEmpty {
      var identifier = DataSet()
      identifier.set(.failedSOPInstanceUIDList, uids)
      failures = try? DataSetWriter.write(identifier, transferSyntax: transferSyntax)
    }
    answer.hasDataSet = failures != nil
    final(answer, failures)
  }

  private func response(_ status: Status, _ counters: SubOperations) -> CommandSet {
    var response = command.response(status: status)
    response.remainingSuboperations = counters.remaining.map(UInt16.init(clamping:))
    response.completedSuboperations = counters.completed.map(UInt16.init(clamping:))
    response.failedSuboperations = counters.failed.map(UInt16.init(clamping:))
    response.warningSuboperations = counters.warning.map(UInt16.init(clamping:))
    return response
  }

  private func pending(_ response: CommandSet, _ dataSet: ByteBuffer?) async throws {
    var response = response
    response.hasDataSet = dataSet != nil
    let message = response
    try await withCheckedThrowingContinuation { continuation in
      session.execute { session in
        if let session = session.object {
          session.sendPending(message, contextID, dataSet, continuation)
        } else {
          continuation.resume(throwing: CancellationError())
        }
      }
    }
  }

  /// The only answer, to a report.
  func answer(_ status: Status) {
    var response = command.response(status: status)
    response.eventTypeID = command.eventTypeID
    final(response, nil)
  }

  private func final(_ response: CommandSet, _ dataSet: ByteBuffer?) {
    session.execute { $0.object?.sendFinal(response, contextID, dataSet) }
  }

  private static func status(_ error: any Error) -> Status {
    (error as? StatusError)?.status ?? Status(0xC000, errorComment: "\(error)")
  }
}
