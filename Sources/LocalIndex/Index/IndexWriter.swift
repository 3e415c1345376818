import Dispatch
import GRDB
import Logging
import NIOConcurrencyHelpers

/// The only writer of the index in this process. What is stored while one transaction runs goes into the next together,
/// so that receiving never waits for SQLite unless it is far ahead of it.
final class IndexWriter: Sendable {
  enum Change: Sendable {
    case add(InstanceRecord)
    /// The current file of this identity is another one now.
    case replace(InstanceRecord)
    case remove([String])
  }

  /// So long what is stored waits for more: a transaction costs as much as some dozens of instances in it.
  private static let gathering = DispatchTimeInterval.milliseconds(50)
  /// So many records wait before the one who stores waits for the index.
  static let limit = 4096
  /// So often what could not be written is tried again, whether something comes or not.
  private static let retrying = DispatchTimeInterval.seconds(1)

  private struct Pending {
    var changes: [Change] = []
    var isScheduled = false
    var isRetryDue = false
    /// What the last transaction failed with; its changes wait for the next.
    var failure: StorageError?
    /// Which of them were told since it was written last: a disk that is full may fail in turns with something else.
    var told: Set<StorageError.Reason> = []
  }

  private let database: StorageDatabase
  private let state: StorageDatabase
  private let record: @Sendable (_ instance: String, _ version: Int) -> InstanceRecord?
  private let pending = NIOLockedValueBox(Pending())
  /// What others on this storage are told.
  let progress = IndexingProgress()
  private let queue = DispatchQueue(label: "fluoro.index.writer")
  /// Observers may search, which waits for the writer: so they run elsewhere.
  private let notices = DispatchQueue(label: "fluoro.index.notices")
  private let observers: Observers<IndexChange>
  private let failures = Observers<StorageError?>()
  /// Watched from the first observer on.
  private let others = NIOLockedValueBox<OtherProcesses?>(nil)
  private let logger = Logger(label: "fluoro.index")
  private let problemLogger = Logger(label: LocalIndex.problemLabel)

  /// - Parameter record: reads what the index keeps of a stored instance; nil where it has no file that can be read.
  init(
    _ database: StorageDatabase, _ state: StorageDatabase, _ observers: Observers<IndexChange>,
    record: @escaping @Sendable (_ instance: String, _ version: Int) -> InstanceRecord?
  ) {
    self.database = database
    self.state = state
    self.observers = observers
    self.record = record
  }

  /// What keeps the index from being written, while it does.
  var failure: StorageError? { pending.withLockedValue { $0.failure } }

  /// Whether who stores next waits for the index.
  var isBehind: Bool { pending.withLockedValue { $0.changes.count >= Self.limit } }

  /// - Parameters:
  ///   - change: nil where there is nothing to write, and others only wait to hear so.
  ///   - kind: given with the last change of an instance, which ``progress`` counts.
  func enqueue(_ change: Change?, placing kind: IndexingProgress.Kind? = nil) {
    let (schedule, isFar) = pending.withLockedValue { pending in
      if let change { pending.changes.append(change) }
      if let kind { progress.place(kind) }
      defer { pending.isScheduled = true }
      return (!pending.isScheduled, pending.changes.count > Self.limit && pending.failure == nil)
    }
    if schedule { drainLater() }
    if isFar { try? flush() }
  }

  /// Returns when everything that was enqueued before is in the index.
  func flush() throws {
    guard pending.withLockedValue({ $0.isScheduled || !$0.changes.isEmpty }) else { return }
    try queue.sync { try drain() }
  }

  /// Runs in the writer's turn, after what is waiting: for work that is no ``Change``.
  func perform<Value>(_ body: (StorageDatabase) throws -> Value) throws -> Value {
    try queue.sync {
      try drain()
      return try body(database)
    }
  }

  private func drain() throws {
    // Together: the changes of all that are counted are among these, or were before, and no others are.
    let (changes, placed) = pending.withLockedValue { pending in
      defer {
        pending.changes = []
        // Also where it is tried again: who wants everything written waits for these.
        pending.isScheduled = true
      }
      return (pending.changes, progress.placed)
    }
    guard !changes.isEmpty else {
      progress.index(placed)
      scheduleNext()
      return
    }
    do {
      let change = try database.write { db in try apply(changes, db) }
      progress.index(placed)
      noteDigests(changes)
      scheduleNext()
      tell(change)
    } catch {
      wait(with: changes, for: error)
      throw error
    }
  }

  /// Keeps what could not be written, and tries it again by itself: the disk may have room before anything comes.
  private func wait(with changes: [Change], for error: any Error) {
    let failure =
      error as? StorageError ?? StorageError(.index, "The index \(database.path) failed: \(error).")
    let (isNews, isRetryDue) = pending.withLockedValue { pending in
      defer {
        pending.changes = changes + pending.changes
        pending.failure = failure
        pending.isScheduled = false
        pending.isRetryDue = true
      }
      let isNews = pending.told.insert(failure.reason).inserted
      if isNews { tell(failure) }
      return (isNews, pending.isRetryDue)
    }
    if isNews { problemLogger.error("The index could not be written: \(failure) It is tried again until it can.") }
    guard !isRetryDue else { return }
    queue.asyncAfter(deadline: .now() + Self.retrying) { [weak self] in
      guard let self else { return }
      self.pending.withLockedValue { $0.isRetryDue = false }
      try? self.drain()
    }
  }

