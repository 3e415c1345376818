import Dicom

/// How a C-MOVE ended, from what the peer says and from what arrived.
struct MoveVerdict {
  let outcome: Outcome

  init(_ result: MoveItemResult, _ failure: AssociationError?, destination: String, _ run: MoveRun) {
    let isHere = run.arrival != .elsewhere
    let sent = (result.completed ?? 0) + (result.warning ?? 0)
    let arrived = isHere ? result.received ?? 0 : sent
    let count = Words.count(arrived, "instance")
    let unnamed = (result.failed ?? 0) - result.failedInstances.count
    var details = result.failedInstances.map { "failed: \($0)" }
    if unnamed > 0 { details.append("failed, not named by the peer: \(unnamed)") }

    if run.job.isCancelled {
      outcome = Outcome(.cancelled, "cancelled after \(count)")
    } else if let failure {
      let words = arrived > 0 ? "\(failure.description) \(count) had arrived." : failure.description
      outcome = Outcome(Outcome(failure).state, words)
    } else if let status = result.status {
      let (state, words) = Self.judge(
        status, result, sent: sent, arrived: arrived, isHere: isHere, destination: destination, run)
      outcome = Outcome(state, words, details: details)
    } else {
      outcome = result.outcome
    }
  }

  private static func judge(
    _ status: Status, _ result: MoveItemResult, sent: Int, arrived: Int, isHere: Bool, destination: String,
    _ run: MoveRun
  ) -> (JobState, String) {
    let count = Words.count(arrived, "instance")
    if status.isCancel {
      return (arrived > 0 ? .partial : .failed, "the peer ended it by itself after \(count): \(status)")
    }
    guard status.isSuccess || status.isWarning else {
      let words = "\(run.modality.name) refused: \(status)\(hint(status, destination, run))"
      return (arrived > 0 ? .partial : .failed, arrived > 0 ? "\(words); \(count) had arrived" : words)
    }
    let failed = result.failed ?? 0
    if failed > 0 {
      let words = "\(count), \(failed) failed"
      return (arrived > 0 ? .partial : .failed, status.isSuccess ? words : "\(words): \(status)")
    }
    if isHere, arrived < sent {
      guard arrived == 0 else {
        return (.partial, "\(Words.grouped(arrived)) of \(Words.count(sent, "instance")) arrived")
      }
      return (
        .failed,
        "\(run.modality.name) says it has sent \(Words.count(sent, "instance")), and none arrived here: check the "
          + "address and port it has for \(destination), and firewalls"
      )
    }
    if arrived == 0 { return (.failed, "nothing matched, nothing was sent") }
    if status.isWarning { return (.partial, "\(count), with a warning: \(status)") }
    let size = isHere ? ", \(Words.bytes(result.bytes))" : ""
    return (.done, "\(count)\(size) in \(Words.elapsed(result.seconds))")
  }

  private static func hint(_ status: Status, _ destination: String, _ run: MoveRun) -> String {
    guard status.code == 0xA801 else { return status.advice.map { "; \($0)" } ?? "" }
    let address =
      run.arrival != .elsewhere ? "our address and port \(run.station.configuration.dicomPort)" : "its address and port"
    return "; it does not know the AE title \(destination): it must be added there, with \(address)"
  }
}
