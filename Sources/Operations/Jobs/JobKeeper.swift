import Dispatch
import Foundation
import LocalIndex
import Synchronization

/// Keeps the unfinished retrieves and sends of a queue where they outlast the process. What cannot be written is told once:
/// the jobs run all the same.
final class JobKeeper: Sendable {
  private struct State {
    /// What jobs are known by in the storage.
    var ids: [Int: Int64] = [:]
    /// Done, and not written yet.
    var done: [Int64: Set<String>] = [:]
    var isFlushing = false
    var isClosing = false
    var hasComplained = false
  }

  private let jobs: KeptJobs
  private let activity: ActivityLog
  private let state = Mutex(State())
  /// One after the other, off the threads that must not wait.
  private let queue = DispatchQueue(label: "fluoro.jobs")
  /// What is done is written together: a power cut costs as much of it, and that is sent again.
  private static let flushing = DispatchTimeInterval.seconds(1)

  init(_ index: LocalIndex, _ activity: ActivityLog) throws {
    jobs = try KeptJobs(index)
    self.activity = activity
  }

  /// Jobs whose process has ended.
  func takeOver() throws -> [KeptJob] { try jobs.takeOver() }

  /// A job that was taken over is kept already.
  func know(_ job: Job, as id: Int64) { state.withLock { $0.ids[job.id] = id } }

  /// Keeps it if it is one that is worth it, after those that were given before: see ``settle()``. Says whether it is.
  func keep(_ job: Job) -> Bool {
    guard state.withLock({ $0.ids[job.id] == nil }), let request = KeptRequest(job.request), let modality = job.modality
    else { return false }
    var done: Set<String> = []
    if case .store(let request) = job.request { done = request.acknowledged }
    queue.async { [done] in
      self.attempt {
        let id = try self.jobs.add(
          modality: modality, user: NSUserName(), created: job.created, request: request.json(), done: done)
        self.state.withLock { $0.ids[job.id] = id }
      }
    }
    return true
  }

  /// Keeps what the screens call a job, beside it.
  func keep(title: String, of job: Job) {
    guard let request = KeptRequest(job.request) else { return }
    queue.async {
      guard let id = self.state.withLock({ $0.ids[job.id] }) else { return }
      self.attempt { try self.jobs.change(id, request: request.json(title: title)) }
    }
  }

  /// Returns when what was given to it until now is kept.
  func settle() async { await perform {} }

  /// Something of a job is done: it need not be done again by who takes it over.
  func note(_ item: String, of job: Job) {
    let mustFlush = state.withLock { state in
      guard let id = state.ids[job.id] else { return false }
      state.done[id, default: []].insert(item)
      if state.isFlushing { return false }
      state.isFlushing = true
      return true
    }
    if mustFlush { queue.asyncAfter(deadline: .now() + Self.flushing) { self.flush() } }
  }

  private func flush() {
    let done = state.withLock { state in
      state.isFlushing = false
      defer { state.done = [:] }
      return state.done
    }
    if !done.isEmpty { attempt { try jobs.note(done) } }
  }

  /// It has ended: it is forgotten, unless it was only broken off since everything ends.
  func end(_ job: Job, _ outcome: Outcome) async {
    let id = state.withLock { state -> Int64? in
      if state.isClosing, outcome.state == .cancelled { return nil }
      guard let id = state.ids.removeValue(forKey: job.id) else { return nil }
      state.done[id] = nil
      return id
    }
    if let id { await perform { try self.jobs.remove(id) } }
  }

  func exchange(_ first: Job, _ second: Job) {
    queue.async {
      // One that was asked for just now is known by then.
      let ids = self.state.withLock { state in [first, second].compactMap { state.ids[$0.id] } }
      if ids.count == 2 { self.attempt { try self.jobs.exchange(ids[0], ids[1]) } }
    }
  }

  /// From now on what is cancelled is to be taken up again.
  func beginClosing() { state.withLock { $0.isClosing = true } }

  func close() async {
    await perform { self.flush() }
    jobs.close()
  }

  private func perform(_ body: @escaping @Sendable () throws -> Void) async {
    await withCheckedContinuation { continuation in
      queue.async {
        self.attempt(body)
        continuation.resume()
      }
    }
  }

  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      let isFirst = state.withLock { state in
        defer { state.hasComplained = true }
        return !state.hasComplained
      }
      if isFirst { activity.add(.note, peer: "", "unfinished jobs are not kept beyond this process: \(error)") }
    }
  }
}
