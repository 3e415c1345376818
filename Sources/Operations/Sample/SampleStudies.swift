import Dicom
import LocalIndex

/// Synthetic studies of people who do not exist, drawn by the program: what `fluoro demo` shows.
///
/// Everything in them is the same each time, identifiers too.
public enum SampleStudies {
  /// One instance, ready to be written.
  public struct Instance: Sendable {
    public var metaInformation: FileMetaInformation
    public var dataSet: DataSet
  }

  /// How many studies there are.
  public static var count: Int { SampleStudy.all.count }

  /// Makes all instances, one after the other; only one is in memory at a time.
  public static func each(_ body: (Instance) throws -> Void) rethrows {
    for study in SampleStudy.all {
      for (number, series) in study.series.enumerated() {
        for image in 0..<series.images {
          try body(instance(of: study, series, number: number + 1, image: image))
        }
      }
    }
  }

  /// Stores all of them in an index; those it holds already stay as they are.
  /// - Returns: how many instances there are.
  @discardableResult
  public static func install(into index: LocalIndex) throws -> Int {
    var count = 0
    try each { instance in
      let meta = instance.metaInformation
      let incoming = try index.begin(
        ReceptionDescription(
          sopClassUID: meta.mediaStorageSOPClassUID, sopInstanceUID: meta.mediaStorageSOPInstanceUID,
          transferSyntaxUID: meta.transferSyntax))
      try incoming.write(
        DataSetWriter.write(instance.dataSet, transferSyntax: TransferSyntax(uid: meta.transferSyntax)))
      _ = try incoming.commit()
      count += 1
    }
    return count
  }

  private static func instance(of study: SampleStudy, _ series: SampleSeries, number: Int, image: Int) -> Instance {
    let key = "\(study.accessionNumber)/\(number)/\(image)"
    let sopInstanceUID = syntheticUID("instance \(key)")
    var dataSet = DataSet()
    describePatient(study.patient, in: &dataSet)
    describeStudy(study, in: &dataSet)
    dataSet.set(.sopClassUID, series.picture.sopClassUID)
    dataSet.set(.sopInstanceUID, sopInstanceUID)
    dataSet.set(.seriesInstanceUID, syntheticUID("series \(study.accessionNumber)/\(number)"))
    dataSet.set(.modality, series.picture.modality)
    dataSet.set(.seriesNumber, String(number))
    dataSet.set(.seriesDescription, series.description)
    dataSet.set(.bodyPartExamined, series.picture.bodyPart)
    dataSet.set(.instanceNumber, String(image + 1))
    dataSet.set(.imageComments, "Synthetic image drawn by fluoro. No patient.")
    describeGeometry(study, series, image: image, in: &dataSet)
    SampleImage(series.picture, index: image, of: series.images).describe(in: &dataSet)
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: series.picture.sopClassUID, mediaStorageSOPInstanceUID: sopInstanceUID,
      transferSyntax: TransferSyntax.explicitVRLittleEndian.uid)
    return Instance(metaInformation: meta, dataSet: dataSet)
  }

  private static func describePatient(_ patient: SamplePatient, in dataSet: inout DataSet) {
    if let name = patient.characterSet, let characterSet = CharacterSet(orthancName: name) {
      dataSet.setCharacterSet(characterSet)
    }
    dataSet.set(.patientName, patient.name)
    dataSet.set(.patientID, patient.id)
    dataSet.set(.patientBirthDate, patient.birthDate)
    dataSet.set(.patientSex, patient.sex)
  }

  private static func describeStudy(_ study: SampleStudy, in dataSet: inout DataSet) {
    dataSet.set(.studyInstanceUID, syntheticUID("study \(study.accessionNumber)"))
    dataSet.set(.studyID, String(study.accessionNumber.suffix(4)))
    dataSet.set(.accessionNumber, study.accessionNumber)
    dataSet.set(.studyDate, study.date)
    dataSet.set(.seriesDate, study.date)
    dataSet.set(.contentDate, study.date)
    dataSet.set(.studyTime, study.time)
    dataSet.set(.seriesTime, study.time)
    dataSet.set(.contentTime, study.time)
    dataSet.set(.studyDescription, study.description)
    dataSet.set(.referringPhysicianName, study.referringPhysician)
    dataSet.set(.institutionName, "Demonstration hospital (synthetic)")
    dataSet.set(.manufacturer, "fluoro")
  }

  private static func describeGeometry(
    _ study: SampleStudy, _ series: SampleSeries, image: Int, in dataSet: inout DataSet
  ) {
    guard series.images > 1, series.picture.modality != "US" else { return }
    let thickness = 5.0
    dataSet.set(.frameOfReferenceUID, syntheticUID("frame \(study.accessionNumber)"))
    dataSet.set(.imagePositionPatient, ["-120", "-120", String(Double(image) * thickness)])
    dataSet.set(.imageOrientationPatient, ["1", "0", "0", "0", "1", "0"])
    dataSet.set(.pixelSpacing, ["1.875", "1.875"])
    dataSet.set(.sliceThickness, String(thickness))
    if series.picture.modality == "CT" {
      dataSet.set(.rescaleIntercept, "0")
      dataSet.set(.rescaleSlope, "1")
      dataSet.set(.rescaleType, "HU")
      dataSet.set(.imageType, ["ORIGINAL", "PRIMARY", "AXIAL"])
    }
  }

  /// A UID under 2.25 (PS3.5 §B.2) that is the same whenever the text is: FNV-1a over it, twice, marked as a name-based
  /// UUID (version 8, RFC 9562) and written as one decimal number.
  static func syntheticUID(_ text: String) -> UID {
    let high = (fnv1a("fluoro sample " + text) & ~0xF000) | 0x8000
    let low = (fnv1a(text + " fluoro sample") & ~(0xC << 60)) | (0x8 << 60)
    return UID("2.25.\(UInt128(high) << 64 | UInt128(low))")
  }

  private static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
