import Dicom
import GRDB

/// A ``LocalQuery`` as SQL.
///
/// Each level is selected from its own table and those above, joined as `p`, `st`, `se`, `i`; the row of a study also
/// holds the tags of its patient, so that a list of studies needs no join.
struct QueryTranslation {
  let sql: String
  let arguments: StatementArguments
  /// Keys on attributes that the index does not keep: their values have to be read from files.
  let fileMatchers: [ValueMatcher]

  /// Attributes that are counted or gathered, of which a query may ask though no file holds them.
  static let computed: Set<Tag> = [
    .modalitiesInStudy, .sopClassesInStudy, .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries,
    .numberOfPatientRelatedInstances, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
    .numberOfSeriesRelatedInstances, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability,
    .specificCharacterSet, .timezoneOffsetFromUTC, .storageMediaFileSetID, .storageMediaFileSetUID,
  ]

  init(_ query: LocalQuery) {
    var builder = Conditions(level: query.level)
    for key in query.keys { builder.add(ValueMatcher(key.tag, key.value), text: key.value) }
    fileMatchers = builder.fileMatchers
    var sql = "SELECT \(Self.columns(query.level)) FROM \(Self.source(query.level))"
    var conditions = builder.all
    if query.after != nil { conditions.append("\(Self.alias(query.level)).id > ?") }
    if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
    let orders = query.orderBy.compactMap { order in
      Self.sortExpression(order.tag, query.level).map { $0 + (order.isDescending ? " DESC" : "") }
    }
    let alias = Self.alias(query.level)
    sql += " ORDER BY " + (orders + ["\(alias).id"]).joined(separator: ", ")
    var arguments = builder.arguments
    if let after = query.after { arguments.append(after) }
    if fileMatchers.isEmpty, query.limit != nil || query.since > 0 {
      sql += " LIMIT ? OFFSET ?"
      arguments += [query.limit ?? -1, query.since]
    }
    self.sql = sql
    self.arguments = StatementArguments(arguments)
  }

  static func alias(_ level: Level) -> String {
    switch level {
    case .patient: "p"
    case .study: "st"
    case .series: "se"
    case .instance: "i"
    }
  }

  static func source(_ level: Level) -> String {
    switch level {
    case .patient: "patient p"
    case .study: "study st"
    case .series: "series se JOIN study st ON st.id = se.study"
    case .instance: "instance i JOIN series se ON se.id = i.series JOIN study st ON st.id = se.study"
    }
  }

  /// The expressions under which a row gives its values: `key`, the tags by name, the counts.
  private static func columns(_ level: Level) -> String {
    var result = ["\(alias(level)).key AS key"]
    for upper in Level.allCases where upper <= level {
      let table = upper == .patient && level > .patient ? "st" : alias(upper)
      for tag in MainTags.tags(of: upper) {
        // Two levels have an ImageOrientationPatient: the lower one counts.
        if upper == .series, level == .instance, MainTags.instance.contains(tag) { continue }
        result.append("\(table).\(MainTags.column(tag)) AS \(MainTags.column(tag))")
      }
    }
    switch level {
    case .patient: result += ["p.studyCount", "p.seriesCount", "p.instanceCount", "p.id AS row"]
    case .study: result += ["st.seriesCount", "st.instanceCount", "st.modalities", "st.id AS row"]
    case .series: result += ["se.instanceCount", "st.modalities", "se.id AS row"]
    case .instance: result += ["i.SOPClassUID", "i.transferSyntaxUID", "st.modalities", "i.id AS row"]
    }
    return result.joined(separator: ", ")
  }

