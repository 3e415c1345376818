import Dicom

/// What a C-FIND came to. The matches were handed out as they arrived.
public struct FindResult: OperationResult {
  /// The final status; nil when none came.
  public var status: Status?
  public var matches: Int
  /// There are more: we cancelled at the limit.
  public var isLimited: Bool
  /// What the query wanted to agree on and the peer did not: it may ignore or refuse what depends on it.
  public var refusedCapabilities: QueryCapabilities = []
  /// What the matches do not all have, though it was asked for: the peer does not look at it.
  public var unmetKeys: [Tag] = []
  public var seconds: Double
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([
      ("status", JSONText.Value(status?.hex)), ("matches", .integer(matches)), ("limited", .bool(isLimited)),
      ("seconds", .decimal(seconds)),
    ])
  }
}
