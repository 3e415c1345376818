import ArgumentParser
import Operations

struct Get: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Retrieve from a modality over our own association (C-GET).",
    discussion: """
      Nothing has to listen here, and the modality needs no entry for our address. Several -q StudyInstanceUID= are \
      separate retrieves, each with its own result. What does not come at first is asked for again in other \
      presentation contexts, then by C-MOVE; what is missing in the end is named.
      """)

  @OptionGroup var peer: PeerOptions
  @OptionGroup var query: QueryOptions
  @Flag(help: "Leave out the UIDs of the levels above, if the peer agrees.")
  var relational = false
  @OptionGroup var retrieve: RetrieveOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    var request: RetrieveRequest
    do {
      request = try RetrieveRequest(level: query.level, keys: try query.keys(), localAET: peer.localAet)
    } catch let error as OperationError {
      throw Ending.usage("\(error)")
    }
    request.isRelational = relational
    retrieve.apply(to: &request)
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    try await printing(station.get(modality, request, timeout: peer.timeoutChoice), of: station, json: format.json)
  }
}
