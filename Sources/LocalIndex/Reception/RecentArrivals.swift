import Dicom
import NIOConcurrencyHelpers
import NIOCore

/// What the last arrivals have in common with the next one, which mostly comes over the same presentation context and
/// belongs to the same series: worked out once.
final class RecentArrivals: Sendable {
  private struct State {
    /// The latest first.
    var series: [SeriesIdentity] = []
    var beginnings: [(of: ReceptionDescription, FileBeginning)] = []
  }

  /// More associations than that seldom send at once.
  private static let limit = 8
  private let state = NIOLockedValueBox(State())

  /// The identifiers of a series.
  func series(patientID: String, studyInstanceUID: String, seriesInstanceUID: String) -> SeriesIdentity {
    state.withLockedValue { state in
      Self.latest(&state.series) {
        $0.isOf(patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID)
      } orElse: {
        SeriesIdentity(
          patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID)
      }
    }
  }

  /// The beginning of the file of an instance.
  func beginning(_ description: ReceptionDescription) -> ByteBuffer {
    var common = description
    common.sopInstanceUID = ""
    let (_, beginning) = state.withLockedValue { state in
      Self.latest(&state.beginnings) {
        $0.of == common
      } orElse: {
        (common, FileBeginning(common.metaInformation))
      }
    }
    return beginning.encoded(sopInstanceUID: description.sopInstanceUID)
  }

  /// The one of some that is meant, which is the first of them then.
  private static func latest<Kept>(
    _ kept: inout [Kept], where isMeant: (Kept) -> Bool, orElse make: () -> Kept
  ) -> Kept {
    if let first = kept.first, isMeant(first) { return first }
    let found = kept.firstIndex(where: isMeant).map { kept.remove(at: $0) } ?? make()
    kept.insert(found, at: 0)
    if kept.count > limit { kept.removeLast() }
    return found
  }
}
