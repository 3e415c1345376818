import ArgumentParser
import Glibc
import Operations

/// How a command ends, for the shell that called it.
enum ExitStatus: Int32, Sendable {
  /// All that was asked for is done.
  case done = 0
  /// The peer or the operation failed, or a retrieve matched nothing.
  case failed = 1
  /// Wrong usage or configuration.
  case usage = 2
  /// Done in part: some sub-operations failed, or the peer cut the answer short.
  case partial = 3
  /// Interrupted by a person, after the peer was told.
  case interrupted = 130
}

/// An end other than success, with the sentence for standard error.
struct Ending: Error, Sendable {
  let status: ExitStatus
  /// Nil when all has been said already.
  let message: String?

  static func failed(_ message: String) -> Ending { Ending(status: .failed, message: message) }
  static func usage(_ message: String) -> Ending { Ending(status: .usage, message: message) }
  static func partial(_ message: String?) -> Ending { Ending(status: .partial, message: message) }
  static let interrupted = Ending(status: .interrupted, message: nil)
}

extension ExitStatus {
  /// Runs a command and reports what it throws.
  static func reporting(_ body: () async throws -> Void) async -> ExitStatus {
    do {
      try await body()
      return .done
    } catch {
      return report(error)
    }
  }

  /// Says on standard error why a command ended, and answers the status that belongs to it.
  static func report(_ error: any Error) -> ExitStatus {
    switch error {
    case let ending as Ending:
      if let message = ending.message { StandardError.say(message) }
      return ending.status
    case let error as ConfigurationError:
      StandardError.say("\(error)")
      return .usage
    case is CancellationError:
      return .interrupted
    default:
      break
    }
    // The argument parser's own: help and version are asked for and go to standard output; the rest is wrong usage.
    let code = Fluoro.exitCode(for: error)
    if code == .success {
      do {
        try ResultWriter.standard.line(Fluoro.fullMessage(for: error, columns: nil))
        return .done
      } catch {
        return report(error)
      }
    }
    if code == .validationFailure {
      StandardError.say(KeyHint.improved(Fluoro.fullMessage(for: error, columns: nil)), prefix: "")
      return .usage
    }
    StandardError.say("\(error)")
    return .failed
  }
}
