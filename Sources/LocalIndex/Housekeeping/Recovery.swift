import Dicom
import Foundation
import GRDB

extension LocalIndex {
  /// What reading all files again found.
  public struct ReindexOutcome: Hashable, Sendable {
    public var instances = 0
    public var versions = 0
    /// Files under `instances/` that could not be read, with the reason.
    public var unreadable: [String: String] = [:]
  }

  /// At start: clears up behind processes that ended without closing, and completes the index.
  ///
  /// First what was acknowledged and may not be whole, or not there, is made again from their journals; then the index
  /// is compared with the names of the files. Each step may be repeated, so that another crash, or the cancellation of the
  /// task it runs in, does no harm.
  func recover(isNew: Bool) throws {
    let abandoned = try WritingSession.abandoned(in: storage)
    if !abandoned.isEmpty { logger.notice("A process ended without closing the storage; comparing index and files.") }
    var isReplayed = true
    for session in abandoned {
      do { try replay(session.path) } catch {
        isReplayed = false
        logger.error("\(session.path) is left for the next start: \(error)")
      }
    }
    if try isNew || isUnfilled() {
      _ = try reindex { _ in !Task.isCancelled }
    } else if !abandoned.isEmpty {
      try reconcile()
    }
    guard isReplayed else { return }
    for session in abandoned {
      for path in try JournalSegment.paths(in: session.path) {
        try JournalSegment.discard(path, to: storage.journalsPath)
      }
      WritingSession.remove(session.path)
    }
    if !abandoned.isEmpty { try forgetDeletions() }
  }

  /// Whether the index holds nothing though there are files: the one that filled it, which is one transaction, was ended.
  private func isUnfilled() throws -> Bool {
    let isEmpty = try read { db in try Bool.fetchOne(db, sql: "SELECT NOT EXISTS (SELECT 1 FROM instance)") ?? false }
    guard isEmpty else { return false }
    var hasFiles = false
    try storage.forEachFolder { _, files in hasFiles = hasFiles || !files.isEmpty }
    return hasFiles
  }

  /// Makes files of the instances in the journals of a session that has ended.
  private func replay(_ session: String) throws {
    for journal in try JournalSegment.paths(in: session) {
      try JournalSegment.forEachRecord(in: journal) { record in
        try restore(record, path: session + "/restored.part")
        return true
      }
    }
  }

  private func restore(_ record: JournalRecord, path: String) throws {
    let descriptor = try Posix.open(path, O_RDWR | O_CREAT | O_TRUNC, mode: storage.permissions.file, doing: "create")
    defer { Posix.close(descriptor) }
    storage.permissions.apply(toFile: descriptor)
    try record.file.withUnsafeBytes { try Posix.write($0, to: descriptor, path: path) }
    try record.received.set(on: descriptor, path: path)
    try Posix.sync(descriptor, path: path)
    let file = try options.file(path)
    let header = try InstanceHeader(file.dataSet)
    // A deletion that was cut off may have left the file, which a power cut can have torn.
    let id = header.identity.instance
    if try wasDeleted(id, since: record.received.value) && !stands(id, record.received) { return }
    let description = ReceptionDescription(
      sopClassUID: UID(header.sopClassUID), sopInstanceUID: UID(header.sopInstanceUID),
      transferSyntaxUID: file.transferSyntax.uid, sendingAETitle: file.metaInformation?.sendingAETitle,
      receivingAETitle: file.metaInformation?.receivingAETitle)
    let arrival = Arrival(
      header: header, description: description, received: record.received, bytes: record.file.count,
      dataSetOffset: file.dataSetOffset, digest: nil)
    _ = try placement.place(arrival, path: path, isDurable: true, torn: record.received)
  }

  /// Whether there is a file of an instance that was received at a time.
  private func stands(_ id: String, _ received: ReceptionTime) throws -> Bool {
    var version = 1
    while Posix.exists(storage.path(ofInstance: id, version: version)) {
      let information = try Posix.information(storage.path(ofInstance: id, version: version))
      if ReceptionTime(information) == received { return true }
      version += 1
    }
    return false
  }

