import Dicom
import Synchronization

/// How many of the associations that were wanted at once were had.
final class AssociationCount: Sendable {
  private let state = Mutex<(granted: Set<Int>, failure: (any Error)?)>(([], nil))

  var granted: Int { state.withLock { $0.granted.count } }

  func note(_ number: Int, _ failure: (any Error)?) {
    state.withLock { state in
      if failure == nil { state.granted.insert(number) }
      state.failure = state.failure ?? failure
    }
  }

  /// One line where there were fewer than asked for, although there was something to send; nil otherwise.
  func words(asked: Int, tried: Int, _ modality: Modality) -> String? {
    let (granted, failure) = state.withLock { ($0.granted.count, $0.failure) }
    guard granted > 0, granted < asked else { return nil }
    let had = "sent over \(Words.count(granted, "association")) instead of \(asked)"
    if granted < tried, let failure { return "\(had): \(Outcome(failure).words)" }
    guard tried < asked else { return nil }
    return "\(had): MaximumAssociations of \(modality.name) is \(modality.maximumAssociations), other jobs included"
  }
}

/// Sums up what has gone out, and tells so some times a second.
final class SendProgress: Sendable {
  private static let interval = Duration.milliseconds(50)

  private struct State {
    var completed = 0
    var failed = 0
    var warning = 0
    var bytes: Int64 = 0
    /// Bytes sent of instances that are not answered yet, by their number.
    var underWay: [Int: Int] = [:]
    /// Something has changed, and will be told.
    var isDue = false
  }

  private let total: Int
  private let job: Job
  private let state: Mutex<State>

  /// - Parameter earlier: what the job has had acknowledged before it was broken off.
  init(_ instances: [OutgoingInstance], after earlier: [OutgoingInstance] = [], job: Job) {
    total = earlier.count + instances.count
    self.job = job
    state = Mutex(State(completed: earlier.count, bytes: earlier.reduce(0) { $0 + Int64($1.bytes) }))
    publish()
  }

  func sent(_ bytes: Int, of number: Int) {
    change { $0.underWay[number] = bytes }
  }

  func ended(_ instance: SentInstance, _ number: Int) {
    change { state in
      state.underWay[number] = nil
      if instance.isUnsent { return }
      if !instance.isStored {
        state.failed += 1
      } else {
        if instance.status?.isWarning == true { state.warning += 1 } else { state.completed += 1 }
        state.bytes += Int64(instance.bytes)
      }
    }
  }

  private func change(_ change: (inout State) -> Void) {
    let isFirst = state.withLock { state in
      change(&state)
      defer { state.isDue = true }
      return !state.isDue
    }
    guard isFirst else { return }
    let clock = job.deadlines.clock
    _ = clock.schedule(at: clock.now + Self.interval) { [weak self] in self?.publish() }
  }

  /// `7 of 20 instances were acknowledged`
  var words: String {
    let acknowledged = state.withLock { $0.completed + $0.warning }
    return "\(Words.grouped(acknowledged)) of \(Words.count(total, "instance")) were acknowledged"
  }

  /// Tells now.
  func publish() {
    let now = state.withLock { state in
      state.isDue = false
      return state
    }
    job.update { [total] progress in
      progress.total = total
      progress.completed = now.completed
      progress.failed = now.failed
      progress.warning = now.warning
      progress.remaining = total - now.completed - now.failed - now.warning
      progress.bytes = now.underWay.values.reduce(now.bytes) { $0 + Int64($1) }
    }
  }
}

/// What goes in another transfer syntax than it is stored in.
final class ConversionCount: Sendable {
  private let state = Mutex<[UID: Set<Int>]>([:])

  func note(_ number: Int, _ syntax: UID) { state.withLock { _ = $0[syntax, default: []].insert(number) } }

  /// One line; nil when nothing was converted.
  func words(_ modality: Modality) -> String? {
    let counts = state.withLock { $0.mapValues(\.count) }
    if counts.isEmpty { return nil }
    let words = counts.map { "\(Words.count($1, "instance")) sent in \($0.name ?? $0.rawValue)" }.sorted()
    return "\(words.joined(separator: ", ")): \(modality.name) does not take what they are stored in"
  }
}

/// What of a send is done, for when it is asked for once more.
final class SendLedger: Sendable {
  private struct State {
    var acknowledged: Set<String>
    /// What is sent, until somebody asks which of it is in more than one file: of these none is passed over.
    var uids: [String] = []
    var repeated: Set<String> = []
    /// Of the last send, until somebody asks.
    var results: [SentInstance] = []
    var isWhole = false

    /// - Returns: what need not be sent again.
    mutating func allAcknowledged() -> Set<String> {
      for result in results where result.isStored { acknowledged.insert(result.sopInstanceUID) }
      if !acknowledged.isEmpty { acknowledged.subtract(findRepeated()) }
      results = []
      return acknowledged
    }

    mutating func findRepeated() -> Set<String> {
      var seen = Set<String>(minimumCapacity: uids.count)
      for uid in uids where !seen.insert(uid).inserted { repeated.insert(uid) }
      uids = []
      return repeated
    }
  }

  private let request: SendRequest
  private let state: Mutex<State>

  init(_ request: SendRequest) {
    self.request = request
    state = Mutex(State(acknowledged: request.acknowledged))
  }

  /// - Parameter isAsked: whether it will be asked for each which of these are repeated; that takes a while for thousands.
  /// - Returns: what of these is to be sent.
  func begin(_ instances: [OutgoingInstance], isAsked: Bool) -> [OutgoingInstance] {
    let acknowledged = state.withLock { state in
      state.uids = instances.map(\.sopInstanceUID.rawValue)
      state.repeated = []
      if isAsked { _ = state.findRepeated() }
      return state.allAcknowledged()
    }
    return acknowledged.isEmpty ? instances : instances.filter { !acknowledged.contains($0.sopInstanceUID.rawValue) }
  }

  /// Only when `begin` was told that it would be asked.
  func isRepeated(_ sopInstanceUID: String) -> Bool {
    state.withLock { !$0.repeated.isEmpty && $0.repeated.contains(sopInstanceUID) }
  }

  /// What of these the job itself has had acknowledged, here or in the process that left it over.
  func earlier(_ instances: [OutgoingInstance], of job: Job) -> [OutgoingInstance] {
    guard job.isResumed else { return [] }
    let acknowledged = acknowledged.subtracting(job.isLeftover ? [] : request.acknowledged)
    return instances.filter { acknowledged.contains($0.sopInstanceUID.rawValue) }
  }

  /// What a send came to.
  func note(_ results: [SentInstance]) {
    // The first time it is the list itself, not a copy.
    state.withLock { $0.results = $0.results.isEmpty ? results : $0.results + results }
  }

  /// Everything was stored, and committed to where that was asked for.
  func noteWhole() { state.withLock { $0.isWhole = true } }

  var acknowledged: Set<String> { state.withLock { $0.allAcknowledged() } }

  /// The request for what is left; all of it again when nothing is.
  var next: SendRequest {
    var next = request
    next.acknowledged = state.withLock { $0.isWhole ? [] : $0.allAcknowledged() }
    return next
  }
}
