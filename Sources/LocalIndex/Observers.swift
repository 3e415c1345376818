import NIOConcurrencyHelpers

/// Keeps an observer going; it ends with ``cancel()`` or when this is let go of.
public final class Observation: Sendable {
  private let end: @Sendable () -> Void

  init(_ end: @escaping @Sendable () -> Void) { self.end = end }

  public func cancel() { end() }

  deinit { end() }
}

/// Who wants to hear of something. Safe from any thread.
public final class Observers<Event: Sendable>: Sendable {
  private let state = NIOLockedValueBox<(next: Int, all: [Int: @Sendable (Event) -> Void])>((0, [:]))

  public init() {}

  /// Calls `observer` until the result is let go of or cancelled, on whatever thread tells.
  public func add(_ observer: @escaping @Sendable (Event) -> Void) -> Observation {
    let id = state.withLockedValue { state in
      state.next += 1
      state.all[state.next] = observer
      return state.next
    }
    return Observation { [weak self] in self?.state.withLockedValue { $0.all[id] = nil } }
  }

  public func tell(_ event: Event) {
    for observer in state.withLockedValue({ $0.all.values.map { $0 } }) { observer(event) }
  }
}
