import Dicom

/// What storing one synthetic instance at a station and looking for it there came to.
public struct TestStoreResult: OperationResult {
  public var modality: String
  public var studyInstanceUID: String
  public var sopInstanceUID: String
  /// The answer to the C-STORE; nil: none came.
  public var status: Status?
  /// How long the C-STORE took.
  public var milliseconds: Double?
  /// Whether it was found again; nil: the station could not be asked.
  public var isFound: Bool?
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([
      ("modality", .string(modality)), ("studyInstanceUID", .string(studyInstanceUID)),
      ("sopInstanceUID", .string(sopInstanceUID)), ("status", JSONText.Value(status?.hex)),
      ("milliseconds", milliseconds.map(JSONText.Value.decimal) ?? .null),
      ("found", isFound.map(JSONText.Value.bool) ?? .null),
      ("error", outcome.state == .done ? .null : .string(outcome.words)),
    ])
  }
}
