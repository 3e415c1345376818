import Dicom
import GRDB
import Logging

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A complete instance, as far as that is known without its bytes.
struct Arrival: Sendable {
  let header: InstanceHeader
  let description: ReceptionDescription
  let received: ReceptionTime
  /// Of the file.
  let bytes: Int
  let dataSetOffset: Int
  /// ``FileDigest`` of the file; nil when it is not known.
  let digest: UInt64?
}

/// Gives instances their places in the storage, and enqueues them for the index.
struct Placement: Sendable {
  let storage: StorageFolder
  let options: StorageOptions
  let writer: IndexWriter
  let state: StorageDatabase
  private static let logger = Logger(label: "fluoro.index")

  /// Gives a file of its own its place: where it is to be durable the file is synced first, and its folder afterwards.
  func place(
    _ file: PartialFile, _ header: InstanceHeader, _ description: ReceptionDescription, dataSetOffset: Int,
    digest: UInt64, isDurable: Bool
  ) throws -> StoredInstance {
    if isDurable { try Posix.sync(file.descriptor, path: file.path) }
    var information = stat()
    guard fstat(file.descriptor, &information) == 0 else { throw StorageError.posix(errno, "read", file.path) }
    let arrival = Arrival(
      header: header, description: description, received: ReceptionTime(information), bytes: file.size,
      dataSetOffset: dataSetOffset, digest: digest)
    return enqueue(arrival, try place(arrival, path: file.path, isDurable: isDurable), .file)
  }

  /// Makes the file of an instance that is safe in the journal. It carries the time of its reception, by which a start
  /// after a power cut knows it as the journal's and not whole.
  func place(_ entry: Journal.Entry, in session: WritingSession) throws -> StoredInstance {
    let arrival = try entry.arrival()
    var file = try PartialFile(
      in: session, isLarge: entry.piece.count > IncomingInstance.cachedLimit, isAwaited: true)
    do {
      defer { file.close() }
      try file.write(entry.piece)
      try arrival.received.set(on: file.descriptor, path: file.path)
      return enqueue(arrival, try place(arrival, path: file.path, isDurable: false), .journal)
    } catch {
      unlink(file.path)
      throw error
    }
  }

  /// A file in its place.
  struct Placed {
    var version: Int
    var novelty: StoredInstance.Novelty
  }

  /// Gives a complete file its name, which none has: two arrivals of one identity cannot replace each other, in this
  /// process or in two.
  /// - Parameters:
  ///   - path: where it is; nothing is there afterwards.
  ///   - isDurable: whether the name is to survive a power cut when this returns.
  ///   - torn: a file of this time that is not the same is what a power cut left of this very instance.
  func place(
    _ arrival: Arrival, path: String, isDurable: Bool, torn: ReceptionTime? = nil
  ) throws -> Placed {
    let id = arrival.header.identity.instance
    try storage.makeFolder(ofInstance: id, durable: options.durability == .fsync)
    let folder = storage.folder(ofInstance: id)
    var placed = Placed(version: 1, novelty: .new)
    while true {
      let target = storage.path(ofInstance: id, version: placed.version)
      if try Posix.renameToNew(path, target) { break }
      let isTorn = try torn.map {
        try ReceptionTime(Posix.information(target)) == $0 && !SameFile.compare(path, target)
      }
      if isTorn == true {
        guard rename(path, target) == 0 else { throw StorageError.posix(errno, "replace", target) }
        break
      }
      if try SameFile.compareDataSets(path, offset: arrival.dataSetOffset, with: target) {
        // Whoever stored it may not have come to sync it yet.
        if isDurable { try syncStored(target, folder: folder) }
        unlink(path)
        placed.novelty = .identical
        return placed
      }
      placed.version += 1
      placed.novelty = .version(number: placed.version, isCurrent: false)
    }
    // The newer is current, also of those that a journal brings back.
    if placed.version > 1, options.overwriteInstances,
      try torn.map({ try ReceptionTime(Posix.information(storage.path(ofInstance: id))) < $0 }) ?? true
    {
      do { try makeCurrent(id, version: placed.version, beside: path) } catch {
        // As if it had not come; what has this name now is the newer one or the current one's second.
        unlink(storage.path(ofInstance: id, version: placed.version))
        throw error
      }
      placed.novelty = .version(number: placed.version, isCurrent: true)
    }
    if isDurable {
      do { try Posix.syncFolder(folder) } catch {
        if !options.overwriteInstances { unlink(storage.path(ofInstance: id, version: placed.version)) }
        throw error
      }
    }
    return placed
  }

  /// The newer file, which has the name `version`, changes names with the current one. Between the two steps both names
  /// lead to the older file and the newer one has none but its own beside `path`: nothing that was acknowledged is ever
  /// without, for until its folder is synced the newer one is in the journal or not acknowledged.
  private func makeCurrent(_ id: String, version: Int, beside path: String) throws {
    let current = storage.path(ofInstance: id)
    let target = storage.path(ofInstance: id, version: version)
    // Two newcomers at once, also of two processes, would both step aside for each other.
    try FileLock.holding(folder: storage.folder(ofInstance: id)) {
      let (older, newer) = (path + ".older", path + ".newer")
      defer {
        unlink(older)
        unlink(newer)
      }
      guard link(current, older) == 0, link(target, newer) == 0, rename(older, target) == 0,
        rename(newer, current) == 0
      else { throw StorageError.posix(errno, "replace", current) }
    }
  }

  private func enqueue(_ arrival: Arrival, _ placed: Placed, _ kind: IndexingProgress.Kind) -> StoredInstance {
    func record(_ version: Int) -> InstanceRecord {
      arrival.header.record(
        transferSyntaxUID: arrival.description.transferSyntaxUID.rawValue, bytes: arrival.bytes,
        received: arrival.received.value, remoteAET: arrival.description.sendingAETitle,
        calledAET: arrival.description.receivingAETitle, version: version, digest: arrival.digest)
    }
    let isCurrent = placed.novelty == .version(number: placed.version, isCurrent: true)
    if isCurrent {
      let records = StoredRecords(storage: storage, options: options)
      let id = arrival.header.identity.instance
      do {
        if var older = try records.record(ofInstance: id, version: placed.version) {
          // The file that has changed names takes its digest along.
          try? writer.flush()
          older.digest = try? Digests.read(state, id, version: 1)
          writer.enqueue(.add(older))
        }
      } catch {
        // It is missing among the versions until the index is made anew; the newer one is not.
        let path = storage.path(ofInstance: id, version: placed.version)
        Self.logger.warning("\(path), which another version has replaced, cannot be read: \(error)")
      }
      writer.enqueue(.replace(record(1)), placing: kind)
    } else {
      writer.enqueue(placed.novelty == .identical ? nil : .add(record(placed.version)), placing: kind)
    }
    return StoredInstance(
      identity: arrival.header.identity,
      path: storage.path(ofInstance: arrival.header.identity.instance, version: isCurrent ? 1 : placed.version),
      bytes: arrival.bytes, sopClassUID: UID(arrival.header.sopClassUID),
      sopInstanceUID: UID(arrival.header.sopInstanceUID), transferSyntaxUID: arrival.description.transferSyntaxUID,
      novelty: placed.novelty)
  }

  private func syncStored(_ path: String, folder: String) throws {
    let descriptor = try Posix.open(path, O_RDONLY)
    defer { Posix.close(descriptor) }
    try Posix.sync(descriptor, path: path)
    try Posix.syncFolder(folder)
  }
}
