import ArgumentParser
import Dicom
import Operations

struct Worklist: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "worklist",
    abstract: "Ask a modality for its worklist; each entry is printed as it arrives.",
    discussion: """
      Keys of the scheduled procedure step, such as Modality, ScheduledStationAETitle or \
      ScheduledProcedureStepStartDate, go into its sequence by themselves.
      """)

  @OptionGroup var peer: PeerOptions
  @OptionGroup var keys: KeyOptions
  @OptionGroup var answer: AnswerOptions
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let asked = try keys.keys()
    let returnKeys = try answer.returnKeys()
    let station = try shared.station(defersStorage: true)
    let modality = try peer.modality(in: station.configuration)
    let printer = WorklistPrinter(
      format: format, asked: asked.map(\.tag) + (returnKeys ?? []), isDefault: returnKeys == nil)
    printer.begin()
    let query = WorklistQuery(keys: asked, returnKeys: returnKeys, limit: answer.limit)
    let operation = station.worklist(modality, query, timeout: peer.timeoutChoice) { match in
      try? printer.print(match)
    }
    let result = try await follow(operation)
    await station.shutdown()
    try format.say(Words.count(result.matches, "entry", "entries"), of: result)
    try result.finish()
  }
}
