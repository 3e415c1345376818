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

  /// - Throws: `StorageError.missingIdentifier` without one of the three UIDs.
  init(_ dataSet: DataSet) throws {
    func identifier(_ tag: Tag) throws -> String {
      let value = ValueMatcher.trim(dataSet.string(tag) ?? "")
      guard !value.isEmpty else {
        throw StorageError(
          .missingIdentifier(tag),
          "The instance has no \(tag.keyword ?? tag.description), without which it cannot be stored.")
      }
      return value
    }
    let study = try identifier(.studyInstanceUID)
    let series = try identifier(.seriesInstanceUID)
    sopInstanceUID = try identifier(.sopInstanceUID)
    sopClassUID = ValueMatcher.trim(dataSet.string(.sopClassUID) ?? "")
    identity = InstanceIdentity(
      patientID: dataSet.string(.patientID) ?? "", studyInstanceUID: study, seriesInstanceUID: series,
      sopInstanceUID: sopInstanceUID)
    var values: [Level: [String?]] = [:]
    for level in Level.allCases { values[level] = MainTags.tags(of: level).map { Self.text(of: $0, in: dataSet) } }
    self.values = values
  }

  /// All values of an attribute as text with backslashes between them; nil when it is absent.
  static func text(of tag: Tag, in dataSet: DataSet) -> String? {
    guard let element = dataSet[tag] else { return nil }
    if element.vr == .SQ { return nil }
    return dataSet.strings(tag).joined(separator: "\\")
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
