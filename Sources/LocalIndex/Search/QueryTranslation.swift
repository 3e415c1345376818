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
  private let fileMatchers: [ValueMatcher]
  private let sequences: [SequenceKey]
  private let fileMoments: [MomentKey]

  /// Whether the rows are only candidates, of which each has to be tested on its file.
  let isTestedOnFiles: Bool

  /// Tests what only a file tells, and copies the items of sequences that match.
  func matches(_ file: DataSet?, into answer: inout DataSet) -> Bool {
    let isMatch =
      fileMatchers.allSatisfy { matcher in
        matcher.matches(file.flatMap { InstanceHeader.text(of: matcher.tag, in: $0) })
      } && fileMoments.allSatisfy { moment in file.map(moment.matches) ?? false }
    guard isMatch else { return false }
    for sequence in sequences {
      guard let items = sequence.matches(in: file ?? DataSet()) else { return false }
      answer.set(sequence.tag, items: items)
    }
    return true
  }

  /// Attributes that are counted or gathered, of which a query may ask though no file holds them.
  static let computed: Set<Tag> = [
    .modalitiesInStudy, .sopClassesInStudy, .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries,
    .numberOfPatientRelatedInstances, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
    .numberOfSeriesRelatedInstances, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability,
    .specificCharacterSet, .timezoneOffsetFromUTC, .storageMediaFileSetID, .storageMediaFileSetUID,
  ]

  /// - Parameter db: asked how many resources the keys leave, to take the narrowest of several ways.
  init(_ query: LocalQuery, _ db: Database) throws {
    var builder = Conditions(level: query.level)
    for key in query.keys { builder.add(ValueMatcher(key), text: key.value) }
    for moment in query.moments { builder.add(moment) }
    fileMatchers = builder.fileMatchers
    fileMoments = builder.fileMoments
    sequences = query.sequences
    isTestedOnFiles =
      !builder.fileMatchers.isEmpty || !builder.fileMoments.isEmpty || query.sequences.contains { !$0.isUniversal }
    let alias = Self.alias(query.level)
    var conditions = builder.all
    var from = Self.source(query.level)
    var arguments: [(any DatabaseValueConvertible)?] = []
    let isSorted = !query.orderBy.isEmpty
    if let rows = query.rows {
      conditions.append("\(alias).id IN (\(rows.map(String.init).joined(separator: ", ")))")
    } else if let best = try QueryDriver.best(query, db), best.isNarrow || !isSorted {
      from = "(\(best.driver.sql)) way CROSS JOIN " + Self.source(query.level)
      conditions.insert("\(alias).id = way.id", at: 0)
      arguments += best.driver.arguments
    }
    arguments += builder.arguments
    let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    let orders = query.orderBy.compactMap { order in
      Self.sortExpression(order.tag, query.level).map { $0 + (order.isDescending ? " DESC" : "") }
    }
    let order = " ORDER BY " + (orders + ["\(alias).id"]).joined(separator: ", ")
    let hasPage = !isTestedOnFiles && (query.limit != nil || query.since > 0)
    if hasPage { arguments += [query.limit ?? -1, query.since] }
    let columns = query.isRowsOnly ? "\(alias).id AS row" : Self.columns(query.level)
    if isSorted, hasPage {
      // Sorted are the ids alone; of the rest no more is read than is wanted.
      let page = "SELECT \(alias).id FROM \(from)\(filter)\(order) LIMIT ? OFFSET ?"
      sql = "SELECT \(columns) FROM \(Self.source(query.level)) WHERE \(alias).id IN (\(page))\(order)"
    } else {
      // Without an order asked for: as they are found, in the order of arrival where all are looked at.
      let isFound = !isSorted && from.contains(" way ")
      sql = "SELECT \(columns) FROM \(from)\(filter)\(isFound ? "" : order)\(hasPage ? " LIMIT ? OFFSET ?" : "")"
    }
    self.arguments = StatementArguments(arguments)
  }

  /// A pattern for SQLite, to which `[` is special as well.
  static func glob(_ pattern: String) -> String { pattern.replacing("[", with: "[[]") }

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
  private(set) var fileMoments: [MomentKey] = []

  init(level: Level) { self.level = level }

  var arguments: [(any DatabaseValueConvertible)?] {
    // In the order of ``all``.
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
      case .series: tables.append(tables.isEmpty ? "series se" : "CROSS JOIN series se ON se.study = st.id")
      case .instance: tables.append(tables.isEmpty ? "instance i" : "CROSS JOIN instance i ON i.series = se.id")
      case .patient: break
      }
    }
    return own + ["EXISTS (SELECT 1 FROM \(tables.joined(separator: " ")) WHERE \(link) = \(parent) AND \(inner))"]
  }

  mutating func add(_ matcher: ValueMatcher, text: String) {
    if matcher.isUniversal { return }
    let tag = matcher.tag
    if matcher.alternatives == [.absent] {
      addAbsence(of: matcher)
    } else if tag == .modalitiesInStudy {
      addModalities(matcher, text)
    } else if tag == .sopClassesInStudy {
      let (condition, arguments) = Self.simple("x.SOPClassUID", matcher)
      let link = level == .patient ? "y.patient = p.id" : "y.id = st.id"
      own.append(
        """
        EXISTS (SELECT 1 FROM study y CROSS JOIN series z ON z.study = y.id CROSS JOIN instance x ON x.series = z.id
        WHERE \(link) AND \(condition))
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

  private mutating func addAbsence(of matcher: ValueMatcher) {
    let tag = matcher.tag
    if tag == .modalitiesInStudy {
      own.append(
        level == .patient
          ? "EXISTS (SELECT 1 FROM study y WHERE y.patient = p.id AND y.modalities = '')" : "st.modalities = ''")
    } else if QueryTranslation.computed.contains(tag) || tag == .sopClassUID {
      // Everything has these.
      own.append("0")
    } else if let place = place(of: tag) {
      let table = place == .patient && level > .patient ? "st" : QueryTranslation.alias(place)
      let condition = "trim(coalesce(\(table).\(MainTags.column(tag)), '')) = ''"
      if place > level { below.append((place, condition, [])) } else { own.append(condition) }
    } else {
      fileMatchers.append(matcher)
    }
  }

  mutating func add(_ moment: MomentKey) {
    guard let place = place(of: moment.date), place == self.place(of: moment.time) else {
      fileMoments.append(moment)
      return
    }
    let table = QueryTranslation.alias(place)
    let value = "dicom_moment(\(table).\(MainTags.column(moment.date)), \(table).\(MainTags.column(moment.time)))"
    let condition = "\(value) BETWEEN ? AND ?"
    let arguments: [(any DatabaseValueConvertible)?] = [moment.from ?? "", moment.through ?? "~"]
    if place > level {
      below.append((place, condition, arguments))
    } else {
      own.append(condition)
      ownArguments += arguments
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
      own.append(
        "EXISTS (SELECT 1 FROM study y CROSS JOIN series x ON x.study = y.id WHERE y.patient = p.id AND \(condition))")
    default:
      own.append("EXISTS (SELECT 1 FROM series x WHERE x.study = st.id AND \(condition))")
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
      case .exact, .name, .absent: break
      case .pattern(let pattern):
        parts.append("\(column) GLOB ?")
        arguments.append(QueryTranslation.glob(pattern))
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
      arguments.append(isPattern ? QueryTranslation.glob(text) : text)
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

}
