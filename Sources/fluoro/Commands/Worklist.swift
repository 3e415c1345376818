import ArgumentParser
import Dicom
import Operations

struct Worklist: NetworkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a modality for its worklist; each entry is printed as it arrives.",
    discussion: """
      Keys of the scheduled procedure step, such as Modality, ScheduledStationAETitle or \
      ScheduledProcedureStepStartDate, go into its sequence by themselves.
      """)

  @OptionGroup var peer: PeerOptions
  @OptionGroup var keys: KeyOptions
  @Option(
    name: .customLong("return"),
    help: ArgumentHelp("An attribute to return, instead of the usual ones.", valueName: "Keyword"))
  var returned: [String] = []
  @Option(help: "Stop after so many entries.")
  var limit: Int?
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
  }

  func perform() async throws {
    let asked = try keys.keys()
    let returnKeys: [Tag]?
    do {
      returnKeys = returned.isEmpty ? nil : try returned.map { try QueryKey.tag(parsing: $0) }
    } catch {
      throw Ending.usage("\(error)")
    }
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let printer = WorklistPrinter(
      format: format, asked: asked.map(\.tag) + (returnKeys ?? []), isDefault: returnKeys == nil)
    try printer.begin()
    let query = WorklistQuery(keys: asked, returnKeys: returnKeys, limit: limit)
    let operation = station.worklist(modality, query, timeout: peer.timeoutChoice) { match in
      try? printer.print(match)
    }
    let result = try await follow(operation)
    await station.shutdown()
    if !format.json, !format.csv, result.outcome.exitStatus == 0 {
      StandardError.say(
        Words.count(result.matches, "entry", "entries") + (result.isLimited ? "; there are more" : ""), prefix: "")
    }
    try result.finish()
  }
}
