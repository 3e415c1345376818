import ArgumentParser
import Dicom
import Foundation
import LocalIndex
import Operations

struct History: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "What was done with this storage: our operations and what other stations asked of us, oldest first.",
    discussion: """
      Every operation is kept when it ends, whichever fluoro on this storage did it, up to the newest 100,000. Values of \
      queries are kept only where RememberQueries is true. Times of --json and --csv are UTC.
      """)

  @Option(
    help: ArgumentHelp(
      "Only what ended since then: 2026-11-25, 2026-11-25T14:30 (here), or 90m, 12h, 7d ago.", valueName: "time"),
    transform: { text in
      guard let date = SinceTime.date(text, before: Date()) else {
        throw ValidationError(
          "--since \(text): expected a date such as 2026-11-25 or 2026-11-25T14:30, or a time ago such as 12h")
      }
      return date
    })
  var since: Date?
  @Option(help: ArgumentHelp("Only with this modality, by its name, AE title or AET@host:port.", valueName: "name"))
  var peer: String?
  @Option(
    help: ArgumentHelp("Only these: echo, find, move, get, store, ...", valueName: "operation"),
    transform: { text in
      guard operations.contains(text.lowercased()) else {
        throw ValidationError("--operation \(text): expected one of \(operations.joined(separator: ", "))")
      }
      return text.lowercased()
    })
  var operation: String?
  @Option(help: ArgumentHelp("Only what ended so: done, partial, failed, ...", valueName: "outcome"))
  var outcome: String?
  @Option(help: ArgumentHelp("Only where this is in the peer, the request, the reason or the user.", valueName: "text"))
  var search: String?
  @Option(help: "The newest so many.")
  var limit: Int?
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  private static let operations = JobKind.allCases.map(\.rawValue) + ["association"]

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
    let outcomes = JobState.allCases.filter(\.hasEnded).map(\.rawValue)
    if let outcome, !outcomes.contains(outcome) {
      throw ValidationError("--outcome \(outcome): expected one of \(outcomes.joined(separator: ", "))")
    }
  }

  func perform() async throws {
    var filter = HistoryFilter()
    (filter.since, filter.peer, filter.operation, filter.outcome) = (since, peer, operation, outcome)
    (filter.text, filter.limit) = (search, limit)
    let index = try shared.index()
    let printer = HistoryPrinter(format)
    printer.begin()
    do {
      try index.history(filter) { entry in
        try printer.print(entry)
        return !Task.isCancelled
      }
    } catch let error as StorageError {
      // The database it is in is opened only now.
      throw Ending.usage("\(error)")
    }
    try ResultWriter.standard.conclude()
  }
}

/// Prints entries of the history in the form asked for.
private struct HistoryPrinter {
  let format: ListFormatOptions
  private let table = TextTable(columns: [
    .init(title: "Time", width: 19), .init(title: "Way", width: 3), .init(title: "Operation", width: 11),
    .init(title: "Peer", width: 24, isIdentifier: true), .init(title: "Outcome", width: 9),
    .init(title: "Duration", width: 9, alignsRight: true),
    .init(title: "Reason", width: 40),
  ])

  init(_ format: ListFormatOptions) { self.format = format }

  func begin() {
    if format.csv {
      let now = Date()
      let keys = HistoryEntry(operation: "", isIncoming: false, started: now, ended: now, outcome: "").members.map(
        \.key)
      ResultWriter.standard.heading(CSVRow.text(keys))
    } else if !format.json {
      ResultWriter.standard.heading(table.header)
    }
  }

  func print(_ entry: HistoryEntry) throws(Ending) {
    try ResultWriter.standard.line(text(entry))
  }

  private func text(_ entry: HistoryEntry) -> String {
    if format.json { return JSONText.Value.object(entry.members).text }
    if format.csv { return CSVRow.text(entry.members.map { Self.field($0.value) }) }
    return table.row([
      entry.started.formatted(Self.times), entry.isIncoming ? "in" : "out", entry.operation, entry.peer,
      JobState(rawValue: entry.outcome)?.words ?? entry.outcome,
      Words.elapsed(entry.ended.timeIntervalSince(entry.started)), entry.summary,
    ])
  }

  private static func field(_ value: JSONText.Value) -> String {
    switch value {
    case .null: ""
    case .string(let text): text
    default: value.text
    }
  }

  private static let times = Date.VerbatimFormatStyle(
    format:
      "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
    timeZone: .current, calendar: Calendar(identifier: .gregorian))
}

/// A moment as written on the command line.
enum SinceTime {
  /// A date, a date and a time, both here; or so many minutes, hours or days `before`. nil: none of these.
  static func date(_ text: String, before now: Date) -> Date? {
    if let unit = text.last, let seconds = ["m": 60.0, "h": 3600, "d": 86_400][unit],
      let count = Double(text.dropLast()),
      count >= 0
    {
      return now.addingTimeInterval(-count * seconds)
    }
    let digits = text.filter(\.isNumber)
    guard digits.count == text.count || text.contains("-"), digits.utf8.count == digits.count,
      [8, 12, 14].contains(digits.count)
    else { return nil }
    let numbers = digits.compactMap(\.wholeNumberValue)
    func number(_ range: Range<Int>) -> Int {
      range.upperBound <= numbers.count ? numbers[range].reduce(0) { $0 * 10 + $1 } : 0
    }
    let parts = DateComponents(
      calendar: Calendar(identifier: .gregorian), timeZone: .current, year: number(0..<4), month: number(4..<6),
      day: number(6..<8), hour: number(8..<10), minute: number(10..<12), second: number(12..<14))
    return parts.isValidDate ? parts.date : nil
  }
}
