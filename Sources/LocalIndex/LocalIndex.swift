import Dicom
import Dispatch
import Foundation
import GRDB
import Logging
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The studies on this machine: their files, and the index that finds them.
///
/// Files are the truth: an instance is a Part 10 file under the storage folder, its time of reception the file's
/// modification time, its sender in the meta information. The index is a cache over them. Safe to use from any thread;
/// calls block for as long as the disk takes, so none but ``IncomingInstance/write(_:)`` belongs on an event loop.
///
/// Several processes may open one storage folder. Each takes part as a ``WritingSession`` from its first write on.
public final class LocalIndex: Sendable {
  /// The storage folder.
  public let path: String
  public let options: StorageOptions
  let storage: StorageFolder
  let database: StorageDatabase
  let state: StorageDatabase
  let writer: IndexWriter
  let placement: Placement
  let observers = Observers<IndexChange>()
  let logger = Logger(label: "fluoro.index")
  private let session = NIOLockedValueBox<Session>(.none)
  let pieces = PieceStore()
  let recent = RecentArrivals()
  /// Instances that go into files of their own wait for the disk here.
  let files = DispatchQueue(label: "fluoro.index.files", attributes: .concurrent)

  private enum Session {
    case none
    case writing(WritingSession, Journal?)
    case closed
  }

  /// Opens the storage folder, and makes it when it is missing or empty. After a process that ended without closing it,
  /// its partial files are removed and the index is completed from the files.
  ///
  /// - Parameter isForLookup: it is opened for one or a few searches, one after the other, which is quicker; all else can be
  ///   done as well.
  /// - Throws: ``StorageError``: the folder is not fluoro's, read-only, full or on a network file system.
  public init(
    storage path: String, options: StorageOptions = StorageOptions(), isForLookup: Bool = false
  ) throws {
    self.options = options
    storage = try StorageFolder(opening: path, options: options)
    self.path = storage.path
    let isNew: Bool
    // Whoever comes first makes their tables.
    (database, isNew, state) = try FileLock.holding(folder: storage.path) { [storage] in
      let index = try IndexDatabase.openIndex(storage, isForLookup: isForLookup)
      return (index.database, index.isNew, try IndexDatabase.openState(storage, isForLookup: isForLookup))
    }
    let records = StoredRecords(storage: storage, options: options)
    writer = IndexWriter(database, state, observers) { [logger] id, version in
      do { return try records.record(ofInstance: id, version: version) } catch {
        logger.warning("\(records.storage.path(ofInstance: id, version: version)) cannot be read: \(error)")
        return nil
      }
    }
    placement = Placement(storage: storage, options: options, writer: writer, state: state)
    try recover(isNew: isNew)
    // As after a process that was killed amid much work; whoever works now looks after its own.
    if try Posix.names(in: storage.incomingPath).isEmpty { IndexDatabase.emptyLongLogs([database, state]) }
    do { try takePendingHistory() } catch {
      logger.warning("The history that waits is left for the next start: \(error)")
    }
  }

  /// Whether a folder is a storage of fluoro's already.
  public static func isStorage(_ path: String) -> Bool { Posix.exists(path + "/" + StorageFolder.markerName) }

  /// Ends in good order: everything stored is in files and in the index. Idempotent; also done when the index is let go
  /// of.
  ///
  /// - Throws: why something could not be written. It is found by the next one to open the storage.
  public func close() throws {
    let ended = session.withLockedValue { session -> (WritingSession, Journal?)? in
      defer { session = .closed }
      if case .writing(let current, let journal) = session { return (current, journal) }
      return nil
    }
    let end: @Sendable () throws -> Void = { [writer, database, state] in
      // The last files are made now; they belong to the session that ends.
      try ended?.1?.close()
      try writer.flush()
      IndexDatabase.emptyLongLogs([database, state])
      ended?.0.end()
    }
    if ended?.1?.isCurrent == true {
      // Who is told of an instance was the last to hold the storage.
      files.async { try? end() }
    } else {
      try end()
    }
  }

  deinit { try? close() }

  /// This process's place for partial files.
  func writingSession() throws -> WritingSession {
    try session.withLockedValue { session in try writingSession(&session).0 }
  }

  /// This process's journal.
  func journal() throws -> Journal {
    try session.withLockedValue { session in
      let (current, journal) = try writingSession(&session)
      if let journal { return journal }
      let new = Journal(current, placement, pieces)
      session = .writing(current, new)
      return new
    }
  }

