import Dicom
import Dispatch
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What importing files came to.
public struct ImportOutcome: Hashable, Sendable {
  public struct Failure: Hashable, Sendable {
    public let path: String
    public let reason: String
  }

  /// Instances that were not here before.
  public var imported = 0
  /// Instances that were here already, byte for byte.
  public var duplicates = 0
  /// Other data sets under the identity of a stored instance.
  public var versions = 0
  public var bytes = 0
  /// Files that are no DICOM instance.
  public var notDicom: [String] = []
  public var failures: [Failure] = []
  /// Identifiers of the studies that instances came into, in the order of the first.
  public var studies: [String] = []

  public init() {}
}

extension LocalIndex {
  /// Imports files, what lies in folders and ZIP archives, and what a DICOMDIR lists. Several at once: they are written,
  /// synced together and then named, so that an interrupted import leaves only whole instances, and the same import again
  /// takes up where it ended.
  ///
  /// - Parameter progress: told from time to time, with what came out so far; returning false ends the import there.
  /// - Throws: ``StorageError`` when the storage itself gives out; a file that cannot be read is counted and named.
  public func importPaths(
    _ paths: [String], progress: (_ outcome: ImportOutcome) -> Bool = { _ in true }
  ) throws -> ImportOutcome {
    var outcome = ImportOutcome()
    var studies: Set<String> = []
    var source = ImportSource(paths)
    while true {
      let batch = source.next(count: Self.batchLength, bytes: Self.batchBytes)
      if batch.isEmpty { break }
      for (item, result) in zip(batch, try importBatch(batch)) {
        try outcome.add(result, of: item)
        if case .success(let stored) = result, studies.insert(stored.identity.study).inserted {
          outcome.studies.append(stored.identity.study)
        }
      }
      if !progress(outcome) { break }
    }
    // The last names.
    if options.durability == .fsync, outcome.imported + outcome.duplicates + outcome.versions > 0 {
      try Posix.syncFileSystem(storage.incomingPath)
    }
    return outcome
  }

  /// Each of a batch holds a file open while it waits for the sync.
  private static let batchLength = 256
  private static let batchBytes = 256 << 20
  /// So few are synced one by one: a sync of the whole file system also writes what is others'.
  private static let fewFiles = 8

  private func importBatch(_ batch: [ImportItem]) throws -> [Result<StoredInstance, any Error>] {
    let read = Self.inParallel(batch) { item in Result { try self.read(item) } }
    let isDurable = options.durability == .fsync
    var written: [IncomingInstance] = []
    for case .success(.written(let incoming)) in read { written.append(incoming) }
    defer { for incoming in written { incoming.abandon() } }
    if isDurable, !written.isEmpty {
      if written.count <= Self.fewFiles {
        for incoming in written { try incoming.makeDurable() }
      } else {
        try Posix.syncFileSystem(storage.incomingPath)
      }
    }
    return Self.inParallel(read) { result in
      result.flatMap { found in
        Result {
          switch found {
          case .here(let stored): stored
          case .written(let incoming): try incoming.commit(isDurable: false)
          }
        }
      }
    }
  }

  /// Does something with each, as many at once as there are processors.
  static func inParallel<Value: Sendable, Outcome: Sendable>(
    _ values: [Value], _ body: @Sendable (Value) -> Outcome
  ) -> [Outcome] {
    let outcomes = NIOLockedValueBox([Outcome?](repeating: nil, count: values.count))
    DispatchQueue.concurrentPerform(iterations: values.count) { index in
      let outcome = body(values[index])
      outcomes.withLockedValue { $0[index] = outcome }
    }
    return outcomes.withLockedValue { $0.compactMap { $0 } }
  }

  // MARK: One file

  private enum ReadFile: Sendable {
    /// The same is stored already.
    case here(StoredInstance)
    /// It waits for its name.
    case written(IncomingInstance)
  }

