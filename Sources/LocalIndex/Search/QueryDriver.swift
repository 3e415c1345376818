import Dicom
import GRDB

/// The way into the tables by one key of a query: from its values in the dictionary (``Terms``), or the index of its UIDs, to
/// the resources of the query's level that have them. What comes that way may still be too much, never too little: the
/// query's conditions are tested on each.
struct QueryDriver {
  /// Selects `id`, each once, as SQLite finds them, so that a search with a limit stops early.
  let sql: String
  let arguments: [(any DatabaseValueConvertible)?]
  /// How good a way it promises to be; the least is the best.
  private let rank: Int

  /// Beyond so many a way is a wide one; how wide is not counted.
  private static let enough = 1000

  /// Nil where there is no such way: the key is not of the index, or matches everything.
  init?(_ key: LocalQuery.Key, level: Level) {
    if key.isAbsence { return nil }
    let tag = key.tag == .modalitiesInStudy ? .modality : key.tag == .sopClassesInStudy ? .sopClassUID : key.tag
    let matcher = ValueMatcher(tag, key.value)
    guard !matcher.isUniversal, let place = Self.place(of: tag, level) else { return nil }
    var builder = ConditionBuilder()
    let (source, id, condition): (String, String, String)
    let isListed = Terms.tags(of: place).contains(tag)
    if isListed {
      source = "term t CROSS JOIN \(Terms.table(place)) x ON x.term = t.id"
      id = "x.resource"
      let values = builder.terms(matcher.driving, hasTrigrams: Terms.hasTrigrams(tag))
      // A plus keeps SQLite from going through all values of the tag where the trigrams lead to few.
      condition = "\(builder.hasTrigrams ? "+" : "")t.tag = \(tag.rawValue) AND " + values
    } else if matcher.kind == .identifier {
      source = "\(IndexUpdate.table(place)) x"
      id = "x.id"
      condition = builder.any(of: matcher.driving, "x.\(MainTags.column(tag))")
    } else {
      return nil
    }
    var path = Path(place, id)
    // What a study contains is asked of the study, also where its series are wanted.
    if tag != key.tag { path.lead(to: .study) }
    path.lead(to: level)
    let isUnique = place == level && matcher.alternatives.count == 1 && builder.isExact && matcher.kind != .name
    sql = "SELECT \(isUnique ? "" : "DISTINCT ")\(path.id) AS id FROM \(source)\(path.join) WHERE \(condition)"
    arguments = builder.arguments
    rank = builder.isExact ? (isListed ? 1 : 0) : builder.isSlow ? 3 : 2
  }

  /// Where the values of a tag are listed: of several places the nearest at or above a level, else the first below. Those of
  /// a patient are listed with its studies as well.
  private static func place(of tag: Tag, _ level: Level) -> Level? {
    if tag == .sopClassUID { return .instance }
    let places = Level.allCases.filter { MainTags.tags(of: $0).contains(tag) }
    guard let place = places.last(where: { $0 <= level }) ?? places.first else { return nil }
    return place == .patient && level > .patient ? .study : place
  }

  /// The joins from a resource of one level to those of another.
  private struct Path {
    private var level: Level
    private(set) var join = ""
    private(set) var id: String

    init(_ level: Level, _ id: String) { (self.level, self.id) = (level, id) }

    mutating func lead(to target: Level) {
      while let above = Level(rawValue: level.rawValue - 1), level > target {
        let alias = "u\(level.rawValue)"
        join += " CROSS JOIN \(IndexUpdate.table(level)) \(alias) ON \(alias).id = \(id)"
        (id, level) = ("\(alias).\(IndexUpdate.table(above))", above)
      }
      while let below = Level(rawValue: level.rawValue + 1), level < target {
        let alias = "d\(below.rawValue)"
        join += " CROSS JOIN \(IndexUpdate.table(below)) \(alias) ON \(alias).\(IndexUpdate.table(level)) = \(id)"
        (id, level) = ("\(alias).id", below)
      }
    }
  }

  /// The narrowest way for the keys of a query, and whether it leads to few; nil when there is none.
  static func best(_ query: LocalQuery, _ db: Database) throws -> (driver: QueryDriver, isNarrow: Bool)? {
    let ways = query.keys.compactMap { QueryDriver($0, level: query.level) }.sorted { $0.rank < $1.rank }
    guard let first = ways.first else { return nil }
    // A single way need not be measured, unless there is something to weigh it against: the order asked for.
    if ways.count == 1, query.orderBy.isEmpty || query.limit == nil { return (first, true) }
    var best: (QueryDriver, Int)?
    for way in ways {
      let limit = best?.1 ?? enough
      let count = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM (\(way.sql) LIMIT \(limit))", arguments: StatementArguments(way.arguments))
      if let count, best == nil || count < limit { best = (way, count) }
      // So few that it does not pay to measure the others.
      if let best, best.1 < 200 { break }
    }
    return best.map { ($0.0, $0.1 < enough) }
  }
}

