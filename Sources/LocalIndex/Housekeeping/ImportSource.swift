import Dicom
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One file that an import comes to.
enum ImportItem: Sendable {
  case file(String, bytes: Int)
  case entry(ZipReader, ZipReader.Entry)
  /// Something that was named and cannot be taken.
  case failure(path: String, reason: String)

  /// What a person knows it by.
  var name: String {
    switch self {
    case .file(let path, _), .failure(let path, _): path
    case .entry(let archive, let entry): "\(archive.path): \(entry.name)"
    }
  }

  var bytes: Int {
    switch self {
    case .file(_, let bytes): bytes
    case .entry(_, let entry): entry.size
    case .failure: 0
    }
  }
}

/// The files that paths lead to, one after the other, in the order of their names: files as they are, folders with all that
/// lies in them, ZIP archives, and of a DICOMDIR that is named itself the files of its records.
///
/// A DICOMDIR that is come across in a folder or an archive is passed over: the files it lists lie beside it.
struct ImportSource {
  private var waiting: [Place]
  private var folders: Set<Folder> = []

  private enum Place {
    /// Named by who asked.
    case named(String)
    case found(String)
    case entry(ZipReader, Int)
  }

  /// A folder by what it is and not by its name: symbolic links may lead in circles.
  private struct Folder: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  init(_ paths: [String]) { waiting = paths.reversed().map(Place.named) }

  /// The next files: so many, or so many bytes of them, at most; none at the end.
  mutating func next(count: Int, bytes: Int) -> [ImportItem] {
    var result: [ImportItem] = []
    var left = bytes
    while result.count < count, left > 0, let place = waiting.popLast() {
      guard let item = visit(place) else { continue }
      left -= item.bytes
      result.append(item)
    }
    return result
  }

  private mutating func visit(_ place: Place) -> ImportItem? {
    switch place {
    case .entry(let archive, let number):
      if number + 1 < archive.entries.count { waiting.append(.entry(archive, number + 1)) }
      let entry = archive.entries[number]
      return entry.isFolder || Self.isDirectoryName(entry.name) ? nil : .entry(archive, entry)
    case .named(let path): return visit(path, isNamed: true)
    case .found(let path): return visit(path, isNamed: false)
    }
  }

  private mutating func visit(_ path: String, isNamed: Bool) -> ImportItem? {
    do {
      let information = try Posix.information(path)
      if Posix.isFolder(information) {
        let folder = Folder(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
        guard folders.insert(folder).inserted else { return nil }
        waiting += try Posix.names(in: path).sorted().reversed().map { .found(path + "/" + $0) }
        return nil
      }
      guard Posix.isRegularFile(information) else { return nil }
      if Self.isDirectoryName(path) {
        if isNamed { try visitDirectory(path) }
        return nil
      }
      let head = try Posix.read(path, limit: 132)
      let isInstance = head.count == 132 && Array(head[128...]) == Array("DICM".utf8)
      if !isInstance, ZipReader.isArchive(head) {
        let archive = try ZipReader(path)
        if !archive.entries.isEmpty { waiting.append(.entry(archive, 0)) }
        return nil
      }
      return .file(path, bytes: Int(information.st_size))
    } catch {
      return .failure(path: path, reason: "\(error)")
    }
  }

  private static func isDirectoryName(_ path: String) -> Bool {
    path.split(separator: "/").last?.uppercased() == "DICOMDIR"
  }

  /// PS3.10 §8.2: a file is named by components below the folder of the DICOMDIR.
  private mutating func visitDirectory(_ path: String) throws {
    let directory = try DicomFile(path: path)
    let records = directory.dataSet.items(DirectoryTags.records)
    guard directory.metaInformation?.mediaStorageSOPClassUID == .mediaStorageDirectoryStorage || !records.isEmpty else {
      throw StorageError(.notDicom, "\(path) has no records, as a DICOMDIR has.")
    }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    var files: [Place] = []
    for record in records {
      let components = record.strings(DirectoryTags.referencedFileID)
      if components.isEmpty { continue }
      // A name that leads out of its folder is none.
      guard components.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("/") && !$0.contains("\0") })
      else { continue }
      let base = path.contains("/") ? folder + "/" : ""
      // Some systems show the names of a disc in lower case.
      let names = [components, components.map { $0.lowercased() }].map { base + $0.joined(separator: "/") }
      files.append(.found(names.first(where: Posix.exists) ?? names[0]))
    }
    waiting += files.reversed()
  }
}
