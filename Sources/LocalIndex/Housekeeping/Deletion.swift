import Dicom
import Foundation
import GRDB

extension LocalIndex {
  /// What a deletion took away.
  public struct Deletion: Hashable, Sendable {
    public var instances = 0
    public var bytes = 0
  }

  /// Deletes a patient, study, series or instance: its files, all versions of them, then its place in the index.
  /// - Throws: ``StorageError`` when a file cannot be removed; what went before it is gone, the index knows it.
  @discardableResult
  public func delete(_ id: String) throws -> Deletion {
    // A session marks that index and files may differ, in case this process ends halfway.
    _ = try writingSession()
    var result = Deletion()
    var removed: [String] = []
    defer { try? writer.flush() }
    defer { if !removed.isEmpty { writer.enqueue(.remove(removed)) } }
    let versions = try read { db in
      var numbers: [Data: [Int]] = [:]
      let rows = try Row.fetchCursor(db, sql: "SELECT instance, number FROM version")
      while let row = try rows.next() { numbers[row["instance"], default: []].append(row["number"]) }
      return numbers
    }
    for instance in try instances(under: id) {
      for version in (versions[try IndexUpdate.key(instance.id)] ?? []) + [1] {
        let path = storage.path(ofInstance: instance.id, version: version)
        guard unlink(path) == 0 || errno == ENOENT else { throw StorageError.posix(errno, "delete", path) }
      }
      removed.append(instance.id)
      result.instances += 1
      result.bytes += instance.bytes
    }
    return result
  }
}
