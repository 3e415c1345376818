import Dicom
import Foundation

/// The rows of a file, how fast they go, and where it is written down what became of them.
public struct BulkSource: Sendable, Hashable, Codable {
  public var rows: [BulkRow]
  /// The columns of the file.
  public var header: [String]
  public var pace = BulkPace()
  /// After so many rows have failed nothing more begins; nil: all are tried.
  public var stopAfter: Int?
  /// The path of the file of results; nil: none is written.
  public var result: String?

  /// - Throws: ``OperationError``: it cannot be read, or is no table of keywords.
  public init(path: String, result: String? = nil) throws(OperationError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw OperationError("--from \(path): \(isThere ? "it cannot be read" : "there is no such file")")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw OperationError("--from \(path) is not UTF-8 text")
    }
    do throws(OperationError) {
      let table = try CSVTable(parsing: text)
      rows = try BulkRow.rows(of: table)
      header = table.header
    } catch {
      throw OperationError("\(path): \(error)")
    }
    self.result = result
  }

  /// - Throws: ``OperationError``: the file of results is another's, or cannot be written.
  public func openResults() throws -> BulkResults? { try result.map { try BulkResults($0, header: header) } }
}

/// What is done for each row.
public struct BulkRequest: Sendable, Hashable {
  public enum Verb: Sendable, Hashable {
    /// The keys of a row go to those of the query.
    case find(Query)
    /// What a row names, with the rest of the request as it is.
    case move(RetrieveRequest)
    /// What a row names among the local studies.
    case store(SendRequest)

    var words: String {
      switch self {
      case .find: "find"
      case .move: "move"
      case .store: "send"
      }
    }
  }

  public var verb: Verb
  public var source: BulkSource

  public init(_ verb: Verb, _ source: BulkSource) {
    self.verb = verb
    self.source = source
  }
}

/// What the rows of a file came to.
public struct BulkResult: OperationResult {
  /// All there are, and those that were done before.
  public var rows: Int
  public var earlier: Int
  public var done: Int
  public var failed: Int
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([
      ("rows", .integer(rows)), ("doneBefore", .integer(earlier)), ("done", .integer(done)),
      ("failed", .integer(failed)), ("outcome", .string(outcome.state.rawValue)),
    ])
  }
}
