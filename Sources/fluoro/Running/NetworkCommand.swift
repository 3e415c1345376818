import ArgumentParser
import Dispatch
import Glibc
import Synchronization

/// A command that waits for a network or for disks: it runs off the main thread, which only looks after signals.
protocol NetworkCommand: AsyncParsableCommand, Sendable {
  /// Whether SIGTERM is the usual way to end it, and no interruption.
  static var endsByTermination: Bool { get }
  func perform() async throws
}

extension NetworkCommand {
  static var endsByTermination: Bool { false }

  func run() async throws {
    try await perform()
  }
}

/// Ctrl-C and its kin. The first asks the command to end well: C-CANCEL, release, files complete. The second ends it.
enum Interruption {
  /// The signal that asked for the end; 0 for none.
  private static let received = Atomic<Int32>(0)

  /// Starts a command and hands the main thread to the dispatcher until it has ended, then exits with its status.
  static func run(_ command: any NetworkCommand) -> Never {
    let task = Task.detached { await ExitStatus.reporting { try await command.perform() } }
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if received.exchange(number, ordering: .relaxed) != 0 {
          StandardError.clear()
          exit(ExitStatus.interrupted.rawValue)
        }
        task.cancel()
      }
      source.resume()
      return source
    }
    let endsByTermination = type(of: command).endsByTermination
    Task.detached {
      let status = await task.value
      StandardError.clear()
      let number = received.load(ordering: .relaxed)
      let isInterrupted = number != 0 && !(number == SIGTERM && endsByTermination)
      exit(isInterrupted ? ExitStatus.interrupted.rawValue : status.rawValue)
    }
    withExtendedLifetime(sources) { dispatchMain() }
  }
}
