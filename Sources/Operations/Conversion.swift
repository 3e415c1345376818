import Dicom
import Foundation

/// Writing a file in another transfer syntax, or making one of DICOM JSON.
public enum Conversion {
  /// What a person calls the transfer syntaxes, beside their UIDs.
  public static let names: [(name: String, syntax: TransferSyntax)] = [
    ("implicit", .implicitVRLittleEndian), ("explicit", .explicitVRLittleEndian),
    ("big-endian", .explicitVRBigEndian), ("deflated", .deflatedExplicitVRLittleEndian),
  ]

  /// The transfer syntax of such a name or UID; nil: it is neither.
  public static func transferSyntax(named text: String) -> TransferSyntax? {
    if let known = names.first(where: { $0.name == text.lowercased() }) { return known.syntax }
    let uid = UID(text)
    return uid.isWellFormed ? TransferSyntax(uid: uid) : nil
  }

  /// Writes `source`, a DICOM file or a `.json` file (PS3.18 Annex F), to `target`, which may be the same.
  ///
  /// - Throws: what is wrong with the file, with the JSON in it, or with writing.
  public static func write(_ source: String, to target: String, _ syntax: TransferSyntax) throws {
    guard source.lowercased().hasSuffix(".json") else {
      return try DicomFile.convert(source, to: target, transferSyntax: syntax)
    }
    let dataSet: DataSet
    do {
      dataSet = try DataSet(dicomJSON: String(contentsOfFile: source, encoding: .utf8))
    } catch let error as DicomJSONError {
      throw OperationError("\(source): \(error)")
    }
    guard let sopClass = dataSet.uid(.sopClassUID), let sopInstance = dataSet.uid(.sopInstanceUID) else {
      throw OperationError("\(source): SOPClassUID and SOPInstanceUID are needed to write a file; one is missing")
    }
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: sopClass, mediaStorageSOPInstanceUID: sopInstance, transferSyntax: syntax.uid)
    try DicomFile.write(dataSet, meta: meta, to: target)
  }
}
