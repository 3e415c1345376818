import CFileSystem
import Dispatch
import Logging
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where small instances are safe before they are files: their records are written one behind the other and synced
/// together, one sync for as many as wait, whichever associations they came by.
///
/// One queue takes what waits, writes it, syncs once, answers all, and starts again; a second one makes the files
/// meanwhile, in the same order. The files are not synced one by one: a segment of the journal that is full, or has been idle for a
/// second, is done with when all files made from it have been synced, while the other segment is written. So two segments
/// bound what a start has to replay, and how long.
///
/// No lock is held while the disk is waited for: whoever brings an instance, or makes a file, goes on meanwhile.
final class Journal: Sendable {
  struct Entry: Sendable {
    let piece: Piece
    let received: ReceptionTime
    /// ``FileDigest`` of the piece.
    let digest: UInt64
    /// What its header says is not read before it is safe, since its sender waits for that.
    let arrival: @Sendable () throws -> Arrival
    /// Told once whether the instance is safe.
    let durable: @Sendable (Result<Void, any Error>) -> Void
    /// Told once, after `durable`, where it is.
    let stored: @Sendable (Result<StoredInstance, any Error>) -> Void
  }

  /// What is not acknowledged yet and what is, but has no file.
  private struct Waiting {
    var entries: [Entry] = []
    var isRunning = false
    var isCheckDue = false
  }

  private struct Segments {
    var active: JournalSegment?
    /// Done with, to be written next.
    var spare: JournalSegment?
    /// Full; its files are being synced.
    var sealed: JournalSegment?
    var made = 0
    /// Acknowledged, and no file could be made of it, mostly because the disk is full. They are tried again.
    var stuck: [(entry: Entry, segment: JournalSegment)] = []
    /// After a failed sync nothing is known of what is on the disk, and a second one would tell nothing (the kernel
    /// forgets): nothing more goes into this journal.
    var isBroken = false
    var lastAppend = ContinuousClock.now
  }

  private let session: WritingSession
  private let placement: Placement
  private let pieces: PieceStore
  private let waiting = NIOLockedValueBox(Waiting())
  private let segments = NIOLockedValueBox(Segments())
  private let queue = DispatchQueue(label: "fluoro.journal")
  /// Makes the files.
  private let filing = DispatchQueue(label: "fluoro.journal.files")
  private let checkpoints = DispatchQueue(label: "fluoro.journal.checkpoint")
  /// Held while entries are acknowledged and handed on to be made files.
  private let handing = NIOLock()
  /// So many may wait to be made files; then the senders wait.
  static let backlogLimit = 8
  private let backlog = DispatchSemaphore(value: backlogLimit)
  private let logger = Logger(label: "fluoro.journal")

  init(_ session: WritingSession, _ placement: Placement, _ pieces: PieceStore) {
    self.session = session
    self.placement = placement
    self.pieces = pieces
    for queue in [queue, filing] { queue.setSpecific(key: Self.key, value: ObjectIdentifier(self)) }
  }

  private static let key = DispatchSpecificKey<ObjectIdentifier>()

  /// Whether this is a thread of the journal's own, on which nobody may wait for the journal: the one of who is told of an
  /// instance.
  var isCurrent: Bool { DispatchQueue.getSpecific(key: Self.key) == ObjectIdentifier(self) }

  /// Whether it takes nothing more; instances are to go into files of their own.
  var isBroken: Bool { segments.withLockedValue { $0.isBroken } }

  /// Takes an instance. It answers through the entry, on a thread of its own.
  func append(_ entry: Entry) {
    let isFirst = waiting.withLockedValue { waiting in
      waiting.entries.append(entry)
      defer { waiting.isRunning = true }
      return !waiting.isRunning
    }
    if isFirst { queue.async { self.run() } }
  }

  /// Returns when what has been acknowledged is in files.
  func settle() {
    handing.withLock {}
    filing.sync {}
  }

  /// Tries again to make files of what has none. - Throws: why there still are such.
  func unstick() throws {
    guard segments.withLockedValue({ !$0.stuck.isEmpty }), !isCurrent else { return }
    try queue.sync { try placeStuck() }
  }

  /// Ends: everything is in files that are synced, and the journal is empty.
  func close() throws {
    try queue.sync {
      run()
      try placeStuck()
      try rotate(isLast: true)
    }
    try checkpoints.sync { try checkpoint() }
    segments.withLockedValue { segments in
      for segment in [segments.active, segments.spare].compactMap(\.self) {
        segment.retire(to: placement.storage.journalsPath)
      }
      segments = Segments()
    }
  }

  // MARK: On the queue

  private func run() {
    while true {
      let entries = waiting.withLockedValue { waiting in
        defer { waiting.entries = [] }
        waiting.isRunning = !waiting.entries.isEmpty
        return waiting.entries
      }
      if entries.isEmpty { break }
      var rest = entries[...]
      while !rest.isEmpty { rest = commit(rest) }
    }
    checkLater()
  }

  /// Makes as many safe as there is room for, answers, and makes their files. - Returns: the rest.
  private func commit(_ entries: ArraySlice<Entry>) -> ArraySlice<Entry> {
    var written: [Entry] = []
    var rest = entries
    let segment: JournalSegment
    do {
      if isBroken { throw StorageError(.inputOutput(EIO), "The journal could not be synced.") }
      try placeStuck()
      segment = try activeSegment()
      while let entry = rest.first {
        do {
          guard try write(entry, segment) else { break }
          written.append(entry)
        } catch {
          fail(entry, error)
        }
        rest = rest.dropFirst()
      }
      if written.isEmpty, !rest.isEmpty {
        try rotate()
        return rest
      }
      try sync(segment)
    } catch {
      for entry in written.isEmpty ? Array(rest) : written { fail(entry, error) }
      return written.isEmpty ? [] : rest
    }
    placement.writer.progress.takeIntoJournal(written.count)
    handing.withLock {
      for entry in written { entry.durable(.success(())) }
      for entry in written {
        backlog.wait()
        filing.async {
          self.makeFile(entry, segment)
          self.backlog.signal()
        }
      }
    }
    return rest
  }

