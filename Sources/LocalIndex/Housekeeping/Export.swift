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
  /// It was ended before everything was there: nothing is left of it.
  public var isIncomplete = false

  public init() {}
}

extension LocalIndex {
  /// Writes the files of patients, studies, series or instances as a file-set (PS3.10 §8): a folder for each patient, study
  /// and series, and a DICOMDIR that lists them. When this returns it would survive a power cut; what is ended or fails before
  /// leaves nothing behind.
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
        do {
          let source = try ExportSource(instance.path, options)
          try directory.add(instance, source.file.dataSet) { try target.add(source, as: $0.fileID) }
          outcome.instances += 1
          outcome.bytes += instance.bytes
        } catch let error as ExportSource.Unreadable {
          // That one alone: a disk that fails somewhere keeps nothing else from being rescued.
          outcome.failures.append(.init(path: instance.path, reason: error.reason))
        }
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

/// A file to be exported. It is open, so that it may be deleted meanwhile.
private final class ExportSource {
  /// Why it could not be read; not why it could not be written elsewhere.
  struct Unreadable: Error {
    let reason: String
  }

  let file: DicomFile
  private let path: String
  private let descriptor: Int32

  init(_ path: String, _ options: StorageOptions) throws(Unreadable) {
    self.path = path
    do {
      descriptor = try Posix.open(path, O_RDONLY)
    } catch {
      throw Unreadable(reason: "\(error)")
    }
    do {
      file = try options.file(path)
    } catch {
      Posix.close(descriptor)
      throw Unreadable(reason: "\(error)")
    }
  }

  deinit { Posix.close(descriptor) }

  /// - Returns: how many bytes came; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Unreadable) -> Int {
    let count = Posix.readBytes(descriptor, into: buffer)
    if count < 0 { throw Unreadable(reason: "\(StorageError.posix(errno, "read", path))") }
    return count
  }
}

/// What is let go of before it is finished takes what it has written along.
private protocol ExportTarget: AnyObject {
  /// Where the source cannot be read, nothing of it stays.
  func add(_ source: ExportSource, as fileID: [String]) throws
  func finish(_ directory: ByteBuffer) throws
}

private let directoryName = "DICOMDIR"

private final class FolderTarget: ExportTarget {
  private let path: String
  /// Files and folders, in the order in which they were made.
  private var made: [String] = []

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
      made.append(self.path)
    }
  }

  deinit {
    // A folder in which somebody else has put something stays.
    for path in made.reversed() where remove(path) != 0 { continue }
  }

  /// As other programs would make them: who may read is the umask's to say.
  private static let permissions = StoragePermissions(file: 0o666, folder: 0o777, group: nil)

  func add(_ source: ExportSource, as fileID: [String]) throws {
    var folder = path
    for component in fileID.dropLast() {
      folder += "/" + component
      if try Posix.makeFolder(folder, Self.permissions) { made.append(folder) }
    }
    let path = folder + "/" + (fileID.last ?? "")
    do {
      try write(to: path) { descriptor in
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
          while true {
            let count = try source.read(into: buffer)
            if count == 0 { return }
            try Posix.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: descriptor, path: path)
          }
        }
      }
    } catch let error as ExportSource.Unreadable {
      unlink(path)
      made.removeLast()
      throw error
    }
  }

  func finish(_ directory: ByteBuffer) throws {
    // What it lists is there before it: who exports to delete then must not lose both.
    try Posix.syncFileSystem(path)
    let file = path + "/" + directoryName
    try write(to: file) { descriptor in
      try directory.withUnsafeReadableBytes { try Posix.write($0, to: descriptor, path: file) }
      try Posix.sync(descriptor, path: file)
    }
    try Posix.syncFolder(path)
    made = []
  }

  private func write(to path: String, _ body: (Int32) throws -> Void) throws {
    let descriptor = try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: Self.permissions.file, doing: "create")
    made.append(path)
    defer { Posix.close(descriptor) }
    try body(descriptor)
  }
}

private final class ArchiveTarget: ExportTarget {
  private let archive: ZipWriter

  init(_ path: String) throws { archive = try ZipWriter(path) }

  func add(_ source: ExportSource, as fileID: [String]) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    let isCompressible = !source.file.transferSyntax.isEncapsulated
    try archive.add(fileID.joined(separator: "/"), isCompressible: isCompressible) {
      let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
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
