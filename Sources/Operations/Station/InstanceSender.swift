import Dicom

/// Sends instances to one station, with a presentation context for each SOP class and transfer syntax; more than 128 of
/// them (PS3.8 §9.3.2.2: odd ids up to 255) take several associations, one after the other.
struct InstanceSender: Sendable {
  let open: @Sendable ([PresentationContextProposal]) async throws -> Association
  let moveOriginator: MoveOriginator?
  /// Before each instance.
  var isCancelled: @Sendable () -> Bool = { false }
  /// Bytes sent of the instance under way.
  var onBytes: @Sendable (Int) -> Void = { _ in }
  /// The fate of each, in the order they are sent.
  var onInstance: @Sendable (SentInstance) -> Void = { _ in }

  /// - Returns: one result an instance, in their order; and what ended it all, when something did.
  func send(_ instances: [OutgoingInstance]) async -> (results: [SentInstance], failure: (any Error)?) {
    var results: [SentInstance] = []
    for batch in AssociationParameters.divide(instances, contexts: { [$0.context] }) {
      do {
        let association = try await open(Self.contexts(batch))
        try await send(batch, on: association, &results)
        await association.release()
      } catch {
        // What was under way has its result; the rest was never tried.
        results += instances.dropFirst(results.count).map {
          SentInstance(sopInstanceUID: $0.sopInstanceUID.rawValue, status: nil, problem: "not sent", bytes: $0.bytes)
        }
        return (results, error)
      }
    }
    return (results, nil)
  }

  private func send(
    _ batch: [OutgoingInstance], on association: Association, _ results: inout [SentInstance]
  ) async throws {
    for instance in batch {
      if isCancelled() { throw CancellationError() }
      var result = SentInstance(
        sopInstanceUID: instance.sopInstanceUID.rawValue, status: nil, problem: nil, bytes: instance.bytes)
      do {
        let source = try instance.source()
        if association.context(for: source) == nil {
          result.problem = Self.refusal(instance, association)
        } else {
          result.status = try await association.store(source, moveOriginator: moveOriginator, onProgress: onBytes)
        }
      } catch let error as AssociationError {
        result.problem = error.description
        results.append(result)
        onInstance(result)
        throw error
      } catch {
        result.problem = "\(error)"
      }
      results.append(result)
      onInstance(result)
    }
  }

  private static func refusal(_ instance: OutgoingInstance, _ association: Association) -> String {
    let sopClass = instance.sopClassUID.name ?? instance.sopClassUID.rawValue
    let syntax = instance.transferSyntax.name ?? instance.transferSyntax.rawValue
    return association.contexts(for: instance.sopClassUID).isEmpty
      ? "the peer accepts no \(sopClass) in \(syntax)" : "the peer accepts \(sopClass), but not in \(syntax)"
  }

  static func contexts(_ batch: [OutgoingInstance]) -> [PresentationContextProposal] {
    var seen: Set<PresentationContextProposal> = []
    return batch.map(\.context).filter { seen.insert($0).inserted }
  }
}
