import Dicom
import GRDB

/// Why a C-FIND or C-MOVE request from another station cannot be answered.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The status to answer with: `A900`, the identifier does not match the SOP class (PS3.4 Table C.4-1).
  public let statusCode: UInt16
  public let description: String

  init(_ description: String) {
    statusCode = 0xA900
    self.description = description
  }
}

/// The answers to one C-FIND request over the index (PS3.4 §C.4.1): every requested attribute in every answer, filled
/// where there is a value. What the index does not keep is read from a file.
///
/// They are taken a page at a time: a peer that is slow to take them, or never does, holds neither the whole of a large
/// answer in memory nor a read of the database open.
public struct QueryAnswers: Sendable {
  static let pageLength = 256

  private let index: LocalIndex
  private let retrieveAETitle: String
  private var query: LocalQuery
  private var sequences: Set<Tag> = []
  /// The index compares letters folded, which DICOM leaves to names (PS3.4 §C.2.2.2.1): of what it finds, only this.
  private var exact: [ValueMatcher] = []
  /// Where the answers are that are still to be given; nil before the first.
  private var rows: ArraySlice<Int64>?

  /// Attributes of an identifier that say how it is read.
  private static let notKeys: Set<Tag> = [
    .specificCharacterSet, .queryRetrieveLevel, .timezoneOffsetFromUTC, .queryRetrieveView,
  ]

  /// Whether every key of an identifier is supported; where one is not, the answers say so (`FF01`, PS3.4 §C.4.1.1.4) and are
  /// not matched by it.
  ///
  /// Whatever a file may hold is. Of what none holds, a study's modalities (also asked of series) and SOP classes are gathered
  /// and matched; the counts of what is below, at the level they are about, Retrieve AE Title and Instance Availability are
  /// answered, and asked for a value they are not supported. The rest, such as where media are, is not answered either.
  public static func supports(_ identifier: DataSet) -> Bool {
    guard let level = identifier.string(.queryRetrieveLevel).flatMap(Level.init) else { return true }
    return identifier.elements.allSatisfy { element in
      let tag = element.tag
      guard QueryTranslation.computed.contains(tag), !notKeys.contains(tag) else { return true }
      switch tag {
      case .modalitiesInStudy: return level == .study || level == .series
      case .sopClassesInStudy: return level == .study
      case .retrieveAETitle, .instanceAvailability: break
      default: guard LocalIndex.counts(level).contains(where: { $0.tag == tag }) else { return false }
      }
      return identifier.strings(tag).allSatisfy { $0.allSatisfy { $0 == "*" } }
    }
  }

  fileprivate init(
    _ identifier: DataSet, level: Level, retrieveAETitle: String, agreed: QueryCapabilities, index: LocalIndex
  ) {
    self.index = index
    self.retrieveAETitle = retrieveAETitle
    query = LocalQuery(level: level)
    // No condition, but it says how the others are read.
    let offset = identifier.string(.timezoneOffsetFromUTC) ?? ""
    if !offset.isEmpty { query.keys.append(LocalQuery.Key(.timezoneOffsetFromUTC, offset)) }
    let zone = query.zone
    for element in identifier.elements {
      let tag = element.tag
      if tag.isGroupLength || Self.notKeys.contains(tag) { continue }
      query.returning.append(tag)
      if element.vr == .SQ {
        sequences.insert(tag)
        query.sequences.append(SequenceKey(tag, item: identifier.items(tag).first, agreed, zone: zone))
      } else {
        query.keys += LocalQuery.Key.keys(tag, identifier.strings(tag), agreed)
      }
    }
    exact = query.keys.filter { Self.isText($0.tag, level) }.map { ValueMatcher($0, isExact: true) }
    if agreed.contains(.dateTimeMatching) { query.moments = MomentKey.combine(&query.keys) }
  }

  /// The identifiers of the next pending responses; none when there are no more. It reads the database and files.
  /// - Throws: ``StorageError``.
  public mutating func next() throws -> [DataSet] {
    var left = try rows ?? index.rows(query)[...]
    defer { rows = left }
    while !left.isEmpty {
      query.rows = Array(left.prefix(Self.pageLength))
      left = left.dropFirst(Self.pageLength)
      let matches = try index.find(query).filter(isExact)
      // A page may be without one where a key has to be read from files.
      if !matches.isEmpty { return matches.map(answer) }
    }
    return []
  }

  /// Whether letters make a difference and a match has its own value, not one of many below it.
  private static func isText(_ tag: Tag, _ level: Level) -> Bool {
    if tag == .modalitiesInStudy { return level == .study }
    guard ValueMatcher.kind(of: tag) == .text else { return false }
    let place = MainTags.level(of: tag, for: level)
    return !QueryTranslation.computed.contains(tag) && place.map { $0 <= level } ?? true
  }

  private func isExact(_ match: LocalMatch) -> Bool {
    exact.allSatisfy { $0.matches(match.dataSet.joinedStrings($0.tag)) }
  }

