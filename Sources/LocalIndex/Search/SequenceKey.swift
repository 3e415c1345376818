import Dicom

/// A key that is a sequence: it matches where one item of the attribute matches everything in the key's own item (PS3.4
/// §C.2.2.2.6). No sequence is in the index, so it is tested on the file of one instance.
struct SequenceKey: Hashable, Sendable {
  let tag: Tag
  private var keys: [LocalQuery.Key] = []
  private var sequences: [SequenceKey] = []
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
    guard isMatch else { return nil }
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

/// A range of dates and one of times as one range of moments, where that was agreed to (PS3.4 §C.2.2.2.5.1): from a time of
/// the first day through a time of the last.
struct MomentKey: Hashable, Sendable {
  let date: Tag
  let time: Tag
  let from: String?
  let through: String?

  /// The attributes that belong together.
  static let pairs: [(date: Tag, time: Tag)] = [
    (.studyDate, .studyTime), (.seriesDate, .seriesTime), (.acquisitionDate, .acquisitionTime),
    (.contentDate, .contentTime), (.instanceCreationDate, .instanceCreationTime),
  ]

  /// Nil unless both are ranges.
  init?(_ pair: (date: Tag, time: Tag), dates: String, times: String) {
    guard let days = DateTimeText.range(dates, .date), let hours = DateTimeText.range(times, .time) else { return nil }
    (date, time) = pair
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
