import Dicom
import Synchronization

/// A C-MOVE to ourselves, or a C-GET, while it runs, and what has arrived for it.
final class MoveInFlight: Sendable {
  let peer: Modality
  /// The title we called with: (0000,1030) of its sub-operations.
  let originatorAETitle: String
  /// Its message id: (0000,1031) of its sub-operations.
  let messageID: UInt16
  private let deadlines: Deadlines
  private let onArrival: @Sendable (_ instances: Int, _ bytes: Int64) -> Void

  private struct State {
    var instances: Set<String> = []
    var bytes: Int64 = 0
    /// Receptions that have begun and are not durable yet.
    var open = 0
    var waiter: (target: Int, CheckedContinuation<Void, Never>)?
    var hasGivenUp = false
  }

  private let state = Mutex(State())

  init(
    peer: Modality, originatorAETitle: String, messageID: UInt16, deadlines: Deadlines,
    onArrival: @escaping @Sendable (Int, Int64) -> Void
  ) {
    self.peer = peer
    self.originatorAETitle = originatorAETitle
    self.messageID = messageID
    self.deadlines = deadlines
    self.onArrival = onArrival
  }

  var received: (instances: Int, bytes: Int64) { state.withLock { ($0.instances.count, $0.bytes) } }

  /// Nothing has come for it yet, nor begun to come.
  var isSilent: Bool { state.withLock { $0.instances.isEmpty && $0.open == 0 } }

  /// Whether an instance is durable here because of it.
  func holds(_ sopInstanceUID: String) -> Bool { state.withLock { $0.instances.contains(sopInstanceUID) } }

  func begin() {
    state.withLock { $0.open += 1 }
    deadlines.touch()
  }

  /// Bytes of an instance of this move came in.
  func touch() { deadlines.touch() }

  /// An instance of this move is complete and is being made durable, which the peer waits for; until `settled`.
  func settling() { deadlines.hold() }
  func settled() { deadlines.letGo() }

  /// An instance is durable (`bytes` of its data set), or was not taken (nil).
  func end(_ sopInstanceUID: String, bytes: Int?) {
    let counts = state.withLock { state in
      state.open -= 1
      if let bytes, state.instances.insert(sopInstanceUID).inserted { state.bytes += Int64(bytes) }
      return (state.instances.count, state.bytes)
    }
    deadlines.touch()
    onArrival(counts.0, counts.1)
    wake()
  }

  /// Returns when `target` different instances are durable, or when nothing has arrived for `response`.
  func wait(for target: Int) async {
    if isComplete(target) { return }
    deadlines.begin(.receiving) { [weak self] _ in self?.giveUp() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { $0.waiter = (target, continuation) }
        wake()
      }
    } onCancel: {
      giveUp()
    }
    deadlines.end()
  }

  private func isComplete(_ target: Int) -> Bool {
    state.withLock { $0.open == 0 && $0.instances.count >= target }
  }

  private func giveUp() {
    state.withLock { $0.hasGivenUp = true }
    wake()
  }

  private func wake() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard let (target, waiter) = state.waiter,
        state.hasGivenUp || (state.open == 0 && state.instances.count >= target)
      else { return nil }
      state.waiter = nil
      return waiter
    }
    waiter?.resume()
  }
}

/// The C-MOVEs to ourselves that run now. Our acceptor asks it to whom an incoming instance belongs.
final class MovesInFlight: Sendable {
  private struct State {
    var lastMessageID: UInt16 = 0
    var moves: [MoveInFlight] = []
  }

  private let state = Mutex(State())

  var isEmpty: Bool { state.withLock { $0.moves.isEmpty } }

  /// A message id no other move in flight has, so that originator title and id name one of them.
  func allocateMessageID() -> UInt16 {
    state.withLock { state in
      repeat {
        state.lastMessageID = state.lastMessageID == .max ? 1 : state.lastMessageID + 1
      } while state.moves.contains { $0.messageID == state.lastMessageID }
      return state.lastMessageID
    }
  }

  func add(_ move: MoveInFlight) { state.withLock { $0.moves.append(move) } }
  func remove(_ move: MoveInFlight) { state.withLock { $0.moves.removeAll { $0 === move } } }

  /// The move that an instance names as its originator (PS3.7 §9.3.1.1).
  func named(
    _ aeTitle: String?, _ messageID: UInt16?, isSame: (String, String) -> Bool
  ) -> MoveInFlight? {
    guard let aeTitle, let messageID else { return nil }
    return state.withLock { state in
      state.moves.first { $0.messageID == messageID && isSame($0.originatorAETitle, aeTitle) }
    }
  }

  /// The latest move from whoever sends, to which an instance without an originator most likely belongs; with a message
  /// id, the one that has it.
  func from(messageID: UInt16?, isSender: (Modality) -> Bool) -> MoveInFlight? {
    state.withLock { state in
      state.moves.last { isSender($0.peer) && (messageID == nil || $0.messageID == messageID) }
    }
  }
}
