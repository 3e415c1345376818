import Dicom
import Foundation
import LocalIndex
import Synchronization

/// What one association did.
final class Tally: Sendable {
  private struct State {
    var echoes = 0
    var instances = 0
    var bytes: Int64 = 0
    var failed = 0
    /// By service.
    var refusals: [String: Int] = [:]
    var finds = 0
    var moves = 0
    var gets = 0
  }

  private let state = Mutex(State())
  /// When the first thing was asked.
  private let started = Date()

  func noteEcho() { state.withLock { $0.echoes += 1 } }
  func noteInstance(bytes: Int) {
    state.withLock { state in
      state.instances += 1
      state.bytes += Int64(bytes)
    }
  }
  func noteFailure() { state.withLock { $0.failed += 1 } }
  func noteFind() { state.withLock { $0.finds += 1 } }
  func noteGet() { state.withLock { $0.gets += 1 } }
  func noteMove() { state.withLock { $0.moves += 1 } }

  /// Whether it was the first of the association.
  func noteRefusal(of service: String) -> Bool {
    state.withLock { state in
      defer { state.refusals[service, default: 0] += 1 }
      return state.refusals.isEmpty
    }
  }

  var instances: Int { state.withLock { $0.instances } }

  var words: String? {
    state.withLock { state in
      var parts: [String] = []
      if state.instances > 0 {
        parts.append("received \(Words.count(state.instances, "instance")), \(Words.bytes(state.bytes))")
      }
      if state.failed > 0 { parts.append("\(state.failed) not stored") }
      if state.echoes > 0 { parts.append(state.echoes == 1 ? "C-ECHO" : "\(state.echoes) C-ECHOs") }
      if state.finds > 0 { parts.append(state.finds == 1 ? "C-FIND" : "\(state.finds) C-FINDs") }
      if state.gets > 0 { parts.append(state.gets == 1 ? "C-GET" : "\(state.gets) C-GETs") }
      if state.moves > 0 { parts.append(state.moves == 1 ? "C-MOVE" : "\(state.moves) C-MOVEs") }
      let refusals = state.refusals.values.reduce(0, +)
      if refusals > 0 { parts.append(Words.count(refusals, "request") + " refused") }
      return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
  }

  /// What the history keeps of it: an entry for each service that was used, and one for each that was refused.
  func entries(of association: AcceptedAssociation, _ end: AssociationEnd) -> [HistoryEntry] {
    let state = state.withLock { $0 }
    func entry(_ operation: String, _ outcome: JobState, _ reason: String = "") -> HistoryEntry {
      var entry = HistoryEntry(
        operation, of: association.callingAETitle, at: association.remoteAddress, since: started, outcome, reason)
      entry.request = "to \(association.calledAETitle)"
      return entry
    }
    var entries: [HistoryEntry] = []
    if state.instances + state.failed > 0 {
      let outcome: JobState = state.failed == 0 ? .done : state.instances > 0 ? .partial : .failed
      var store = entry("store", outcome, state.failed == 0 ? "" : "association \(end)")
      (store.received, store.failed, store.bytes) = (state.instances, state.failed, state.bytes)
      entries.append(store)
    }
    for (operation, count) in [("echo", state.echoes), ("find", state.finds), ("get", state.gets)] where count > 0 {
      var asked = entry(operation, .done)
      asked.completed = count
      entries.append(asked)
    }
    for (service, count) in state.refusals.sorted(by: { $0.key < $1.key }) {
      var refused = entry(
        service.replacing("C-", with: "").lowercased(), .rejected, "\(association.callingAETitle) may not")
      refused.failed = count
      entries.append(refused)
    }
    return entries
  }
}
