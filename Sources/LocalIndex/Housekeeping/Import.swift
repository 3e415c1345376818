import Dicom
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
  /// Imports one file: it is read, and written to the storage as an arrival is.
  /// - Throws: ``StorageError``: `notDicom` when it is none.
  public func importFile(_ path: String) throws -> StoredInstance {
    let file: DicomFile
    do {
      file = try DicomFile(path: path, defaultCharacterSet: options.defaultCharacterSet)
    } catch {
      throw StorageError(.notDicom, "\(path) is not a DICOM file: \(error).")
    }
    guard file.metaInformation?.mediaStorageSOPClassUID != .mediaStorageDirectoryStorage else {
      throw StorageError(.notDicom, "\(path) is a DICOMDIR: a list of instances, not one of them.")
    }
    let header = try InstanceHeader(file.dataSet)
    let description = ReceptionDescription(
      sopClassUID: UID(header.sopClassUID), sopInstanceUID: UID(header.sopInstanceUID),
      transferSyntaxUID: file.transferSyntax.uid, sendingAETitle: file.metaInformation?.sendingAETitle,
      receivingAETitle: file.metaInformation?.receivingAETitle)
    let incoming = try begin(description)
    defer { incoming.abandon() }
    let descriptor = try Posix.open(path, O_RDONLY)
    defer { Posix.close(descriptor) }
    guard lseek(descriptor, off_t(file.dataSetOffset), SEEK_SET) >= 0 else {
      throw StorageError.posix(errno, "read", path)
    }
    try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
      while true {
        let count = Posix.readBytes(descriptor, into: buffer)
        if count < 0 { throw StorageError.posix(errno, "read", path) }
        if count == 0 { break }
        try incoming.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
    return try incoming.commit()
  }

  /// Imports files and what lies in folders.
  ///
  /// - Parameter progress: told after each file, with what came out so far; returning false ends the import there.
  /// - Throws: ``StorageError`` when the storage itself gives out; a file that cannot be read is counted and named.
  public func importPaths(
    _ paths: [String], progress: (_ outcome: ImportOutcome) -> Bool = { _ in true }
  ) throws -> ImportOutcome {
    var outcome = ImportOutcome()
    var studies: Set<String> = []
    var waiting = Array(paths.reversed())
    while let path = waiting.popLast() {
      do {
        let information = try Posix.information(path)
        if Posix.isFolder(information) {
          waiting += try Posix.names(in: path).sorted().reversed().map { path + "/" + $0 }
          continue
        }
        guard Posix.isRegularFile(information) else { continue }
        let stored = try importFile(path)
        switch stored.novelty {
        case .identical: outcome.duplicates += 1
        case .version: outcome.versions += 1
        case .new, .known: outcome.imported += 1
        }
        outcome.bytes += stored.bytes
        if studies.insert(stored.identity.study).inserted { outcome.studies.append(stored.identity.study) }
      } catch let error as StorageError {
        switch error.reason {
        case .notDicom: outcome.notDicom.append(path)
        case .full, .readOnly, .index, .closed: throw error
        default: outcome.failures.append(.init(path: path, reason: error.description))
        }
      }
      if !progress(outcome) { break }
    }
    return outcome
  }
}
