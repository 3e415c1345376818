import ArgumentParser
import Operations

struct WhoAmI: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract:
      "What the administrator of a PACS must know of this fluoro: titles, addresses, port, certificate, SOP classes.")

  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let identity: StationIdentity
    do {
      identity = try StationIdentity(try shared.configuration())
    } catch let error as OperationError {
      throw Ending.usage("\(error)")
    }
    for line in format.json ? [identity.json.text] : identity.lines { try ResultWriter.standard.line(line) }
  }
}
