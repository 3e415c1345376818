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

  /// Whether nothing restricts it: everything would match.
  public var isUnrestricted: Bool { keys.allSatisfy { $0.value.isEmpty || $0.value == "*" } }

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
    var result: [QueryKey] = []
    var seen: Set<Tag> = []
    let returned = (returnKeys ?? QueryAttributes.returned(at: level)).map { QueryKey($0) }
    for var key in keys + returned + [QueryKey(level.uniqueKey)] {
      guard key.tag != .queryRetrieveLevel, key.tag != .specificCharacterSet, seen.insert(key.tag).inserted else {
        if !key.value.isEmpty, let first = result.first(where: { $0.tag == key.tag }), first.value != key.value {
          throw OperationError("\(key.name) is given twice; several values of one key are written as a\\b")
        }
        continue
      }
      if normalize, !capabilities.contains(.relational), key.value.isEmpty, !QueryAttributes.belongs(key.tag, to: level)
      {
        continue
      }
      key.value = try Self.adapted(key, to: modality.manufacturer)
      result.append(key)
    }
    return result.sorted { $0.tag < $1.tag }
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
    for key in keys {
      if DataDictionary.attribute(for: key.tag)?.vr == .SQ {
        dataSet.set(key.tag, items: [])
      } else if key.value.isEmpty {
        dataSet.setEmpty(key.tag)
      } else {
        dataSet.set(key.tag, key.value)
      }
    }
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
