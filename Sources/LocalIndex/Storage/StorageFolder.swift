import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The folder that holds everything: `instances/aa/<id>.dcm`, `index.sqlite`, `state.sqlite`, `incoming/`, `journals/`,
/// `certificates.json` (the servers' last ones), `history.pending` and the marker file by which fluoro knows it as its own.
///
/// A folder that holds anything else is refused before a byte in it changes.
struct StorageFolder: Sendable {
  static let markerName = "fluoro-storage"
  private static let newMarkerName = "fluoro-storage.new"
  /// 2: instance files in 256 folders; they were in 65,536.
  static let format = 2

  let path: String
  let permissions: StoragePermissions
  private let knownFolders = NIOLockedValueBox<Set<String>>([])

  var indexPath: String { path + "/index.sqlite" }
  var statePath: String { path + "/state.sqlite" }
  var incomingPath: String { path + "/incoming" }
  /// Journals that are not in use; new ones would have to be written through once before they are quick.
  var journalsPath: String { path + "/journals" }
  var instancesPath: String { path + "/instances" }
  /// Entries of the history that are not in the database yet.
  static func pendingHistoryPath(in path: String) -> String { path + "/history.pending" }
  var receiverLockPath: String { path + "/receiver.lock" }
  /// A file for each process that keeps jobs, locked as long as it lives.
  var queuesPath: String { path + "/queues" }

  init(opening path: String, options: StorageOptions) throws {
    permissions = try StoragePermissions(group: options.group)
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    _ = try Self.examine(self.path)
    if let type = FileSystemKind.networkType(of: Self.nearestExisting(self.path)) {
      throw StorageError(
        .networkFileSystem,
        "\(path) lies on a network file system (\(type)), where the index cannot be locked; choose a local folder with "
          + "--storage.")
    }
    try Posix.makeFolders(self.path, permissions)
    // Several may be the first at the same moment: each but one finds what that one has made.
    try FileLock.holding(folder: self.path) { try prepare() }
  }

  private func prepare() throws {
    let written = try Self.examine(path)
    if written == nil { try claim() }
    guard access(path, W_OK) == 0 else { throw StorageError.posix(errno, "write to", path) }
    var isChanged = false
    for folder in [instancesPath, incomingPath, journalsPath]
    where try Posix.makeFolder(folder, permissions) { isChanged = true }
    if isChanged {
      try makeInstanceFolders()
      try Posix.syncFolder(path)
    }
    if let written { try upgrade(from: written) }
  }

