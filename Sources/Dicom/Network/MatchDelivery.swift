import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Hands the matches of a query from the event loop to whoever wants them, in their order, on a thread that may block.
/// What waits is bounded: a peer faster than their taker is held back.
final class MatchDelivery: Sendable {
  /// So many, or so many bytes of them, may wait.
  private static let maximumCount = 1024
  private static let maximumBytes = 1 << 20

  private struct State {
    var waiting: [ByteBuffer] = []
    var bytes = 0
    var isDelivering = false
    /// Nobody wants the rest.
    var isDropped = false
    var failure: (any Error)?
    /// Called when what waits has been taken.
    var onRoom: (@Sendable () -> Void)?
    var onIdle: CheckedContinuation<Void, Never>?
  }

  private let state = NIOLockedValueBox(State())
  private let deliver: @Sendable (ByteBuffer) throws -> Void
  private let onFailure: @Sendable (any Error) -> Void

  /// - Parameters:
  ///   - deliver: takes each match. What it throws ends the delivery and goes to `onFailure`.
  init(
    _ deliver: @escaping @Sendable (ByteBuffer) throws -> Void, onFailure: @escaping @Sendable (any Error) -> Void
  ) {
    self.deliver = deliver
    self.onFailure = onFailure
  }

  /// Adds a match. False when no more should come until `onRoom` is called, on any thread, once.
  func add(_ match: ByteBuffer, onRoom: @escaping @Sendable () -> Void) -> Bool {
    let (starts, hasRoom) = state.withLockedValue { state -> (Bool, Bool) in
      guard !state.isDropped else { return (false, true) }
      state.waiting.append(match)
      state.bytes += match.readableBytes
      let hasRoom = state.waiting.count < Self.maximumCount && state.bytes < Self.maximumBytes
      if !hasRoom { state.onRoom = onRoom }
      defer { state.isDelivering = true }
      return (!state.isDelivering, hasRoom)
    }
    if starts { NIOThreadPool.singleton.submit { _ in self.run() } }
    return hasRoom
  }

  private func run() {
    while true {
      let (batch, onRoom, onIdle) = state.withLockedValue { state in
        let batch = state.waiting
        state.waiting = []
        state.bytes = 0
        if batch.isEmpty { state.isDelivering = false }
        defer {
          state.onRoom = nil
          if batch.isEmpty { state.onIdle = nil }
        }
        return (batch, state.onRoom, batch.isEmpty ? state.onIdle : nil)
      }
      onRoom?()
      onIdle?.resume()
      if batch.isEmpty { return }
      for match in batch where !state.withLockedValue({ $0.isDropped }) {
        do {
          try deliver(match)
        } catch {
          state.withLockedValue { $0.failure = error }
          drop()
          onFailure(error)
        }
      }
    }
  }

  /// What waits, and what still comes, is not wanted any more.
  func drop() {
    let onRoom = state.withLockedValue { state in
      state.isDropped = true
      state.waiting = []
      state.bytes = 0
      defer { state.onRoom = nil }
      return state.onRoom
    }
    onRoom?()
  }

  /// Returns when all matches have been taken; a cancelled task drops those that have not.
  func untilDelivered() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isIdle = state.withLockedValue { state in
          if state.isDelivering { state.onIdle = continuation }
          return !state.isDelivering
        }
        if isIdle { continuation.resume() }
      }
    } onCancel: {
      drop()
    }
  }

  /// What `deliver` threw.
  var failure: (any Error)? { state.withLockedValue { $0.failure } }
}
