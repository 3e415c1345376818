import Dicom
import Synchronization

/// What one association takes of the instances that are shared, until it ends. An instance's closures hold this and its
/// number, and what little else they need: there are many of them.
final class SendingTurn: Sendable {
  private let sender: InstanceSender
  private let list: SharedInstances
  private let association: Association
  private let wasDead: @Sendable (any Error) -> Bool
  private let scratch: ScratchFolder
  private let state = Mutex<(taken: [Int], hasAnswers: Bool, isOver: Bool)>(([], false, false))

  init(
    _ sender: InstanceSender, _ list: SharedInstances, _ association: Association,
    wasDead: @escaping @Sendable (any Error) -> Bool, _ scratch: ScratchFolder
  ) {
    self.sender = sender
    self.list = list
    self.association = association
    self.wasDead = wasDead
    self.scratch = scratch
  }

  /// Takes no more from now on, also not for an instance that is being loaded ahead.
  ///
  /// - Returns: those without an answer that counts.
  func end() -> [Int] {
    state.withLock { state in
      state.isOver = true
      return state.taken
    }
  }

  private var hasAnswers: Bool { state.withLock { $0.hasAnswers } }

  /// Nil when there are no more.
  func next() -> OutgoingStore? {
    guard !sender.isCancelled() else { return nil }
    let taken: Int? = state.withLock { state in
      guard !state.isOver, let number = list.next(takesLost: !state.hasAnswers) else { return nil }
      state.taken.append(number)
      return number
    }
    guard let number = taken else { return nil }
    let instance = list[number]
    let syntax = conversion(of: instance)
    let source: OutgoingStore.Source =
      if syntax == nil, let source = instance.sourceInMemory {
        .memory(source)
      } else {
        .later { try self.source(instance, number, syntax) }
      }
    return OutgoingStore(
      source: source, onProgress: { self.sender.onBytes(number, $0) }, completion: { self.completed(number, $0) })
  }

  private func completed(_ number: Int, _ answer: Result<Status, any Error>) {
    scratch.remove { Self.name(number) }
    if case .failure(let error) = answer {
      if wasDead(error) { return }
      if InstanceSender.isLoss(error), sender.isGoingOn,
        list.mayTryAgain(number, after: error, hasAnswers: hasAnswers)
      {
        return
      }
    }
    state.withLock { state in
      state.taken.removeAll { $0 == number }
      if case .success = answer { state.hasAnswers = true }
    }
    var result = result(of: list[number], answer)
    // What was under way when somebody broke it off has no answer, and is sent again with what was not sent.
    result.isUnsent = result.status == nil && sender.isCancelled()
    list.set(result, at: number)
    sender.onInstance(number, result)
  }

  // MARK: As it is stored, or converted

  private func source(_ instance: OutgoingInstance, _ number: Int, _ syntax: UID?) throws -> StoreSource {
    guard let syntax else { return try instance.source() }
    sender.onConversion(number, syntax)
    return try instance.source(in: syntax, path: scratch.path(Self.name(number)))
  }

  private static func name(_ number: Int) -> String { "\(number).dcm" }

  /// Another transfer syntax for an instance that is not taken as it is; nil: it is, or there is none.
  private func conversion(of instance: OutgoingInstance) -> UID? {
    let isTaken = association.acceptedContexts.contains {
      $0.transferSyntax == instance.transferSyntax && $0.abstractSyntax == instance.sopClassUID
    }
    if isTaken || !sender.converts { return nil }
    return instance.conversion(to: association.contexts(for: instance.sopClassUID).map(\.transferSyntax))
  }

  // MARK: Results

  private func result(of instance: OutgoingInstance, _ answer: Result<Status, any Error>) -> SentInstance {
    var result = SentInstance(
      sopInstanceUID: instance.sopInstanceUID.rawValue, status: nil, problem: nil, bytes: instance.bytes)
    switch answer {
    case .success(let status): result.status = status
    case .failure(let error as AssociationError):
      if case .noAcceptedContext = error.reason {
        result.problem = refusal(instance)
      } else {
        result.problem = error.description
      }
    case .failure(let error): result.problem = "\(error)"
    }
    if result.status?.isSuccess != true { result.path = instance.file }
    return result
  }

  /// Why there is no presentation context for it, and what to do.
  private func refusal(_ instance: OutgoingInstance) -> String {
    let sopClass = instance.sopClassUID.name ?? instance.sopClassUID.rawValue
    let syntax = instance.transferSyntax.name ?? instance.transferSyntax.rawValue
    let accepted = association.contexts(for: instance.sopClassUID).map(\.transferSyntax)
    if accepted.isEmpty {
      return "the peer accepts no \(sopClass), neither in \(syntax) nor uncompressed: allow that class there"
    }
    let taken = Set(accepted.map { $0.name ?? $0.rawValue }).sorted().joined(separator: ", ")
    let words = "the peer accepts \(sopClass) only in \(taken); this instance is \(syntax)"
    return instance.conversion(to: accepted) == nil
      ? "\(words), which is not decompressed here: allow it there, or convert it where it comes from"
      : "\(words), and AllowTranscoding is false for this modality"
  }
}
