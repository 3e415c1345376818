import Dicom
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A complete partial file, ready for its place.
struct Arrival {
  let path: String
  let descriptor: Int32
  let header: InstanceHeader
  let description: ReceptionDescription
  let bytes: Int
  let dataSetOffset: Int
  /// ``FileDigest`` of the file.
  let digest: UInt64
}

extension LocalIndex {
  /// Starts the reception of an instance.
  /// - Throws: ``StorageError`` when nothing can be stored now.
  public func begin(_ description: ReceptionDescription) throws -> IncomingInstance {
    if writer.failure != nil {
      // What cannot be indexed waits; it is tried now, and nothing more is taken while it still fails.
      do { try writer.flush() } catch let error as DatabaseError {
        throw Self.translate(error, storage.indexPath)
      }
    }
    return try IncomingInstance(description, index: self)
  }

  /// Gives a complete file its name: where it is to be durable the file is synced first, and its folder afterwards.
  ///
  /// The name is made with `link`, which fails where one exists: two arrivals of one identity cannot replace each other,
  /// in this process or in two.
  func place(_ arrival: Arrival, isDurable: Bool) throws -> StoredInstance {
    let id = arrival.header.identity.instance
    try storage.makeFolder(ofInstance: id, durable: isDurable)
    let folder = storage.folder(ofInstance: id)
    if isDurable { try Posix.sync(arrival.descriptor, path: arrival.path) }
    var information = stat()
    guard fstat(arrival.descriptor, &information) == 0 else { throw StorageError.posix(errno, "read", arrival.path) }
    var novelty = StoredInstance.Novelty.new
    var version = 1
    while true {
      let path = storage.path(ofInstance: id, version: version)
      if link(arrival.path, path) == 0 { break }
      guard errno == EEXIST else { throw StorageError.posix(errno, "create", path) }
      if try SameDataSet.compare(arrival.path, offset: arrival.dataSetOffset, with: path) {
        // Whoever stored it may not have come to sync it yet.
        if isDurable { try syncStored(path, folder: folder) }
        return stored(arrival, path: path, .identical)
      }
      version += 1
      novelty = .version(number: version, isCurrent: false)
    }
    if version > 1, options.overwriteInstances {
      try makeCurrent(id, version: version, arrival)
      novelty = .version(number: version, isCurrent: true)
    }
    if isDurable {
      do { try Posix.syncFolder(folder) } catch {
        if !options.overwriteInstances { unlink(storage.path(ofInstance: id, version: version)) }
        throw error
      }
    }
    try enqueue(arrival, received: Posix.modificationTime(information), version: version, novelty: novelty)
    let isShown = novelty == .version(number: version, isCurrent: true)
    return stored(arrival, path: storage.path(ofInstance: id, version: isShown ? 1 : version), novelty)
  }

  /// The newer file, which has the name `version`, changes names with the current one. Between the two steps both names
  /// lead to the older file and the newer one, not acknowledged yet, has none: nothing that was promised is ever without.
  private func makeCurrent(_ id: String, version: Int, _ arrival: Arrival) throws {
    let current = storage.path(ofInstance: id)
    // Two newcomers at once, also of two processes, would both step aside for each other.
    let folder = try Posix.open(storage.folder(ofInstance: id), O_RDONLY | O_DIRECTORY)
    defer { Posix.close(folder) }
    guard flock(folder, LOCK_EX) == 0 else { throw StorageError.posix(errno, "lock", storage.folder(ofInstance: id)) }
    let (older, newer) = (arrival.path + ".older", arrival.path + ".newer")
    defer {
      unlink(older)
      unlink(newer)
    }
    guard link(current, older) == 0, link(arrival.path, newer) == 0,
      rename(older, storage.path(ofInstance: id, version: version)) == 0, rename(newer, current) == 0
    else { throw StorageError.posix(errno, "replace", current) }
  }

  private func enqueue(_ arrival: Arrival, received: Double, version: Int, novelty: StoredInstance.Novelty) throws {
    func record(_ version: Int) -> InstanceRecord {
      arrival.header.record(
        transferSyntaxUID: arrival.description.transferSyntaxUID.rawValue, bytes: arrival.bytes, received: received,
        remoteAET: arrival.description.sendingAETitle, calledAET: arrival.description.receivingAETitle,
        version: version,
        digest: arrival.digest)
    }
    guard case .version(_, isCurrent: true) = novelty else {
      writer.enqueue(.add(record(version)))
      return
    }
    let records = StoredRecords(storage: storage, defaultCharacterSet: options.defaultCharacterSet)
    let id = arrival.header.identity.instance
    if var older = try records.record(ofInstance: id, version: version) {
      // The file that has changed names takes its digest along.
      try? writer.flush()
      older.digest = try? Digests.read(statePool, id, version: 1)
      writer.enqueue(.add(older))
    }
    writer.enqueue(.replace(record(1)))
  }

  private func syncStored(_ path: String, folder: String) throws {
    let descriptor = try Posix.open(path, O_RDONLY)
    defer { Posix.close(descriptor) }
    try Posix.sync(descriptor, path: path)
    try Posix.syncFolder(folder)
  }

  private func stored(_ arrival: Arrival, path: String, _ novelty: StoredInstance.Novelty) -> StoredInstance {
    StoredInstance(
      identity: arrival.header.identity, path: path, bytes: arrival.bytes,
      sopClassUID: UID(arrival.header.sopClassUID), sopInstanceUID: UID(arrival.header.sopInstanceUID),
      transferSyntaxUID: arrival.description.transferSyntaxUID, novelty: novelty)
  }
}

/// Whether two Part 10 files hold the same data set, byte for byte, whatever their meta information says.
enum SameDataSet {
  static func compare(_ path: String, offset: Int, with other: String) throws -> Bool {
    guard let otherOffset = try dataSetOffset(of: other) else { return false }
    let size = Int(try Posix.information(path).st_size)
    let otherSize = Int(try Posix.information(other).st_size)
    guard size - offset == otherSize - otherOffset else { return false }
    let first = try Posix.open(path, O_RDONLY)
    defer { Posix.close(first) }
    let second = try Posix.open(other, O_RDONLY)
    defer { Posix.close(second) }
    lseek(first, off_t(offset), SEEK_SET)
    lseek(second, off_t(otherOffset), SEEK_SET)
    var left = size - offset
    return withUnsafeTemporaryAllocation(byteCount: 2 << 18, alignment: 16) { buffer in
      let a = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(1 << 18)])
      let b = UnsafeMutableRawBufferPointer(rebasing: buffer[(1 << 18)...])
      while left > 0 {
        let count = min(left, a.count)
        guard fill(a, count, first), fill(b, count, second), let x = a.baseAddress, let y = b.baseAddress,
          memcmp(x, y, count) == 0
        else { return false }
        left -= count
      }
      return true
    }
  }

  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int, _ descriptor: Int32) -> Bool {
    var filled = 0
    while filled < count {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count])
      let got = Posix.readBytes(descriptor, into: part)
      if got <= 0 { return false }
      filled += got
    }
    return true
  }

  /// Where the data set begins: behind the preamble and the group (0002), whose length our files always say.
  static func dataSetOffset(of path: String) throws -> Int? {
    let head = try Posix.read(path, limit: 144)
    guard head.count >= 144, Array(head[128..<132]) == Array("DICM".utf8),
      Array(head[132..<140]) == [2, 0, 0, 0, UInt8(ascii: "U"), UInt8(ascii: "L"), 4, 0]
    else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(head[140 + $1]) << (8 * $1) }
    return 144 + length
  }
}
