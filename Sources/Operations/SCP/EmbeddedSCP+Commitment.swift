import Dicom
import Foundation
import LocalIndex

/// Storage commitment: reports on what we asked are taken, whichever process asked; nothing is promised to others.
extension EmbeddedSCP {
  func commitmentReport(_ report: StorageCommitmentReport, _ association: AcceptedAssociation) async -> Status {
    let status = await Self.take(report, index, activity, peer: Self.peer(association))
    var entry = HistoryEntry(
      "commit", of: association.callingAETitle, at: association.remoteAddress, since: Date(),
      report.failed.isEmpty ? .done : report.committed.isEmpty ? .failed : .partial)
    entry.request = "report on \(report.transactionUID)"
    (entry.completed, entry.failed) = (report.committed.count, report.failed.count)
    history.note(entry)
    return status
  }

  /// What is here can be deleted, recycled or rebuilt away: PS3.4 §J has no place for that.
  func commitmentRequest(_ association: AcceptedAssociation) -> Status {
    activity.add(
      .rejection, peer: Self.peer(association),
      "a request from \(association.callingAETitle) for storage commitment was refused: fluoro keeps a cache and commits "
        + "to nothing")
    return Status.sopClassNotSupported.commented("this is a cache: it does not commit to keep what it gets")
  }

  /// Keeps a report. Its status is the answer.
  static func take(
    _ report: StorageCommitmentReport, _ index: LocalIndex, _ activity: ActivityLog, peer: String
  ) async -> Status {
    do {
      guard try await Blocking.run({ try index.note(report) }) else {
        activity.add(.note, peer: peer, "a storage commitment report came for a request that is not known here")
        return Status(0x0115, errorComment: "no such transaction")
      }
    } catch {
      activity.add(.note, peer: peer, "a storage commitment report could not be kept: \(error)")
      return Status.processingFailure.commented("the report could not be kept")
    }
    let failed = report.failed.count
    activity.add(
      .result, peer: peer,
      "storage commitment: \(Words.count(report.committed.count, "instance")) committed"
        + (failed > 0 ? ", \(Words.grouped(failed)) not" : ""),
      details: report.failed.map { "\($0.reference.sopInstanceUID): \($0.reason)" })
    return .success
  }
}
