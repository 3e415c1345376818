import ArgumentParser
import Dicom
import Operations

struct Find: NetworkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Query a modality (C-FIND); each match is printed as it arrives.")

  @OptionGroup var peer: PeerOptions
  @OptionGroup var query: QueryOptions
  @Option(
    name: .customLong("return"),
    help: ArgumentHelp("An attribute to return, instead of the usual ones of the level.", valueName: "Keyword"))
  var returned: [String] = []
  @Option(help: "Stop after so many matches.")
  var limit: Int?
  @Flag(name: .customLong("no-normalize"), help: "Send also the empty keys that do not belong to the level.")
  var noNormalize = false
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
  }

  func perform() async throws {
    let keys = try query.keys()
    let returnKeys: [Tag]?
    do {
      returnKeys = returned.isEmpty ? nil : try returned.map { try QueryKey.tag(parsing: $0) }
    } catch {
      throw Ending.usage("\(error)")
    }
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let request = Query(
      level: query.level, keys: keys, returnKeys: returnKeys, limit: limit, normalize: !noNormalize)

    let printer = MatchPrinter(
      format: format, level: query.level, asked: keys.map(\.tag) + (returnKeys ?? []), isDefault: returnKeys == nil)
    try printer.begin()
    let operation = station.find(modality, request, timeout: peer.timeoutChoice) { match in
      try? printer.print(match)
    }
    let result = try await follow(operation)
    await station.shutdown()
    if !format.json, !format.csv, result.outcome.exitStatus == 0 {
      StandardError.say(
        Words.count(result.matches, query.level) + (result.isLimited ? "; there are more" : ""), prefix: "")
    }
    try result.finish()
  }
}
