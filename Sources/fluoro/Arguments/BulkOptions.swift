import ArgumentParser
import Dicom
import Operations

/// Many at once, by the rows of a file.
struct BulkOptions: ParsableArguments, Sendable {
  @Option(
    help: ArgumentHelp(
      "A CSV file whose header names keywords, such as AccessionNumber, PatientID or StudyInstanceUID: one operation a row.",
      valueName: "file.csv"))
  var from: String?
  @Option(
    help: ArgumentHelp(
      "With --from: write what became of each row there; rows that are done according to it are left out.",
      valueName: "file.csv"))
  var result: String?
  @Option(
    help: ArgumentHelp("With --from: begin at most so many rows, such as 120/h or 2/m.", valueName: "N/h"),
    transform: { text in
      guard let perHour = BulkPace.perHour(parsing: text) else {
        throw ValidationError("--rate \(text): expected a number an hour, such as 120/h")
      }
      return perHour
    })
  var rate: Double?
  @Option(
    help: ArgumentHelp("With --from: begin rows only in this time of the day, such as 19:00-06:00.", valueName: "times")
  )
  var between: String?
  @Option(help: ArgumentHelp("With --from: stop after so many rows have failed.", valueName: "N"))
  var stopAfter: Int?

  func validate() throws {
    if let between, BulkPace.window(parsing: between) == nil {
      throw ValidationError("--between \(between): expected two times, such as 19:00-06:00")
    }
    if let stopAfter, stopAfter < 1 { throw ValidationError("--stop-after \(stopAfter): expected at least 1") }
    if from == nil, result != nil || rate != nil || between != nil || stopAfter != nil {
      throw ValidationError("--result, --rate, --between and --stop-after need --from")
    }
  }

  private var pace: BulkPace {
    var pace = BulkPace()
    pace.perHour = rate
    pace.window = between.flatMap(BulkPace.window)
    return pace
  }

  /// Does for each row that is not done yet what the verb says.
  ///
  /// - Parameters:
  ///   - tells: a line for each on standard output; else only failures, on standard error.
  ///   - begin: called once it is known that there are rows, and before the first result.
  /// - Throws: the `Ending` with how it all went.
  func run(
    _ path: String, _ verb: BulkRequest.Verb, _ modality: Modality, _ station: Station, timeout: TimeoutChoice,
    json: Bool, tells: Bool = true, begin: () -> Void = {},
    onMatch: @escaping @Sendable (DataSet) -> Void = { _ in }
  ) async throws {
    do {
      let operation: Operation<BulkResult>
      do {
        var source = try BulkSource(path: path, result: result)
        (source.pace, source.stopAfter) = (pace, stopAfter)
        begin()
        operation = try station.bulk(modality, BulkRequest(verb, source), timeout: timeout, onMatch: onMatch) {
          row, outcome in
          if tells {
            try tell(row, outcome, json: json)
          } else if outcome.state != .done {
            StandardError.say("row \(row.number): \(outcome.reason)")
          }
        }
      } catch let error as OperationError {
        throw Ending.usage("\(error)")
      }
      let result = try await follow(operation)
      if result.done > 0 || result.outcome.exitStatus == 0 { try ResultWriter.standard.conclude() }
      try result.finish()
    } catch {
      await station.shutdown()
      throw error
    }
    await station.shutdown()
  }

  private func tell(_ row: BulkRow, _ outcome: BulkOutcome, json: Bool) throws {
    guard json else {
      let reason = outcome.reason.isEmpty ? "" : ": \(outcome.reason)"
      return try ResultWriter.standard.line("row \(row.number) \(row.words): \(outcome.state.words)\(reason)")
    }
    let keys = row.keys.map { ($0.name, JSONText.Value.string($0.value)) }
    try ResultWriter.standard.line(
      JSONText.Value.object(
        [("row", .integer(row.number))] + keys + [
          ("outcome", .string(outcome.state.rawValue)), ("instances", .integer(outcome.instances)),
          ("reason", .string(outcome.reason)),
        ]
      ).text)
  }
}