  /// Brings the index in line with the names of the files: what has no row is read, rows without a file go.
  func reconcile() throws {
    var rows: [String: [Data: Set<Int>]] = [:]
    try read { db in
      let all = try Row.fetchCursor(
        db, sql: "SELECT key, 1 AS number FROM instance UNION ALL SELECT instance, number FROM version")
      while let row = try all.next() {
        let key: Data = row["key"]
        let prefix = OrthancIdentifier.text(of: [UInt8](key.prefix(1)))
        rows[prefix, default: [:]][key, default: []].insert(row["number"])
      }
    }
    try storage.forEachFolder { prefix, files in
      try Task.checkCancellation()
      var known = rows.removeValue(forKey: prefix) ?? [:]
      var found: [Data: (id: String, versions: Set<Int>)] = [:]
      for file in files { found[try IndexUpdate.key(file.id), default: (file.id, [])].versions.insert(file.version) }
      for (key, file) in found where known.removeValue(forKey: key) != file.versions {
        writer.enqueue(.remove([file.id]))
        for version in file.versions.sorted() {
          if case .success(let record?) = stored(file.id, version) { writer.enqueue(.add(record)) }
        }
      }
      forget(known.keys)
    }
    for gone in rows.values { forget(gone.keys) }
    try writer.flush()
  }

  private func forget(_ keys: some Sequence<Data>) {
    let ids = keys.map { OrthancIdentifier.text(of: [UInt8]($0)) }
    if !ids.isEmpty { writer.enqueue(.remove(ids)) }
  }

  private func stored(_ id: String, _ version: Int) -> Result<InstanceRecord?, any Error> {
    let records = StoredRecords(storage: storage, options: options)
    let result = Result { try records.record(ofInstance: id, version: version) }
    if case .failure(let error) = result {
      logger.warning("\(storage.path(ofInstance: id, version: version)) cannot be read: \(error)")
    }
    return result
  }

  /// Builds the index anew from the files alone.
  ///
  /// - Parameter progress: told after every few hundred files; returning false leaves the index as it was.
  /// - Throws: ``StorageError``, `CancellationError` when it was ended.
  public func reindex(progress: (_ outcome: ReindexOutcome) -> Bool = { _ in true }) throws -> ReindexOutcome {
    var outcome = ReindexOutcome()
    try writer.perform { database in
      try database.writeWithoutTransaction { db in
        // As much as the index of a hundred thousand studies: its keys have no order that files could be read in.
        let pages = try Int.fetchOne(db, sql: "PRAGMA cache_size") ?? 0
        try db.execute(sql: "PRAGMA cache_size = -262144")
        defer { try? db.execute(sql: "PRAGMA cache_size = \(pages); PRAGMA shrink_memory") }
        try db.inTransaction {
          try rebuild(db, &outcome, progress)
          return .commit
        }
      }
      IndexDatabase.emptyLongLogs([database])
    }
    var change = IndexChange()
    change.isEverything = true
    writer.tell(change)
    return outcome
  }

  /// Files come in the order of identifiers, which is none: whatever is let go of is looked up and counted on again for almost
  /// every file. So many patients, studies and series take some 150 MB.
  private static let resourcesInMemory = 400_000

  private func rebuild(_ db: Database, _ outcome: inout ReindexOutcome, _ progress: (ReindexOutcome) -> Bool) throws {
    for table in ["version", "instance", "series", "studyText", "study", "patient"] {
      try db.execute(sql: "DELETE FROM \(table)")
    }
    try Terms.removeAll(db)
    // As many words at once as memory holds, so that few pieces of the text's index are merged again; 1 MB otherwise.
    let words = "INSERT INTO studyText (studyText, rank) VALUES ('hashsize', ?)"
    try db.execute(sql: words, arguments: [32 << 20])
    defer { try? db.execute(sql: words, arguments: [1 << 20]) }
    // Nothing looks these up meanwhile, and each count that grows would move an entry in several of them.
    let indexes = try Row.fetchAll(
      db, sql: "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name <> 'series_study'"
    )
    for index in indexes { try db.execute(sql: "DROP INDEX \(index["name"] as String)") }
    var update = IndexUpdate(db, isRebuild: true)
    let reader = FilesAhead(storage) { [self] in stored($0, $1) }
    defer { reader.stop() }
    while let batch = try reader.next() {
      for (file, record) in batch {
        switch record {
        case .success(let record?):
          try update.add(record)
          if record.version == 1 { outcome.instances += 1 } else { outcome.versions += 1 }
        case .success(nil): break
        case .failure(let error):
          outcome.unreadable[storage.path(ofInstance: file.id, version: file.version)] = "\(error)"
        }
      }
      if update.resourceCount >= Self.resourcesInMemory {
        try update.finish()
        update = IndexUpdate(db, isRebuild: true)
      }
      if !progress(outcome) { throw CancellationError() }
    }
    try update.finish()
    for index in indexes { try db.execute(sql: index["sql"]) }
  }
}
