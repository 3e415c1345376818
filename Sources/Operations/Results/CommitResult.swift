import Dicom

/// What a station says about keeping one instance.
public enum CommitmentState: Sendable, Hashable {
  case committed
  /// With the reason.
  case refused(Status)
  /// No report came, or it does not name the instance.
  case unknown

  public var isCommitted: Bool { self == .committed }

  /// nil for one that is committed.
  public var reason: String? {
    switch self {
    case .committed: nil
    case .refused(let status): "not committed: \(status)"
    case .unknown: "not committed: no report on it"
    }
  }

  /// The members that say so in JSON.
  var json: [(key: String, value: JSONText.Value)] {
    switch self {
    case .committed: [("committed", .bool(true))]
    case .refused(let status):
      [("committed", .bool(false)), ("reason", .string(status.hex)), ("commitmentError", .string(status.words))]
    case .unknown: [("committed", .null)]
    }
  }
}

/// An instance whose keeping was asked for.
public struct CommittedInstance: Sendable, Hashable {
  public var sopInstanceUID: String
  public var state: CommitmentState

  public var json: JSONText.Value { .object([("sopInstanceUID", .string(sopInstanceUID))] + state.json) }
}

/// What a request for storage commitment came to.
public struct CommitResult: OperationResult {
  /// In the order they were asked for.
  public var instances: [CommittedInstance]
  /// The answer to the request itself (N-ACTION); nil when none came.
  public var status: Status?
  public var transactionUID: String
  /// A report came.
  public var isReported: Bool
  public var seconds: Double
  public var outcome: Outcome

  public var committed: Int { instances.count { $0.state.isCommitted } }
  public var refused: Int { instances.count { if case .refused = $0.state { true } else { false } } }
  public var unknown: Int { instances.count { $0.state == .unknown } }

  public var json: JSONText.Value {
    .object([
      ("status", JSONText.Value(status?.hex)), ("transactionUID", .string(transactionUID)),
      ("reported", .bool(isReported)), ("committed", .integer(committed)), ("failed", .integer(refused)),
      ("unknown", .integer(unknown)), ("seconds", .decimal(seconds)),
    ])
  }
}
