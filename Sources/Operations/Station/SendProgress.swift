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

/// Sums up what has gone out.
final class SendProgress: Sendable {
  private struct State {
    var completed = 0
    var failed = 0
    var warning = 0
    var bytes: Int64 = 0
    /// Bytes sent of instances that are not answered yet, by their number.
    var underWay: [Int: Int] = [:]
  }

  private let total: Int
  private let job: Job
  private let state = Mutex(State())

  init(total: Int, job: Job) {
    self.total = total
    self.job = job
    publish()
  }

  func sent(_ bytes: Int, of number: Int) {
    state.withLock { $0.underWay[number] = bytes }
    publish()
  }

  func ended(_ instance: SentInstance, _ number: Int) {
    state.withLock { state in
      state.underWay[number] = nil
      if !instance.isStored {
        state.failed += 1
      } else {
        if instance.status?.isWarning == true { state.warning += 1 } else { state.completed += 1 }
        state.bytes += Int64(instance.bytes)
      }
    }
    publish()
  }

  /// `7 of 20 instances were acknowledged`
  var words: String {
    let acknowledged = state.withLock { $0.completed + $0.warning }
    return "\(Words.grouped(acknowledged)) of \(Words.count(total, "instance")) were acknowledged"
  }

  private func publish() {
    let now = state.withLock { $0 }
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
    /// In more than one file: of these none is passed over.
    var repeated: Set<String> = []
    var isWhole = false
  }

  private let request: SendRequest
  private let state: Mutex<State>

  init(_ request: SendRequest) {
    self.request = request
    state = Mutex(State(acknowledged: request.acknowledged))
  }

  func note(_ instances: [OutgoingInstance]) {
    var seen: Set<String> = []
    let repeated = instances.map(\.sopInstanceUID.rawValue).filter { !seen.insert($0).inserted }
    state.withLock { state in
      state.repeated = Set(repeated)
      state.acknowledged.subtract(repeated)
    }
  }

  func isAcknowledged(_ instance: OutgoingInstance) -> Bool {
    state.withLock { $0.acknowledged.contains(instance.sopInstanceUID.rawValue) }
  }

  /// - Returns: whether it need not be sent again.
  func note(_ instance: SentInstance) -> Bool {
    guard instance.isStored else { return false }
    return state.withLock { state in
      if state.repeated.contains(instance.sopInstanceUID) { return false }
      state.acknowledged.insert(instance.sopInstanceUID)
      return true
    }
  }

  /// Everything was stored, and committed to where that was asked for.
  func noteWhole() { state.withLock { $0.isWhole = true } }

  /// The request for what is left; all of it again when nothing is.
  var next: SendRequest {
    var next = request
    next.acknowledged = state.withLock { $0.isWhole ? [] : $0.acknowledged }
    return next
  }
}
