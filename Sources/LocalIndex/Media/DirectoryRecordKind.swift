import Dicom

/// The kind of record that stands in a DICOMDIR for an instance, and what it says of it (PS3.3 §F.4, §F.5).
struct DirectoryRecordKind {
  let name: String
  /// Attributes that are copied from the instance; one that it lacks stands there empty.
  let keys: [Tag]

  private init(_ name: String, _ keywords: String) {
    self.name = name
    keys = keywords.split(separator: " ").compactMap { Tag(parsing: String($0)) }
  }

  init(sopClass: UID) {
    self = Self.byClass[sopClass.rawValue] ?? Self.byFamily.first { sopClass.rawValue.hasPrefix($0.0) }?.1 ?? Self.image
  }

  private static let image = DirectoryRecordKind("IMAGE", "InstanceNumber")

  private static let content =
    "InstanceNumber ContentDate ContentTime ContentLabel ContentDescription ContentCreatorName"
  private static let document =
    "InstanceNumber ContentDate ContentTime CompletionFlag VerificationFlag ConceptNameCodeSequence"
  private static let storage = "1.2.840.10008.5.1.4.1.1."

  private static let byClass: [String: DirectoryRecordKind] = {
    let treatment = DirectoryRecordKind("RT TREAT RECORD", "InstanceNumber TreatmentDate TreatmentTime")
    let plan = DirectoryRecordKind("RT PLAN", "InstanceNumber RTPlanLabel RTPlanDate RTPlanTime")
    let registration = DirectoryRecordKind("REGISTRATION", content)
    let measurement = DirectoryRecordKind("MEASUREMENT", content)
    let report = DirectoryRecordKind("SR DOCUMENT", document)
    let scan = DirectoryRecordKind("SURFACE SCAN", "ContentDate ContentTime")
    let radiotherapy = DirectoryRecordKind(
      "RADIOTHERAPY", "InstanceNumber UserContentLabel UserContentLongLabel ContentDescription ContentCreatorName")
    let radiotherapies = (Array(10...22) + [25]).map { ("481.\($0)", radiotherapy) }
    let measurements = [1, 2, 3, 4, 5, 7, 8].map { ("78.\($0)", measurement) }
    let kinds: [(String, DirectoryRecordKind)] = [
      ("80.1", measurement), ("78.6", report), ("79.1", report), ("68.1", scan), ("68.2", scan),
      ("66.6", DirectoryRecordKind("TRACT", content)),
      ("90.1", DirectoryRecordKind("ASSESSMENT", "InstanceNumber InstanceCreationDate InstanceCreationTime")),
      (
        "88.59", DirectoryRecordKind("KEY OBJECT DOC", "InstanceNumber ContentDate ContentTime ConceptNameCodeSequence")
      ),
      ("481.2", DirectoryRecordKind("RT DOSE", "InstanceNumber DoseSummationType")),
      (
        "481.3",
        DirectoryRecordKind(
          "RT STRUCTURE SET", "InstanceNumber StructureSetLabel StructureSetDate StructureSetTime")
      ),
      ("481.5", plan), ("481.8", plan),
      ("481.4", treatment), ("481.6", treatment), ("481.7", treatment), ("481.9", treatment),
      (
        "4.2",
        DirectoryRecordKind(
          "SPECTROSCOPY",
          "InstanceNumber ContentDate ContentTime ImageType NumberOfFrames Rows Columns DataPointRows DataPointColumns")
      ),
      ("66", DirectoryRecordKind("RAW DATA", "InstanceNumber ContentDate ContentTime")),
      ("66.1", registration), ("66.3", registration),
      ("66.2", DirectoryRecordKind("FIDUCIAL", content)),
      ("66.5", DirectoryRecordKind("SURFACE", content)),
      ("67", DirectoryRecordKind("VALUE MAP", content)),
      ("77.1.5.3", DirectoryRecordKind("STEREOMETRIC", "InstanceNumber")),
    ]
    return Dictionary(uniqueKeysWithValues: (kinds + radiotherapies + measurements).map { (storage + $0, $1) })
  }()

  private static let byFamily: [(String, DirectoryRecordKind)] = [
    (
      storage + "88.",
      DirectoryRecordKind("SR DOCUMENT", document)
    ),
    (
      storage + "11.",
      DirectoryRecordKind(
        "PRESENTATION",
        "InstanceNumber PresentationCreationDate PresentationCreationTime ContentLabel ContentDescription "
          + "ContentCreatorName ReferencedSeriesSequence")
    ),
    (storage + "9.", DirectoryRecordKind("WAVEFORM", "InstanceNumber ContentDate ContentTime")),
    (
      storage + "104.",
      DirectoryRecordKind(
        "ENCAP DOC",
        "InstanceNumber ContentDate ContentTime ConceptNameCodeSequence DocumentTitle MIMETypeOfEncapsulatedDocument")
    ),
  ]
}
