import Operations
import Synchronization

/// The progress lines of `--json`: one object whenever the counters have changed, at most ten a second, and always the
/// last ones.
final class ProgressObjects: Sendable {
  private let job: Job
  private let last = Mutex(JobProgress())
  private let ticking = Mutex<Task<Void, Never>?>(nil)

  init(_ job: Job) {
    self.job = job
    let task = Task.detached { [weak self] in
      while (try? await Task.sleep(for: .milliseconds(100))) != nil { self?.print() }
    }
    ticking.withLock { $0 = task }
  }

  func end() {
    ticking.withLock { $0?.cancel() }
    print()
  }

  private func print() {
    let progress = job.snapshot.progress
    last.withLock { last in
      guard progress != last else { return }
      last = progress
      // A failed write is met again, and reported, at the result.
      try? ResultWriter.standard.line(progress.json.text)
    }
  }
}
