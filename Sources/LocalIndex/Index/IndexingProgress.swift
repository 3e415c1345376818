import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many instances a process has taken and how many of them are in the index: written into the lock file of its session,
/// so that other processes on the storage can wait for what was acknowledged to a sender and is not found yet.
final class IndexingProgress: Sendable {
  /// What a lock file says.
  struct Counts: Equatable {
    var taken: UInt64 = 0
    var indexed: UInt64 = 0

    static let size = 16
  }

  private struct State {
    var counts = Counts()
    /// Those whose changes have been handed to the writer.
    var placed: UInt64 = 0
    weak var lock: FileLock?
  }

  private let state = NIOLockedValueBox(State())

  /// From now on others are told.
  func tell(through lock: FileLock) {
    state.withLockedValue { state in
      state.lock = lock
      lock.write(state.counts)
    }
  }

  /// Some are about to be acknowledged.
  func take(_ count: Int = 1) {
    state.withLockedValue { state in
      state.counts.taken += UInt64(count)
      state.lock?.write(state.counts)
    }
  }

  /// One of those that were taken has its place, and the writer its changes.
  func place() { state.withLockedValue { $0.placed += 1 } }

  /// What the next transaction of the writer will have written.
  var placed: UInt64 { state.withLockedValue { $0.placed } }

  /// Everything that was ``placed`` when a transaction began is in the index.
  func index(_ placed: UInt64) {
    state.withLockedValue { state in
      guard placed > state.counts.indexed else { return }
      state.counts.indexed = placed
      state.lock?.write(state.counts)
    }
  }
}

extension FileLock {
  /// In one write, so that no reader sees half of it. A system that refuses that only leaves others unaware.
  fileprivate func write(_ counts: IndexingProgress.Counts) {
    var words = (counts.taken.littleEndian, counts.indexed.littleEndian)
    withUnsafeBytes(of: &words) { writeQuietly($0) }
  }
}

extension IndexingProgress.Counts {
  /// What the lock file of a session says; nil where it says nothing.
  init?(lockFile path: String) {
    guard let bytes = try? Posix.read(path, limit: Self.size), bytes.count == Self.size else { return nil }
    func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    (taken, indexed) = (word(0), word(8))
  }
}

extension LocalIndex {
  /// Returns when the index has everything that any process on this storage had acknowledged before the call. What this
  /// process has taken is in it at every look anyway; what another one receives follows some hundredths of a second later.
  ///
  /// - Parameter limit: a process that cannot index (a full disk) is not waited for any longer.
  /// - Returns: false when something was not there in time.
  public func waitUntilIndexed(limit: Duration = .seconds(5)) async -> Bool {
    var waiting: [(path: String, target: UInt64)] = []
    let own = sessionPath
    for name in (try? Posix.names(in: storage.incomingPath)) ?? [] {
      let path = storage.incomingPath + "/" + name
      guard path != own, let counts = IndexingProgress.Counts(lockFile: path + "/lock"), counts.indexed < counts.taken
      else { continue }
      waiting.append((path, counts.taken))
    }
    let end = ContinuousClock.now + limit
    while !waiting.isEmpty {
      waiting.removeAll { path, target in
        guard WritingSession.isAlive(path), let counts = IndexingProgress.Counts(lockFile: path + "/lock") else {
          // Whoever opens the storage next indexes what it has left.
          return true
        }
        return counts.indexed >= target
      }
      guard !waiting.isEmpty else { break }
      guard ContinuousClock.now < end, !Task.isCancelled else { return false }
      // Processes have no other way to tell each other; it is a matter of some hundredths of a second.
      try? await Task.sleep(for: .milliseconds(5))
    }
    return true
  }
}
