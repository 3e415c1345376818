import Dicom
import Operations

/// A running job on one line: `echo PACS1: waiting for C-ECHO response 7.4 s [###############-----]`.
enum ProgressText {
  static func text(_ snapshot: JobSnapshot, at now: ContinuousClock.Instant) -> String {
    var parts = ["\(snapshot.title): \(snapshot.wait?.words ?? snapshot.state.words)"]
    if let wait = snapshot.wait {
      if let remaining = wait.remaining(at: now), let limit = wait.limit {
        parts.append("\(seconds(remaining)) \(bar(remaining / max(limit, .milliseconds(1))))")
      } else {
        parts.append("\(seconds(wait.since.duration(to: now))), no limit")
      }
    }
    parts.append(contentsOf: counts(snapshot.progress, rate: snapshot.rate))
    return parts.joined(separator: " ")
  }

  /// Rounded up, so that 0.0 is shown only when the time is over.
  private static func seconds(_ duration: Duration) -> String {
    let tenths = Int((duration.inSeconds * 10).rounded(.up))
    return "\(tenths / 10).\(tenths % 10) s"
  }

  private static func bar(_ share: Double) -> String {
    let full = Int((share * 20).rounded(.up))
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: max(0, 20 - full)) + "]"
  }

  private static func counts(_ progress: JobProgress, rate: Double) -> [String] {
    var parts: [String] = []
    let sent = (progress.completed ?? 0) + (progress.warning ?? 0)
    let done = progress.comesHere && progress.completed != nil ? sent : max(progress.received, sent)
    let total = progress.total ?? progress.remaining.map { $0 + (progress.failed ?? 0) + done }
    if done > 0 || total != nil { parts.append(total.map { "\(done) of \($0)" } ?? "\(done)") }
    if progress.comesHere, progress.completed != nil { parts.append("sent, \(progress.received) arrived") }
    if !progress.current.isEmpty { parts.append("(\(progress.current))") }
    if let failed = progress.failed, failed > 0 { parts.append("\(failed) failed") }
    if progress.bytes > 0 { parts.append("\(Words.bytes(progress.bytes)), \(Words.bytes(Int64(rate)))/s") }
    return parts
  }
}
