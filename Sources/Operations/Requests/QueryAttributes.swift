import Dicom

/// Which attributes belong to which level of the Query/Retrieve information models (PS3.4 Tables C.6-1 to C.6-5),
/// the optional ones of the same modules included, and which of them we ask for unasked.
public enum QueryAttributes {
  /// Belong to every level.
  static let everywhere: Set<Tag> = [
    .specificCharacterSet, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability, .timezoneOffsetFromUTC,
    .storageMediaFileSetID, .storageMediaFileSetUID, .retrieveURL,
  ]

  static let patient: Set<Tag> = [
    .patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientBirthTime, .patientSex,
    .otherPatientIDsSequence, .otherPatientNames, .ethnicGroup, .patientComments,
    .patientSpeciesDescription, .patientBreedDescription, .responsiblePerson, .responsibleOrganization,
    .referencedPatientSequence, .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries,
    .numberOfPatientRelatedInstances,
  ]

  static let study: Set<Tag> = [
    .studyInstanceUID, .studyDate, .studyTime, .accessionNumber, .issuerOfAccessionNumberSequence, .studyID,
    .studyDescription, .referringPhysicianName, .procedureCodeSequence, .nameOfPhysiciansReadingStudy,
    .physiciansOfRecord, .admittingDiagnosesDescription, .referencedStudySequence, .patientAge, .patientSize,
    .patientWeight, .occupation, .additionalPatientHistory, .requestingPhysician, .requestingService,
    .requestedProcedureDescription, .institutionName, .modalitiesInStudy, .sopClassesInStudy,
    .anatomicRegionsInStudyCodeSequence, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
  ]

  static let series: Set<Tag> = [
    .seriesInstanceUID, .modality, .seriesNumber, .seriesDate, .seriesTime, .seriesDescription,
    .seriesDescriptionCodeSequence, .bodyPartExamined, .protocolName, .laterality, .stationName, .operatorsName,
    .performingPhysicianName, .performedProcedureStepStartDate, .performedProcedureStepStartTime,
    .performedProcedureStepDescription, .requestAttributesSequence, .institutionName, .institutionalDepartmentName,
    .manufacturer, .manufacturerModelName, .deviceSerialNumber, .softwareVersions, .patientPosition,
    .contrastBolusAgent, .imageOrientationPatient, .cardiacNumberOfImages, .imagesInAcquisition,
    .numberOfTemporalPositions, .numberOfSlices, .numberOfTimeSlices, .sequenceName, .frameOfReferenceUID,
    .acquisitionDeviceProcessingDescription, .numberOfSeriesRelatedInstances,
  ]

  /// Whether an attribute may be asked for at a level, as Orthanc's `Normalize` has it: those of the level and of the
  /// levels above, whose values go with every entity below; at the instance level all. What is counted belongs to its
  /// level alone.
  public static func belongs(_ tag: Tag, to level: Level) -> Bool {
    if everywhere.contains(tag) { return true }
    if let own = counters[tag] { return own == level }
    return switch level {
    case .patient: patient.contains(tag)
    case .study: study.contains(tag) || patient.contains(tag)
    case .series: series.contains(tag) || study.contains(tag) || patient.contains(tag)
    case .instance: true
    }
  }

  private static let counters: [Tag: Level] = [
    .numberOfPatientRelatedStudies: .patient, .numberOfPatientRelatedSeries: .patient,
    .numberOfPatientRelatedInstances: .patient, .modalitiesInStudy: .study, .sopClassesInStudy: .study,
    .numberOfStudyRelatedSeries: .study, .numberOfStudyRelatedInstances: .study,
    .numberOfSeriesRelatedInstances: .series,
  ]

  /// What is asked for when a person names no attributes to return: what a list of that level shows.
  public static func returned(at level: Level) -> [Tag] {
    switch level {
    case .patient:
      [
        .patientName, .patientID, .patientBirthDate, .patientSex, .numberOfPatientRelatedStudies,
        .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances,
      ]
    case .study:
      [
        .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyDate, .studyTime,
        .accessionNumber, .studyID, .studyDescription, .referringPhysicianName, .modalitiesInStudy,
        .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
      ]
    case .series:
      [
        .patientID, .studyInstanceUID, .seriesInstanceUID, .modality, .seriesNumber, .seriesDate, .seriesTime,
        .seriesDescription, .bodyPartExamined, .protocolName, .numberOfSeriesRelatedInstances,
      ]
    case .instance:
      [
        .patientID, .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .sopClassUID, .instanceNumber,
        .numberOfFrames, .rows, .columns,
      ]
    }
  }

  /// Every attribute named here, for suggestions.
  public static let suggested: [Tag] = Array(
    everywhere.union(patient).union(study).union(series).union(Level.allCases.flatMap(returned(at:)))
  ).sorted()
}
