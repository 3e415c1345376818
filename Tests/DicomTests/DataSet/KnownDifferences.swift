@testable import Dicom

/// Where our reader and pydicom 3 differ, and why.
enum KnownDifferences {
  /// Files that are no data set.
  static let notRead = [
    "test_files/crayons.icc": "a colour profile; pydicom makes elements of it when forced",
    "test_files/dicomdirtests/TINY_ALPHA/README": "a text",
    "test_files/rtplan.dump": "a text",
    "test_files/rtstruct.dump": "a text",
    "test_files/zipMR.gz": "an archive",
  ]

  /// Files that are read to their end, of which we report what others pass over.
  static let problems = [
    "test_files/dicomdirtests/DICOMDIR-nooffset": "the length of its last sequence counts 24 bytes more than there are"
  ]

  /// Begins with a stray byte. We read the data set behind it; pydicom makes one element of all of it, dcmdump fails.
  static let strayByte = "test_files/no_meta.dcm"

  /// What a data set loses on its way through JSON.
  static func explainBackFromJSON(_ difference: JSONDifference, in name: String) -> Bool {
    // Text that could not be decoded is shown by its bytes, and those are text from then on.
    if difference.theirs.contains("\\") { return true }
    // A length must be even (PS3.5 §7.1.1): bytes get one more where it was not.
    if difference.path.hasSuffix("InlineBinary"), let ours = Base64.decode(Array(difference.ours.utf8)),
      let theirs = Base64.decode(Array(difference.theirs.utf8)), theirs.count % 2 == 1, ours == theirs + [0]
    {
      return true
    }
    return false
  }

  static func explain(_ difference: JSONDifference, in name: String, _ syntax: TransferSyntax) -> Bool {
    if name == strayByte { return true }
    // An empty value among others is null (PS3.18 §F.2.5); pydicom writes an empty string.
    if difference.ours == "null", difference.theirs == "" { return true }
    // Spaces at the end of any value of CS are padding (PS3.5 §6.2); pydicom strips only those of the last.
    if difference.ours == "DERIVED", difference.theirs == "DERIVED " { return true }
    // Bytes are in the order of the transfer syntax of application/dicom+json, which is little endian unless its
    // parameter says otherwise (PS3.18 §F.2.7, §8.7.3.2); pydicom gives them as they are in the file.
    if !syntax.isLittleEndian, difference.path == "7FE00010.InlineBinary" { return true }
    // Group lengths are not part of the model (PS3.18 §F.2.2).
    if difference.ours == "nothing", difference.path.hasSuffix("0000"), !difference.path.contains(".") { return true }
    return false
  }
}
