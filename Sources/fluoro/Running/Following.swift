import Operations
import Synchronization

/// Waits for an operation with its countdown on standard error, and cancels it when this task is, or when nobody reads
/// the results any more.
func follow<Value: Sendable>(_ operation: Operation<Value>) async throws -> Value {
  let job = operation.job
  ResultWriter.standard.onFailure { job.cancel() }
  let progress = ProgressLine(job)
  let remarks = Remarks(job)
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
  await remarks.end()
  let value = try result.get()
  try ResultWriter.standard.check()
  return value
}

extension OperationResult {
  /// Throws the end that belongs to an outcome other than success.
  func finish() throws(Ending) {
    guard let status = ExitStatus(rawValue: outcome.exitStatus), status != .done else { return }
    let lines = [outcome.words] + outcome.details
    throw Ending(status: status, message: lines.map(PlainText.visible).joined(separator: "\n  "))
  }
}

/// What a person should know of a job, on standard error as soon as it is said.
private struct Remarks {
  private let telling: Task<Void, Never>
  private let job: Job
  private let told: Told

  private final class Told: Sendable {
    let count = Mutex(0)
  }

  init(_ job: Job) {
    let told = Told()
    self.job = job
    self.told = told
    telling = Task.detached {
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(200))
        Self.tell(job, told)
      }
    }
  }

  private static func tell(_ job: Job, _ told: Told) {
    let remarks = job.snapshot.remarks
    let new = told.count.withLock { count in
      defer { count = remarks.count }
      return remarks.dropFirst(count)
    }
    for remark in new { StandardError.say(PlainText.visible(remark), prefix: "fluoro: warning: ") }
  }

  func end() async {
    telling.cancel()
    await telling.value
    Self.tell(job, told)
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
