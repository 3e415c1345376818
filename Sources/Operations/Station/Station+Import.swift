import Dicom
import Dispatch
import LocalIndex

extension Station {
  /// Takes files, and what lies in folders, into the local studies. They are copied; the originals stay.
  public func importFiles(_ paths: [String]) -> Operation<ImportResult> {
    let title = "import \(Words.count(paths.count, "path"))"
    let retry: @Sendable () -> Job = { [self] in importFiles(paths).job }
    return jobs.run(
      .importing(paths), title: title, timeouts: Timeouts(all: nil), clock: clock,
      retry: retry
    ) { [self] job in
      let index = try index
      let outcome = try await Blocking.run {
        try index.importPaths(paths) { outcome in
          job.update { progress in
            progress.received = outcome.imported + outcome.duplicates + outcome.versions
            progress.failed = outcome.failures.count
            progress.bytes = Int64(outcome.bytes)
          }
          return !job.isCancelled
        }
      }
      let result = ImportResult(outcome, isCancelled: job.isCancelled)
      activity.add(.result, peer: "", "import \(result.outcome.sentence)")
      return result
    }
  }
}

extension ImportResult {
  init(_ outcome: ImportOutcome, isCancelled: Bool) {
    let taken = outcome.imported + outcome.duplicates + outcome.versions
    var words = "\(Words.count(outcome.imported, "new instance"))"
    if outcome.duplicates > 0 { words += ", \(outcome.duplicates) here already" }
    if outcome.versions > 0 { words += ", \(Words.count(outcome.versions, "other version"))" }
    if !outcome.notDicom.isEmpty { words += ", \(Words.count(outcome.notDicom.count, "file")) not DICOM" }
    if !outcome.failures.isEmpty { words += ", \(outcome.failures.count) failed" }
    let state: JobState =
      isCancelled ? .cancelled : taken == 0 ? .failed : outcome.failures.isEmpty ? .done : .partial
    let details =
      outcome.failures.map { "\($0.path): \($0.reason)" } + outcome.notDicom.map { "not a DICOM file: \($0)" }
    self.init(
      imported: outcome.imported, duplicates: outcome.duplicates, versions: outcome.versions,
      bytes: Int64(outcome.bytes), notDicom: outcome.notDicom,
      failures: outcome.failures.map { ($0.path, $0.reason) }, studies: outcome.studies,
      outcome: Outcome(state, words, details: details))
  }
}

/// Work that waits for a disk, off the threads that must not wait.
enum Blocking {
  static let queue = DispatchQueue(label: "fluoro.blocking", attributes: .concurrent)

  static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try work() }) }
    }
  }
}
