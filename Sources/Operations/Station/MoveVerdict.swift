import Dicom

/// How a C-MOVE ended, from what the peer says and from what arrived.
struct MoveVerdict {
  let outcome: Outcome
  /// Everything is here, although it did not go as it should: worth to be said beside the result.
  private(set) var isGoodAllTheSame = false

  init(_ result: MoveItemResult, _ failure: AssociationError?, destination: String, _ run: MoveRun) {
    let isHere = run.arrival != .elsewhere
    let sent = (result.completed ?? 0) + (result.warning ?? 0)
    let arrived = isHere ? result.received ?? 0 : sent
    let count = Words.count(arrived, "instance")
    let unnamed = (result.failed ?? 0) - result.failedInstances.count
    var details = result.details(isHere: isHere)
    if unnamed > 0, result.finding == nil { details.append("failed, not named by the peer: \(unnamed)") }

    if run.job.isCancelled {
      outcome = Outcome(.cancelled, "cancelled after \(count)")
    } else if let finding = result.finding, finding.isComplete, isHere,
      !Self.isGood(result, failure, arrived + result.earlier, sent)
    {
      // Whatever the peer says: nothing of it is missing here.
      isGoodAllTheSame = true
      let said = failure?.description ?? result.status.map { "\(run.modality.name) says \($0)" } ?? ""
      outcome = Outcome(.done, "all \(Words.count(finding.listed, "instance")) are here, although: \(said)")
    } else if let failure {
      let words = arrived > 0 ? "\(failure.description) \(count) had arrived" : failure.description
      let state = arrived > 0 && result.finding != nil ? .partial : Outcome(failure).state
      outcome = Outcome(state, words + Self.lack(result, run, isHere), details: details)
    } else if let status = result.status {
      let (state, words) = Self.judge(
        status, result, sent: sent, arrived: arrived, isHere: isHere, destination: destination, run)
      outcome = Outcome(state, words + (state == .done ? "" : Self.lack(result, run, isHere)), details: details)
    } else {
      outcome = result.outcome
    }
  }

  /// Nothing went wrong that a look at what is here could make good.
  private static func isGood(
    _ result: MoveItemResult, _ failure: AssociationError?, _ arrived: Int, _ sent: Int
  ) -> Bool {
    guard failure == nil, let status = result.status, status.isSuccess, (result.failed ?? 0) == 0 else { return false }
    return arrived > 0 && arrived >= sent
  }

  /// Statuses that say that this method does not work here, whatever is asked for (PS3.4 §C.4.2.1.5, PS3.7 §C.5).
  static let refusals: Set<UInt16> = [0xA801, 0x0122, 0x0211]

  /// `; 50 of the 250 instances that PACS1 lists are not here`
  private static func lack(_ result: MoveItemResult, _ run: MoveRun, _ isHere: Bool) -> String {
    guard isHere, let finding = result.finding, !finding.isComplete else { return "" }
    return
      "; \(Words.grouped(finding.lacking)) of the \(Words.count(finding.listed, "instance")) that \(run.modality.name) "
      + "\(finding.missing.isEmpty ? "counts" : "lists") are not here"
  }

  /// Said when a peer sends and nothing comes.
  static func silence(_ modality: Modality, _ sent: Int, _ destination: String, _ station: Station) -> String {
    let port = station.scp.port.map { " (ours is \($0))" } ?? ""
    return
      "\(modality.name) says it has sent \(Words.count(sent, "instance")), and none arrived here: check the address and "
      + "port it has for \(destination)\(port), and firewalls"
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
    let isComplete = result.finding?.isComplete == true
    if isHere, arrived < sent, !isComplete || arrived + result.earlier < sent {
      guard arrived == 0 else {
        return (.partial, "\(Words.grouped(arrived)) of \(Words.count(sent, "instance")) arrived")
      }
      if result.earlier > 0 {
        return (
          .partial,
          "\(run.modality.name) says it has sent \(Words.count(sent, "instance")); none came that was not here before"
        )
      }
      return (.failed, silence(run.modality, sent, destination, run.station))
    }
    if isHere, let finding = result.finding, !finding.isComplete {
      guard arrived > 0 else { return (.failed, "\(run.modality.name) sent nothing") }
      return (.partial, "\(count) arrived")
    }
    if arrived == 0, isComplete, sent > 0 || result.earlier > 0 {
      return (.done, "all \(Words.count(result.finding?.listed ?? sent, "instance")) are here, none of them new")
    }
    if arrived == 0 { return (.failed, nothing(result.item, run.request)) }
    if status.isWarning { return (.partial, "\(count), with a warning: \(status)") }
    let size = isHere ? ", \(Words.bytes(result.bytes))" : ""
    return (.done, "\(count)\(size) in \(Words.elapsed(result.seconds))")
  }

  static func nothing(_ item: RetrieveItem, _ request: RetrieveRequest) -> String {
    let words = "nothing matched, nothing was sent"
    let namesStudy = item.keys.contains { $0.tag == .studyInstanceUID && !$0.value.isEmpty }
    if request.level < .series || namesStudy || request.isRelational { return words }
    return
      "\(words): without the StudyInstanceUID of what is asked for, only stations that agree to relational retrieves find it "
      + "(--relational)"
  }

  private static func hint(_ status: Status, _ destination: String, _ run: MoveRun) -> String {
    guard status.code == 0xA801 else { return status.advice.map { "; \($0)" } ?? "" }
    let address =
      run.arrival != .elsewhere ? "our address and port \(run.station.configuration.dicomPort)" : "its address and port"
    return "; it does not know the AE title \(destination): it must be added there, with \(address)"
  }
}

extension MoveItemResult {
  /// A line for each instance that did not come.
  fileprivate func details(isHere: Bool) -> [String] {
    let word = isHere && finding != nil ? "missing" : "failed"
    let shown = failedInstances.prefix(Self.shownInstances).map { "\(word): \($0)" }
    let rest = failedInstances.count - shown.count
    return shown + (rest > 0 ? ["and \(Words.grouped(rest)) more"] : [])
  }

  /// More are named by `--json` only.
  private static let shownInstances = 200
}
