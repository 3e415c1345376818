import ArgumentParser
import Dicom
import Operations

struct Find: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Query a modality (C-FIND); each match is printed as it arrives.")

  @OptionGroup var peer: PeerOptions
  @OptionGroup var query: QueryOptions
  @OptionGroup var answer: AnswerOptions
  @OptionGroup var bulk: BulkOptions
  @Flag(name: .customLong("no-normalize"), help: "Send also the empty keys that do not belong to the level.")
  var noNormalize = false
  @Flag var negotiated: [NegotiatedCapability] = []
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let keys = try query.keys()
    let returnKeys = try answer.returnKeys()
    let station = try shared.station(defersStorage: true)
    let modality = try peer.modality(in: station.configuration)
    var request = Query(
      level: query.level, keys: keys, returnKeys: returnKeys, limit: answer.limit, normalize: !noNormalize)
    request.capabilities = QueryCapabilities(negotiated.map(\.capability))

    let printer = MatchPrinter(
      format: format, level: query.level, asked: keys.map(\.tag) + (returnKeys ?? []), isDefault: returnKeys == nil)
    if let path = bulk.from {
      return try await bulk.run(
        path, .find(request), modality, station, timeout: peer.timeoutChoice, json: format.json, tells: false,
        begin: printer.begin
      ) { try? printer.print($0) }
    }
    printer.begin()
    let operation = station.find(modality, request, timeout: peer.timeoutChoice) { match in
      try? printer.print(match)
    }
    let result = try await follow(operation)
    await station.shutdown()
    if !result.refusedCapabilities.isEmpty {
      StandardError.say(
        "warning: \(modality.name) did not agree to \(result.refusedCapabilities.words); it may ignore or refuse what needs it"
      )
    }
    try format.say(Words.count(result.matches, query.level), of: result)
    try result.finish()
  }
}

/// What a query can agree on with the peer, PS3.4 §C.5.1.1.
enum NegotiatedCapability: String, EnumerableFlag {
  case relational, dateTime, fuzzy, timezone, emptyValues, allValues

  var capability: QueryCapabilities {
    switch self {
    case .relational: .relational
    case .dateTime: .dateTimeMatching
    case .fuzzy: .fuzzyNameMatching
    case .timezone: .timezoneAdjustment
    case .emptyValues: .emptyValueMatching
    case .allValues: .multipleValueMatching
    }
  }

  static func help(for value: NegotiatedCapability) -> ArgumentHelp? {
    switch value {
    case .relational: "Keys of any level, without the UIDs of the levels above, if the peer agrees."
    case .dateTime: "Match a date and its time as one moment, if the peer agrees."
    case .fuzzy: "Match names that look or sound alike, if the peer agrees."
    case .timezone: "Dates and times are in the zone of -q TimezoneOffsetFromUTC=, if the peer agrees."
    case .emptyValues: "-q 'Keyword=\"\"' matches what has no value, if the peer agrees."
    case .allValues:
      "Of a key with several values each must match, as in -q 'ModalitiesInStudy=CT\\PT', if the peer agrees."
    }
  }
}
