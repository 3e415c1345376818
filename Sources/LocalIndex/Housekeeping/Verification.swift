import Dicom
import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What verifying a storage found.
public struct VerifyOutcome: Hashable, Sendable {
  public struct Problem: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
      /// The index has the instance, and there is no file.
      case missing
      /// The file cannot be read from end to end, or is no DICOM file.
      case unreadable
      case size, digest
      /// What is in the file belongs under another name.
      case identity
      /// There is a file, and the index has no instance for it.
      case unlisted
    }

    public let path: String
    public let kind: Kind
    /// One sentence for a person.
    public let words: String
  }

  /// All there are to look at.
  public var total = 0
  /// Files that were looked at, versions included.
  public var files = 0
  public var bytes = 0
  /// Files of which no digest was known, because fluoro did not write them or could not note it. It was taken now, so that
  /// the next time tells whether they have changed.
  public var newDigests = 0
  public var problems: [Problem] = []
  /// It was ended before everything was looked at.
  public var isIncomplete = false

  public init() {}
}

extension LocalIndex {
  /// Reads every file from end to end: it is there, it is a DICOM file of the identity its name says, and its size and digest
  /// are those it was written with. Changes nothing but that digests are noted where there were none.
  ///
  /// Others may store and delete meanwhile: what seems wrong is looked at again in the end, once they have had the time to say
  /// in the index what they did to the files.
  ///
  /// - Parameter progress: told after every few files; returning false ends it there.
  /// - Throws: ``StorageError`` when the index or the folder cannot be read.
  public func verify(progress: (_ outcome: VerifyOutcome) -> Bool = { _ in true }) throws -> VerifyOutcome {
    var outcome = VerifyOutcome()
    outcome.total = try read { db in
      try Int.fetchOne(db, sql: "SELECT (SELECT count(*) FROM instance) + (SELECT count(*) FROM version)") ?? 0
    }
    var last = Data()
    var batch = try listed(after: last)
    while !batch.isEmpty {
      try verify(batch, &outcome)
      if !progress(outcome) {
        outcome.isIncomplete = true
        return outcome
      }
      last = try IndexUpdate.key(batch[batch.count - 1].key.instance)
      batch = try listed(after: last)
    }
    try storage.forEachFolder { _, files in try findUnlisted(files, &outcome) }
    try lookAgain(&outcome)
    return outcome
  }

  /// Seconds within which the index follows the files, as a rule.
  private static let patience = 2.0

  private func lookAgain(_ outcome: inout VerifyOutcome) throws {
    let end = ContinuousClock.now + .seconds(2 * Self.patience)
    while !outcome.problems.isEmpty {
      outcome.problems = try outcome.problems.compactMap(lookAgain)
      let isChanging = try outcome.problems.contains { isRecent($0.path) } && hasCompany()
      guard isChanging, ContinuousClock.now < end else { return }
      // Processes have no other way to tell each other.
      usleep(20_000)
    }
  }

  /// What is wrong with a file now.
  private func lookAgain(_ problem: VerifyOutcome.Problem) throws -> VerifyOutcome.Problem? {
    guard let name = problem.path.split(separator: "/").last, let file = StorageFolder.parse(String(name)) else {
      return problem
    }
    let key = Digests.Key(instance: file.id, version: file.version)
    guard let listed = try listed(key) else {
      return problem.kind == .unlisted && Posix.exists(problem.path) ? problem : nil
    }
    do {
      _ = try examine(listed, try Digests.read(state, file.id, version: file.version))
      return nil
    } catch let problem as VerifyOutcome.Problem {
      return problem
    } catch {
      return .init(path: problem.path, kind: .unreadable, words: "\(error)")
    }
  }

  /// Whether a file, or where there is none its folder, was changed a moment ago.
  private func isRecent(_ path: String) -> Bool {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    guard let information = (try? Posix.information(path)) ?? (try? Posix.information(folder)) else { return false }
    return Posix.now() - Posix.changeTime(information) < Self.patience
  }

  /// Whether another process may be changing something here.
  private func hasCompany() throws -> Bool {
    let own = sessionPath
    return try Posix.names(in: storage.incomingPath).contains { name in
      let path = storage.incomingPath + "/" + name
      return path != own && WritingSession.isAlive(path)
    }
  }

  private static let verifyLength = 128

  private struct ListedFile: Sendable {
    let key: Digests.Key
    let bytes: Int
    let received: Double
    let path: String
  }

