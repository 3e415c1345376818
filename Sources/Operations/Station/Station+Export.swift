import Dicom
import Foundation
import LocalIndex

/// What copying instances into a folder came to.
public struct ExportResult: OperationResult {
  public var folder: String
  public var instances: Int
  public var bytes: Int64
  /// Files that could not be written, and why.
  public var failures: [(path: String, reason: String)]
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([
      ("folder", .string(folder)), ("instances", .integer(instances)), ("bytes", .integer(Int(bytes))),
      (
        "failures",
        .array(failures.map { .object([("path", .string($0.path)), ("error", .string($0.reason))]) })
      ),
    ])
  }
}

extension Station {
  /// Copies the files of local patients, studies, series or instances into a folder, which is made when missing. Each is
  /// named for its identifier; a file that is there already is never overwritten.
  public func exportFiles(_ ids: [String], to folder: String) -> Operation<ExportResult> {
    let retry: @Sendable () -> Job = { [self] in exportFiles(ids, to: folder).job }
    return jobs.run(
      .exporting, title: "export \(Words.count(ids.count, "item"))", timeouts: Timeouts(all: nil), clock: clock,
      retry: retry
    ) { [index, activity] job in
      let result = try await Blocking.run { try Self.export(ids, to: folder, index, job) }
      activity.add(.result, peer: "", "export \(result.outcome.state.words): \(result.outcome.words)")
      return result
    }
  }

  private static func export(
    _ ids: [String], to folder: String, _ index: LocalIndex, _ job: Job
  ) throws -> ExportResult {
    let instances = try ids.flatMap { try index.instances(under: $0) }
    guard !instances.isEmpty else { throw OperationError("there is nothing here to export") }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OperationError("\(folder) cannot be made: \(error.localizedDescription)")
    }
    var result = ExportResult(folder: folder, instances: 0, bytes: 0, failures: [], outcome: Outcome(.done, ""))
    for instance in instances where !job.isCancelled {
      let path = "\(folder)/\(instance.id).dcm"
      do {
        try FileManager.default.copyItem(atPath: instance.path, toPath: path)
        result.instances += 1
        result.bytes += Int64(instance.bytes)
      } catch {
        result.failures.append((path, error.localizedDescription))
      }
      job.update { progress in
        progress.total = instances.count
        progress.completed = result.instances
        progress.failed = result.failures.count
        progress.bytes = result.bytes
      }
    }
    var words = "\(Words.count(result.instances, "instance")) to \(folder), \(Words.bytes(result.bytes))"
    if let first = result.failures.first { words += "; \(result.failures.count) failed: \(first.reason)" }
    let state: JobState =
      job.isCancelled ? .cancelled : result.failures.isEmpty ? .done : result.instances > 0 ? .partial : .failed
    result.outcome = Outcome(state, words, details: result.failures.map { "\($0.path): \($0.reason)" })
    return result
  }
}
