import ArgumentParser
import Operations

struct Move: NetworkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Retrieve from a modality (C-MOVE): to ourselves, or to another station.",
    discussion: """
      Several -q StudyInstanceUID= are separate moves, each with its own result. A move to ourselves ends when the \
      announced instances are stored and durable.
      """)

  @OptionGroup var peer: PeerOptions
  @OptionGroup var query: QueryOptions
  @Option(help: ArgumentHelp("The AE title to send to; ourselves unless given.", valueName: "title"))
  var target: String?
  @OptionGroup var production: ProductionOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let target, let complaint = Modality.complaint(aboutAETitle: target) {
      throw ValidationError("--target: \(complaint)")
    }
  }

  func perform() async throws {
    var request: RetrieveRequest
    do {
      request = try RetrieveRequest(
        level: query.level, keys: try query.keys(), target: target, localAET: peer.localAet)
    } catch let error as OperationError {
      throw Ending.usage("\(error)")
    }
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    request.confirmation = try production.confirmation(
      of: station.nameToConfirm(movingFrom: modality, to: request.target))
    let operation = station.move(modality, request, timeout: peer.timeoutChoice)
    let progress = format.json ? ProgressObjects(operation.job) : nil
    let result: MoveResult
    do {
      result = try await follow(operation)
      progress?.end()
    } catch {
      progress?.end()
      await station.shutdown()
      throw error
    }
    await station.shutdown()
    for item in result.items {
      try ResultWriter.standard.line(format.json ? item.json.text : Self.text(item))
    }
    try result.finish()
  }

  private static func text(_ item: MoveItemResult) -> String {
    let counts = [
      item.received.map { Words.count($0, .instance) + " received" }, item.completed.map { "\($0) completed" },
      item.failed.flatMap { $0 > 0 ? "\($0) failed" : nil }, item.warning.flatMap { $0 > 0 ? "\($0) warnings" : nil },
    ].compactMap { $0 }
    let rate = item.seconds > 0.05 ? ", \(Words.bytes(Int64(Double(item.bytes) / item.seconds)))/s" : ""
    let seconds = (item.seconds * 10).rounded() / 10
    let amount = item.bytes > 0 ? " \(Words.bytes(item.bytes)) in \(seconds) s\(rate)." : ""
    let result = ([item.outcome.state.words] + [counts.joined(separator: ", ")].filter { !$0.isEmpty }).joined(
      separator: ": ")
    return "\(item.item.keys.last?.value ?? ""): \(result).\(amount)"
  }
}