  private static func sortExpression(_ tag: Tag, _ level: Level) -> String? {
    let place = Level.allCases.last { $0 <= level && MainTags.tags(of: $0).contains(tag) }
    guard let place else {
      switch tag {
      case .numberOfStudyRelatedInstances where level == .study: return "st.instanceCount"
      case .numberOfSeriesRelatedInstances where level == .series: return "se.instanceCount"
      case .modalitiesInStudy where level >= .study: return "st.modalities"
      default: return nil
      }
    }
    let table = place == .patient && level > .patient ? "st" : alias(place)
    let search = SearchColumn.columns(of: place).first { $0.tag == tag }
    let column = "\(table).\(search?.name ?? MainTags.column(tag))"
    return ValueMatcher.kind(of: tag) == .number ? "CAST(\(column) AS REAL)" : column
  }
}

/// The WHERE clause as it grows.
private struct Conditions {
  let level: Level
  private var own: [String] = []
  private var ownArguments: [(any DatabaseValueConvertible)?] = []
  private var below: [(level: Level, condition: String, arguments: [(any DatabaseValueConvertible)?])] = []
  private(set) var fileMatchers: [ValueMatcher] = []

  init(level: Level) { self.level = level }

  var arguments: [(any DatabaseValueConvertible)?] {
    ownArguments + below.sorted { $0.level < $1.level }.flatMap(\.arguments)
  }

  /// One condition for everything below, so that one and the same series, or instance, matches all its keys.
  var all: [String] {
    guard let deepest = below.map(\.level).max() else { return own }
    let parent = QueryTranslation.alias(level) + ".id"
    let inner = below.sorted { $0.level < $1.level }.map(\.condition).joined(separator: " AND ")
    let link =
      switch level {
      case .patient: "st.patient"
      case .study: "se.study"
      case .series, .instance: "i.series"
      }
    // The tables from the level below this one down to the deepest that is asked for.
    var tables: [String] = []
    for lower in Level.allCases where lower > level && lower <= deepest {
      switch lower {
      case .study: tables.append("study st")
      case .series: tables.append(tables.isEmpty ? "series se" : "JOIN series se ON se.study = st.id")
      case .instance: tables.append(tables.isEmpty ? "instance i" : "JOIN instance i ON i.series = se.id")
      case .patient: break
      }
    }
    return own + ["\(parent) IN (SELECT \(link) FROM \(tables.joined(separator: " ")) WHERE \(inner))"]
  }

  mutating func add(_ matcher: ValueMatcher, text: String) {
    if matcher.isUniversal { return }
    let tag = matcher.tag
    if tag == .modalitiesInStudy {
      addModalities(matcher, text)
    } else if tag == .sopClassesInStudy {
      let (condition, arguments) = Self.simple("x.SOPClassUID", matcher)
      let study = level == .patient ? "p.id" : "st.id"
      let wanted = level == .patient ? "y.patient" : "z.study"
      own.append(
        """
        \(study) IN (SELECT \(wanted) FROM instance x JOIN series z ON z.id = x.series JOIN study y ON y.id = z.study
        WHERE \(condition))
        """)
      ownArguments += arguments
    } else if QueryTranslation.computed.contains(tag) {
      return
    } else if let place = place(of: tag) {
      let table = place == .patient && level > .patient ? "st" : QueryTranslation.alias(place)
      let (condition, arguments) = Self.condition(table, place, matcher, text)
      if place > level {
        below.append((place, condition, arguments))
      } else {
        own.append(condition)
        ownArguments += arguments
      }
    } else if tag == .sopClassUID {
      let (condition, arguments) = Self.simple("i.SOPClassUID", matcher)
      if level == .instance {
        own.append(condition)
        ownArguments += arguments
      } else {
        below.append((.instance, condition, arguments))
      }
    } else {
      fileMatchers.append(matcher)
    }
  }

  /// The level whose table has the tag: the deepest at or above the query's own, else the first below.
  private func place(of tag: Tag) -> Level? {
    let places = Level.allCases.filter { MainTags.tags(of: $0).contains(tag) }
    return places.last { $0 <= level } ?? places.first
  }