  /// The files of the next instances, in the order of their identifiers, all versions of each.
  private func listed(after key: Data) throws -> [ListedFile] {
    try read { db in
      let statement = try db.cachedStatement(
        sql: """
          WITH next AS (SELECT key, bytes, received FROM instance WHERE key > ? ORDER BY key LIMIT ?)
          SELECT key, 1 AS number, bytes, received FROM next
          UNION ALL SELECT v.instance, v.number, v.bytes, v.received FROM next JOIN version v ON v.instance = next.key
          ORDER BY key, number
          """)
      return try Row.fetchAll(statement, arguments: [key, Self.verifyLength]).map(listedFile)
    }
  }

  /// - Returns: nil where the index does not know it.
  private func listed(_ key: Digests.Key) throws -> ListedFile? {
    let bytes = try IndexUpdate.key(key.instance)
    return try read { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT key, 1 AS number, bytes, received FROM instance WHERE key = ?1 AND ?2 = 1
          UNION ALL SELECT instance, number, bytes, received FROM version WHERE instance = ?1 AND number = ?2
          """)
      return try Row.fetchOne(statement, arguments: [bytes, key.version]).map(listedFile)
    }
  }

  private func listedFile(_ row: Row) -> ListedFile {
    let key = Digests.Key(instance: row.identifier, version: row["number"])
    return ListedFile(
      key: key, bytes: row["bytes"], received: row["received"],
      path: storage.path(ofInstance: key.instance, version: key.version))
  }

  private func verify(_ files: [ListedFile], _ outcome: inout VerifyOutcome) throws {
    let known = try Digests.read(state, files.map(\.key))
    var new: [(key: Digests.Key, value: UInt64)] = []
    let results = Self.inParallel(files) { file in Result { try self.examine(file, known[file.key]) } }
    for (file, result) in zip(files, results) {
      outcome.files += 1
      switch result {
      case .success(nil): break
      case .success(let (digest, bytes)?):
        outcome.bytes += bytes
        if known[file.key] == nil { new.append((file.key, digest)) }
      case .failure(let problem as VerifyOutcome.Problem): outcome.problems.append(problem)
      case .failure(let error):
        // Deleted since the index was asked.
        if try listed(file.key) != nil {
          outcome.problems.append(.init(path: file.path, kind: .unreadable, words: "\(error)"))
        }
      }
    }
    outcome.newDigests += new.count
    try Digests.write(state, new, areTakenNow: true)
  }

  /// - Returns: nil when it is being deleted, or was.
  private func examine(_ file: ListedFile, _ known: UInt64?) throws -> (digest: UInt64, bytes: Int)? {
    func problem(_ kind: VerifyOutcome.Problem.Kind, _ words: String) -> VerifyOutcome.Problem {
      VerifyOutcome.Problem(path: file.path, kind: kind, words: words)
    }
    guard Posix.exists(file.path) else {
      // Who deletes notes that first, and last that the index knows it no more.
      if try listed(file.key) == nil || wasDeleted(file.key.instance, since: file.received) { return nil }
      throw problem(.missing, "the file is not there")
    }
    let descriptor = try Posix.open(file.path, O_RDONLY)
    defer { Posix.close(descriptor) }
    var digest = FileDigest()
    var bytes = 0
    try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
      while true {
        let count = Posix.readBytes(descriptor, into: buffer)
        if count < 0 { throw StorageError.posix(errno, "read", file.path) }
        if count == 0 { break }
        digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        bytes += count
      }
    }
    guard bytes == file.bytes else {
      throw problem(.size, "it has \(bytes) bytes and was written with \(file.bytes)")
    }
    if let known, known != digest.value { throw problem(.digest, "its bytes are not those that were written") }
    let header: InstanceHeader
    do {
      header = try InstanceHeader(
        options.file(file.path).dataSet)
    } catch {
      throw problem(.unreadable, "it is no DICOM file that could be stored: \(error)")
    }
    guard header.identity.instance == file.key.instance else {
      throw problem(.identity, "what is in it belongs to another instance, \(header.identity.instance)")
    }
    return (digest.value, bytes)
  }

  private func findUnlisted(_ files: [(id: String, version: Int)], _ outcome: inout VerifyOutcome) throws {
    let unlisted = try read { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM instance WHERE key = ?1 AND ?2 = 1)
            OR EXISTS (SELECT 1 FROM version WHERE instance = ?1 AND number = ?2)
          """)
      return try files.filter { file in
        try Bool.fetchOne(statement, arguments: [try IndexUpdate.key(file.id), file.version]) != true
      }
    }
    for file in unlisted {
      let path = storage.path(ofInstance: file.id, version: file.version)
      // Deleted since the folder was read.
      guard Posix.exists(path) else { continue }
      let words = "the index does not know it; `fluoro local reindex` takes it in"
      outcome.problems.append(.init(path: path, kind: .unlisted, words: words))
    }
  }
}

extension VerifyOutcome.Problem: Error {}