  private func activeSegment() throws -> JournalSegment {
    try segments.withLockedValue { segments in
      segments.lastAppend = .now
      if let active = segments.active { return active }
      let new: JournalSegment
      if let spare = segments.spare {
        new = spare
        segments.spare = nil
      } else {
        segments.made += 1
        new = try JournalSegment(from: placement.storage, into: session.path, number: segments.made)
      }
      segments.active = new
      return new
    }
  }

  /// - Returns: false when the segment is full.
  private func write(_ entry: Entry, _ segment: JournalSegment) throws -> Bool {
    try segment.append(entry.piece, received: entry.received, digest: entry.digest)
  }

  private func sync(_ segment: JournalSegment) throws {
    do { try segment.sync() } catch {
      segments.withLockedValue { $0.isBroken = true }
      throw error
    }
  }

  private func fail(_ entry: Entry, _ error: any Error) {
    entry.durable(.failure(error))
    entry.stored(.failure(error))
    pieces.giveBack(entry.piece)
  }

  private func makeFile(_ entry: Entry, _ segment: JournalSegment) {
    do {
      let stored = try placement.place(entry, in: session)
      segment.note(file: stored.path)
      pieces.giveBack(entry.piece)
      entry.stored(.success(stored))
    } catch {
      logger.error("An instance is safe in the journal and cannot be made a file yet: \(error)")
      segments.withLockedValue { $0.stuck.append((entry, segment)) }
      entry.stored(.failure(error))
    }
  }

  private func placeStuck() throws {
    guard segments.withLockedValue({ !$0.stuck.isEmpty }) else { return }
    try filing.sync { try placeAllStuck() }
  }

  private func placeAllStuck() throws {
    while let (entry, segment) = segments.withLockedValue({ $0.stuck.first }) {
      let stored = try placement.place(entry, in: session)
      segment.note(file: stored.path)
      pieces.giveBack(entry.piece)
      segments.withLockedValue { _ = $0.stuck.removeFirst() }
    }
  }

  // MARK: Segments

  /// Goes on to the other segment; the files of this one are made and synced meanwhile.
  private func rotate(isLast: Bool = false) throws {
    if segments.withLockedValue({ $0.sealed != nil }) { try checkpoints.sync { try checkpoint() } }
    let isSealed = segments.withLockedValue { segments in
      guard let active = segments.active, !active.isEmpty else { return false }
      segments.sealed = active
      segments.active = nil
      return true
    }
    guard isSealed, !isLast else { return }
    checkpoints.async {
      do { try self.checkpoint() } catch { self.logger.error("Files could not be synced: \(error)") }
    }
  }

  /// Syncs the files made from the sealed segment, and empties it.
  private func checkpoint() throws {
    guard let segment = segments.withLockedValue({ $0.sealed }) else { return }
    // All its entries are files from here on.
    try filing.sync { try placeAllStuck() }
    try sync(segment.files)
    try segment.empty()
    segments.withLockedValue { segments in
      segments.sealed = nil
      segments.spare = segment
    }
  }

  /// Of more than so many one sync of the whole file system is quicker, although it also writes what is others'.
  private static let manyFiles = 256

  private func sync(_ files: [String]) throws {
    if files.count > Self.manyFiles { return try Posix.syncFileSystem(placement.storage.instancesPath) }
    try Self.sync(files)
  }

  private static func sync(_ files: [String]) throws {
    for path in files { try withDescriptor(path) { _ = fluoro_begin_writeback($0) } }
    for path in files { try withDescriptor(path) { try Posix.sync($0, path: path) } }
    for folder in Set(files.map { $0[..<($0.lastIndex(of: "/") ?? $0.startIndex)] }) {
      try Posix.syncFolder(String(folder))
    }
  }

  /// Passes over one that has been deleted since.
  private static func withDescriptor(_ path: String, _ body: (Int32) throws -> Void) throws {
    let descriptor: Int32
    do { descriptor = try Posix.open(path, O_RDONLY) } catch  where !Posix.exists(path) { return }
    defer { Posix.close(descriptor) }
    try body(descriptor)
  }

  // MARK: Idleness

  /// A journal that nothing is written to becomes empty by itself, and none holds records for long: so a start has little
  /// to replay.
  private func checkLater() {
    let isDue = waiting.withLockedValue { waiting in
      defer { waiting.isCheckDue = true }
      return !waiting.isCheckDue
    }
    guard isDue else { return }
    queue.asyncAfter(deadline: .now() + 1) { [weak self] in self?.check() }
  }

  private func check() {
    waiting.withLockedValue { $0.isCheckDue = false }
    let (isUsed, isRipe) = segments.withLockedValue { segments in
      let age = ReceptionTime.now.value - (segments.active?.begun.value ?? 0)
      let isIdle = segments.lastAppend.duration(to: .now) >= .seconds(1)
      let isUsed = segments.active?.isEmpty == false || segments.sealed != nil || !segments.stuck.isEmpty
      return (isUsed, isIdle || age >= 30)
    }
    guard isUsed else { return }
    if isRipe {
      do {
        try placeStuck()
        try rotate()
      } catch {
        logger.error("The journal cannot be emptied yet: \(error)")
      }
    }
    checkLater()
  }
}
