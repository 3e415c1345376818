import Dicom
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What exporting came to.
public struct ExportOutcome: Hashable, Sendable {
  public struct Failure: Hashable, Sendable {
    public let path: String
    public let reason: String
  }

  public var instances = 0
  public var bytes = 0
  /// Files that could not be read, and why. They are not in what was written.
  public var failures: [Failure] = []
  /// It was ended before everything was there: of a ZIP archive nothing is left, a folder has no DICOMDIR.
  public var isIncomplete = false

  public init() {}
}

extension LocalIndex {
  /// Writes the files of patients, studies, series or instances as a file-set (PS3.10 §8): a folder for each patient, study
  /// and series, and a DICOMDIR that lists them.
  ///
  /// - Parameters:
  ///   - path: a folder, which is made and must be empty, or a ZIP archive, when its name ends so; nothing is overwritten.
  ///   - progress: told after each file; returning false ends it there.
  /// - Throws: ``StorageError`` when nothing can be written there (any more).
  public func export(
    _ ids: [String], to path: String, progress: (_ outcome: ExportOutcome) -> Bool = { _ in true }
  ) throws -> ExportOutcome {
    var outcome = ExportOutcome()
    var seen: Set<String> = []
    let target: any ExportTarget = Self.isArchive(path) ? try ArchiveTarget(path) : try FolderTarget(path)
    var directory = FileSetDirectory()
    for id in ids {
      for instance in try instances(under: id) where seen.insert(instance.id).inserted {
        let file: DicomFile
        do {
          file = try options.file(instance.path)
        } catch {
          outcome.failures.append(.init(path: instance.path, reason: "\(error)"))
          continue
        }
        let place = directory.add(instance, file.dataSet)
        try target.add(instance.path, as: place.fileID, isCompressed: file.transferSyntax.isEncapsulated)
        outcome.instances += 1
        outcome.bytes += instance.bytes
        if !progress(outcome) {
          outcome.isIncomplete = true
          return outcome
        }
      }
    }
    try target.finish(try directory.encoded())
    return outcome
  }

  /// Whether a path to export to names a ZIP archive.
  public static func isArchive(_ path: String) -> Bool { path.lowercased().hasSuffix(".zip") }
}

private protocol ExportTarget {
  func add(_ source: String, as fileID: [String], isCompressed: Bool) throws
  func finish(_ directory: ByteBuffer) throws
}

private let directoryName = "DICOMDIR"

private final class FolderTarget: ExportTarget {
  private let path: String

  init(_ path: String) throws {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if Posix.exists(self.path) {
      guard Posix.isFolder(try Posix.information(self.path)) else {
        throw StorageError.posix(ENOTDIR, "open", self.path)
      }
      guard try Posix.names(in: self.path).isEmpty else {
        throw StorageError(
          .notOurs, "\(self.path) is not empty; nothing was written. Choose a folder that is new or empty.")
      }
    } else {
      try Posix.makeFolders(self.path, Self.permissions)
    }
  }

  /// As other programs would make them: who may read is the umask's to say.
  private static let permissions = StoragePermissions(file: 0o666, folder: 0o777, group: nil)

  func add(_ source: String, as fileID: [String], isCompressed: Bool) throws {
    var folder = path
    for component in fileID.dropLast() {
      folder += "/" + component
      try Posix.makeFolder(folder, Self.permissions)
    }
    try write(to: folder + "/" + (fileID.last ?? "")) { try Posix.copy(source, to: $0) }
  }

  func finish(_ directory: ByteBuffer) throws {
    let path = path + "/" + directoryName
    try write(to: path) { descriptor in
      try directory.withUnsafeReadableBytes { try Posix.write($0, to: descriptor, path: path) }
      try Posix.sync(descriptor, path: path)
    }
  }

  private func write(to path: String, _ body: (Int32) throws -> Void) throws {
    let descriptor = try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: Self.permissions.file, doing: "create")
    defer { Posix.close(descriptor) }
    try body(descriptor)
  }
}

private final class ArchiveTarget: ExportTarget {
  private let archive: ZipWriter

  init(_ path: String) throws { archive = try ZipWriter(path) }

  func add(_ source: String, as fileID: [String], isCompressed: Bool) throws {
    let descriptor = try Posix.open(source, O_RDONLY)
    defer { Posix.close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    try archive.add(fileID.joined(separator: "/"), isCompressible: !isCompressed) {
      let count = buffer.withUnsafeMutableBytes { Posix.readBytes(descriptor, into: $0) }
      if count < 0 { throw StorageError.posix(errno, "read", source) }
      return Array(buffer.prefix(count))
    }
  }

  func finish(_ directory: ByteBuffer) throws {
    var rest = Array(directory.readableBytesView)
    try archive.add(directoryName, isCompressible: true) {
      defer { rest = [] }
      return rest
    }
    try archive.finish()
  }
}
