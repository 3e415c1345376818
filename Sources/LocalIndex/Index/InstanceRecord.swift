import Dicom

/// What the index keeps of one file.
struct InstanceRecord: Sendable {
  var identity: InstanceIdentity
  /// Values of ``MainTags`` by level, in their order.
  var values: [Level: [String?]]
  var sopClassUID: String
  var transferSyntaxUID: String
  var bytes: Int
  /// Seconds since 1970: the file's modification time.
  var received: Double
  var remoteAET: String?
  var calledAET: String?
  /// 1 for the current one.
  var version: Int
  /// ``FileDigest`` of the file as it was written; nil for one that was read back, whose digest is known already or is not.
  var digest: UInt64?

  func value(_ tag: Tag, _ level: Level) -> String? {
    guard let index = MainTags.tags(of: level).firstIndex(of: tag) else { return nil }
    return values[level]?[index]
  }
}

/// The identifiers and main tags found in a data set, or the head of one.
struct InstanceHeader: Sendable {
  let identity: InstanceIdentity
  let values: [Level: [String?]]
  let sopClassUID: String
  let sopInstanceUID: String

  /// - Parameter recent: what to look in for the identifiers of its series.
  /// - Throws: `StorageError.missingIdentifier` without one of the three UIDs.
  init(_ dataSet: DataSet, _ recent: RecentArrivals? = nil) throws {
    let study = try Self.identifier(.studyInstanceUID, in: dataSet)
    let series = try Self.identifier(.seriesInstanceUID, in: dataSet)
    sopInstanceUID = try Self.identifier(.sopInstanceUID, in: dataSet)
    sopClassUID = ValueMatcher.trim(dataSet.string(.sopClassUID) ?? "")
    let patientID = dataSet.string(.patientID) ?? ""
    let known = recent?.series(patientID: patientID, studyInstanceUID: study, seriesInstanceUID: series)
    identity =
      (known ?? SeriesIdentity(patientID: patientID, studyInstanceUID: study, seriesInstanceUID: series))
      .instance(sopInstanceUID)
    var values: [Level: [String?]] = Dictionary(minimumCapacity: Level.allCases.count)
    for level in Level.allCases { values[level] = MainTags.tags(of: level).map { dataSet.joinedStrings($0) } }
    self.values = values
  }

  /// Whether a data set has what it is known by. - Throws: as reading it does.
  static func check(_ dataSet: DataSet) throws {
    for tag in [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID] { _ = try identifier(tag, in: dataSet) }
  }

  private static func identifier(_ tag: Tag, in dataSet: DataSet) throws -> String {
    let value = ValueMatcher.trim(dataSet.string(tag) ?? "")
    guard !value.isEmpty else {
      throw StorageError(
        .missingIdentifier(tag),
        "The instance has no \(tag.keyword ?? tag.description), without which it cannot be stored.")
    }
    return value
  }

  func record(
    transferSyntaxUID: String, bytes: Int, received: Double, remoteAET: String?, calledAET: String?, version: Int,
    digest: UInt64? = nil
  ) -> InstanceRecord {
    InstanceRecord(
      identity: identity, values: values, sopClassUID: sopClassUID, transferSyntaxUID: transferSyntaxUID, bytes: bytes,
      received: received, remoteAET: remoteAET, calledAET: calledAET, version: version, digest: digest)
  }
}
