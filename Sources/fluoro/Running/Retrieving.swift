import Operations

/// Follows a retrieve, prints what each item came to, and ends the station.
func printing(_ operation: Operation<MoveResult>, of station: Station, json: Bool) async throws {
  let progress = json ? ProgressObjects(operation.job) : nil
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
    try ResultWriter.standard.line(json ? item.json(isOneOfSeveral: result.items.count > 1).text : text(item))
  }
  try result.finish()
}

private func text(_ item: MoveItemResult) -> String {
  let counts = [
    item.received.map { Words.count($0, .instance) + " received" }, item.completed.map { "\($0) completed" },
    item.failed.flatMap { $0 > 0 ? "\($0) failed" : nil }, item.warning.flatMap { $0 > 0 ? "\($0) warnings" : nil },
  ].compactMap { $0 }
  let rate = item.seconds > 0.05 ? ", \(Words.bytes(Int64(Double(item.bytes) / item.seconds)))/s" : ""
  let amount = item.bytes > 0 ? " \(Words.bytes(item.bytes)) in \(Words.elapsed(item.seconds))\(rate)." : ""
  let result = ([item.outcome.state.words] + [counts.joined(separator: ", ")].filter { !$0.isEmpty }).joined(
    separator: ": ")
  return "\(item.item.keys.last?.value ?? ""): \(result).\(amount)"
}
