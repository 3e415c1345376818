import Dicom
import Dispatch
import Foundation
import LocalIndex
import Synchronization

/// Writes the history: what waits goes into the database together, on a thread that may block.
final class HistoryLog: Sendable {
  private typealias Waiting = (entry: HistoryEntry, written: CheckedContinuation<Void, Never>?)

  private struct State {
    var waiting: [Waiting] = []
    /// That it cannot be written has been said.
    var isFailing = false
  }

  private let storage: StationStorage
  private let activity: ActivityLog
  private let queue = DispatchQueue(label: "fluoro.history")
  private let state = Mutex(State())
  private static let user = NSUserName()

  init(_ storage: StationStorage, _ activity: ActivityLog) {
    self.storage = storage
    self.activity = activity
  }

  /// Keeps an entry; not before this returns.
  func add(_ entry: HistoryEntry) async {
    await withCheckedContinuation { put(entry, $0) }
  }

  /// Keeps an entry soon.
  func note(_ entry: HistoryEntry) { put(entry, nil) }

  /// Returns when all is kept.
  func flush() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  private func put(_ entry: HistoryEntry, _ written: CheckedContinuation<Void, Never>?) {
    state.withLock { $0.waiting.append((entry, written)) }
    queue.async { [self] in write() }
  }

  private func write() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    if waiting.isEmpty { return }
    let entries = waiting.map { waiting in
      var entry = waiting.entry
      entry.user = Self.user
      return entry
    }
    do {
      try storage.addHistory(entries)
      state.withLock { $0.isFailing = false }
    } catch {
      let isNews = state.withLock { state in
        defer { state.isFailing = true }
        return !state.isFailing
      }
      if isNews { activity.add(.warning, peer: "", "the history is not kept: \(error)") }
    }
    for waiting in waiting { waiting.written?.resume() }
  }
}

extension HistoryEntry {
  /// A job that has ended.
  init(_ job: Job, _ outcome: Outcome, address: String?, hasValues: Bool) {
    self.init(
      operation: job.kind.rawValue, isIncoming: false, started: job.startedDate ?? job.created, ended: Date(),
      outcome: outcome.state.rawValue)
    peer = job.modality ?? ""
    self.address = address ?? ""
    request = job.request.words(hasValues: hasValues)
    reason = outcome.words
    let progress = job.snapshot.progress
    completed = job.kind.isHousekeeping ? progress.received : progress.completed
    failed = progress.failed
    warning = progress.warning
    received = job.kind.bringsSomething ? progress.received : nil
    bytes = progress.bytes
  }

  /// What another station did here.
  init(
    _ operation: String, of peer: String, at address: String, since started: Date, _ outcome: JobState,
    _ reason: String = ""
  ) {
    self.init(
      operation: operation, isIncoming: true, started: started, ended: Date(), outcome: outcome.rawValue)
    self.peer = peer
    self.address = address
    self.reason = reason
  }

  /// An object of `history --json`, a row of `--csv`.
  public var members: [(key: String, value: JSONText.Value)] {
    [
      ("time", .string(started.formatted(Self.times))), ("ended", .string(ended.formatted(Self.times))),
      ("operation", .string(operation)), ("direction", .string(isIncoming ? "in" : "out")), ("peer", .string(peer)),
      ("address", .string(address)), ("user", .string(user)), ("request", .string(request)),
      ("outcome", .string(outcome)), ("reason", .string(reason)), ("completed", JSONText.Value(completed)),
      ("failed", JSONText.Value(failed)), ("warning", JSONText.Value(warning)), ("received", JSONText.Value(received)),
      ("bytes", .integer(Int(bytes))), ("seconds", .decimal(ended.timeIntervalSince(started))),
    ]
  }

  /// The reason, or, where there is none, what was counted.
  public var summary: String {
    if !reason.isEmpty { return reason }
    let counts = [
      received.map { "\(Words.grouped($0)) received" },
      completed.map { "\(Words.grouped($0)) \(isIncoming && operation != "move" ? "asked" : "completed")" },
      failed.flatMap { $0 > 0 ? "\(Words.grouped($0)) failed" : nil }, bytes > 0 ? Words.bytes(bytes) : nil,
    ]
    return counts.compactMap { $0 }.joined(separator: ", ")
  }

  private static let times = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension JobKind {
  /// What it counts as received is what it has done.
  fileprivate var isHousekeeping: Bool {
    switch self {
    case .exporting, .deleting, .verifying, .reindexing: true
    default: false
    }
  }

  /// Whether what it counts as received has a meaning.
  fileprivate var bringsSomething: Bool {
    switch self {
    case .find, .worklist, .move, .get, .importing: true
    default: false
    }
  }
}
