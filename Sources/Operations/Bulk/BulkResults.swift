import Dicom
import Foundation

/// The file that says what became of each row, written as it goes: with it an interrupted run is taken up again. Readable
/// by its owner only, since what is in it may name patients.
public final class BulkResults: Sendable {
  private let path: String
  private let file: FileHandle
  /// The columns of the input that are keywords.
  private let tags: [Tag]
  /// Rows that are done, as their values.
  private let done: Set<[QueryKey]>

  private static let ownColumns = ["outcome", "instances", "reason", "time"]

  /// - Parameter header: of the file whose rows are done.
  /// - Throws: ``OperationError``: it is another file, or cannot be written.
  public init(_ path: String, header: [String]) throws {
    self.path = path
    let names = header.filter { Tag(parsing: $0) != nil }
    let tags = names.compactMap { Tag(parsing: $0) }
    self.tags = tags
    let columns = names + Self.ownColumns
    var done: Set<[QueryKey]> = []
    if let data = FileManager.default.contents(atPath: path), !data.isEmpty {
      let table: CSVTable
      do throws(OperationError) { table = try CSVTable(parsing: String(decoding: data, as: UTF8.self)) } catch {
        throw OperationError("\(path): \(error)")
      }
      guard table.header == columns else {
        throw OperationError(
          "\(path) is not the result of such a file: its columns are \(table.header.joined(separator: ", ")), expected "
            + columns.joined(separator: ", "))
      }
      for (row, values) in zip(try BulkRow.rows(of: table), table.rows) where values[names.count] == "done" {
        // Columns of ours may be keywords as well.
        done.insert(row.keys.filter { tags.contains($0.tag) })
      }
    } else {
      guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw OperationError("\(path) cannot be written")
      }
    }
    guard let file = FileHandle(forWritingAtPath: path) else { throw OperationError("\(path) cannot be written") }
    self.done = done
    self.file = file
    let end = try file.seekToEnd()
    if end == 0 { try write(columns) }
  }

  public func isDone(_ row: BulkRow) -> Bool { done.contains(row.keys) }

  /// - Throws: when it cannot be written: then nothing more should be begun.
  public func add(_ row: BulkRow, _ outcome: BulkOutcome) throws {
    let values = tags.map { row.value($0) ?? "" }
    try write(
      values + [outcome.state.rawValue, "\(outcome.instances)", outcome.reason, Date().formatted(.iso8601)])
  }

  private func write(_ fields: [String]) throws {
    do {
      try file.write(contentsOf: Data((CSVTable.line(fields) + "\n").utf8))
      try file.synchronize()
    } catch {
      throw OperationError("\(path) cannot be written: \(error.localizedDescription)")
    }
  }
}
