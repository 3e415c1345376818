import Dicom
import LocalIndex

/// What importing files came to.
public struct ImportResult: OperationResult {
  public var imported: Int
  /// Here already, byte for byte.
  public var duplicates: Int
  /// Other data sets under a stored identity.
  public var versions: Int
  public var bytes: Int64
  /// Files that are no DICOM instance.
  public var notDicom: [String]
  /// Files that could not be taken, and why.
  public var failures: [(path: String, reason: String)]
  /// Orthanc identifiers of the studies they belong to.
  public var studies: [String]
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([
      ("imported", .integer(imported)), ("duplicates", .integer(duplicates)), ("versions", .integer(versions)),
      ("bytes", .integer(Int(bytes))), ("notDicom", .array(notDicom.map(JSONText.Value.string))),
      (
        "failures",
        .array(failures.map { .object([("path", .string($0.path)), ("error", .string($0.reason))]) })
      ),
      ("studies", .array(studies.map(JSONText.Value.string))),
    ])
  }
}
