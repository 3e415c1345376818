import Dicom
import GRDB

/// The WHERE clause of a ``QueryTranslation`` as it grows.
struct QueryConditions {
  let level: Level
  /// What gives the id of the resource that is tested: what is below it is looked for by that, if possible before its own row,
  /// which lies on a page of its own, is read.
  private let id: String
  private var own: [SQL] = []
  private var below: [(level: Level, condition: SQL)] = []
  /// What the index does not keep: tested on files.
  private(set) var fileMatchers: [ValueMatcher] = []
  private(set) var fileMoments: [MomentKey] = []

  init(level: Level, id: String) {
    self.level = level
    self.id = id
  }

  /// One condition for everything below, so that one and the same series, or instance, matches all its keys.
  var all: [SQL] {
    guard let deepest = below.map(\.level).max() else { return own }
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
    let source = tables.joined(separator: " ")
    return own + ["EXISTS (SELECT 1 FROM \(sql: source) WHERE \(sql: link) = \(sql: id) AND \(inner))"]
  }

  mutating func add(_ matcher: ValueMatcher, text: String) {
    if matcher.isUniversal { return }
    let tag = matcher.tag
    if matcher.alternatives == [.absent] {
      addAbsence(of: matcher)
    } else if tag == .modalitiesInStudy {
      addModalities(matcher, text)
    } else if tag == .sopClassesInStudy {
      let condition = ValueCondition(matcher.alternatives, over: "x.SOPClassUID").sql
      let link = level == .patient ? "y.patient = \(id)" : "y.id = \(studyID)"
      own.append(
        """
        EXISTS (SELECT 1 FROM study y CROSS JOIN series z ON z.study = y.id CROSS JOIN instance x ON x.series = z.id
        WHERE \(sql: link) AND \(condition))
        """)
    } else if QueryTranslation.computed.contains(tag) {
      return
    } else if let place = MainTags.level(of: tag, for: level) {
      add(Self.condition(table(place), place, matcher, text), on: place)
    } else if tag == .sopClassUID {
      add(ValueCondition(matcher.alternatives, over: "i.SOPClassUID").sql, on: .instance)
    } else {
      fileMatchers.append(matcher)
    }
  }

  mutating func add(_ moment: MomentKey) {
    guard let place = MainTags.level(of: moment.date, for: level), place == MainTags.level(of: moment.time, for: level)
    else {
      fileMoments.append(moment)
      return
    }
    let table = table(place)
    let value = "dicom_moment(\(table).\(MainTags.column(moment.date)), \(table).\(MainTags.column(moment.time)))"
    add("\(sql: value) BETWEEN \(moment.from ?? "") AND \(moment.through ?? "~")", on: place)
  }

  private mutating func add(_ condition: SQL, on place: Level) {
    if place > level { below.append((place, condition)) } else { own.append(condition) }
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
    } else if let place = MainTags.level(of: tag, for: level) {
      add("trim(coalesce(\(sql: table(place)).\(sql: MainTags.column(tag)), '')) = ''", on: place)
    } else {
      fileMatchers.append(matcher)
    }
  }

  private mutating func addModalities(_ matcher: ValueMatcher, _ text: String) {
    let condition = Self.condition("x", .series, ValueMatcher(.modality, text), text)
    own.append(
      level == .patient
        ? "EXISTS (SELECT 1 FROM study y CROSS JOIN series x ON x.study = y.id WHERE y.patient = \(sql: id) AND \(condition))"
        : "EXISTS (SELECT 1 FROM series x WHERE x.study = \(sql: studyID) AND \(condition))")
  }

  /// Of a study, or of what is below one.
  private var studyID: String { level == .study ? id : "st.id" }

  /// A study's row has the tags of its patient too.
  private func table(_ place: Level) -> String {
    QueryTranslation.alias(place == .patient && level > .patient ? .study : place)
  }

  /// A condition by columns that hold what is compared, or by the matcher itself where there is none.
  private static func condition(_ table: String, _ place: Level, _ matcher: ValueMatcher, _ text: String) -> SQL {
    if matcher.kind == .name, matcher.tag == .patientName { return name(table, matcher) }
    if let search = SearchColumn.columns(of: place).first(where: { $0.tag == matcher.tag }) {
      return ValueCondition(matcher.alternatives, over: "\(table).\(search.name)").sql
    }
    let column = "\(table).\(MainTags.column(matcher.tag))"
    if matcher.kind == .identifier { return ValueCondition(matcher.alternatives, over: column).sql }
    return "dicom_match(\(sql: column), \(Int64(matcher.tag.rawValue)), \(text))"
  }

  /// Any component group may match, unless the key names the groups.
  private static func name(_ table: String, _ matcher: ValueMatcher) -> SQL {
    let columns = ["PatientName_f", "PatientName_i", "PatientName_p"].map { "\(table).\($0)" }
    var parts: [SQL] = []
    func test(_ column: String, _ text: String) -> SQL { ValueCondition([.init(text)], over: column).sql }
    for case .name(let groups) in matcher.alternatives {
      if groups.count == 1 {
        // A pattern of stars and question marks must not take an empty group for a match.
        let isPattern = groups[0].contains(where: ValueMatcher.isWildcard)
        parts += columns.map { isPattern ? "(\(sql: $0) <> '' AND \(test($0, groups[0])))" : test($0, groups[0]) }
      } else {
        let wanted = zip(columns, groups).filter { !$0.1.isEmpty }.map(test)
        parts.append(wanted.isEmpty ? "1" : "(\(wanted.joined(separator: " AND ")))")
      }
    }
    return "(\(parts.joined(separator: " OR ")))"
  }
}
