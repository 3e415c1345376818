import ArgumentParser
import Dicom
import Operations

struct Serve: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Receive what others send, without a terminal interface, until interrupted.")

  static var endsByTermination: Bool { true }

  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    // A program may read the JSON, or nobody; a problem of the index is logged for a person as well.
    let station = try shared.station(showsActivity: !format.json)
    let format = format
    let observation = station.activity.observe { entry in
      if format.json {
        let object = JSONText.Value.object([
          ("time", .string(entry.time.formatted(.iso8601))), ("kind", .string(entry.kind.rawValue)),
          ("peer", .string(entry.peer)), ("text", .string(entry.words)),
          ("details", .array(entry.details.map(JSONText.Value.string))),
        ])
        try? ResultWriter.standard.line(object.text)
      } else {
        let details = entry.details.map { "\n  " + PlainText.visible($0) }.joined()
        StandardError.say(
          "\(entry.time.formatted(.iso8601)) \(PlainText.visible("\(entry.peer) \(entry.words)"))\(details)", prefix: ""
        )
      }
    }
    let state = await station.startReceiving()
    guard case .listening = state else {
      await station.shutdown()
      throw Ending.failed(state.words)
    }
    StandardError.say("\(state.words); storing in \(station.configuration.storageDirectory)")
    // Ends by cancellation only.
    for await _ in AsyncStream<Never>(unfolding: {
      try? await Task.sleep(for: .seconds(86_400))
      return nil
    }) {}
    withExtendedLifetime(observation) {}
    await station.shutdown()
  }
}
