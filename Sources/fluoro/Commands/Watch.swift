import ArgumentParser
import Operations

struct Watch: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Echo modalities again and again, until Ctrl-C: loss, shortest, mean and longest answer, outages.",
    discussion: "A line for each echo, and at the end one for each modality.")

  @Argument(help: ArgumentHelp("Configured names, or AET@host:port.", valueName: "MODALITY"))
  var modalities: [String]
  @Option(help: ArgumentHelp("Seconds between two echoes.", valueName: "seconds"))
  var interval = 1.0
  @Option(help: "How many times; without it until Ctrl-C.")
  var count: Int?
  @OptionGroup var limit: TimeoutOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if modalities.isEmpty { throw ValidationError("watch which modality?") }
    if !(0.1...86400).contains(interval) { throw ValidationError("--interval \(interval): expected 0.1 to 86400") }
    if let count, count < 1 { throw ValidationError("--count \(count): expected at least 1") }
  }

  func perform() async throws {
    let station = try shared.station(defersStorage: true)
    let isJSON = format.json
    let watched = try modalities.map { try station.configuration.modality(named: $0) }
    let operations = watched.map { modality in
      station.watch(modality, every: .seconds(interval), count: count, timeout: limit.choice) { echo, _ in
        let text =
          isJSON
          ? echo.json.text
          : "\(modality.name): \(echo.isOK ? "\(Words.decimal(echo.milliseconds)) ms" : echo.outcome.words)"
        // A reader that has gone is told of by `follow`.
        try? ResultWriter.standard.line(text)
      }
    }
    ResultWriter.standard.onFailure { for operation in operations { operation.job.cancel() } }
    var results: [WatchResult] = []
    try await withTaskCancellationHandler {
      for operation in operations { results.append(try await operation.value()) }
    } onCancel: {
      for operation in operations { operation.job.cancel() }
    }
    for result in results {
      try ResultWriter.standard.line(isJSON ? result.json.text : "\(result.modality): \(result.outcome.words)")
    }
    await station.shutdown()
    if let silent = results.first(where: { $0.statistics.answered == 0 }) {
      throw Ending(status: .failed, message: "\(silent.modality) did not answer")
    }
    if results.contains(where: { $0.statistics.lost > 0 }) { throw Ending(status: .partial, message: nil) }
  }
}