extension ValueMatcher {
  /// The alternatives over single values: a name that says its component groups is driven by the first of them.
  fileprivate var driving: [Alternative] {
    alternatives.map { alternative in
      guard case .name(let groups) = alternative else { return alternative }
      let text = groups.first { !$0.isEmpty } ?? "*"
      return text.contains(where: Self.isWildcard) ? .pattern(text) : .exact(text)
    }
  }
}

/// Alternatives as conditions over a column that holds single values as they are compared.
private struct ConditionBuilder {
  private(set) var arguments: [(any DatabaseValueConvertible)?] = []
  /// All alternatives are single values.
  private(set) var isExact = true
  /// Every value of the attribute has to be looked at.
  private(set) var isSlow = false
  /// The values come by their trigrams.
  private(set) var hasTrigrams = false

  /// Over `t.value` of the dictionary; a pattern that does not say how a value begins goes by its trigrams.
  mutating func terms(_ alternatives: [ValueMatcher.Alternative], hasTrigrams: Bool) -> String {
    if hasTrigrams, alternatives.count == 1, case .pattern(let pattern) = alternatives[0],
      Self.prefix(of: pattern).isEmpty,
      let trigrams = Self.trigrams(of: pattern)
    {
      isExact = false
      self.hasTrigrams = true
      arguments += [trigrams, QueryTranslation.glob(pattern)]
      return "t.id IN (SELECT rowid FROM termText WHERE termText MATCH ?) AND +t.value GLOB ?"
    }
    return any(of: alternatives, "t.value")
  }

  mutating func any(of alternatives: [ValueMatcher.Alternative], _ column: String) -> String {
    let exact = alternatives.compactMap { if case .exact(let text) = $0 { text } else { nil } }
    var parts: [String] = []
    if !exact.isEmpty {
      parts.append("\(column) IN (\(exact.map { _ in "?" }.joined(separator: ", ")))")
      arguments += exact.map { $0 as (any DatabaseValueConvertible)? }
    }
    for alternative in alternatives {
      switch alternative {
      case .exact, .name, .absent: continue
      case .pattern(let pattern): parts.append(self.pattern(pattern, column))
      case .range(let from, let through): parts.append(range(from, through, column))
      }
      isExact = false
    }
    return parts.count == 1 ? parts[0] : "(" + parts.joined(separator: " OR ") + ")"
  }

  private mutating func pattern(_ pattern: String, _ column: String) -> String {
    let prefix = Self.prefix(of: pattern)
    var parts = ["\(column) GLOB ?"]
    arguments.append(QueryTranslation.glob(pattern))
    if prefix.isEmpty {
      isSlow = true
    } else {
      parts.append("\(column) >= ? AND \(column) < ?")
      arguments += [prefix, prefix + "\u{10FFFF}"]
    }
    return "(" + parts.joined(separator: " AND ") + ")"
  }

  private mutating func range(_ from: String?, _ through: String?, _ column: String) -> String {
    var bounds: [String] = []
    if let from {
      bounds.append("\(column) >= ?")
      arguments.append(from)
    }
    if let through {
      bounds.append("\(column) <= ?")
      arguments.append(through)
    }
    return "(" + bounds.joined(separator: " AND ") + ")"
  }

  /// What a text that matches begins with.
  private static func prefix(of pattern: String) -> String { String(pattern.prefix { !ValueMatcher.isWildcard($0) }) }

  /// A search for what the longest literal part of a pattern holds, three characters at a time.
  private static func trigrams(of pattern: String) -> String? {
    let parts = pattern.split(whereSeparator: ValueMatcher.isWildcard).map { Array($0.unicodeScalars) }
    guard let longest = parts.max(by: { $0.count < $1.count }), longest.count >= 3 else { return nil }
    let all = (0...(longest.count - 3)).prefix(12).map { start in
      var text = String.UnicodeScalarView()
      text.append(contentsOf: longest[start..<(start + 3)])
      return "\"" + String(text).replacing("\"", with: "\"\"") + "\""
    }
    return all.joined(separator: " AND ")
  }
}
