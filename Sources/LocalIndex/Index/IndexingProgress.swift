import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many instances a process has taken and how many of them are in the index: written into the lock file of its session,
/// so that other processes on the storage can wait for what was acknowledged to a sender and is not found yet.
///
/// What the journal takes and what goes into files of its own is counted apart: each kind reaches the index in the order in
/// which it was taken, and so a number of it stands for certain instances. The two together have no order.
final class IndexingProgress: Sendable {
  enum Kind: Sendable { case journal, file }

  struct Count: Equatable {
    var taken: UInt64 = 0
    var indexed: UInt64 = 0
  }

  /// How far a process has come, with what it has taken since it opened the storage; in its lock file four numbers of eight
  /// bytes, the lowest first: journal and files, of each what was taken and what is indexed.
  struct Counts: Equatable {
    var journal = Count()
    var files = Count()

    static let size = 32

    /// Whether everything that these say was taken they say is in the index.
    var isComplete: Bool { reaches(self) }

    /// Whether everything that the same process had taken earlier is in the index by now, whatever it has taken since.
    func reaches(_ earlier: Counts) -> Bool {
      journal.indexed >= earlier.journal.taken && files.indexed >= earlier.files.taken
    }
  }

  /// Those whose changes have been handed to the writer.
  struct Placed: Equatable {
    var journal: UInt64 = 0
    var files: UInt64 = 0
  }

  private struct State {
    var counts = Counts()
    var placed = Placed()
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

  /// Some are safe in the journal and about to be acknowledged.
  func takeIntoJournal(_ count: Int) {
    state.withLockedValue { state in
      state.counts.journal.taken += UInt64(count)
      state.lock?.write(state.counts)
    }
  }

  /// An instance has its place, and the writer its changes. One that is a file from the start counts as taken from here on,
  /// just before it is acknowledged.
  func place(_ kind: Kind) {
    state.withLockedValue { state in
      switch kind {
      case .journal: state.placed.journal += 1
      case .file:
        state.placed.files += 1
        state.counts.files.taken += 1
        state.lock?.write(state.counts)
      }
    }
  }

  /// What the next transaction of the writer will have written.
  var placed: Placed { state.withLockedValue { $0.placed } }

  /// Everything that was ``placed`` when a transaction began is in the index.
  func index(_ placed: Placed) {
    state.withLockedValue { state in
      let before = state.counts
      state.counts.journal.indexed = max(before.journal.indexed, placed.journal)
      state.counts.files.indexed = max(before.files.indexed, placed.files)
      if state.counts != before { state.lock?.write(state.counts) }
    }
  }
}

extension FileLock {
  /// In one write, so that no reader sees half of it. A system that refuses that only leaves others unaware.
  fileprivate func write(_ counts: IndexingProgress.Counts) {
    var words = (
      counts.journal.taken.littleEndian, counts.journal.indexed.littleEndian, counts.files.taken.littleEndian,
      counts.files.indexed.littleEndian
    )
    withUnsafeBytes(of: &words) { writeQuietly($0) }
  }
}

extension IndexingProgress.Counts {
  /// What the lock file of a session says; nil where it says nothing.
  init?(lockFile path: String) {
    guard let bytes = try? Posix.read(path, limit: Self.size), bytes.count == Self.size else { return nil }
    func word(_ number: Int) -> UInt64 {
      bytes[number * 8..<number * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    journal = IndexingProgress.Count(taken: word(0), indexed: word(1))
    files = IndexingProgress.Count(taken: word(2), indexed: word(3))
  }
}

extension LocalIndex {
  /// Returns when the index has everything that any process on this storage had acknowledged before the call. What this
  /// process has taken is in it at every look anyway; what another one receives follows some hundredths of a second later.
  ///
  /// - Parameter limit: a process that cannot index (a full disk) is not waited for any longer.
  /// - Returns: false when something was not there in time.
  public func waitUntilIndexed(limit: Duration = .seconds(5)) async -> Bool {
    var waiting: [(path: String, target: IndexingProgress.Counts)] = []
    let own = sessionPath
    for name in (try? Posix.names(in: storage.incomingPath)) ?? [] {
      let path = storage.incomingPath + "/" + name
      guard path != own, let counts = IndexingProgress.Counts(lockFile: path + "/lock"), !counts.isComplete
      else { continue }
      waiting.append((path, counts))
    }
    let end = ContinuousClock.now + limit
    while !waiting.isEmpty {
      waiting.removeAll { path, target in
        guard WritingSession.isAlive(path), let counts = IndexingProgress.Counts(lockFile: path + "/lock") else {
          // Whoever opens the storage next indexes what it has left.
          return true
        }
        return counts.reaches(target)
      }
      guard !waiting.isEmpty else { break }
      guard ContinuousClock.now < end, !Task.isCancelled else { return false }
      // Processes have no other way to tell each other; it is a matter of some hundredths of a second.
      try? await Task.sleep(for: .milliseconds(5))
    }
    return true
  }
}