  /// Behind the index: a digest that is lost here is one that `verify` takes anew.
  private func noteDigests(_ changes: [Change]) {
    var digests: [(key: Digests.Key, value: UInt64)] = []
    var removed: [String] = []
    for change in changes {
      switch change {
      case .add(let record), .replace(let record):
        if let digest = record.digest {
          digests.append((Digests.Key(instance: record.identity.instance, version: record.version), digest))
        }
      case .remove(let instances):
        removed += instances
        digests.removeAll { instances.contains($0.key.instance) }
      }
    }
    do {
      try Digests.remove(state, removed)
      try Digests.write(state, digests)
    } catch {
      logger.warning("The digests of \(digests.count) files could not be kept: \(error)")
    }
  }

  private func scheduleNext() {
    let (isMore, isOver) = pending.withLockedValue { pending in
      defer {
        pending.failure = nil
        pending.told = []
      }
      pending.isScheduled = !pending.changes.isEmpty
      let isOver = pending.failure != nil
      if isOver { tell(nil) }
      return (pending.isScheduled, isOver)
    }
    if isOver { problemLogger.notice("The index is written again.") }
    if isMore { drainLater() }
  }

  private func drainLater() {
    // Who lets go of the index has flushed it, and expects its files to be closed then: nothing is held for the sake of a turn
    // that comes too late.
    queue.asyncAfter(deadline: .now() + Self.gathering) { [weak self, pending] in
      guard pending.withLockedValue({ $0.isScheduled }) else { return }
      try? self?.drain()
    }
  }

  // MARK: Observers

  func observe(_ observer: @escaping @Sendable (IndexChange) -> Void) -> Observation {
    let observation = observers.add(observer)
    others.withLockedValue { others in
      if others == nil { others = watchOthers() }
    }
    return observation
  }

  /// Tells of failures, from the one that there is on, and nil when they are over.
  func observeFailures(_ observer: @escaping @Sendable (StorageError?) -> Void) -> Observation {
    // Notices are put in order while what is pending is locked: those before its turn are in what it begins with.
    let isTurn = NIOLockedValueBox(false)
    let observation = failures.add { failure in
      if isTurn.withLockedValue({ $0 }) { observer(failure) }
    }
    pending.withLockedValue { pending in
      notices.async { [failure = pending.failure] in
        isTurn.withLockedValue { $0 = true }
        if let failure { observer(failure) }
      }
    }
    return observation
  }

  /// While what is pending is locked.
  private func tell(_ failure: StorageError?) {
    notices.async { [failures] in failures.tell(failure) }
  }

  private func watchOthers() -> OtherProcesses {
    OtherProcesses(
      watching: database.path + "-wal", on: notices,
      version: { [database] in
        try? database.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA data_version") }
      },
      tell: { [observers] in
        var change = IndexChange()
        change.isEverything = true
        observers.tell(change)
      })
  }

  func tell(_ change: IndexChange) {
    if change.isEmpty { return }
    notices.async { [observers] in observers.tell(change) }
  }

  private func apply(_ changes: [Change], _ db: Database) throws -> IndexChange {
    var result = IndexChange()
    var update = IndexUpdate(db)
    func settle() throws {
      try update.finish()
      result.merge(update.change)
      update = IndexUpdate(db)
    }
    for change in changes {
      switch change {
      case .add(let record): try update.add(record)
      case .replace(let record):
        try settle()
        let versions = try Row.fetchAll(
          db, sql: "SELECT * FROM version WHERE instance = ?",
          arguments: [try IndexUpdate.key(record.identity.instance)])
        var removal = IndexRemoval(db: db) { self.record($0, 1) }
        result.merge(try removal.remove([record.identity.instance]))
        for row in versions {
          try db.execute(
            sql: """
              INSERT INTO version (instance, number, received, bytes, transferSyntaxUID, remoteAET)
              VALUES (?, ?, ?, ?, ?, ?)
              """,
            arguments: [
              row["instance"], row["number"], row["received"], row["bytes"], row["transferSyntaxUID"], row["remoteAET"],
            ])
        }
        try update.add(record)
      case .remove(let instances):
        try settle()
        var removal = IndexRemoval(db: db) { self.record($0, 1) }
        result.merge(try removal.remove(instances))
        // One that has come again since its files went, here or to another process, may have been indexed before this.
        for instance in instances {
          var version = 1
          while let record = self.record(instance, version) {
            try update.add(record)
            version += 1
          }
        }
      }
    }
    try settle()
    return result
  }
}
