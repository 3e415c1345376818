import ArgumentParser
import Dicom
import LocalIndex
import Logging
import Operations
import Synchronization

/// What every command takes, before or after its name.
struct SharedOptions: ParsableArguments, Sendable {
  @Option(help: ArgumentHelp("The configuration: a file, or a folder of *.json.", valueName: "path"))
  var config: String?

  @Option(help: ArgumentHelp("The storage folder, instead of the configured one.", valueName: "folder"))
  var storage: String?

  @Option(
    help: ArgumentHelp(
      "How much to log on standard error: trace, debug, info, notice, warning, error, critical.", valueName: "level"),
    transform: { text in
      guard let level = Logger.Level(rawValue: text.lowercased()) else {
        throw ValidationError(
          "\"\(text)\" is not a level; expected trace, debug, info, notice, warning, error or critical")
      }
      return level
    })
  var logLevel = Logger.Level.warning

  @Option(
    help: ArgumentHelp(
      "Write what goes over the wire into a file: .txt, each PDU decoded, without patients' data; .pcap, all of it for Wireshark, also what TLS protects.",
      valueName: "file"))
  var trace: String?

  @Flag(help: "Show all values in the trace, patients' data too.")
  var traceValues = false

  func validate() throws {
    if let trace, !TraceFile.endings.contains(where: trace.hasSuffix) {
      throw ValidationError("--trace \(trace): expected a name ending in .txt or .pcap")
    }
    if traceValues, trace?.hasSuffix(".txt") != true {
      throw ValidationError("--trace-values needs --trace with a name ending in .txt")
    }
  }

  /// The configuration; its warnings go to standard error.
  func configuration(saysWarnings: Bool = true) throws -> Configuration {
    let configuration = try Configuration.load(path: config, storage: storage)
    if saysWarnings {
      for warning in configuration.warnings { StandardError.say("warning: \(warning)") }
    }
    return configuration
  }

  /// A running fluoro on the configured storage. It does not listen yet.
  ///
  /// - Parameters:
  ///   - traces: keeps the last of the traffic, for somebody who may look at it.
  ///   - defersStorage: opens the storage only when something needs it, if it is there already.
  ///   - showsActivity: the caller tells what happens, so that it need not be logged as well.
  func station(
    _ configuration: Configuration? = nil, traces: TraceRing? = nil, defersStorage: Bool = false,
    showsActivity: Bool = false
  ) throws -> Station {
    startLogging(showsActivity: showsActivity)
    do {
      return try Station(
        configuration: try configuration ?? self.configuration(),
        trace: try trace.map { try TraceFile.open($0, showsValues: traceValues) }, traces: traces,
        defersStorage: defersStorage)
    } catch let error as StorageError {
      throw Ending.usage("\(error)")
    }
  }

  private func startLogging(showsActivity: Bool = false) {
    LoggingSystem.bootstrap { [logLevel] label in
      if showsActivity, label == LocalIndex.problemLabel { return SwiftLogNoOpLogHandler() }
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = logLevel
      return handler
    }
  }
}

extension SharedOptions {
  private static let kept = Mutex<LocalIndex?>(nil)

  /// The index, for a command that only looks things up. It stays open to the end of the process: SQLite writes and syncs its
  /// log to close a database, which takes longer than most searches.
  func index() throws -> LocalIndex {
    startLogging()
    let configuration = try configuration()
    do {
      let index = try LocalIndex(
        storage: configuration.storageDirectory, options: configuration.storageOptions, isForLookup: true)
      Self.kept.withLock { $0 = index }
      return index
    } catch let error as StorageError {
      throw Ending.usage("\(error)")
    }
  }
}

/// How long to wait for a station.
struct TimeoutOptions: ParsableArguments, Sendable {
  // A negative number gets our words, not those about a missing value.
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Seconds to wait for a response; 0: no limit.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    if let timeout, !(0...86_400_000).contains(timeout) {
      throw ValidationError("--timeout \(timeout): expected seconds, 0 for no limit")
    }
  }

  var choice: TimeoutChoice { timeout.map { TimeoutChoice(seconds: $0) } ?? .inherited }
}

/// The station a command is about, and how to speak to it.
struct PeerOptions: ParsableArguments, Sendable {
  @Argument(help: "A configured name, or AET@host:port.")
  var modality: String

  @OptionGroup var limit: TimeoutOptions

  @Option(help: ArgumentHelp("The AE title to call with.", valueName: "title"))
  var localAet: String?

  func validate() throws {
    if let localAet, let complaint = Modality.complaint(aboutAETitle: localAet) {
      throw ValidationError("--local-aet: \(complaint)")
    }
  }

  /// The modality with what the options say about it.
  func modality(in configuration: Configuration) throws -> Modality {
    var found = try configuration.modality(named: modality)
    if let localAet { found.localAET = localAet }
    return found
  }

  var timeoutChoice: TimeoutChoice { limit.choice }
}

/// The form of the results on standard output.
struct FormatOptions: ParsableArguments, Sendable {
  @Flag(help: "One JSON object a line.")
  var json = false
}

struct ListFormatOptions: ParsableArguments, Sendable {
  @Flag(help: "One JSON object a line.")
  var json = false

  @Flag(help: "Comma-separated values, a header first.")
  var csv = false

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv exclude each other") }
  }

  /// Says below a table how many there were.
  func say(_ count: String, of result: FindResult) throws(Ending) {
    guard result.outcome.exitStatus == 0 else { return }
    try ResultWriter.standard.conclude()
    if json || csv { return }
    StandardError.say(count + (result.isLimited ? "; there are more" : ""), prefix: "")
  }
}
