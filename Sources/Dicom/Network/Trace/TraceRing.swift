import DequeModule
import NIOConcurrencyHelpers

/// The last events, in memory: at most so many, of at most so many bytes. Words are made of them when asked for.
public final class TraceRing: TraceObserver {
  private struct State {
    var events: Deque<TraceEvent> = []
    var bytes = 0
  }

  private let state = NIOLockedValueBox(State())
  private let capacity: Int
  private let maximumBytes: Int

  public init(capacity: Int = 10_000, maximumBytes: Int = 16 << 20) {
    self.capacity = capacity
    self.maximumBytes = maximumBytes
  }

  public func observe(_ event: TraceEvent) {
    state.withLockedValue { state in
      state.events.append(event)
      state.bytes += event.footprint
      while state.events.count > capacity || state.bytes > maximumBytes, let first = state.events.popFirst() {
        state.bytes -= first.footprint
      }
    }
  }

  /// Those still here, oldest first.
  public var events: [TraceEvent] { state.withLockedValue { Array($0.events) } }

  /// Those of some connections.
  public func events(of connections: Set<Int>) -> [TraceEvent] {
    state.withLockedValue { $0.events.filter { connections.contains($0.connection) } }
  }
}

extension TraceEvent {
  fileprivate var footprint: Int {
    if case .pdu(let pdu) = content { return 128 + pdu.footprint }
    return 512
  }
}
