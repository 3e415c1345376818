import ArgumentParser
import Dicom
import Foundation
import LocalIndex
import Operations

struct Compare: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the studies of two modalities, or of one and this machine (`local`).",
    discussion: """
      A line for each study that is missing on one side, or has another number of instances there; with --level instance \
      the instances that one side lacks are named. --send then brings to the second what it lacks of the first: moved from \
      modality to modality, fetched for `local`, sent from it. Exit status 3: there are differences.
      """)

  @Argument(help: ArgumentHelp("A configured name, AET@host:port, or local.", valueName: "A"))
  var first: String
  @Argument(help: ArgumentHelp("The same; at most one of them is local.", valueName: "B"))
  var second: String
  @OptionGroup var query: QueryOptions
  @Flag(help: "Bring to B what it lacks of A.")
  var send = false
  @OptionGroup var limit: TimeoutOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if query.level != .study, query.level != .instance {
      throw ValidationError("--level: studies are compared, or with `instance` their instances")
    }
  }

  func perform() async throws {
    let keys = try query.keys()
    let station = try shared.station()
    do {
      let (a, b) = (
        try ComparedSide(named: first, in: station.configuration),
        try ComparedSide(named: second, in: station.configuration)
      )
      if a == b {
        throw Ending.usage(
          "\(a.name) is named twice: there is nothing to compare; expected two modalities, or one and local")
      }
      let result = try await follow(
        station.compare(
          a, b, keys: keys, returnKeys: Self.shown, comparesInstances: query.level == .instance, timeout: limit.choice))
      try print(result.differences)
      // Differences are what the exit status is for; that says it then.
      if send || result.differences.isEmpty, !format.json, !format.csv {
        StandardError.say(result.outcome.words, prefix: "")
      }
      if send {
        try await send(result.differences.filter { $0.isLacking(inSecond: true) }, a, b, station)
      } else {
        try result.finish()
      }
    } catch {
      await station.shutdown()
      throw error
    }
    await station.shutdown()
  }

  // MARK: Printing

  /// What tells a person which study it is.
  private static let shown: [Tag] = [.patientName, .patientID, .studyDate]

  private func print(_ differences: [StudyDifference]) throws {
    // A modality may have a long name, or none but its address.
    let longest = differences.map { PlainText.width($0.words(first, second)) }.max() ?? 0
    let table = TextTable(columns: [
      .init(title: first, width: max(6, PlainText.width(first)), alignsRight: true),
      .init(title: second, width: max(6, PlainText.width(second)), alignsRight: true),
      .init(title: "Difference", width: max(10, longest)), .init(title: "Date", width: 8),
      .init(title: "Patient", width: 28), .init(title: "ID", width: 14, isIdentifier: true),
      .init(title: "StudyInstanceUID", width: 40),
    ])
    if format.csv {
      try ResultWriter.standard.line(
        CSVRow.text(
          ["StudyInstanceUID", "SOPInstanceUID", first, second, "difference"] + Self.shown.map { $0.keyword ?? "" }))
    } else if !format.json {
      try ResultWriter.standard.line(table.header)
    }
    for difference in differences {
      let words = difference.words(first, second)
      let counts = [
        count(difference.firstCount, difference.isInFirst), count(difference.secondCount, difference.isInSecond),
      ]
      if format.json {
        try ResultWriter.standard.line(json(difference, words).text)
      } else if format.csv {
        let uid = difference.studyInstanceUID
        try ResultWriter.standard.line(
          CSVRow.text([uid, ""] + counts + [words] + Self.shown.map { value($0, difference) }))
        for (side, uids) in [(second, difference.missingInSecond), (first, difference.missingInFirst)] {
          for instance in uids {
            try ResultWriter.standard.line(CSVRow.text([uid, instance, "", "", "missing on \(side)", "", "", ""]))
          }
        }
      } else {
        try ResultWriter.standard.line(
          table.row(
            counts + [words] + [.studyDate, .patientName, .patientID].map { value($0, difference) }
              + [difference.studyInstanceUID]))
        for uid in difference.missingInSecond { try ResultWriter.standard.line("  missing on \(second): \(uid)") }
        for uid in difference.missingInFirst { try ResultWriter.standard.line("  missing on \(first): \(uid)") }
      }
    }
  }

  private func value(_ tag: Tag, _ difference: StudyDifference) -> String {
    difference.match?.strings(tag).joined(separator: "\\") ?? ""
  }

  private func count(_ count: Int?, _ isThere: Bool) -> String { isThere ? count.map(String.init) ?? "?" : "-" }

  private func json(_ difference: StudyDifference, _ words: String) -> JSONText.Value {
    .object([
      ("StudyInstanceUID", .string(difference.studyInstanceUID)),
      ("PatientName", .string(value(.patientName, difference))), ("PatientID", .string(value(.patientID, difference))),
      ("StudyDate", .string(value(.studyDate, difference))),
      ("a", difference.isInFirst ? JSONText.Value(difference.firstCount) : 0),
      ("b", difference.isInSecond ? JSONText.Value(difference.secondCount) : 0), ("difference", .string(words)),
      ("missingInA", .array(difference.missingInFirst.map(JSONText.Value.string))),
      ("missingInB", .array(difference.missingInSecond.map(JSONText.Value.string))),
    ])
  }

  // MARK: Sending

  private func send(_ lacking: [StudyDifference], _ a: ComparedSide, _ b: ComparedSide, _ station: Station) async throws
  {
    let name = station.nameToConfirm(bringingFrom: a, to: b)
    let confirmation = lacking.isEmpty ? nil : try production.confirmation(of: name)
    var failed = 0
    for difference in lacking {
      let begun = try await station.bring(
        [difference], between: a, b, toSecond: true, confirmation: confirmation, timeout: limit.choice)
      var isWhole = true
      for bringing in begun {
        let outcome =
          switch bringing.transfer {
          case .retrieve(let operation): try await follow(operation).outcome
          case .send(let operation): try await follow(operation).outcome
          }
        if outcome.state != .done { isWhole = false }
        StandardError.say("\(difference.studyInstanceUID): \(outcome.sentence)", prefix: "")
      }
      if !isWhole { failed += 1 }
    }
    guard failed > 0 else { return }
    throw Ending(
      status: failed < lacking.count ? .partial : .failed,
      message: "\(failed) of \(lacking.count) studies were not sent")
  }
}
