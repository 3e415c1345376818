import Dicom

/// One thing to fetch: a patient, study, series or instance by its unique keys. One C-MOVE or C-GET each.
public struct RetrieveItem: Sendable, Hashable, Codable {
  public var keys: [QueryKey]
  /// How many instances it has, where a query told; shown, and believed only when the peer counts nothing.
  public var expected: Int?

  public init(keys: [QueryKey], expected: Int? = nil) {
    self.keys = keys
    self.expected = expected
  }

  public static func study(_ uid: String, expected: Int? = nil) -> RetrieveItem {
    RetrieveItem(keys: [QueryKey(.studyInstanceUID, uid)], expected: expected)
  }

  public static func series(_ uid: String, study: String, expected: Int? = nil) -> RetrieveItem {
    RetrieveItem(keys: [QueryKey(.studyInstanceUID, study), QueryKey(.seriesInstanceUID, uid)], expected: expected)
  }

  public static func instance(_ uid: String, series: String, study: String) -> RetrieveItem {
    RetrieveItem(
      keys: [
        QueryKey(.studyInstanceUID, study), QueryKey(.seriesInstanceUID, series), QueryKey(.sopInstanceUID, uid),
      ], expected: 1)
  }

  public static func patient(_ id: String, expected: Int? = nil) -> RetrieveItem {
    RetrieveItem(keys: [QueryKey(.patientID, id)], expected: expected)
  }
}

extension RetrieveItem {
  /// The identifier of its C-MOVE or C-GET (PS3.4 §C.4.2.1.4). PatientID may hold other than ASCII.
  func identifier(_ level: Level, encoding: String) -> DataSet {
    let query = Query(level: level, keys: keys)
    return query.identifier(keys, characterSet: query.characterSets(default: encoding).first ?? .utf8)
  }
}

/// What to fetch from a station, and to whom it shall be sent.
public struct RetrieveRequest: Sendable, Hashable, Codable {
  public var level: Level
  /// Each a C-MOVE of its own, with its own result.
  public var items: [RetrieveItem]
  /// The AE title to send to; nil: ourselves.
  public var target: String?
  /// The title we call with, and move to when there is no target; nil: the modality's `LocalAet`, else `DicomAet`.
  public var localAET: String?
  /// Agree with the peer that the unique keys above the level may be left out (PS3.4 §C.5.2.1).
  public var isRelational = false
  /// Fetch only what the modality lists and is not here. Of no meaning where the target is another station.
  public var isOnlyMissing = false
  /// Where the modality refuses the method for good, use the other one: C-GET for C-MOVE, C-MOVE for C-GET.
  public var mayChangeMethod = false
  /// The name a person typed, where a station in production is the source or the destination of a move to a third.
  public var confirmation: String?

  public init(level: Level, items: [RetrieveItem], target: String? = nil, localAET: String? = nil) {
    self.level = level
    self.items = items
    self.target = target
    self.localAET = localAET
  }

  /// From keys as on the command line. Each value of the level's unique key is an item; the other keys go with all.
  ///
  /// - Throws: ``OperationError`` when the unique key is missing: a C-MOVE takes no other criteria (PS3.4 §C.4.2.1.4).
  public init(level: Level, keys: [QueryKey], target: String? = nil, localAET: String? = nil) throws(OperationError) {
    let unique = level.uniqueKey
    let others = keys.filter { $0.tag != unique && !$0.value.isEmpty }
    let values = keys.filter { $0.tag == unique && !$0.value.isEmpty }
    guard !values.isEmpty else {
      throw OperationError(
        "\(QueryKey(unique).name) is missing; a retrieve at \(level.description.lowercased()) level needs it: "
          + "-q \(QueryKey(unique).name)=..."
          + (level != .patient && others.contains { $0.tag == .patientID }
            ? "; --level patient has all of a patient" : ""))
    }
    self.init(level: level, items: values.map { RetrieveItem(keys: others + [$0]) }, target: target, localAET: localAET)
  }

  /// The same once more, for what is missing.
  var again: RetrieveRequest {
    var request = self
    request.isOnlyMissing = target == nil
    return request
  }

  /// What is proposed for the models it is made in.
  func negotiations(_ models: [UID]) -> [ExtendedNegotiation] {
    isRelational ? models.map { ExtendedNegotiation($0, .relational) } : []
  }

  /// `2 studies`
  var words: String { Words.count(items.count, level) }
}

/// What to send to a station.
public struct SendRequest: Sendable, Hashable, Codable {
  public enum Source: Sendable, Hashable, Codable {
    /// A local patient, study, series or instance by Orthanc's identifier.
    case id(String)
    /// A DICOM file, or a folder of them.
    case path(String)
  }

  public var sources: [Source]
  /// The title we call with; nil: the modality's `LocalAet`, else `DicomAet`.
  public var localAET: String?
  /// (0000,1030): the title that asked for this; ours where only the id is given.
  public var moveOriginatorAET: String?
  /// (0000,1031): the message id of the C-MOVE it is part of.
  public var moveOriginatorID: UInt16?
  /// Ask the peer to commit to what it got; nil: as the modality is configured.
  public var storageCommitment: Bool?
  public var associations: Int
  /// SOP Instance UIDs that the station has acknowledged before: they are not sent again.
  public var acknowledged: Set<String> = []
  /// The name a person typed, where the station is in production.
  public var confirmation: String?

  public init(
    sources: [Source], localAET: String? = nil, moveOriginatorAET: String? = nil, moveOriginatorID: UInt16? = nil,
    storageCommitment: Bool? = nil, associations: Int = 1
  ) {
    self.sources = sources
    self.localAET = localAET
    self.moveOriginatorAET = moveOriginatorAET
    self.moveOriginatorID = moveOriginatorID
    self.storageCommitment = storageCommitment
    self.associations = associations
  }
}
