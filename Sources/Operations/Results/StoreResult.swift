import Dicom

/// What became of one instance that was to be sent.
public struct SentInstance: Sendable, Hashable {
  public var sopInstanceUID: String
  /// Its file, when it was sent as one and the answer is not success.
  public var path: String?
  /// The peer's answer; nil when it was not sent, or no answer came.
  public var status: Status?
  /// Why there is no status.
  public var problem: String?
  /// Nobody refused it: everything ended before it was sent, or before it was answered.
  public var isUnsent = false
  /// Of its data set.
  public var bytes: Int
  /// Whether the peer will keep it; nil: it was not asked.
  public var commitment: CommitmentState?

  /// In words: why there is no status, or what the status means.
  var reason: String { problem ?? status.map { "\($0)" } ?? "no answer" }

  /// The line about it where it is told why.
  var sentence: String { "\(path.map { "\($0) (\(sopInstanceUID))" } ?? sopInstanceUID): \(reason)" }

  /// The peer has it: success, or a warning (PS3.4 Table B.2-1).
  public var isStored: Bool { status.map { $0.isSuccess || $0.isWarning } ?? false }

  public var json: JSONText.Value {
    var members: [(key: String, value: JSONText.Value)] = [
      ("sopInstanceUID", .string(sopInstanceUID)), ("status", JSONText.Value(status?.hex)),
    ]
    if let words = problem ?? (isStored && status?.isWarning != true ? nil : status?.words) {
      members.append(("error", .string(words)))
    }
    if let path { members.append(("path", .string(path))) }
    return .object(members + (commitment?.json ?? []))
  }
}

/// What sending came to.
public struct StoreResult: OperationResult {
  /// In the order they were sent. What became of them does not change any more, only whether the peer keeps them.
  public internal(set) var instances: [SentInstance]
  public let completed: Int
  public let warning: Int
  /// All that are not stored.
  public let failed: Int
  /// How many of these were not sent: everything ended before.
  public let unsent: Int
  /// Of those that are stored.
  public let bytes: Int64
  public var seconds: Double
  /// How many were not sent since the peer had acknowledged them before.
  public var earlier = 0
  /// What the request for storage commitment came to; nil: none was made.
  public var commitment: CommitResult?
  /// How many were had at once, where several were asked for.
  public var associations: Int?
  public var outcome: Outcome

  init(instances: [SentInstance], seconds: Double, outcome: Outcome) {
    (self.instances, self.seconds, self.outcome) = (instances, seconds, outcome)
    var (warning, failed, unsent, bytes) = (0, 0, 0, Int64(0))
    for instance in instances {
      guard instance.isStored else {
        failed += 1
        if instance.isUnsent { unsent += 1 }
        continue
      }
      if instance.status?.isWarning == true { warning += 1 }
      bytes += Int64(instance.bytes)
    }
    (completed, self.warning) = (instances.count - warning - failed, warning)
    (self.failed, self.unsent, self.bytes) = (failed, unsent, bytes)
  }

  /// `13 instances stored on PACS, 2 with a warning, 1 failed, 234 not sent`
  public func counts(on modality: String) -> String {
    let parts = [(warning, "with a warning"), (failed - unsent, "failed"), (unsent, "not sent")]
    return "\(Words.count(completed + warning, "instance")) stored on \(modality)"
      + parts.filter { $0.0 > 0 }.map { ", \(Words.grouped($0.0)) \($0.1)" }.joined()
  }

  public var failedInstances: [String] { instances.filter { !$0.isStored }.map(\.sopInstanceUID) }

  /// A line for each status that says of stored instances what they lost, with its meaning.
  var warnings: [String] {
    if warning == 0 { return [] }
    let statuses = instances.compactMap { $0.isStored && $0.status?.isWarning == true ? $0.status : nil }
    return Dictionary(grouping: statuses, by: \.code).sorted { $0.key < $1.key }.map { code, statuses in
      // The peer's own words stand beside each instance, unless they are the same for all.
      let status = Set(statuses).count == 1 ? statuses[0] : Status(code, service: .storage)
      return "\(Words.count(statuses.count, "instance")) stored with \(status.advised)"
    }
  }

  /// The worst answer: the first failure's, else a warning's, else success.
  public var status: Status? {
    if let failure = instances.first(where: { !$0.isStored }) { return failure.status }
    return instances.first { $0.status?.isWarning == true }?.status ?? instances.first?.status
  }

  public var json: JSONText.Value {
    .object(
      [
        ("status", JSONText.Value(status?.hex)), ("completed", .integer(completed)), ("failed", .integer(failed)),
        ("warning", .integer(warning)), ("bytes", .integer(Int(bytes))), ("seconds", .decimal(seconds)),
        ("failedInstances", .array(failedInstances.map(JSONText.Value.string))),
      ]
        + (earlier > 0 ? [("acknowledgedBefore", .integer(earlier))] : [])
        + (associations.map { [("associations", .integer($0))] } ?? [])
        + (commitment.map { [("committed", .integer($0.committed)), ("transactionUID", .string($0.transactionUID))] }
          ?? []))
  }
}
