import ArgumentParser
import Operations

struct Echo: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo",
    abstract: "Ask a modality whether it is there (C-ECHO), and say how long each step took.")

  @OptionGroup var peer: PeerOptions
  @Option(help: "How many times, one after the other over one association, until one fails.")
  var count = 1
  @Flag(help: "One line for monitoring: OK, WARNING (over half the timeout) or CRITICAL.")
  var check = false
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if count < 1 { throw ValidationError("--count \(count): expected at least 1") }
  }

  func perform() async throws {
    let station = try shared.station(defersStorage: true)
    let modality = try peer.modality(in: station.configuration)
    let configuration = station.configuration
    let operation = station.echo(modality, count: count, timeout: peer.timeoutChoice) { result in
      try? ResultWriter.standard.line(text(result, of: modality, in: configuration))
    }
    let result = try await follow(operation)
    try ResultWriter.standard.line(text(result, of: modality, in: configuration))
    await station.shutdown()
    try result.finish()
  }

  private func text(_ result: EchoResult, of modality: Modality, in configuration: Configuration) -> String {
    if format.json { return result.json.text }
    if check {
      return result.check(limit: configuration.responseTimeout(for: modality, peer.timeoutChoice)).line
    }
    let title = modality.name == modality.address ? modality.name : "\(modality.name) (\(modality.address))"
    guard result.isOK else { return "\(title): failed" }
    let phases = [
      ("resolve", result.phases.resolve), ("connect", result.phases.connect), ("TLS", result.phases.tls),
      ("associate", result.phases.associate), ("echo", result.phases.echo), ("release", result.phases.release),
    ].compactMap { name, time in time.map { "\(name) \(Words.decimal($0))" } }
    let software = result.peerImplementationVersionName.map { ", \(PlainText.visible($0))" } ?? ""
    let identity =
      result.identity.map { ", \(result.isIdentityConfirmed ? "knows" : "does not say that it checks") \($0)" } ?? ""
    let secured = result.tls.map { "\n  \($0)" } ?? ""
    return "\(title): ok in \(Words.decimal(result.milliseconds)) ms"
      + " (\(phases.joined(separator: ", ")))\(software)\(identity)\(secured)"
  }
}
