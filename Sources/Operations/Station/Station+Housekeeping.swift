import Dicom
import LocalIndex

/// Exporting, deleting, verifying and indexing the local studies, as jobs with progress that can be cancelled.
extension Station {
  /// Writes the files of patients, studies, series or instances, by their identifiers, as a file-set with a DICOMDIR: into a
  /// new or empty folder, or a ZIP archive where the path ends in `.zip`.
  public func exportFiles(_ ids: [String], to path: String) -> Operation<ExportResult> {
    let retry: @Sendable () -> Job = { [self] in exportFiles(ids, to: path).job }
    return housekeep(.exporting(ids, to: path), "export \(Words.count(ids.count, "item"))", retry: retry) {
      [self] job in
      let index = try index
      let total = try Self.count(ids, index)
      return ExportResult(
        try index.export(ids, to: path) { outcome in
          job.update { progress in
            progress.total = total
            progress.received = outcome.instances
            progress.failed = outcome.failures.count
            progress.bytes = Int64(outcome.bytes)
          }
          return !job.isCancelled
        }, path: path)
    }
  }

  /// Deletes patients, studies, series or instances by their identifiers. One that went with another before it is no
  /// failure.
  ///
  /// Its ``Operation/value()`` throws ``OperationError`` when `ReadOnly` is set.
  public func deleteLocal(_ ids: [String]) -> Operation<DeleteResult> {
    housekeep(.deleting(ids), "delete \(Words.count(ids.count, "item"))", retry: nil) { [self] job in
      guard !configuration.readOnly else { throw OperationError("ReadOnly is set: nothing is deleted") }
      let index = try index
      let total = try Self.count(ids, index)
      var all = LocalIndex.Deletion()
      for id in ids {
        let before = all
        let one = try index.delete(id) { deletion in
          job.update { progress in
            progress.total = total
            progress.received = before.instances + deletion.instances
            progress.bytes = Int64(before.bytes + deletion.bytes)
          }
          return !job.isCancelled
        }
        all.instances += one.instances
        all.bytes += one.bytes
        if one.isIncomplete || job.isCancelled { break }
      }
      return DeleteResult(all, isCancelled: job.isCancelled && all.instances < total)
    }
  }

  /// Reads every file of the storage: there, whole, and as it was written.
  public func verifyStorage() -> Operation<VerifyResult> {
    let retry: @Sendable () -> Job = { [self] in verifyStorage().job }
    return housekeep(.verifying, "verify the storage", retry: retry) { [self] job in
      VerifyResult(
        try index.verify { outcome in
          job.update { progress in
            progress.total = outcome.total
            progress.received = outcome.files
            progress.failed = outcome.problems.count
            progress.bytes = Int64(outcome.bytes)
          }
          return !job.isCancelled
        })
    }
  }

  /// Builds the index anew from the files. One that is cancelled leaves it as it was.
  public func reindexStorage() -> Operation<ReindexResult> {
    let retry: @Sendable () -> Job = { [self] in reindexStorage().job }
    return housekeep(.reindexing, "index the storage", retry: retry) { [self] job in
      ReindexResult(
        try index.reindex { outcome in
          job.update { progress in
            progress.received = outcome.instances + outcome.versions
            progress.failed = outcome.unreadable.count
          }
          return !job.isCancelled
        })
    }
  }

  private static func count(_ ids: [String], _ index: LocalIndex) throws -> Int {
    var seen: Set<String> = []
    for id in ids {
      let instances = try index.instances(under: id)
      if instances.isEmpty { throw OperationError("\(id): there is nothing local with this identifier") }
      seen.formUnion(instances.map(\.id))
    }
    return seen.count
  }

  private func housekeep<Value: OperationResult>(
    _ request: JobRequest, _ title: String, retry: (@Sendable () -> Job)?,
    _ work: @escaping @Sendable (Job) throws -> Value
  ) -> Operation<Value> {
    jobs.run(request, title: title, timeouts: Timeouts(all: nil), clock: clock, retry: retry) { [activity] job in
      let result = try await Blocking.run { try work(job) }
      activity.add(.result, peer: "", "\(request.kind.words) \(result.outcome.sentence)")
      return result
    }
  }
}
