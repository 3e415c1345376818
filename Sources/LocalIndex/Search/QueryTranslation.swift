import Dicom
import GRDB

/// A ``LocalQuery`` as SQL.
///
/// Each level is selected from its own table and those above, joined as `p`, `st`, `se`, `i`; the row of a study also
/// holds the tags of its patient, so that a list of studies needs no join.
struct QueryTranslation {
  let sql: SQL
  /// Keys on attributes that the index does not keep: their values have to be read from files.
  private let fileMatchers: [ValueMatcher]
  private let sequences: [SequenceKey]
  private let fileMoments: [MomentKey]

  /// Whether the rows are only candidates, of which each has to be tested on its file.
  let isTestedOnFiles: Bool

  /// Tests what only a file tells, and copies the items of sequences that match.
  func matches(_ file: DataSet?, into answer: inout DataSet) -> Bool {
    let zone = DateTimeText.zone(file?.string(.timezoneOffsetFromUTC))
    let isMatch =
      fileMatchers.allSatisfy { matcher in
        matcher.matches(file.flatMap { $0.joinedStrings(matcher.tag) }, zone: zone)
      } && fileMoments.allSatisfy { moment in file.map(moment.matches) ?? false }
    guard isMatch else { return false }
    for sequence in sequences {
      guard let items = sequence.matches(in: file ?? DataSet(), zone: zone) else { return false }
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
    let alias = Self.alias(query.level)
    let isSorted = !query.orderBy.isEmpty
    var way: QueryDriver?
    if query.rows == nil, let best = try QueryDriver.best(query, db), best.isNarrow || !isSorted { way = best.driver }
    var builder = QueryConditions(level: query.level, id: way == nil ? "\(alias).id" : "way.id")
    for key in query.keys { builder.add(ValueMatcher(key, zone: query.zone), text: key.value) }
    for moment in query.moments { builder.add(moment) }
    fileMatchers = builder.fileMatchers
    fileMoments = builder.fileMoments
    sequences = query.sequences
    isTestedOnFiles =
      !builder.fileMatchers.isEmpty || !builder.fileMoments.isEmpty || query.sequences.contains { !$0.isUniversal }
    var conditions = builder.all
    var from = SQL(sql: Self.source(query.level))
    if let rows = query.rows {
      conditions.append("\(sql: alias).id IN (\(sql: rows.map(String.init).joined(separator: ", ")))")
    } else if let way {
      from = "(\(way.sql)) way CROSS JOIN \(from)"
      conditions.insert("\(sql: alias).id = way.id", at: 0)
    }
    let filter: SQL = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
    let orders = query.orderBy.compactMap { order in
      Self.sortExpression(order.tag, query.level).map { $0 + (order.isDescending ? " DESC" : "") }
    }
    let order = " ORDER BY " + (orders + ["\(alias).id"]).joined(separator: ", ")
    let hasPage = !isTestedOnFiles && (query.limit != nil || query.since > 0)
    let page: SQL = hasPage ? " LIMIT \(query.limit ?? -1) OFFSET \(query.since)" : ""
    let columns = query.isRowsOnly ? "\(alias).id AS row" : Self.columns(query.level)
    if isSorted, hasPage {
      // Sorted are the ids alone; of the rest no more is read than is wanted.
      let ids: SQL = "SELECT \(sql: alias).id FROM \(from)\(filter)\(sql: order)\(page)"
      let source = Self.source(query.level)
      sql = "SELECT \(sql: columns) FROM \(sql: source) WHERE \(sql: alias).id IN (\(ids))\(sql: order)"
    } else {
      // Without an order asked for: as they are found, in the order of arrival where all are looked at.
      sql = "SELECT \(sql: columns) FROM \(from)\(filter)\(sql: way == nil || isSorted ? order : "")\(page)"
    }
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
    guard let place = MainTags.level(of: tag, for: level), place <= level else {
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