  private func answer(_ match: LocalMatch) -> DataSet {
    var answer = DataSet()
    // Said in UTF-8 only where ASCII does not do.
    let isAscii = query.returning.allSatisfy { tag in
      match.dataSet.strings(tag).allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
        && match.dataSet.items(tag).allSatisfy(Self.isAscii)
    }
    if !isAscii { answer.setCharacterSet(.utf8) }
    answer.set(.queryRetrieveLevel, query.level.queryRetrieveLevel)
    answer.set(.retrieveAETitle, retrieveAETitle)
    for tag in query.returning {
      switch tag {
      case .retrieveAETitle: continue
      case .instanceAvailability: answer.set(tag, "ONLINE")
      default: Self.fill(tag, from: match.dataSet, isSequence: sequences.contains(tag), into: &answer)
      }
    }
    return answer
  }

  /// Whether nothing in it, or in its sequences, needs an encoding to be named. It is in UTF-8.
  static func isAscii(_ item: DataSet) -> Bool {
    item.elements.allSatisfy { element in
      guard element.vr != .SQ else { return item.items(element.tag).allSatisfy(isAscii) }
      return !element.vr.isText || element.bytes?.readableBytesView.allSatisfy { $0 < 0x80 } ?? true
    }
  }

  private static func fill(_ tag: Tag, from match: DataSet, isSequence: Bool, into answer: inout DataSet) {
    guard let element = match[tag], !element.isEmpty else {
      if isSequence { answer.set(tag, items: []) } else { answer.setEmpty(tag) }
      return
    }
    if element.vr == .SQ {
      answer.set(tag, items: match.items(tag))
    } else if element.vr.isText {
      answer.set(tag, match.strings(tag))
    } else if let bytes = element.bytes {
      answer.set(tag, vr: element.vr, bytes: bytes)
    }
  }
}

extension LocalIndex {
  /// Answers a C-FIND request.
  ///
  /// - Parameters:
  ///   - identifier: the request's, with Query/Retrieve Level.
  ///   - model: the SOP class, Patient Root or Study Root.
  ///   - retrieveAETitle: where the matches can be retrieved from.
  ///   - agreed: what was negotiated. Combined dates and times, empty and multiple value matching make a difference.
  /// - Throws: ``QueryError`` for a request that the model does not allow.
  public func answers(
    to identifier: DataSet, model: UID, retrieveAETitle: String, agreed: QueryCapabilities = []
  ) throws(QueryError) -> QueryAnswers {
    let level = try Self.level(of: identifier, model: model)
    return QueryAnswers(
      identifier, level: level, retrieveAETitle: retrieveAETitle, agreed: agreed, index: self)
  }

  /// The instances that a C-MOVE or C-GET identifier names by its unique keys (PS3.4 §C.4.2.1), each possibly a list.
  /// - Throws: ``QueryError`` when the key of its level is missing.
  public func instances(for identifier: DataSet, model: UID) throws -> [StoredInstance] {
    let level =
      try identifier.string(.queryRetrieveLevel)?.isEmpty == false
      ? Self.level(of: identifier, model: model) : Self.deepestLevel(of: identifier)
    var conditions: [SQL] = []
    func add(_ level: Level, _ tag: Tag) -> Bool {
      let values = identifier.strings(tag).map(ValueMatcher.trim).filter { !$0.isEmpty }
      guard !values.isEmpty else { return false }
      conditions.append("\(sql: QueryTranslation.alias(level)).\(sql: MainTags.column(tag)) IN \(values)")
      return true
    }
    for upper in Level.allCases where upper <= level {
      if add(upper, upper.uniqueKey) || upper < level { continue }
      // Some name a study by its accession number alone; Orthanc takes that too.
      if level == .study, add(.study, .accessionNumber) { continue }
      throw QueryError("\(level.uniqueKey.keyword ?? level.uniqueKey.description) is missing from the request.")
    }
    return try storedInstances(where: conditions.joined(separator: " AND "))
  }

  /// The level that the unique keys name, for requests that forget to say it.
  private static func deepestLevel(of identifier: DataSet) throws(QueryError) -> Level {
    let named = Level.allCases.last { level in identifier.strings(level.uniqueKey).contains { !$0.isEmpty } }
    guard let named else { throw QueryError("The request has no QueryRetrieveLevel and no unique key.") }
    return named
  }

  private static func level(of identifier: DataSet, model: UID) throws(QueryError) -> Level {
    guard let text = identifier.string(.queryRetrieveLevel), !text.isEmpty else {
      throw QueryError("The request has no QueryRetrieveLevel.")
    }
    guard let level = Level(text) else {
      throw QueryError("The QueryRetrieveLevel \"\(text)\" is none of PATIENT, STUDY, SERIES and IMAGE.")
    }
    let isStudyRoot = [UID.studyRootFind, .studyRootMove, .studyRootGet].contains(model)
    if isStudyRoot, level == .patient { throw QueryError("The Study Root model has no level PATIENT.") }
    return level
  }
}