  private mutating func addModalities(_ matcher: ValueMatcher, _ text: String) {
    let modality = ValueMatcher(.modality, text)
    let (condition, arguments) = Self.condition("x", .series, modality, text)
    switch level {
    case .patient:
      own.append("p.id IN (SELECT y.patient FROM series x JOIN study y ON y.id = x.study WHERE \(condition))")
    default:
      own.append("st.id IN (SELECT x.study FROM series x WHERE \(condition))")
    }
    ownArguments += arguments
  }

  /// A condition by columns that hold what is compared, or by the matcher itself where there is none.
  private static func condition(
    _ table: String, _ place: Level, _ matcher: ValueMatcher, _ text: String
  ) -> (String, [(any DatabaseValueConvertible)?]) {
    if matcher.kind == .name, matcher.tag == .patientName { return name(table, matcher) }
    if let search = SearchColumn.columns(of: place).first(where: { $0.tag == matcher.tag }) {
      return simple("\(table).\(search.name)", matcher)
    }
    let column = "\(table).\(MainTags.column(matcher.tag))"
    if matcher.kind == .identifier { return simple(column, matcher) }
    return ("dicom_match(\(column), ?, ?)", [Int64(matcher.tag.rawValue), text])
  }

  private static func simple(
    _ column: String, _ matcher: ValueMatcher
  ) -> (String, [(any DatabaseValueConvertible)?]) {
    var parts: [String] = []
    var arguments: [(any DatabaseValueConvertible)?] = []
    let exact = matcher.alternatives.compactMap { if case .exact(let text) = $0 { text } else { nil } }
    if !exact.isEmpty {
      parts.append("\(column) IN (\(exact.map { _ in "?" }.joined(separator: ", ")))")
      arguments += exact.map { $0 as (any DatabaseValueConvertible)? }
    }
    for alternative in matcher.alternatives {
      switch alternative {
      case .exact, .name: break
      case .pattern(let pattern):
        parts.append("\(column) GLOB ?")
        arguments.append(glob(pattern))
      case .range(let from, let through):
        var bounds = ["\(column) <> ''"]
        if let from {
          bounds.append("\(column) >= ?")
          arguments.append(from)
        }
        if let through {
          bounds.append("\(column) <= ?")
          arguments.append(through)
        }
        parts.append("(" + bounds.joined(separator: " AND ") + ")")
      }
    }
    return ("(" + parts.joined(separator: " OR ") + ")", arguments)
  }

  /// Any component group may match, unless the key names the groups.
  private static func name(_ table: String, _ matcher: ValueMatcher) -> (String, [(any DatabaseValueConvertible)?]) {
    let columns = ["PatientName_f", "PatientName_i", "PatientName_p"].map { "\(table).\($0)" }
    var parts: [String] = []
    var arguments: [(any DatabaseValueConvertible)?] = []
    func test(_ column: String, _ text: String) -> String {
      let isPattern = text.contains(where: ValueMatcher.isWildcard)
      arguments.append(isPattern ? glob(text) : text)
      return isPattern ? "\(column) GLOB ?" : "\(column) = ?"
    }
    for case .name(let groups) in matcher.alternatives {
      if groups.count == 1 {
        parts += columns.map { column in
          let condition = test(column, groups[0])
          // A pattern of stars and question marks must not take an empty group for a match.
          return groups[0].contains(where: ValueMatcher.isWildcard) ? "(\(column) <> '' AND \(condition))" : condition
        }
      } else {
        let wanted = zip(columns, groups).filter { !$0.1.isEmpty }.map { test($0.0, $0.1) }
        parts.append(wanted.isEmpty ? "1" : "(" + wanted.joined(separator: " AND ") + ")")
      }
    }
    return ("(" + parts.joined(separator: " OR ") + ")", arguments)
  }

  /// The same pattern for SQLite, to which `[` is special as well.
  private static func glob(_ pattern: String) -> String { pattern.replacing("[", with: "[[]") }
}
