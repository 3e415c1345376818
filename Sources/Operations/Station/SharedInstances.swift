import Dicom
import Synchronization

/// The instances that several associations share, and what became of each.
final class SharedInstances: Sendable {
  private struct State {
    var next = 0
    var end = 0
    /// Taken by an association that turned out to be dead.
    var returned: [Int] = []
    /// Associations that share them.
    var takers = 0
    var results: [SentInstance?]
    var answers = 0
    /// Those under way when an association was lost, why, and how often.
    var lost: [Int: (error: any Error, times: Int)] = [:]
    /// How many more associations may be asked for after a loss.
    var reconnections: Int
    var failure: (any Error)?
    /// Why an association could not be had; that matters only when something is left in the end.
    var refusal: (any Error)?
  }

  private let instances: [OutgoingInstance]
  private let allowedReconnections: Int
  private let state: Mutex<State>

  /// - Parameter reconnections: how often an association that was lost may be asked for again.
  init(_ instances: [OutgoingInstance], reconnections: Int) {
    self.instances = instances
    allowedReconnections = reconnections
    state = Mutex(State(results: Array(repeating: nil, count: instances.count), reconnections: reconnections))
  }

  /// So many more may be taken.
  func open(_ count: Int) { state.withLock { $0.end += count } }

  subscript(number: Int) -> OutgoingInstance { instances[number] }

  /// Nil when there are no more.
  ///
  /// - Parameter takesLost: whether it may be one that was under way when an association was lost. Where a peer takes only so
  ///   many over each, several come to that at the same time, and one after the other would be lost at the same instance:
  ///   it is for an association that has answered nothing yet.
  func next(takesLost: Bool) -> Int? {
    state.withLock { state in
      guard state.failure == nil else { return nil }
      if let index = state.returned.lastIndex(where: { takesLost || state.lost[$0] == nil }) {
        return state.returned.remove(at: index)
      }
      guard state.next < state.end else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  /// Some came back, and whoever shall take them did not.
  var hasReturned: Bool { state.withLock { $0.failure == nil && !$0.returned.isEmpty } }

  /// One association more takes of them, or one fewer.
  func join() { state.withLock { $0.takers += 1 } }
  func leave() { state.withLock { $0.takers -= 1 } }

  /// How many one association may take at once: few when few are left, so that all of them end at about the same time.
  var share: Int {
    state.withLock { state in
      state.takers > 1 ? (state.end - state.next + state.returned.count) / (2 * state.takers) : .max
    }
  }

  func putBack(_ numbers: [Int]) { state.withLock { $0.returned = ($0.returned + numbers).sorted(by: >) } }

  /// Whether one that was under way when its association was lost shall be sent again: a peer that ends two associations
  /// at the same instance would end a third. One that had answered others before may have ended for their number; then it
  /// takes three.
  func mayTryAgain(_ number: Int, after loss: any Error, hasAnswers: Bool) -> Bool {
    state.withLock { state in
      let times = (state.lost[number]?.times ?? 0) + 1
      state.lost[number] = (loss, times)
      return times < (hasAnswers ? 3 : 2) && state.reconnections > 0
    }
  }

  /// Which one, from 1, another association after a loss is; nil: there were enough.
  func reconnect() -> Int? {
    state.withLock { state in
      guard state.reconnections > 0, state.failure == nil else { return nil }
      state.reconnections -= 1
      return allowedReconnections - state.reconnections
    }
  }

  func set(_ result: SentInstance, at number: Int) {
    state.withLock { state in
      state.results[number] = result
      if result.status != nil { state.answers += 1 }
    }
  }

  /// How many the peer has answered, over whichever association.
  var answers: Int { state.withLock { $0.answers } }
  func note(refusal: any Error) { state.withLock { $0.refusal = $0.refusal ?? refusal } }

  /// Nobody takes any more of those that were opened.
  func close() {
    state.withLock { state in
      if state.next < state.end || !state.returned.isEmpty { state.failure = state.failure ?? state.refusal }
    }
  }

  func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

  var end: (results: [SentInstance], failure: (any Error)?) {
    let (known, failure, lost) = state.withLock { ($0.results, $0.failure, $0.lost) }
    var (results, isWhole): ([SentInstance], Bool) = ([], true)
    results.reserveCapacity(known.count)
    for number in known.indices {
      if let result = known[number] {
        results.append(result)
        continue
      }
      isWhole = false
      let loss = lost[number]?.error
      results.append(
        SentInstance(
          sopInstanceUID: instances[number].sopInstanceUID.rawValue, path: instances[number].file, status: nil,
          problem: loss.map { "not acknowledged: \($0)" } ?? "not sent", isUnsent: loss == nil,
          bytes: instances[number].bytes))
    }
    return (results, failure ?? (isWhole ? nil : CancellationError()))
  }
}