  /// Refuses what is not ours, reading only.
  /// - Returns: the format it was written in; nil when it is new.
  private static func examine(_ path: String) throws -> Int? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    guard Posix.isFolder(information) else { throw StorageError.posix(ENOTDIR, "open", path) }
    let marker = path + "/" + markerName
    if !Posix.exists(marker) {
      // A freshly made file system is empty but for the one, and the other is left when the first start was cut short.
      let names = try Posix.names(in: path).filter { $0 != "lost+found" && $0 != newMarkerName }
      if names.isEmpty { return nil }
      // Another process may have made them since, and the marker before all others.
      guard Posix.exists(marker) else {
        throw StorageError(
          .notOurs,
          "\(path) holds other files (\(names.sorted().prefix(3).joined(separator: ", "))) and is not a storage folder of "
            + "fluoro; nothing was touched. Choose an empty folder with --storage.")
      }
    }
    let text = String(decoding: try Posix.read(marker, limit: 4096), as: UTF8.self)
    let written = text.split(separator: "\n").compactMap { line -> Int? in
      line.hasPrefix("format ") ? Int(line.dropFirst("format ".count)) : nil
    }.first
    guard let written else {
      throw StorageError(
        .notOurs, "\(marker) does not say what a storage folder of fluoro says; nothing was touched.")
    }
    guard written <= format else {
      throw StorageError(
        .newerFormat,
        "\(path) was written by a later version of fluoro (format \(written), this one knows \(format)); nothing was touched."
      )
    }
    return written
  }

  private static func nearestExisting(_ path: String) -> String {
    var path = path
    while !Posix.exists(path), let slash = path.lastIndex(of: "/") {
      path = slash == path.startIndex ? "/" : String(path[..<slash])
    }
    return path.isEmpty || !path.contains("/") && !Posix.exists(path) ? "." : path
  }

  private func claim() throws {
    if let group = permissions.group { _ = chown(path, uid_t.max, group) }
    guard chmod(path, permissions.folder) == 0 else { throw StorageError.posix(errno, "set the mode of", path) }
    try writeMarker()
  }

  func writeMarker() throws {
    let text = "The DICOM instances and the index of fluoro. Change nothing here by hand.\nformat \(Self.format)\n"
    let marker = path + "/" + Self.markerName
    do {
      try DurableFile.write(Array(text.utf8), to: marker, by: path + "/" + Self.newMarkerName, permissions)
    } catch {
      throw StorageError.posix(error.code, "create", marker)
    }
  }

  /// SQLite gives its side files the mode of the main one, so that is made before SQLite opens it.
  /// - Throws: where it cannot be written, which SQLite says only when it is to write.
  func prepareDatabase(_ path: String) throws {
    for file in [path, path + "-wal", path + "-shm"] where access(file, W_OK) != 0 && errno != ENOENT {
      throw StorageError.posix(errno, "write to", file)
    }
    guard !Posix.exists(path) else { return }
    let descriptor = try Posix.open(path, O_RDWR | O_CREAT, mode: permissions.file, doing: "create")
    permissions.apply(toFile: descriptor)
    Posix.close(descriptor)
  }

  // MARK: Instance files

  /// The folder of an instance, one of 256: a million files make some 4000 a folder, and few folders are to be synced.
  func folder(ofInstance id: String) -> String { instancesPath + "/" + id.prefix(2) }

  /// The file of an instance: version 1 is the current one, the others are what else arrived under its identity.
  func path(ofInstance id: String, version: Int = 1) -> String {
    folder(ofInstance: id) + "/" + id + (version == 1 ? ".dcm" : ".\(version).dcm")
  }

  /// Makes the folders of all instances at once, so that none has to be made, and its name synced, while a sender waits.
  private func makeInstanceFolders() throws {
    for number in 0..<256 {
      try Posix.makeFolder(instancesPath + "/" + (number < 16 ? "0" : "") + String(number, radix: 16), permissions)
    }
  }

  /// Looks which folders of instances there are, and makes their names survive a power cut: whoever made them may not have
  /// come to that. To be called before the first instance is stored.
  func prepareInstanceFolders(durable: Bool) throws {
    let names = try Posix.names(in: instancesPath)
    if durable { try Posix.syncFolder(instancesPath) }
    knownFolders.withLockedValue { $0.formUnion(names.map { instancesPath + "/" + $0 }) }
  }

  /// Makes the folder of an instance where it is missing; with `durable` its name survives a power cut.
  func makeFolder(ofInstance id: String, durable: Bool) throws {
    let folder = folder(ofInstance: id)
    if knownFolders.withLockedValue({ $0.contains(folder) }) { return }
    try Posix.makeFolder(folder, permissions)
    // One that is not synced is not known: who stores the next durably has to.
    guard durable else { return }
    try Posix.syncFolder(instancesPath)
    knownFolders.withLockedValue { _ = $0.insert(folder) }
  }

  /// Every instance file: its id, version and path, a folder at a time in the order of ids' first two digits.
  func forEachFolder(_ body: (_ prefix: String, _ files: [(id: String, version: Int)]) throws -> Void) throws {
    for prefix in try Posix.names(in: instancesPath).sorted() where prefix.utf8.count == 2 {
      var files: [(String, Int)] = []
      try Posix.forEachName(in: instancesPath + "/" + prefix) { name in
        if let file = Self.parse(name) { files.append(file) }
      }
      try body(prefix, files)
    }
  }

  static func parse(_ name: String) -> (id: String, version: Int)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let id = parts.first.map(String.init), OrthancIdentifier.bytes(of: id) != nil, parts.last == "dcm" else {
      return nil
    }
    if parts.count == 2 { return (id, 1) }
    guard parts.count == 3, let version = Int(parts[1]), version > 1 else { return nil }
    return (id, version)
  }
}
