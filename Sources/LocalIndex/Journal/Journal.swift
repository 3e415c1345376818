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
final class Journal: Sendable {
  struct Entry: Sendable {
    let piece: Piece
    let arrival: Arrival
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
    var stuck: [Entry] = []
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
  private let backlog = DispatchSemaphore(value: 16)
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
    do {
      if isBroken { throw StorageError(.inputOutput(EIO), "The journal could not be synced.") }
      try placeStuck()
      while let entry = rest.first {
        do {
          guard try write(entry) else { break }
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
      try sync()
    } catch {
      for entry in written.isEmpty ? Array(rest) : written { fail(entry, error) }
      return written.isEmpty ? [] : rest
    }
    handing.withLock {
      for entry in written { entry.durable(.success(())) }
      for entry in written {
        backlog.wait()
        filing.async {
          self.makeFile(entry)
          self.backlog.signal()
        }
      }
    }
    return rest
  }

  /// - Returns: false when the segment is full.
  private func write(_ entry: Entry) throws -> Bool {
    try segments.withLockedValue { segments in
      if segments.active == nil { segments.active = try segments.spare ?? newSegment(&segments) }
      segments.lastAppend = .now
      return try segments.active?.append(entry.piece, received: entry.arrival.received) ?? false
    }
  }

  private func newSegment(_ segments: inout Segments) throws -> JournalSegment {
    segments.made += 1
    return try JournalSegment(from: placement.storage, into: session.path, number: segments.made)
  }

  private func sync() throws {
    try segments.withLockedValue { segments in
      do { try segments.active?.sync() } catch {
        segments.isBroken = true
        throw error
      }
    }
  }

  private func fail(_ entry: Entry, _ error: any Error) {
    entry.durable(.failure(error))
    entry.stored(.failure(error))
    pieces.giveBack(entry.piece)
  }

  private func makeFile(_ entry: Entry) {
    do {
      let stored = try placement.place(entry, in: session)
      segments.withLockedValue { $0.active?.files.append(stored.path) }
      pieces.giveBack(entry.piece)
      entry.stored(.success(stored))
    } catch {
      logger.error("An instance is safe in the journal and cannot be made a file yet: \(error)")
      segments.withLockedValue { $0.stuck.append(entry) }
      entry.stored(.failure(error))
    }
  }

  private func placeStuck() throws {
    guard segments.withLockedValue({ !$0.stuck.isEmpty }) else { return }
    try filing.sync { try placeAllStuck() }
  }

  private func placeAllStuck() throws {
    while let entry = segments.withLockedValue({ $0.stuck.first }) {
      let stored = try placement.place(entry, in: session)
      pieces.giveBack(entry.piece)
      segments.withLockedValue { segments in
        segments.stuck.removeFirst()
        segments.active?.files.append(stored.path)
      }
    }
  }

  // MARK: Segments

  /// Goes on to the other segment; the files of this one are synced meanwhile.
  private func rotate(isLast: Bool = false) throws {
    // All its entries are files from here on.
    filing.sync {}
    if segments.withLockedValue({ $0.sealed != nil }) { try checkpoints.sync { try checkpoint() } }
    let isSealed = segments.withLockedValue { segments in
      guard let active = segments.active, !active.isEmpty else { return false }
      segments.sealed = active
      segments.active = segments.spare
      segments.spare = nil
      return true
    }
    guard isSealed, !isLast else { return }
    checkpoints.async {
      do { try self.checkpoint() } catch { self.logger.error("Files could not be synced: \(error)") }
    }
  }

  /// Syncs the files made from the sealed segment, and empties it.
  private func checkpoint() throws {
    guard var segment = segments.withLockedValue({ $0.sealed }) else { return }
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
      return (segments.active?.isEmpty == false || !segments.stuck.isEmpty, isIdle || age >= 30)
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