  private func read(_ item: ImportItem) throws -> ReadFile {
    switch item {
    case .file(let path, _): return try read(path, name: path)
    case .failure(let path, let reason): throw ImportOutcome.Refusal(path: path, reason: reason)
    case .entry(let archive, let entry):
      let (path, descriptor) = try writingSession().makeFile()
      defer {
        Posix.close(descriptor)
        unlink(path)
      }
      do {
        var isFirst = true
        try archive.extract(entry) { bytes in
          // What is no DICOM file is found out before all of it is there.
          if isFirst, (try? DicomFile(bytes: ByteBuffer(bytes: bytes), reading: .header)) == nil { return false }
          isFirst = false
          try Posix.write(bytes, to: descriptor, path: path)
          return true
        }
      } catch let error as ZipError {
        throw ImportOutcome.Refusal(path: item.name, reason: error.description)
      }
      return try read(path, name: item.name)
    }
  }

  /// - Parameter name: what a person knows the file by.
  private func read(_ path: String, name: String) throws -> ReadFile {
    let file: DicomFile
    do {
      file = try options.file(path)
    } catch {
      throw StorageError(.notDicom, "\(name) is not a DICOM file: \(error).")
    }
    guard file.metaInformation?.mediaStorageSOPClassUID != .mediaStorageDirectoryStorage else {
      throw StorageError(.notDicom, "\(name) is a DICOMDIR: a list of instances, not one of them.")
    }
    if let cutOff = file.cutOff() { throw ImportOutcome.Refusal(path: name, reason: cutOff.asCutOff) }
    let header = try InstanceHeader(file.dataSet)
    if let stored = try alreadyStored(header, file) { return .here(stored) }
    let description = ReceptionDescription(
      sopClassUID: UID(header.sopClassUID), sopInstanceUID: UID(header.sopInstanceUID),
      transferSyntaxUID: file.transferSyntax.uid, sendingAETitle: file.metaInformation?.sendingAETitle,
      receivingAETitle: file.metaInformation?.receivingAETitle)
    let incoming = try begin(description)
    do {
      try copyDataSet(of: file, into: incoming)
      try incoming.finishFile()
      return .written(incoming)
    } catch {
      incoming.abandon()
      throw error
    }
  }

  private func alreadyStored(_ header: InstanceHeader, _ file: DicomFile) throws -> StoredInstance? {
    let path = storage.path(ofInstance: header.identity.instance)
    guard Posix.exists(path), try SameFile.compareDataSets(file.path, offset: file.dataSetOffset, with: path) else {
      return nil
    }
    return StoredInstance(
      identity: header.identity, path: path, bytes: Int(try Posix.information(path).st_size),
      sopClassUID: UID(header.sopClassUID), sopInstanceUID: UID(header.sopInstanceUID),
      transferSyntaxUID: file.transferSyntax.uid, novelty: .identical)
  }

  private func copyDataSet(of file: DicomFile, into incoming: IncomingInstance) throws {
    let descriptor = try Posix.open(file.path, O_RDONLY)
    defer { Posix.close(descriptor) }
    guard lseek(descriptor, off_t(file.dataSetOffset), SEEK_SET) >= 0 else {
      throw StorageError.posix(errno, "read", file.path)
    }
    try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
      while true {
        let count = Posix.readBytes(descriptor, into: buffer)
        if count < 0 { throw StorageError.posix(errno, "read", file.path) }
        if count == 0 { break }
        try incoming.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }
}

extension ImportOutcome {
  /// Why one file was not taken, though it may be DICOM.
  struct Refusal: Error {
    let path: String
    let reason: String
  }

  /// - Throws: what ends the whole import.
  mutating func add(_ result: Result<StoredInstance, any Error>, of item: ImportItem) throws {
    do {
      let stored = try result.get()
      switch stored.novelty {
      case .identical: duplicates += 1
      case .version: versions += 1
      case .new, .known: imported += 1
      }
      bytes += stored.bytes
    } catch let error as Refusal {
      failures.append(Failure(path: error.path, reason: error.reason))
    } catch let error as StorageError {
      switch error.reason {
      case .notDicom: notDicom.append(item.name)
      case .full, .readOnly, .index, .closed: throw error
      default: failures.append(Failure(path: item.name, reason: error.description))
      }
    }
  }
}
