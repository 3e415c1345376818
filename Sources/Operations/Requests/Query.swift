import Dicom

/// What to look for on a station.
public struct Query: Sendable, Hashable {
  public var level: Level
  /// What must match; a key without a value is one to return.
  public var keys: [QueryKey]
  /// What to return beside the keys; nil: what a list of the level shows.
  public var returnKeys: [Tag]?
  /// After so many matches the query is cancelled; nil for all.
  public var limit: Int?
  /// Leave out empty return keys that do not belong to the level.
  public var normalize: Bool
  /// What to agree on with the peer beforehand. Relational queries may have keys of any level, so these are not
  /// normalised.
  public var capabilities: QueryCapabilities = []

  public init(
    level: Level = .study, keys: [QueryKey] = [], returnKeys: [Tag]? = nil, limit: Int? = nil, normalize: Bool = true
  ) {
    self.level = level
    self.keys = keys
    self.returnKeys = returnKeys
    self.limit = limit
    self.normalize = normalize
  }

  /// The text to encode holds something that is not ASCII.
  var hasText: Bool { keys.contains { !$0.value.utf8.allSatisfy { $0 < 0x80 } } }
}

extension Query {
  /// The keys as they go out, adapted to the modality.
  ///
  /// A key with a value is never dropped: it is sent, or, where the modality's manufacturer forbids it, the query
  /// is not.
  /// - Throws: ``OperationError`` naming the key.
  func keys(for modality: Modality) throws(OperationError) -> [QueryKey] {
    let returned = (returnKeys ?? QueryAttributes.returned(at: level)).map { QueryKey($0) }
    var keys = try Self.merged(keys + returned + [QueryKey(level.uniqueKey)], for: modality)
    if normalize, !capabilities.contains(.relational) {
      keys.removeAll { $0.value.isEmpty && !QueryAttributes.belongs($0.tag, to: level) }
    }
    if modality.manufacturer == .ge { keys = Self.withUniversalValues(keys, level) }
    return keys
  }

  /// Each key once, in the order of the tags, adapted to the modality.
  static func merged(_ keys: [QueryKey], for modality: Modality) throws(OperationError) -> [QueryKey] {
    var result: [QueryKey] = []
    for var key in keys where key.tag != .queryRetrieveLevel && key.tag != .specificCharacterSet {
      if let first = result.first(where: { $0.tag == key.tag }) {
        if key.value.isEmpty || first.value == key.value { continue }
        throw OperationError("\(key.name) is given twice; several values of one key are written as a\\b")
      }
      key.value = try adapted(key, to: modality.manufacturer)
      result.append(key)
    }
    return result.sorted { $0.tag < $1.tag }
  }

  /// GE's archives want a universal match of what names an entity in so many words, where others take an empty value
  /// (Orthanc's `GE`).
  private static func withUniversalValues(_ keys: [QueryKey], _ level: Level) -> [QueryKey] {
    var keys = keys
    let names = Level.allCases.filter { $0 <= level }.map(\.uniqueKey) + (level == .patient ? [] : [.accessionNumber])
    for tag in names {
      if let index = keys.firstIndex(where: { $0.tag == tag }) {
        if keys[index].value.isEmpty { keys[index].value = "*" }
      } else {
        keys.append(QueryKey(tag, "*"))
      }
    }
    return keys.sorted { $0.tag < $1.tag }
  }

  private static func adapted(_ key: QueryKey, to manufacturer: Manufacturer) throws(OperationError) -> String {
    switch manufacturer {
    case .genericNoUniversalWildcard where key.value == "*": return ""
    case .genericNoWildcardInDates where DataDictionary.attribute(for: key.tag)?.vr == .DA:
      if key.value == "*" { return "" }
      if key.value.contains(where: { "*?".contains($0) }) {
        throw OperationError(
          "\(key.name)=\(key.value): this modality takes no wildcards in dates (GenericNoWildcardInDates); "
            + "write a range, such as 20180101-20181231")
      }
      return key.value
    default: return key.value
    }
  }

  /// The identifier of the C-FIND, its text in `characterSet` (PS3.4 §C.4.1.1.3). ASCII names no character set.
  func identifier(_ keys: [QueryKey], characterSet: CharacterSet) -> DataSet {
    var dataSet = DataSet(characterSet: characterSet)
    if hasText { dataSet.setCharacterSet(characterSet) }
    dataSet.set(.queryRetrieveLevel, level.queryRetrieveLevel)
    for key in keys { dataSet.set(key) }
    return dataSet
  }

  /// The character sets to try, in order: the modality's own if it holds the text, and UTF-8.
  func characterSets(default name: String) -> [CharacterSet] {
    guard let own = CharacterSet(orthancName: name) else { return [.utf8] }
    guard hasText else { return [own] }
    let isHeld = keys.allSatisfy { own.encode($0.value) != nil }
    if !isHeld { return [.utf8] }
    return own == .utf8 ? [.utf8] : [own, .utf8]
  }
}

extension DataSet {
  /// A key of a query: an empty sequence or value is one to return.
  mutating func set(_ key: QueryKey) {
    if DataDictionary.attribute(for: key.tag)?.vr == .SQ {
      set(key.tag, items: [])
    } else if key.value.isEmpty {
      setEmpty(key.tag)
    } else {
      set(key.tag, key.value)
    }
  }
}
