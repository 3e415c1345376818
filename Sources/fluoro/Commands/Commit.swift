import ArgumentParser
import LocalIndex
import Operations

struct Commit: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Ask a modality to keep what was sent to it before (storage commitment).",
    discussion: """
      An ID is a local patient, study, series or instance, as `fluoro local find` lists them. The modality reports over \
      the same association, or over one of its own to the fluoro that listens on this storage: to this one, where \
      nobody else does. The report is awaited as long as the timeout says.
      """)

  @OptionGroup var peer: PeerOptions
  @Argument(help: ArgumentHelp("What it is to keep.", valueName: "ID"))
  var ids: [String]
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for id in ids where !OrthancIdentifier.isWellFormed(id.lowercased()) {
      throw ValidationError("\(id) is not an identifier (five groups of eight hex digits)")
    }
  }

  func perform() async throws {
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let result: CommitResult
    do {
      result = try await follow(
        station.commit(modality, ids: ids.map { $0.lowercased() }, localAET: peer.localAet, timeout: peer.timeoutChoice)
      )
    } catch {
      await station.shutdown()
      throw error
    }
    await station.shutdown()
    if format.json {
      for instance in result.instances { try ResultWriter.standard.line(instance.json.text) }
      try ResultWriter.standard.line(result.json.text)
    } else {
      try ResultWriter.standard.line(
        "\(Words.grouped(result.committed)) of \(Words.count(result.instances.count, .instance)) committed by "
          + "\(modality.name).")
    }
    try result.finish()
  }
}