  private func writingSession(_ session: inout Session) throws -> (WritingSession, Journal?) {
    switch session {
    case .writing(let current, let journal): return (current, journal)
    case .closed: throw StorageError(.closed, "The storage \(path) is closed.")
    case .none:
      let new = try WritingSession(in: storage)
      try storage.prepareInstanceFolders(durable: options.durability == .fsync)
      session = .writing(new, nil)
      writer.progress.tell(through: new.lock)
      return (new, nil)
    }
  }

  /// Where this process has its place; nil while it only reads.
  var sessionPath: String? {
    session.withLockedValue { if case .writing(let session, _) = $0 { session.path } else { nil } }
  }

  private var journalInUse: Journal? {
    session.withLockedValue { if case .writing(_, let journal) = $0 { journal } else { nil } }
  }

  /// Starts the reception of an instance.
  /// - Throws: ``StorageError`` when nothing can be stored now.
  public func begin(_ description: ReceptionDescription) throws -> IncomingInstance {
    // What cannot be indexed, or made a file, waits; it is tried now, and nothing more is taken while it still fails.
    try unstick()
    return try IncomingInstance(description, index: self)
  }

  /// Tries again what could not be written. - Throws: why it still cannot.
  func unstick() throws {
    try journalInUse?.unstick()
    guard problem != nil else { return }
    try writer.flush()
  }

  /// What keeps the index from being written, while it does. What was acknowledged is safe in files, or the journal, meanwhile
  /// and is in the index as soon as it can be, which is tried again every second. No reception begins before; those that have
  /// begun are ended.
  public var problem: StorageError? { writer.failure }

  /// What ``problem`` is logged under, for whoever tells it otherwise.
  public static let problemLabel = "fluoro.index.problem"

  /// Tells of a ``problem``, the one that there is already included, and nil when it is over, on a queue of its own. Where
  /// several alternate, of each once.
  /// - Returns: what keeps it going.
  public func observeProblem(_ observer: @escaping @Sendable (StorageError?) -> Void) -> Observation {
    writer.observeFailures(observer)
  }

  /// Tells of every change of the index, of this process and of others on this storage, within some hundredths of a second,
  /// many at once when many come; on a queue of its own.
  /// - Returns: what keeps it going.
  public func observe(_ observer: @escaping @Sendable (IndexChange) -> Void) -> Observation { writer.observe(observer) }

  /// Takes the part of the one process that receives on this storage.
  /// - Parameter words: what others are told about it: the process, its port, its AE titles.
  /// - Returns: nil while another process has it; ``receiver()`` says which.
  public func claimReception(_ words: String) throws -> ReceptionClaim? {
    guard let lock = try FileLock.acquire(storage.receiverLockPath, create: storage.permissions) else { return nil }
    try lock.write(words)
    return ReceptionClaim(lock)
  }

  /// What the process that receives on this storage says of itself; nil when none does.
  public func receiver() throws -> String? {
    guard Posix.exists(storage.receiverLockPath) else { return nil }
    guard try FileLock.acquire(storage.receiverLockPath, create: nil) == nil else { return nil }
    return String(decoding: try Posix.read(storage.receiverLockPath, limit: 4096), as: UTF8.self)
  }

  // MARK: Database access

  /// Reads what was stored before the call; where the index cannot be written, what is in it.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    journalInUse?.settle()
    try? writer.flush()
    return try database.read(body)
  }
}

/// Held by the one process that receives on a storage folder; let go of when it ends, however it ends.
public final class ReceptionClaim: Sendable {
  private let lock: FileLock

  init(_ lock: FileLock) { self.lock = lock }

  /// Tells others something else from now on.
  public func tell(_ words: String) throws { try lock.write(words) }
}

/// Reads back from files what the index keeps.
struct StoredRecords: Sendable {
  let storage: StorageFolder
  let options: StorageOptions

  func record(ofInstance id: String, version: Int = 1) throws -> InstanceRecord? {
    let path = storage.path(ofInstance: id, version: version)
    var information = stat()
    guard stat(path, &information) == 0 else {
      if errno == ENOENT { return nil }
      throw StorageError.posix(errno, "read", path)
    }
    let file = try options.file(path)
    return try InstanceHeader(file.dataSet).record(
      transferSyntaxUID: file.transferSyntax.uid.rawValue, bytes: Int(information.st_size),
      received: Posix.modificationTime(information), remoteAET: file.metaInformation?.sendingAETitle,
      calledAET: file.metaInformation?.receivingAETitle, version: version)
  }
}
