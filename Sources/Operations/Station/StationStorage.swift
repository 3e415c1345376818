import LocalIndex
import Synchronization

/// A station's storage, opened when something first needs it: an association may be on its way meanwhile, and a storage that
/// cannot be opened keeps nobody from asking others.
final class StationStorage: Sendable {
  private struct Opened {
    let index: LocalIndex
    let storing: StoreService
    let observation: Observation
  }

  private let peers: PeerDirectory
  private let moves: MovesInFlight
  private let activity: ActivityLog
  private let state = Mutex<Opened?>(nil)
  /// Apart from the rest, which is locked for as long as opening takes: who draws a screen does not wait for that.
  private let openedIndex = Mutex<LocalIndex?>(nil)

  init(_ peers: PeerDirectory, _ moves: MovesInFlight, _ activity: ActivityLog) {
    self.peers = peers
    self.moves = moves
    self.activity = activity
  }

  /// - Throws: `StorageError`, where it was not opened before.
  var index: LocalIndex { get throws { try opened().index } }

  /// Takes what arrives. - Throws: as ``index``.
  var storing: StoreService { get throws { try opened().storing } }

  private func opened() throws -> Opened {
    try state.withLock { state in
      if let state { return state }
      let configuration = peers.configuration
      let index = try LocalIndex(storage: configuration.storageDirectory, options: configuration.storageOptions)
      for title in try index.keptTexts(Station.allowedTitle) { peers.allow(title.name) }
      openedIndex.withLock { $0 = index }
      let observation = index.observeProblem { [weak self] problem in self?.note(problem) }
      let opened = Opened(
        index: index, storing: StoreService(index, peers, moves, activity), observation: observation)
      state = opened
      return opened
    }
  }

  /// What keeps the index from being written, while it does: the last reason, where ``note(_:)`` is told each only once.
  var problem: StorageError? { openedIndex.withLock { $0 }?.problem }

  private func note(_ problem: StorageError?) {
    guard let problem else {
      activity.add(.note, peer: "", "the index is written again; instances are taken")
      return
    }
    activity.add(
      .warning, peer: "", "the index cannot be written: \(problem)",
      details: [
        "Nothing more is taken (A700) until it can, which is tried every second. What was acknowledged is safe on the disk."
      ])
  }

  /// Keeps entries of the history; a storage that nothing else needed is not opened for that.
  func addHistory(_ entries: [HistoryEntry]) throws {
    if let opened = state.withLock({ $0 }) { return try opened.index.addHistory(entries) }
    let configuration = peers.configuration
    try LocalIndex.addHistory(
      entries, unopened: configuration.storageDirectory, options: configuration.storageOptions)
  }

  func close() throws { try state.withLock { $0 }?.index.close() }
}
