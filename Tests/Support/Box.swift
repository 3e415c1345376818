import Synchronization

/// A value that several threads change.
public final class Box<Value: Sendable>: Sendable {
  private let stored: Mutex<Value>

  public init(_ value: Value) { stored = Mutex(value) }

  public var value: Value { stored.withLock { $0 } }

  public func change(_ body: (inout Value) -> Void) { stored.withLock { body(&$0) } }
}
