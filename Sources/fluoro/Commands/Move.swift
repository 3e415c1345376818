import ArgumentParser
import Operations

struct Move: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "move",
    abstract: "Retrieve from a modality (C-MOVE): to ourselves, or to another station.",
    discussion: """
      Several -q StudyInstanceUID= are separate moves, each with its own result. A move to ourselves ends when the \
      announced instances are stored and durable, and what the modality lists has been compared with what is here: what is \
      missing is named (exit 3), and `--missing` fetches just that.
      """)

  @OptionGroup var peer: PeerOptions
  @OptionGroup var query: QueryOptions
  @Option(help: ArgumentHelp("The AE title to send to; ourselves unless given.", valueName: "title"))
  var target: String?
  @Flag(help: "Leave out the UIDs of the levels above, if the peer agrees.")
  var relational = false
  @OptionGroup var bulk: BulkOptions
  @OptionGroup var retrieve: RetrieveOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let target, let complaint = Modality.complaint(aboutAETitle: target) {
      throw ValidationError("--target: \(complaint)")
    }
  }

  func perform() async throws {
    if let path = bulk.from { return try await perform(path) }
    var request: RetrieveRequest
    do {
      request = try RetrieveRequest(
        level: query.level, keys: try query.keys(), target: target, localAET: peer.localAet)
    } catch let error as OperationError {
      throw Ending.usage("\(error)")
    }
    request.isRelational = relational
    retrieve.apply(to: &request)
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    request.confirmation = try production.confirmation(
      of: station.nameToConfirm(movingFrom: modality, to: request.target))
    try await printing(station.move(modality, request, timeout: peer.timeoutChoice), of: station, json: format.json)
  }

  /// A move for each row of a file.
  private func perform(_ path: String) async throws {
    guard query.query.query.isEmpty else { throw Ending.usage("--from and -q exclude each other") }
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let confirmation = try production.confirmation(of: station.nameToConfirm(movingFrom: modality, to: target))
    var request = RetrieveRequest(level: .study, items: [], target: target, localAET: peer.localAet)
    (request.isRelational, request.confirmation) = (relational, confirmation)
    retrieve.apply(to: &request)
    try await bulk.run(
      path, .move(request), modality, station, timeout: peer.timeoutChoice, json: format.json)
  }
}
