import Dicom

/// Attributes of a DICOMDIR (PS3.3 §F.3.2.2).
enum DirectoryTags {
  static let fileSetID = Tag(0x0004, 0x1130)
  static let firstRecordOffset = Tag(0x0004, 0x1200)
  static let lastRecordOffset = Tag(0x0004, 0x1202)
  static let consistencyFlag = Tag(0x0004, 0x1212)
  static let records = Tag(0x0004, 0x1220)
  static let nextRecordOffset = Tag(0x0004, 0x1400)
  static let recordInUseFlag = Tag(0x0004, 0x1410)
  static let lowerLevelOffset = Tag(0x0004, 0x1420)
  static let recordType = Tag(0x0004, 0x1430)
  static let referencedFileID = Tag(0x0004, 0x1500)
  static let referencedSOPClassUID = Tag(0x0004, 0x1510)
  static let referencedSOPInstanceUID = Tag(0x0004, 0x1511)
  static let referencedTransferSyntaxUID = Tag(0x0004, 0x1512)
}
