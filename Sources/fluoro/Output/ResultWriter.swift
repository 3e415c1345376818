import Glibc
import Synchronization

/// Standard output: results, one line at a time, each written when it is known. After a failed write nothing more is
/// attempted, and whoever waits for the results is told to stop.
final class ResultWriter: Sendable {
  static let standard = ResultWriter(descriptor: 1)

  private struct State {
    var heading: [UInt8] = []
    var failure: Int32?
    var onFailure: (@Sendable () -> Void)?
  }

  private let descriptor: Int32
  private let state = Mutex(State())

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// The line above the results, for the first of them to bring along: what fails before that has printed nothing.
  func heading(_ text: String) { state.withLock { $0.heading = Array("\(text)\n".utf8) } }

  /// Writes the heading where there was nothing to stand below it.
  func conclude() throws(Ending) { try lines([]) }

  /// Writes a line. Throws the `Ending` to end with when standard output takes no more.
  func line(_ text: String) throws(Ending) {
    var text = text
    text += "\n"
    try lines(Array(text.utf8))
  }

  /// Writes whole lines, their ends included. Throws the `Ending` to end with when standard output takes no more.
  func lines(_ bytes: [UInt8]) throws(Ending) {
    let (failure, onFailure) = state.withLock { state -> (Int32?, (@Sendable () -> Void)?) in
      if state.failure != nil { return (state.failure, nil) }
      let heading = state.heading
      state.heading = []
      state.failure = writeAll(heading.isEmpty ? bytes : heading + bytes, to: descriptor)
      return (state.failure, state.failure == nil ? nil : state.onFailure)
    }
    onFailure?()
    if let failure { throw Self.ending(failure) }
  }

  /// Called once, when a write fails for the first time.
  func onFailure(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.onFailure = body }
  }

  /// Throws if a write failed at any time, for commands whose results are written from callbacks.
  func check() throws(Ending) {
    if let failure = state.withLock({ $0.failure }) { throw Self.ending(failure) }
  }

  private static func ending(_ number: Int32) -> Ending {
    // The reader of a pipe that has seen enough (`| head`) is no news to the person who arranged it.
    number == EPIPE
      ? Ending(status: .failed, message: nil)
      : .failed("cannot write the results to standard output: \(String(cString: strerror(number)))")
  }
}
