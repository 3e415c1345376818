import Dicom

/// What a person asked for, as data: what the history keeps of it.
public enum JobRequest: Sendable, Hashable {
  case echo(count: Int)
  case watch
  case find(Query)
  case worklist(WorklistQuery)
  /// The studies of two sides, by the keys of a query.
  case compare([QueryKey])
  /// For each row of a file.
  case bulk(BulkRequest)
  case move(RetrieveRequest)
  case get(RetrieveRequest)
  case store(SendRequest)
  /// By the identifiers of what is here.
  case commit([String])
  case testStore
  case diagnose(moves: Bool)
  case importing([String])
  case exporting([String], to: String)
  case deleting([String])
  case verifying
  case reindexing

  public var kind: JobKind {
    switch self {
    case .echo: .echo
    case .watch: .watch
    case .find: .find
    case .worklist: .worklist
    case .compare: .compare
    case .bulk: .bulk
    case .move: .move
    case .get: .get
    case .store: .store
    case .commit: .commit
    case .testStore: .testStore
    case .diagnose: .diagnose
    case .importing: .importing
    case .exporting: .exporting
    case .deleting: .deleting
    case .verifying: .verifying
    case .reindexing: .reindexing
    }
  }

  /// What was asked for, on one line: `study StudyInstanceUID=1.2.3`.
  ///
  /// - Parameter hasValues: with the values of queries, patients' identifiers and paths, which may tell of patients.
  ///   Without them there are keywords, UIDs of what was retrieved, and the identifiers of what is here.
  func words(hasValues: Bool) -> String {
    switch self {
    case .echo, .watch, .testStore, .verifying, .reindexing: return ""
    case .diagnose(let moves): return moves ? "with one instance moved here" : ""
    case .find(let query): return "\(query.level.description.lowercased()) \(Self.words(query.keys, hasValues))"
    case .worklist(let query): return Self.words(query.keys, hasValues)
    case .compare(let keys): return Self.words(keys, hasValues)
    case .bulk(let request):
      return "\(request.verb.words) by \(Words.count(request.source.rows.count, "row"))"
    case .move(let request), .get(let request):
      let items = request.items.map { item in
        item.keys.last.map { Self.word($0, hasValues || $0.tag.isUniqueUID) } ?? ""
      }
      return "\(request.level.description.lowercased()) \(Self.cut(items))" + (request.target.map { " to \($0)" } ?? "")
    case .store(let request):
      let ids = request.sources.compactMap { if case .id(let id) = $0 { id } else { nil } }
      let paths = request.sources.compactMap { if case .path(let path) = $0 { path } else { nil } }
      if hasValues || paths.isEmpty { return Self.cut(ids + paths) }
      return Self.cut(ids + [Words.count(paths.count, "path")])
    case .commit(let ids), .deleting(let ids), .exporting(let ids, _): return Self.cut(ids)
    case .importing(let paths): return hasValues ? Self.cut(paths) : Words.count(paths.count, "path")
    }
  }

  /// `C-STORE /data/ct`, `C-MOVE study 1.2.3`: what moves one thing, by that thing's name; nil for all else.
  var title: String? {
    switch self {
    case .move(let request), .get(let request):
      guard request.items.count == 1, let value = request.items[0].keys.last?.value else { return nil }
      let target = request.target.map { " to \($0)" } ?? ""
      return "\(kind.words) \(request.level.description.lowercased()) \(value)\(target)"
    case .store(let request):
      guard request.sources.count == 1 else { return nil }
      return switch request.sources[0] {
      case .id(let name), .path(let name): "\(kind.words) \(name)"
      }
    default: return nil
    }
  }

  private static func words(_ keys: [QueryKey], _ hasValues: Bool) -> String {
    keys.filter { !$0.value.isEmpty }.map { word($0, hasValues) }.joined(separator: " ")
  }

  private static func word(_ key: QueryKey, _ hasValue: Bool) -> String {
    hasValue ? "\(key.name)=\(key.value)" : key.name
  }

  /// A request of a thousand studies is not told in full.
  private static func cut(_ items: [String], _ limit: Int = 20) -> String {
    let shown = items.prefix(limit).joined(separator: " ")
    return items.count > limit ? "\(shown) and \(Words.grouped(items.count - limit)) more" : shown
  }
}

extension Tag {
  /// A UID that names a study, a series or an instance; says nothing of a patient.
  fileprivate var isUniqueUID: Bool { [.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID].contains(self) }
}
