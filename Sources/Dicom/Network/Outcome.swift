import NIOConcurrencyHelpers

/// Something that becomes known once: a value or an error. The first word counts; later ones are ignored.
final class Outcome<Value: Sendable>: Sendable {
  private enum State {
    case waiting(CheckedContinuation<Value, any Error>?)
    case known(Result<Value, any Error>)
  }

  private let state = NIOLockedValueBox<State>(.waiting(nil))

  /// Returns whether this was the first word.
  @discardableResult
  func complete(_ result: Result<Value, any Error>) -> Bool {
    let (isFirst, continuation) = state.withLockedValue { state -> (Bool, CheckedContinuation<Value, any Error>?) in
      guard case .waiting(let continuation) = state else { return (false, nil) }
      state = .known(result)
      return (true, continuation)
    }
    continuation?.resume(with: result)
    return isFirst
  }

  /// Waits for it. To be called once.
  func value() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let known = state.withLockedValue { state -> Result<Value, any Error>? in
        if case .known(let result) = state { return result }
        state = .waiting(continuation)
        return nil
      }
      if let known { continuation.resume(with: known) }
    }
  }
}
