import Dicom

/// What one C-MOVE came to.
public struct MoveItemResult: Sendable {
  public var item: RetrieveItem
  /// The final status; nil when no final response came.
  public var status: Status?
  /// The peer's last counters.
  public var completed: Int?
  public var failed: Int?
  public var warning: Int?
  /// Counted by us: different instances that arrived here and are durable. nil for a move to another.
  public var received: Int?
  /// How many were here before, where another process receives: it does not tell which of these came once more.
  var earlier = 0
  /// Of their data sets.
  public var bytes: Int64 = 0
  public var seconds: Double = 0
  /// SOP Instance UIDs the peer named as failed, and those it lists that are not here.
  public var failedInstances: [String] = []
  /// What was found out about its completeness; nil: the peer did not say.
  var finding: Completeness.Finding?
  /// Another method may succeed: this one was refused whatever is asked for.
  var isRefusedForGood = false
  public var outcome: Outcome

  /// Takes over what the peer's final response says.
  ///
  /// - Returns: its counters. What remained at the last pending response is no part of them.
  mutating func take(_ answer: MoveOutcome) -> SubOperations {
    status = answer.status
    completed = answer.subOperations.completed
    failed = answer.subOperations.failed
    warning = answer.subOperations.warning
    failedInstances = answer.failedSOPInstanceUIDs.map(\.rawValue)
    var final = answer.subOperations
    final.remaining = nil
    return final
  }

  /// Whether all that the peer holds of it is here; nil: not known.
  public var isComplete: Bool? { finding?.isComplete }

  mutating func take(_ finding: Completeness.Finding?) {
    self.finding = finding
    guard let finding else { return }
    let missing = Set(finding.missing)
    let known = Set(failedInstances)
    failedInstances += finding.missing.filter { !known.contains($0) }
    // What failed now and came before is no failure to anybody.
    if finding.isComplete || !missing.isEmpty { failedInstances.removeAll { !missing.contains($0) } }
  }

  /// Adds what a part of it came to.
  mutating func add(_ part: MoveItemResult) {
    func sum(_ a: Int?, _ b: Int?) -> Int? { a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0) }
    let isWorse = part.status.map { !$0.isSuccess } ?? true
    if status == nil || isWorse { status = part.status }
    (completed, failed, warning) = (
      sum(completed, part.completed), sum(failed, part.failed), sum(warning, part.warning)
    )
    received = sum(received, part.received)
    earlier += part.earlier
    bytes += part.bytes
    seconds += part.seconds
    failedInstances += part.failedInstances
    isRefusedForGood = isRefusedForGood || part.isRefusedForGood
  }

  /// The summary line of `--json`.
  /// - Parameter isOneOfSeveral: it says which.
  public func json(isOneOfSeveral: Bool) -> JSONText.Value {
    let item: [(String, JSONText.Value)] =
      isOneOfSeveral ? [("item", .object(item.keys.map { ($0.name, .string($0.value)) }))] : []
    let error: [(String, JSONText.Value)] = outcome.state == .done ? [] : [("error", .string(outcome.words))]
    return .object(
      item + [
        ("status", JSONText.Value(status?.hex)), ("completed", JSONText.Value(completed)),
        ("failed", JSONText.Value(failed)), ("warning", JSONText.Value(warning)),
        ("received", JSONText.Value(received)), ("bytes", .integer(Int(bytes))), ("seconds", .decimal(seconds)),
        ("failedInstances", .array(failedInstances.map(JSONText.Value.string))),
      ] + error)
  }
}

/// What a retrieve came to: a result for each C-MOVE, in order, and all together.
public struct MoveResult: OperationResult {
  public var items: [MoveItemResult]
  public var outcome: Outcome

  public var received: Int { items.reduce(0) { $0 + ($1.received ?? 0) } }
  public var bytes: Int64 { items.reduce(0) { $0 + $1.bytes } }
  public var seconds: Double { items.reduce(0) { $0 + $1.seconds } }
  public var failedInstances: [String] { items.flatMap(\.failedInstances) }

  /// One summary a C-MOVE; the lines of a single one are what the command prints.
  public var json: JSONText.Value {
    items.count == 1
      ? items[0].json(isOneOfSeveral: false) : .array(items.map { $0.json(isOneOfSeveral: true) })
  }

  public init(items: [MoveItemResult], outcome: Outcome) {
    self.items = items
    self.outcome = outcome
  }
}

extension JobProgress {
  /// A progress object of `move --json`.
  public var json: JSONText.Value {
    .object([
      ("remaining", JSONText.Value(remaining)), ("completed", JSONText.Value(completed)),
      ("failed", JSONText.Value(failed)), ("warning", JSONText.Value(warning)), ("received", .integer(received)),
      ("bytes", .integer(Int(bytes))),
    ])
  }
}
