import NIOConcurrencyHelpers

/// A request that may be cancelled while it runs, by a C-CANCEL (PS3.7 §9.3.2.3) or by the end of its association. Safe
/// from any thread.
public final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var lastID = 0
    var actions: [Int: @Sendable () -> Void] = [:]
  }

  private let state = NIOLockedValueBox(State())

  public init() {}

  public var isCancelled: Bool { state.withLockedValue { $0.isCancelled } }

  public func cancel() {
    let actions = state.withLockedValue { state in
      state.isCancelled = true
      defer { state.actions = [:] }
      return state.actions.values
    }
    for action in actions { action() }
  }

  /// Does something that is not waited for when the request is cancelled: it runs in a task that is cancelled then, or at
  /// once if it has been already.
  public func whileWanted<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = Task { try await body() }
    let id = state.withLockedValue { state -> Int? in
      if state.isCancelled { return nil }
      state.lastID += 1
      state.actions[state.lastID] = { task.cancel() }
      return state.lastID
    }
    if id == nil { task.cancel() }
    defer { if let id { _ = state.withLockedValue { $0.actions.removeValue(forKey: id) } } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
