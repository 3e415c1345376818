import NIOCore

/// Turns what a delegate yields into the responses of one C-FIND or C-MOVE.
struct AcceptorResponder: Sendable {
  let session: NIOLoopBound<WeakBox<AcceptorSession>>
  let command: CommandSet
  let contextID: UInt8
  let transferSyntax: TransferSyntax

  func find(_ matches: AsyncThrowingStream<DataSet, any Error>) async {
    var status = Status.success
    do {
      for try await match in matches {
        try await pending(
          command.response(status: .pending), try DataSetWriter.write(match, transferSyntax: transferSyntax))
      }
    } catch {
      status = Self.status(error)
    }
    final(command.response(status: Task.isCancelled ? .cancel : status), nil)
  }

  func move(_ stream: AsyncThrowingStream<MoveProgress, any Error>) async {
    var last: MoveProgress?
    var status: Status?
    do {
      for try await progress in stream {
        last = progress
        if (progress.subOperations.remaining ?? 0) > 0 {
          try await pending(response(.pending, progress.subOperations), nil)
        }
      }
    } catch {
      status = Self.status(error)
    }
    var counters = last?.subOperations ?? SubOperations(completed: 0, failed: 0, warning: 0)
    let isCancelled = Task.isCancelled
    // PS3.7 §9.1.4.1: the final response counts what remains only when it was cancelled.
    if !isCancelled { counters.remaining = nil }
    var answer = response(isCancelled ? .cancel : status ?? last?.finalStatus ?? .success, counters)
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

  private func final(_ response: CommandSet, _ dataSet: ByteBuffer?) {
    session.execute { $0.object?.sendFinal(response, contextID, dataSet) }
  }

  private static func status(_ error: any Error) -> Status {
    (error as? StatusError)?.status ?? Status(0xC000, errorComment: "\(error)")
  }
}
