import Operations

/// Waits for an operation with its countdown on standard error, and cancels it when this task is, or when nobody reads
/// the results any more.
func follow<Value: Sendable>(_ operation: Operation<Value>) async throws -> Value {
  let job = operation.job
  ResultWriter.standard.onFailure { job.cancel() }
  let progress = ProgressLine(job)
  let result = await withTaskCancellationHandler {
    do {
      return Result<Value, any Error>.success(try await operation.value())
    } catch {
      return .failure(error)
    }
  } onCancel: {
    job.cancel()
  }
  await progress.end()
  for remark in job.snapshot.remarks { StandardError.say(PlainText.visible(remark), prefix: "fluoro: warning: ") }
  let value = try result.get()
  try ResultWriter.standard.check()
  return value
}

extension OperationResult {
  /// Throws the end that belongs to an outcome other than success.
  func finish() throws(Ending) {
    guard let status = ExitStatus(rawValue: outcome.exitStatus), status != .done else { return }
    throw Ending(status: status, message: ([outcome.words] + outcome.details).joined(separator: "\n  "))
  }
}

/// What a job waits for and how far it is, ten times a second on the last line of the terminal.
struct ProgressLine {
  private let ticking: Task<Void, Never>?

  init(_ job: Job) {
    guard StandardError.isTerminal else {
      ticking = nil
      return
    }
    ticking = Task.detached {
      while !Task.isCancelled {
        let snapshot = job.snapshot
        if !snapshot.state.hasEnded { StandardError.show(ProgressText.text(snapshot, at: ContinuousClock.now)) }
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  func end() async {
    ticking?.cancel()
    await ticking?.value
    StandardError.clear()
  }
}
