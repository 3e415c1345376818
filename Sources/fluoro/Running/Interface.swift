import ArgumentParser
import Dispatch
import Synchronization

/// A command that opens the terminal interface: it runs on the main thread, synchronously, and nothing before it may
/// have started a thread.
protocol InterfaceCommand: ParsableCommand {
  /// Answers the exit status.
  func open() throws -> Int32
}

/// Waits, on a thread that Swift concurrency does not need, for something that it does.
func waiting<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) throws -> Value {
  let done = DispatchSemaphore(value: 0)
  let result = Box<Value>()
  Task.detached {
    let outcome: Result<Value, any Error>
    do {
      outcome = .success(try await body())
    } catch {
      outcome = .failure(error)
    }
    result.value.withLock { $0 = outcome }
    done.signal()
  }
  done.wait()
  guard let outcome = result.value.withLock({ $0 }) else { throw CancellationError() }
  return try outcome.get()
}

private final class Box<Value: Sendable>: Sendable {
  let value = Mutex<Result<Value, any Error>?>(nil)
}
