import Dispatch
import LocalIndex
import Synchronization

/// How much of `MaximumStorageSize` is used, and, under `MaximumStorageMode: Recycle`, which studies make room.
final class StorageRoom: Sendable {
  private let index: LocalIndex
  private let peers: PeerDirectory
  private let activity: ActivityLog
  private let state: Mutex<State>
  private let observation = Mutex<Observation?>(nil)
  /// One at a time deletes, so that no more goes than must.
  private let queue = DispatchQueue(label: "fluoro.recycling")

  private struct State {
    /// Bytes, followed from what the index said last.
    var stored: Int64 = 0
    /// There was nothing left that might be deleted.
    var isExhausted = false
  }

  init(_ index: LocalIndex, _ peers: PeerDirectory, _ activity: ActivityLog) {
    self.index = index
    self.peers = peers
    self.activity = activity
    let isLimited = peers.configuration.maximumStorageSize > 0
    state = Mutex(State(stored: isLimited ? Int64((try? index.statistics().bytes) ?? 0) : 0))
    guard isLimited else { return }
    let changes = index.observe { [weak self] _ in self?.recountIfFull() }
    observation.withLock { $0 = changes }
  }

  private var limit: Int64 { peers.configuration.maximumStorageSize }

  private var mayRecycle: Bool {
    let configuration = peers.configuration
    return configuration.maximumStorageMode == .recycle && !configuration.readOnly
  }

  /// Whether nothing more is to be taken.
  var isFull: Bool {
    let limit = limit
    guard limit > 0 else { return false }
    let state = state.withLock { $0 }
    return state.stored >= limit && (state.isExhausted || !mayRecycle)
  }

  func add(_ bytes: Int) { state.withLock { $0.stored += Int64(bytes) } }

  /// Something may have been deleted, also by another process, since it was full.
  func recountIfFull() {
    guard isFull else { return }
    recount()
    guard mayRecycle, let studies = try? index.recyclableStudies(sparing: nil), !studies.isEmpty else { return }
    state.withLock { $0.isExhausted = false }
  }

  @discardableResult
  private func recount() -> Int64 {
    let bytes = (try? index.statistics().bytes).map(Int64.init)
    return state.withLock { state in
      if let bytes { state.stored = bytes }
      return state.stored
    }
  }

  // MARK: Recycling

  /// Whether something has to go before so many bytes are stored.
  func isShort(of bytes: Int) -> Bool {
    let limit = limit
    return limit > 0 && mayRecycle && state.withLock { $0.stored } + Int64(bytes) > limit
  }

  /// Deletes what must go, the oldest unprotected studies, and answers whether there is room now. Where deleting all that
  /// may be deleted would not do, nothing is.
  /// - Parameter study: the one that what comes belongs to; it does not make room for itself.
  func make(_ bytes: Int, sparing study: String?, then answer: @escaping @Sendable (Bool) -> Void) {
    queue.async { [self] in
      do {
        answer(try free(Int64(bytes), sparing: study))
      } catch {
        activity.add(.note, peer: "", "no room could be made: \(error)")
        answer(false)
      }
    }
  }

  private func free(_ bytes: Int64, sparing study: String?) throws -> Bool {
    guard isShort(of: Int(bytes)) else { return true }
    let limit = limit
    let missing = recount() + bytes - limit
    guard missing > 0 else { return true }
    let candidates = try index.recyclableStudies(sparing: study)
    guard bytes <= limit, missing <= candidates.reduce(0, { $0 + Int64($1.bytes) }) else {
      state.withLock { $0.isExhausted = true }
      return false
    }
    var freed = LocalIndex.Deletion()
    var studies: [String] = []
    // A hundredth more, so that not each instance that follows has to wait.
    for candidate in candidates where Int64(freed.bytes) < missing + limit / 100 {
      // Deleting takes its time, in which somebody may have come to keep it.
      if try index.protectedStudies().contains(candidate.id) { continue }
      let deletion = try index.delete(candidate.id)
      freed.bytes += deletion.bytes
      freed.instances += deletion.instances
      studies.append(candidate.id)
    }
    activity.add(
      .note, peer: "",
      "MaximumStorageSize is reached: \(Words.count(studies.count, .study)), \(Words.count(freed.instances, .instance)), "
        + "\(Words.bytes(Int64(freed.bytes))) recycled, the oldest unprotected",
      details: studies)
    return recount() + bytes <= limit
  }
}
