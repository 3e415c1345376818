import ArgumentParser
import Dicom
import Foundation
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

  /// Does `body` for each row that is not done yet.
  ///
  /// - Parameter tells: a line for each on standard output; else only failures, on standard error.
  /// - Throws: the `Ending` with how it all went.
  func run(_ path: String, json: Bool, tells: Bool = true, _ body: (BulkRow) async throws -> BulkOutcome) async throws {
    let (rows, results) = try read(path)
    let todo = rows.filter { results?.isDone($0) != true }
    if todo.count < rows.count {
      StandardError.say("\(rows.count - todo.count) of \(rows.count) rows are done already", prefix: "")
    }
    var last: Date?
    var failed = 0
    for row in todo {
      try await wait(until: pace.next(after: last, now: Date()))
      last = Date()
      let outcome: BulkOutcome
      do {
        outcome = try await body(row)
      } catch let error as OperationError {
        outcome = BulkOutcome(.failed, "\(error)")
      }
      // What was interrupted is to be done again.
      if outcome.state == .cancelled { throw CancellationError() }
      try results?.add(row, outcome)
      if tells {
        try tell(row, outcome, json: json)
      } else if outcome.state != .done {
        StandardError.say("row \(row.number): \(outcome.reason)")
      }
      if outcome.state != .done { failed += 1 }
      if let stopAfter, failed >= stopAfter {
        throw Ending(status: .partial, message: "stopped: \(failed) of the rows failed; \(todo.count) were to be done")
      }
    }
    guard failed > 0 else { return }
    throw Ending(
      status: failed < rows.count ? .partial : .failed,
      message: "\(failed) of \(rows.count) rows failed, or are not whole")
  }

  private func read(_ path: String) throws -> ([BulkRow], BulkResults?) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Ending.usage("--from \(path) cannot be read")
    }
    guard let text = String(data: data, encoding: .utf8) else { throw Ending.usage("--from \(path) is not UTF-8 text") }
    do {
      let table = try CSVTable(parsing: text)
      return (try BulkRow.rows(of: table), try result.map { try BulkResults($0, header: table.header) })
    } catch let error as OperationError {
      throw Ending.usage("\(path): \(error)")
    }
  }

  private func wait(until time: Date) async throws {
    var isTold = false
    while true {
      try Task.checkCancellation()
      let left = time.timeIntervalSinceNow
      if left <= 0 { return }
      if left > 10, !isTold {
        StandardError.say("waiting until \(time.formatted(date: .omitted, time: .standard))", prefix: "")
        isTold = true
      }
      // The clock on the wall may be set meanwhile.
      try await Task.sleep(for: .seconds(min(left, 10)))
    }
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
