import ArgumentParser
import Operations

struct TestStore: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "teststore",
    abstract: "Store one synthetic instance at a modality, and look whether it is found there.",
    discussion: "Its patient is FLUORO^TEST with the ID FLUORO-TEST; it can be deleted there afterwards.")

  @OptionGroup var peer: PeerOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let confirmation = try production.confirmation(of: station.nameToConfirm(storingTo: modality))
    let result = try await follow(
      station.testStore(modality, confirmation: confirmation, timeout: peer.timeoutChoice))
    if format.json {
      try ResultWriter.standard.line(result.json.text)
    } else if result.outcome.state == .done {
      try ResultWriter.standard.line("\(modality.name): \(result.outcome.words)")
      try ResultWriter.standard.line("  Study Instance UID \(result.studyInstanceUID)")
    }
    await station.shutdown()
    try result.finish()
  }
}
