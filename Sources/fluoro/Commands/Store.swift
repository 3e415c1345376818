import ArgumentParser
import Foundation
import LocalIndex
import Operations

struct Store: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Send local studies, files or folders to a modality (C-STORE).",
    discussion: """
      An ID is a local patient, study, series or instance, as `fluoro local find` lists them. A file that ends amid an \
      element, since it was not copied as a whole, is named and not sent.
      """)

  @OptionGroup var peer: PeerOptions
  @Argument(help: ArgumentHelp("What to send.", valueName: "ID|PATH"))
  var sources: [String] = []
  @Option(help: ArgumentHelp("Say the instances belong to a C-MOVE this title asked for.", valueName: "title"))
  var moveOriginatorAet: String?
  @Option(help: ArgumentHelp("That C-MOVE's message id, 1 to 65535.", valueName: "id"))
  var moveOriginatorId: UInt16?
  @Flag(help: "Ask the modality to commit to what it got, and wait for its report.")
  var storageCommitment = false
  @Option(help: "How many associations to send over at once.")
  var associations = 1
  @OptionGroup var bulk: BulkOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if sources.isEmpty, bulk.from == nil {
      throw ValidationError("what is to be sent? an ID or a PATH, or --from FILE.csv")
    }
    if !sources.isEmpty, bulk.from != nil { throw ValidationError("--from and what is to be sent exclude each other") }
    if let title = moveOriginatorAet {
      if let complaint = Modality.complaint(aboutAETitle: title) {
        throw ValidationError("--move-originator-aet: \(complaint)")
      }
      if moveOriginatorId == nil { throw ValidationError("--move-originator-aet needs --move-originator-id") }
    }
    if moveOriginatorId == 0 { throw ValidationError("--move-originator-id 0: expected 1 to 65535") }
    if !(1...64).contains(associations) { throw ValidationError("--associations \(associations): expected 1 to 64") }
  }

  func perform() async throws {
    let sources = try self.sources.map(Self.source)
    let areFiles = sources.allSatisfy { if case .path = $0 { true } else { false } }
    let station = try shared.station(defersStorage: areFiles)
    let modality = try peer.modality(in: station.configuration)
    var request = SendRequest(
      sources: sources, localAET: peer.localAet, moveOriginatorAET: moveOriginatorAet,
      moveOriginatorID: moveOriginatorId, storageCommitment: storageCommitment ? true : nil, associations: associations)
    request.confirmation = try production.confirmation(of: station.nameToConfirm(storingTo: modality))
    if let path = bulk.from {
      // What a row names among the local studies, for each.
      return try await bulk.run(
        path, .store(request), modality, station, timeout: peer.timeoutChoice, json: format.json)
    }
    let result = try await follow(
      station.store(modality, request, timeout: peer.timeoutChoice, endsProcess: true))
    await station.shutdown()
    if format.json {
      for instance in result.instances { try ResultWriter.standard.line(instance.json.text) }
      try ResultWriter.standard.line(result.json.text)
    } else {
      try ResultWriter.standard.line(
        "\(result.counts(on: modality.name)). \(Words.bytes(result.bytes)) in \(Words.elapsed(result.seconds))."
          + (result.commitment.map { " \(Words.grouped($0.committed)) committed." } ?? ""))
    }
    try result.finish()
  }

  /// A path if there is one, else an identifier of Orthanc's form.
  private static func source(_ text: String) throws -> SendRequest.Source {
    if FileManager.default.fileExists(atPath: text) { return .path(text) }
    if OrthancIdentifier.isWellFormed(text.lowercased()) { return .id(text.lowercased()) }
    throw Ending.usage(
      "\(text): there is no such file or folder, and it is not an identifier (five groups of eight hex digits)")
  }
}
