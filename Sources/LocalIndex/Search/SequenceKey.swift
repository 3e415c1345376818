import Dicom

/// A key that is a sequence: it matches where one item of the attribute matches everything in the key's own item (PS3.4
/// §C.2.2.2.6). No sequence is in the index, so it is tested on the file of one instance.
struct SequenceKey: Hashable, Sendable {
  let tag: Tag
  private var keys: [LocalQuery.Key] = []
  private var sequences: [SequenceKey] = []
  private var moments: [MomentKey] = []
  /// See ``LocalQuery/zone``.
  private let zone: Int?
  /// All that is asked for; nothing: everything.
  private var returning: [Tag] = []

  /// - Parameters:
  ///   - item: the item of the request; one without attributes, or none, matches everything.
  ///   - zone: of the request, in minutes from UTC.
  init(_ tag: Tag, item: DataSet?, _ agreed: QueryCapabilities, zone: Int?) {
    self.tag = tag
    self.zone = zone
    for element in item?.elements ?? DataSet().elements {
      if element.tag.isGroupLength { continue }
      returning.append(element.tag)
      if element.vr == .SQ {
        sequences.append(SequenceKey(element.tag, item: item?.items(element.tag).first, agreed, zone: zone))
      } else if let values = item?.strings(element.tag) {
        keys += LocalQuery.Key.keys(element.tag, values, agreed)
      }
    }
    if agreed.contains(.dateTimeMatching) { moments = MomentKey.combine(&keys) }
  }

  /// Whether everything matches.
  var isUniversal: Bool {
    keys.allSatisfy { ValueMatcher($0).isUniversal } && sequences.allSatisfy(\.isUniversal)
  }

  /// The items that match, each with what was asked for; nil when the key does not match.
  /// - Parameter zone: what the whole data set says, in minutes from UTC.
  func matches(in dataSet: DataSet, zone: Int?) -> [DataSet]? {
    let items = dataSet.items(tag).compactMap { match($0, zone) }
    return items.isEmpty && !isUniversal ? nil : items
  }

  private func match(_ item: DataSet, _ stored: Int?) -> DataSet? {
    let isMatch = keys.allSatisfy { key in
      ValueMatcher(key, isExact: true, zone: zone).matches(item.joinedStrings(key.tag), zone: stored)
    }
    guard isMatch, moments.allSatisfy({ $0.matches(item) }) else { return nil }
    if returning.isEmpty { return LocalIndex.inUTF8(item) }
    var result = DataSet()
    result.setCharacterSet(.utf8)
    LocalIndex.copy(returning, from: item, to: &result)
    for tag in returning where item[tag] == nil { result.setEmpty(tag) }
    for sequence in sequences {
      guard let items = sequence.matches(in: item, zone: stored) else { return nil }
      result.set(sequence.tag, items: items)
    }
    result.remove(.specificCharacterSet)
    return result
  }
}

/// A range of dates and one of times as one range of moments, where that was agreed to (PS3.4 §C.2.2.2.5): from a time of the
/// first day through a time of the last. The index holds the pairs of studies, series and instances that are main tags; a
/// patient's time of birth, the start of the performed procedure step and all others are read from files.
struct MomentKey: Hashable, Sendable {
  let date: Tag
  let time: Tag
  let from: String?
  let through: String?

  /// What belongs together among some keys. The times are taken out; the dates stay, and are met by whatever the pair is.
  static func combine(_ keys: inout [LocalQuery.Key]) -> [MomentKey] {
    let result = keys.compactMap { date -> MomentKey? in
      guard let tag = time(of: date.tag), let time = keys.first(where: { $0.tag == tag }) else { return nil }
      return MomentKey(date, time)
    }
    keys.removeAll { key in result.contains { $0.time == key.tag } }
    return result
  }

  /// The attribute of VR TM that goes with one of VR DA: the keywords of such pairs differ in one word alone. Where several
  /// values are allowed, as of DateOfLastCalibration, each attribute is matched by itself.
  private static func time(of date: Tag) -> Tag? {
    guard let day = DataDictionary.attribute(for: date), day.vr == .DA, day.vm == "1",
      let tag = Tag(parsing: day.keyword.replacing("Date", with: "Time")),
      let time = DataDictionary.attribute(for: tag), time.vr == .TM, time.vm == "1"
    else { return nil }
    return tag
  }

  /// Nil unless both are ranges.
  private init?(_ date: LocalQuery.Key, _ time: LocalQuery.Key) {
    guard let days = DateTimeText.range(date.value, .date), let hours = DateTimeText.range(time.value, .time) else {
      return nil
    }
    (self.date, self.time) = (date.tag, time.tag)
    from = days.from.map { $0 + (hours.from ?? "000000.000000") }
    through = days.through.map { $0 + (hours.through ?? "235959.999999") }
  }

  /// A stored date and time as text that compares as moments do; nil without a date.
  static func moment(_ date: String?, _ time: String?) -> String? {
    guard let date, !ValueMatcher.trim(date).isEmpty else { return nil }
    let time = DateTimeText.normalise(ValueMatcher.trim(time ?? ""), .time)
    return DateTimeText.normalise(ValueMatcher.trim(date), .date) + time
  }

  func matches(_ dataSet: DataSet) -> Bool {
    guard let moment = Self.moment(dataSet.string(date), dataSet.string(time)) else { return false }
    return (from ?? "") <= moment && moment <= (through ?? "~")
  }
}
