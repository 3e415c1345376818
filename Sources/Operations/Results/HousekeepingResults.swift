import Dicom
import LocalIndex

/// What exporting local studies came to.
public struct ExportResult: OperationResult {
  public var instances: Int
  public var bytes: Int64
  /// The folder or ZIP archive.
  public var path: String
  public var failures: [(path: String, reason: String)]
  public var outcome: Outcome

  init(_ export: ExportOutcome, path: String) {
    (instances, bytes, self.path) = (export.instances, Int64(export.bytes), path)
    failures = export.failures.map { ($0.path, $0.reason) }
    var words = "\(Words.count(export.instances, .instance)) exported, \(Words.bytes(bytes))"
    if !failures.isEmpty { words += "; \(failures.count) could not be read" }
    if export.isIncomplete { words += "; ended early, nothing is left" }
    let state: JobState =
      export.isIncomplete ? .cancelled : failures.isEmpty ? .done : instances == 0 ? .failed : .partial
    outcome = Outcome(state, words, details: failures.map { "\($0.path): \($0.reason)" })
  }

  public var json: JSONText.Value {
    .object([
      ("exported", .integer(instances)), ("bytes", .integer(Int(bytes))), ("path", .string(path)),
      ("failures", .array(failures.map { .object([("path", .string($0.path)), ("error", .string($0.reason))]) })),
    ])
  }
}

/// What deleting local studies took away.
public struct DeleteResult: OperationResult {
  public var deleted: Int
  public var bytes: Int64
  public var outcome: Outcome

  init(_ deletion: LocalIndex.Deletion, isCancelled: Bool) {
    (deleted, bytes) = (deletion.instances, Int64(deletion.bytes))
    let words = "\(Words.count(deleted, .instance)) deleted, \(Words.bytes(bytes))"
    outcome = isCancelled ? Outcome(.cancelled, words + "; ended early") : Outcome(.done, words)
  }

  public var json: JSONText.Value { .object([("deleted", .integer(deleted)), ("bytes", .integer(Int(bytes)))]) }
}

/// What reading all files of the storage found.
public struct VerifyResult: OperationResult {
  public var verification: VerifyOutcome
  public var outcome: Outcome

  init(_ verification: VerifyOutcome) {
    self.verification = verification
    var words = "\(Words.count(verification.files, "file")) read, \(Words.bytes(Int64(verification.bytes)))"
    let problems = verification.problems
    words += problems.isEmpty ? ", all as they were written" : "; \(Words.count(problems.count, "problem"))"
    if verification.newDigests > 0 { words += "; \(verification.newDigests) had no digest yet and have one now" }
    if verification.isIncomplete { words += "; ended early, of \(verification.total)" }
    let state: JobState = verification.isIncomplete ? .cancelled : problems.isEmpty ? .done : .failed
    outcome = Outcome(state, words, details: problems.map { "\($0.path): \($0.words)" })
  }

  public var json: JSONText.Value {
    .object([
      ("files", .integer(verification.files)), ("bytes", .integer(verification.bytes)),
      ("newDigests", .integer(verification.newDigests)),
      (
        "problems",
        .array(
          verification.problems.map { problem in
            .object([
              ("path", .string(problem.path)), ("kind", .string(problem.kind.rawValue)),
              ("error", .string(problem.words)),
            ])
          })
      ),
    ])
  }
}

/// What building the index anew found.
public struct ReindexResult: OperationResult {
  public var instances: Int
  public var versions: Int
  /// Files that cannot be read, with the reason, by path.
  public var unreadable: [String: String]
  public var outcome: Outcome

  init(_ reindex: LocalIndex.ReindexOutcome) {
    (instances, versions, unreadable) = (reindex.instances, reindex.versions, reindex.unreadable)
    var words = "\(Words.count(instances, .instance)) indexed"
    if versions > 0 { words += ", \(Words.count(versions, "other version"))" }
    if !unreadable.isEmpty { words += "; \(Words.count(unreadable.count, "file")) cannot be read" }
    outcome = Outcome(
      unreadable.isEmpty ? .done : .partial, words,
      details: unreadable.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
  }

  public var json: JSONText.Value {
    .object([
      ("instances", .integer(instances)), ("versions", .integer(versions)),
      ("unreadable", .array(unreadable.keys.sorted().map(JSONText.Value.string))),
    ])
  }
}
