import Dicom

/// What watching a station came to.
public struct WatchResult: OperationResult {
  public var modality: String
  public var statistics: EchoStatistics
  public var outcome: Outcome

  public var json: JSONText.Value {
    func time(_ value: Double?) -> JSONText.Value { value.map(JSONText.Value.decimal) ?? .null }
    return .object([
      ("modality", .string(modality)), ("sent", .integer(statistics.sent)), ("answered", .integer(statistics.answered)),
      ("loss", .decimal(statistics.loss)), ("minimum", time(statistics.minimum)), ("mean", time(statistics.mean)),
      ("maximum", time(statistics.maximum)), ("jitter", time(statistics.jitter)),
      ("outages", .integer(statistics.outages.count)),
    ])
  }
}
