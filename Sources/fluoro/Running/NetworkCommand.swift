import ArgumentParser
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

  /// Starts a command and looks after signals on the main thread until it has ended, then exits with its status.
  ///
  /// The signals are blocked before any thread starts and taken by `sigwait`. (Dispatch's signal sources lose one now and
  /// then: the thread that it is delivered to raises it again for itself alone.)
  static func run(_ command: any NetworkCommand) -> Never {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] where !(number == SIGHUP && isIgnored(number)) {
      signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let endsByTermination = type(of: command).endsByTermination
    let task = Task.detached { await ExitStatus.reporting { try await command.perform() } }
    Task.detached {
      let status = await task.value
      StandardError.clear()
      let number = received.load(ordering: .relaxed)
      let isInterrupted = number != 0 && !(number == SIGTERM && endsByTermination)
      exit(isInterrupted ? ExitStatus.interrupted.rawValue : status.rawValue)
    }
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      if received.exchange(number, ordering: .relaxed) != 0 {
        StandardError.clear()
        exit(ExitStatus.interrupted.rawValue)
      }
      task.cancel()
    }
  }

  /// As `nohup` leaves it.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
