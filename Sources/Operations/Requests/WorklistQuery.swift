import Dicom

/// What to look for on a worklist (PS3.4 Annex K). Keys of the scheduled procedure step are given like all others and go
/// into its sequence by themselves.
public struct WorklistQuery: Sendable, Hashable {
  /// What must match; a key without a value is one to return.
  public var keys: [QueryKey]
  /// What to return beside the keys; nil: what a list shows.
  public var returnKeys: [Tag]?
  /// After so many matches the query is cancelled; nil for all.
  public var limit: Int?

  public init(keys: [QueryKey] = [], returnKeys: [Tag]? = nil, limit: Int? = nil) {
    self.keys = keys
    self.returnKeys = returnKeys
    self.limit = limit
  }

  /// Attributes of the items of the Scheduled Procedure Step Sequence (PS3.4 Table K.6-1).
  public static let stepAttributes: Set<Tag> = [
    .modality, .scheduledStationAETitle, .scheduledProcedureStepStartDate, .scheduledProcedureStepStartTime,
    .scheduledProcedureStepEndDate, .scheduledProcedureStepEndTime, .scheduledPerformingPhysicianName,
    .scheduledPerformingPhysicianIdentificationSequence, .scheduledProcedureStepDescription,
    .scheduledProtocolCodeSequence, .scheduledProcedureStepID, .scheduledStationName, .scheduledProcedureStepLocation,
    .preMedication, .scheduledProcedureStepStatus, .requestedContrastAgent, .commentsOnTheScheduledProcedureStep,
    .scheduledProcedureStepModificationDateTime,
  ]

  /// What is asked for when a person names no attributes to return.
  public static let returned: [Tag] = [
    .scheduledProcedureStepStartDate, .scheduledProcedureStepStartTime, .patientName, .patientID, .patientBirthDate,
    .patientSex, .accessionNumber, .modality, .scheduledStationAETitle, .scheduledStationName,
    .scheduledProcedureStepDescription, .scheduledProcedureStepID, .scheduledProcedureStepStatus,
    .scheduledProcedureStepLocation, .scheduledPerformingPhysicianName, .requestedProcedureID,
    .requestedProcedureDescription, .requestedProcedurePriority, .requestingPhysician, .referringPhysicianName,
    .studyInstanceUID,
  ]

  /// A value of a match: its own, or that of its scheduled step.
  public static func value(_ tag: Tag, of match: DataSet) -> String {
    let holder = stepAttributes.contains(tag) ? match.items(.scheduledProcedureStepSequence).first : match
    return (holder?.strings(tag) ?? []).joined(separator: "\\")
  }

  /// The keys as they go out, adapted to the modality as those of a query are.
  /// - Throws: ``OperationError`` naming the key.
  func keys(for modality: Modality) throws(OperationError) -> [QueryKey] {
    let asked = keys.filter { $0.tag != .scheduledProcedureStepSequence }
    let returned = (returnKeys ?? Self.returned).map { QueryKey($0) }
    return try Query.merged(asked + returned, for: modality)
  }

  /// The identifier of the C-FIND, which has no Query/Retrieve Level.
  func identifier(_ keys: [QueryKey], characterSet: CharacterSet) -> DataSet {
    var step = DataSet(characterSet: characterSet)
    var dataSet = DataSet(characterSet: characterSet)
    if text.hasText { dataSet.setCharacterSet(characterSet) }
    for key in keys {
      if Self.stepAttributes.contains(key.tag) { step.set(key) } else { dataSet.set(key) }
    }
    dataSet.set(.scheduledProcedureStepSequence, items: [step])
    return dataSet
  }

  /// The character sets to try are those of any query with these keys.
  var text: Query { Query(keys: keys) }
}
