import Dicom

/// What to find in the index, with the meaning of Orthanc's `tools/find`.
public struct LocalQuery: Hashable, Sendable {
  public struct Order: Hashable, Sendable {
    public var tag: Tag
    public var isDescending: Bool

    public init(_ tag: Tag, isDescending: Bool = false) {
      self.tag = tag
      self.isDescending = isDescending
    }
  }

  public struct Key: Hashable, Sendable {
    public var tag: Tag
    /// See ``ValueMatcher``; empty matches everything.
    public var value: String
    /// What has no value is looked for, and `value` says nothing.
    let isAbsence: Bool

    public init(_ tag: Tag, _ value: String) {
      self.tag = tag
      self.value = value
      isAbsence = false
    }

    /// Matches what has no value.
    public init(absent tag: Tag) {
      self.tag = tag
      value = ""
      isAbsence = true
    }
  }

  public var level: Level
  /// All must match. A key of a level below asks whether something below matches.
  public var keys: [Key]
  public var limit: Int?
  /// How many matches to leave out from the beginning.
  public var since: Int
  /// None: as they are found, which is the same from one search to the next while nothing changes.
  public var orderBy: [Order]
  /// Keys that are sequences.
  var sequences: [SequenceKey] = []
  /// Ranges of dates and times that belong together. The dates' are among the keys as well.
  var moments: [MomentKey] = []
  /// Only these, found before.
  var rows: [Int64]?
  /// Nothing but where the matches are is wanted.
  var isRowsOnly = false
  /// The time zone of what the keys of VR DT leave without one: the value of the key Timezone Offset From UTC (0008,0201), in
  /// minutes (PS3.4 §C.2.2.2.5.3).
  var zone: Int? { DateTimeText.zone(keys.first { $0.tag == .timezoneOffsetFromUTC }?.value) }
  /// Attributes wanted in the matches besides the main tags; read from the file of one instance.
  public var returning: [Tag]

  public init(
    level: Level, keys: [Key] = [], limit: Int? = nil, since: Int = 0, orderBy: [Order] = [], returning: [Tag] = []
  ) {
    self.level = level
    self.keys = keys
    self.limit = limit
    self.since = since
    self.orderBy = orderBy
    self.returning = returning
  }

  public init(level: Level, _ keys: [(Tag, String)], limit: Int? = nil, since: Int = 0, orderBy: [Order] = []) {
    self.init(level: level, keys: keys.map { Key($0.0, $0.1) }, limit: limit, since: since, orderBy: orderBy)
  }
}

/// One answer to a ``LocalQuery``.
public struct LocalMatch: Sendable {
  /// Orthanc's identifier.
  public let id: String
  public let level: Level
  /// The main tags of the level and those above, and what is counted below it, in UTF-8.
  public let dataSet: DataSet
}
