import NIOConcurrencyHelpers

/// The C-MOVE on whose behalf an instance is stored, PS3.7 §9.1.1.1.
public struct MoveOriginator: Hashable, Sendable {
  public var aeTitle: String
  public var messageID: UInt16

  public init(aeTitle: String, messageID: UInt16) {
    self.aeTitle = aeTitle
    self.messageID = messageID
  }
}

/// Storage, PS3.4 §B.
extension Association {
  /// The context in which an instance can be sent as it is encoded.
  public func context(for source: StoreSource) -> AcceptedContext? {
    acceptedContexts.first { $0.abstractSyntax == source.sopClassUID && $0.transferSyntax == source.transferSyntax }
  }

  /// C-STORE. The data set is read in pieces and never as a whole; `onProgress` gets the bytes sent so far, on the
  /// event loop. A cancelled task aborts the association: PS3.7 knows no cancel for it.
  public func store(
    _ source: StoreSource, moveOriginator: MoveOriginator? = nil, priority: Priority = .medium,
    onProgress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Status {
    let answer = Outcome<Status>()
    let rest = NIOLockedValueBox<OutgoingStore?>(
      OutgoingStore(source: .later { source }, onProgress: onProgress) { answer.complete($0) })
    try await store(moveOriginator: moveOriginator, priority: priority) {
      rest.withLockedValue { rest in
        defer { rest = nil }
        return rest
      }
    }
    return try await answer.value()
  }

  /// C-STORE of one instance after the other, the next ones read while the peer is at work. `next` gives them, and nil
  /// when there are no more; it is called ahead of their turn, on the event loop or a thread that may block, so it does not
  /// block itself; never twice at once. `ahead` says how many files may be taken at once: fewer where others wait for them too.
  ///
  /// - Throws: `AssociationError` when the association has ended before all were answered; each instance is told of its
  ///   own fate.
  public func store(
    moveOriginator: MoveOriginator? = nil, priority: Priority = .medium,
    ahead: @escaping @Sendable () -> Int = { .max }, next: @escaping @Sendable () -> OutgoingStore?
  ) async throws {
    guard !Task.isCancelled else { throw error(.cancelled, .store) }
    guard
      let encoder = MessageEncoder(maximumPDULength: peer.maximumPDULength, peer: peer.implementationClassUID)
    else { throw error(.notEstablished, .store) }
    let loader = StoreLoader(
      next, ahead: ahead, association: self, encoder: encoder, moveOriginator: moveOriginator, priority: priority)
    try await onSession { session, done in
      let sender = StoreSender(session, loader, done: done)
      sender.start()
      return { sender.cancel() }
    }
  }
}
