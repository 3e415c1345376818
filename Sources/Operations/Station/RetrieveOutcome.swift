import Dicom

extension RetrieveRequest {
  /// All items together: the worst that happened, and done in part when some succeeded.
  func outcome(_ items: [MoveItemResult], isCancelled: Bool) -> Outcome {
    let received = items.reduce(0) { $0 + ($1.received ?? $1.completed ?? 0) }
    guard items.count > 1 || self.items.count > 1 else {
      return items.first?.outcome ?? Outcome(.cancelled, "cancelled")
    }
    let done = items.count { $0.outcome.state == .done }
    let words = "\(done) of \(self.words), \(Words.count(received, "instance"))"
    let details = items.enumerated().filter { $1.outcome.state != .done }.map { number, item in
      // A patient's key is a patient's data, which no log may name.
      let name = level == .patient ? nil : item.item.keys.last?.value
      return "\(name ?? "patient \(number + 1)"): \(item.outcome.words)"
    }
    if done == self.items.count { return Outcome(.done, words) }
    if isCancelled { return Outcome(.cancelled, "cancelled after \(words)") }
    // One reason for all of them is a part of the sentence.
    let reasons = Set(items.filter { $0.outcome.state != .done }.map(\.outcome.words))
    let reason = details.count > 1 && reasons.count == 1 ? ". Each: \(reasons.first ?? "")" : ""
    let worst = items.first { $0.outcome.state != .done && $0.outcome.state != .partial }?.outcome.state ?? .partial
    return Outcome(done > 0 || received > 0 ? .partial : worst, words + reason, details: reason.isEmpty ? details : [])
  }
}

/// What the items before the running one came to, for the progress of the whole job.
struct ItemSums: Sendable {
  var completed = 0
  var failed = 0
  var warning = 0
  var received = 0
  var bytes: Int64 = 0

  init(_ items: [MoveItemResult]) {
    for item in items {
      completed += item.completed ?? 0
      failed += item.failed ?? 0
      warning += item.warning ?? 0
      received += item.received ?? 0
      bytes += item.bytes
    }
  }

  func add(_ counters: SubOperations, to progress: inout JobProgress) {
    progress.remaining = counters.remaining
    progress.completed = counters.completed.map { $0 + completed }
    progress.failed = counters.failed.map { $0 + failed }
    progress.warning = counters.warning.map { $0 + warning }
    if counters.remaining != nil {
      progress.total = max(progress.total ?? 0, completed + failed + warning + counters.sum)
    }
  }

  func add(received: Int, bytes: Int64, to progress: inout JobProgress) {
    progress.received = self.received + received
    progress.bytes = self.bytes + bytes
  }
}

extension SubOperations {
  /// All of them, as far as the peer counts.
  var sum: Int { [remaining, completed, failed, warning].reduce(0) { $0 + ($1 ?? 0) } }
}
