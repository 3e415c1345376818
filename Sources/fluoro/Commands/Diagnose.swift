import ArgumentParser
import Glibc
import Operations
import Synchronization

struct Diagnose: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract: "Look at a modality layer by layer: what works, what does not, what to change and where.",
    discussion: """
      Name resolution, connection, TLS, association with each presentation context, C-ECHO, C-FIND, and whether it knows \
      our AE title and reaches us. That it reaches us is proven only by an instance that arrives: --move has one small \
      instance sent here. Nothing is stored or changed there, and no patient is named.
      """)

  @OptionGroup var peer: PeerOptions
  @Flag(help: "Have one small instance moved here, which proves that it reaches us; it stays here.")
  var move = false
  @Option(help: ArgumentHelp("Also write the report into a new file, for a vendor's ticket.", valueName: "file"))
  var save: String?
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    if let save, access(save, F_OK) == 0 { throw Ending.usage("--save \(save): there is such a file already") }
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    let printer = StepPrinter(isSilent: format.json)
    let operation = station.diagnose(modality, moves: move, timeout: peer.timeoutChoice) { printer.take($0) }
    let result: Diagnosis
    do {
      result = try await follow(operation)
    } catch {
      await station.shutdown()
      throw error
    }
    await station.shutdown()
    if format.json {
      try ResultWriter.standard.line(result.json.text)
    } else {
      try ResultWriter.standard.line("\n\(PlainText.visible(result.outcome.words))")
    }
    if let save { try Self.write(result.report, to: save) }
    // The conclusion is on standard output already.
    guard let status = ExitStatus(rawValue: result.outcome.exitStatus), status != .done else { return }
    throw Ending(status: status, message: nil)
  }

  /// Never over a file that is there.
  private static func write(_ lines: [String], to path: String) throws(Ending) {
    let text = lines.map { PlainText.visible($0) + "\n" }.joined()
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    let failure = descriptor < 0 ? errno : writeAll(Array(text.utf8), to: descriptor)
    if descriptor >= 0 { close(descriptor) }
    if let failure { throw .failed("the report cannot be written to \(path): \(String(cString: strerror(failure)))") }
  }
}

/// Prints each layer when it is known what it comes to.
private final class StepPrinter: Sendable {
  private let isSilent: Bool
  private let printed = Mutex<Set<Diagnosis.Layer>>([])

  init(isSilent: Bool) { self.isSilent = isSilent }

  func take(_ diagnosis: Diagnosis) {
    guard !isSilent else { return }
    printed.withLock { printed in
      // In order: one is told of by its last word when the next has begun, or all is over.
      let last = diagnosis.steps.lastIndex { $0.verdict != .pending } ?? 0
      for (index, step) in diagnosis.steps.enumerated()
      where ![.pending, .running].contains(step.verdict) && (index < last || !diagnosis.outcome.words.isEmpty) {
        guard printed.insert(step.layer).inserted else { continue }
        // A reader that has gone is told of by `follow`.
        for line in step.lines { try? ResultWriter.standard.line(PlainText.visible(line)) }
      }
    }
  }
}
