import Dicom
import GRDB

/// The way into the tables by one key of a query: from its values in the dictionary (``Terms``), or the index of its UIDs, to
/// the resources of the query's level that have them. What comes that way may still be too much, never too little: the
/// query's conditions are tested on each.
struct QueryDriver {
  /// Selects `id`, each once, as SQLite finds them, so that a search with a limit stops early.
  let sql: SQL
  /// Selects where it begins: the values in the dictionary, and the table that says who has them, or the resources that
  /// have the UIDs.
  private let start: (ids: SQL, terms: String?)
  /// How good a way it promises to be; the least is the best.
  private let rank: Int

  /// Beyond so many resources a way is a wide one.
  private static let enough = 1000

  /// Nil where there is no such way: the key is not of the index, or matches everything.
  init?(_ key: LocalQuery.Key, level: Level) {
    if key.isAbsence { return nil }
    let tag = key.tag == .modalitiesInStudy ? .modality : key.tag == .sopClassesInStudy ? .sopClassUID : key.tag
    let matcher = ValueMatcher(tag, key.value)
    guard !matcher.isUniversal, let place = Self.place(of: tag, level) else { return nil }
    let (source, id, filter): (String, String, SQL)
    let values: ValueCondition
    var isSlow = false
    let isListed = Terms.tags(of: place).contains(tag)
    if isListed {
      source = "term t CROSS JOIN \(Terms.table(place)) x ON x.term = t.id"
      id = "x.resource"
      values = ValueCondition(matcher.driving, over: "t.value")
      if values.isSlow, Terms.hasTrigrams(tag), let trigrams = Self.trigrams(of: matcher.driving) {
        // A plus keeps SQLite from going through all values of the tag where the trigrams lead to few.
        filter = "+t.tag = \(sql: "\(tag.rawValue)") AND \(trigrams)"
      } else {
        filter = "t.tag = \(sql: "\(tag.rawValue)") AND \(values.sql)"
        isSlow = values.isSlow
      }
    } else if matcher.kind == .identifier {
      source = "\(IndexUpdate.table(place)) x"
      id = "x.id"
      values = ValueCondition(matcher.driving, over: "x.\(MainTags.column(tag))")
      filter = values.sql
      isSlow = values.isSlow
    } else {
      return nil
    }
    var path = Path(place, id)
    // What a study contains is asked of the study, also where its series are wanted.
    if tag != key.tag { path.lead(to: .study) }
    path.lead(to: level)
    let isUnique = place == level && matcher.alternatives.count == 1 && values.isExact && matcher.kind != .name
    let columns = (isUnique ? "" : "DISTINCT ") + path.id
    sql = "SELECT \(sql: columns) AS id FROM \(sql: source + path.join) WHERE \(filter)"
    start =
      isListed
      ? ("SELECT t.id FROM term t WHERE \(filter)", Terms.table(place))
      : ("SELECT x.id FROM \(sql: source) WHERE \(filter)", nil)
    rank = values.isExact ? (isListed ? 1 : 0) : isSlow ? 3 : 2
  }

  /// A pattern that does not say how a value begins, by the trigrams of the dictionary.
  private static func trigrams(of alternatives: [ValueMatcher.Alternative]) -> SQL? {
    guard alternatives.count == 1, case .pattern(let pattern) = alternatives[0], let trigrams = trigrams(of: pattern)
    else { return nil }
    let glob = ValueCondition.glob(pattern)
    return "t.id IN (SELECT rowid FROM termText WHERE termText MATCH \(trigrams)) AND +t.value GLOB \(glob)"
  }

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

  /// Where the values of a tag are listed. Those of a patient are listed with its studies as well.
  private static func place(of tag: Tag, _ level: Level) -> Level? {
    if tag == .sopClassUID { return .instance }
    guard let place = MainTags.level(of: tag, for: level) else { return nil }
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
      let size = try way.size(db)
      if best.map({ size < $0.1 }) ?? true { best = (way, size) }
      // So few that it does not pay to measure the others.
      if let best, best.1 < 200 { break }
    }
    return best.map { ($0.0, $0.1 < enough) }
  }

  /// About how many resources it begins with: of many values, as many as some of them lead to on average. Neither the rows
  /// of resources nor those above or below them are looked at for that, each of which lies on a page of its own.
  private func size(_ db: Database) throws -> Int {
    let ids = try SQLRequest<Int64>(literal: "SELECT id FROM (\(start.ids)) LIMIT 2000").fetchAll(db)
    guard let terms = start.terms else { return ids.count }
    let some = Array(ids.prefix(50))
    let count = try SQLRequest<Int>(
      literal: """
        SELECT count(*) FROM (SELECT 1 FROM \(sql: terms) WHERE term IN \(some) LIMIT 10000)
        """
    ).fetchOne(db)
    return some.isEmpty ? 0 : (count ?? 0) * ids.count / some.count
  }
}

extension ValueMatcher {
  /// The alternatives over single values: a name that says its component groups is driven by the first of them.
  fileprivate var driving: [Alternative] {
    alternatives.map { alternative in
      guard case .name(let groups) = alternative else { return alternative }
      let text = groups.first { !$0.isEmpty } ?? "*"
      return Alternative(text)
    }
  }
}
