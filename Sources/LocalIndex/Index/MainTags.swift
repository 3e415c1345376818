import Dicom

/// Orthanc's main DICOM tags (its `DicomMap`, version 1.10): what the index keeps of every patient, study, series and
/// instance.
public enum MainTags {
  public static let patient: [Tag] = [
    .patientID, .patientName, .patientBirthDate, .patientSex, otherPatientIDs,
  ]

  public static let study: [Tag] = [
    .studyInstanceUID, .studyDate, .studyTime, .studyID, .studyDescription, .accessionNumber, .referringPhysicianName,
    .institutionName, .requestingPhysician, .requestedProcedureDescription,
  ]

  public static let series: [Tag] = [
    .seriesInstanceUID, .seriesDate, .seriesTime, .modality, .manufacturer, .stationName, .seriesDescription,
    .bodyPartExamined, .sequenceName, .protocolName, .seriesNumber, .cardiacNumberOfImages, .imagesInAcquisition,
    .numberOfTemporalPositions, .numberOfSlices, .numberOfTimeSlices, .imageOrientationPatient, .seriesType,
    .operatorsName, .performedProcedureStepDescription, .acquisitionDeviceProcessingDescription, .contrastBolusAgent,
  ]

  public static let instance: [Tag] = [
    .sopInstanceUID, .instanceCreationDate, .instanceCreationTime, .acquisitionNumber, .imageIndex, .instanceNumber,
    .numberOfFrames, .temporalPositionIdentifier, .imagePositionPatient, .imageComments, .imageOrientationPatient,
  ]

  /// Retired, and in Orthanc's list all the same.
  static let otherPatientIDs = Tag(0x0010, 0x1000)

  public static func tags(of level: Level) -> [Tag] {
    switch level {
    case .patient: patient
    case .study: study
    case .series: series
    case .instance: instance
    }
  }

  /// The level whose value of a tag counts for a resource: of several the deepest at or above the resource's own
  /// (two have an ImageOrientationPatient), else the first below. Nil when it is no main tag.
  static func level(of tag: Tag, for resource: Level) -> Level? {
    let levels = Level.allCases.filter { tags(of: $0).contains(tag) }
    return levels.last { $0 <= resource } ?? levels.first
  }

  /// The last tag, in a data set's order, of which the index keeps the value.
  static let last: Tag = (patient + study + series + instance).max() ?? .patientID

  /// The column of a tag.
  static func column(_ tag: Tag) -> String { columns[tag] ?? tag.hexadecimal }

  private static let columns: [Tag: String] = Dictionary(
    uniqueKeysWithValues: Set(patient + study + series + instance + [.sopClassUID]).map {
      ($0, $0.keyword ?? $0.hexadecimal)
    })
}
