import ArgumentParser
import Dicom
import LocalIndex
import Operations

struct Local: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "local",
    abstract: "The studies on this machine.",
    subcommands: [
      LocalFind.self, LocalImport.self, LocalExport.self, LocalDelete.self, LocalVerify.self, LocalReindex.self,
      LocalProtect.self, LocalUnprotect.self, LocalStatistics.self,
    ])
}

struct LocalFind: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Search them, as Orthanc's tools/find does.")

  @OptionGroup var query: QueryOptions
  @Flag(help: "Print each as Orthanc's tools/find does with Expand; one JSON object a line.")
  var expand = false
  @Option(help: "Stop after so many.")
  var limit: Int?
  @Option(help: "Leave out so many from the beginning.")
  var since = 0
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Sort by this attribute; -Keyword: descending.", valueName: "Keyword"))
  var orderBy: [String] = []
  @Flag(
    help: "Say at the end how long it took to read the configuration and open the storage, and to search and print.")
  var timings = false
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
    if since < 0 { throw ValidationError("--since \(since): expected 0 or more") }
  }

  func perform() async throws {
    let keys = try query.keys()
    let order: [LocalQuery.Order]
    do {
      order = try orderBy.map { text throws(OperationError) in
        let isDescending = text.hasPrefix("-")
        return LocalQuery.Order(
          try QueryKey.tag(parsing: isDescending ? String(text.dropFirst()) : text), isDescending: isDescending)
      }
    } catch {
      throw Ending.usage("\(error)")
    }
    let began = ContinuousClock.now
    let index = try shared.index()
    let opened = ContinuousClock.now
    let localQuery = LocalQuery(
      level: query.level, keys.map { ($0.tag, $0.value) }, limit: limit, since: since, orderBy: order)
    try search(index, localQuery)
    if timings {
      let times = [opened - began, .now - opened].map { Words.decimal($0.inMilliseconds) }
      StandardError.say("opened in \(times[0]) ms, searched in \(times[1]) ms", prefix: "")
    }
  }

  private func search(_ index: LocalIndex, _ localQuery: LocalQuery) throws {
    if expand {
      // What is found first, since each is read from the index by itself.
      var ids: [String] = []
      try index.find(localQuery) { match in
        ids.append(match.id)
        return !Task.isCancelled
      }
      for id in ids {
        try Task.checkCancellation()
        if let json = try index.expand(id) { try ResultWriter.standard.line(json) }
      }
      return
    }
    let printer = MatchPrinter(
      format: format, level: query.level, asked: localQuery.keys.map(\.tag), isDefault: true, hasID: true)
    printer.begin()
    var count = 0
    try index.find(localQuery) { match in
      try printer.print(match.dataSet, id: match.id)
      count += 1
      return !Task.isCancelled
    }
    try ResultWriter.standard.conclude()
    if !format.json, !format.csv { StandardError.say(Words.count(count, query.level), prefix: "") }
  }
}

struct LocalImport: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Copy DICOM files into the storage.",
    discussion: """
      From files, folders with all that lies in them, ZIP archives, or a DICOMDIR with the files it lists. Interrupted, the \
      same import again takes up where it ended. A file that ends amid an element, since it was not copied as a whole, is \
      named and not taken.
      """)

  @Argument(help: ArgumentHelp("Files, folders, ZIP archives or DICOMDIRs.", valueName: "PATH"))
  var paths: [String]
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let result = try await follow(station.importFiles(paths))
    await station.shutdown()
    if format.json {
      try ResultWriter.standard.line(result.json.text)
    } else {
      var parts = ["\(Words.count(result.imported, .instance)) imported"]
      if result.duplicates > 0 { parts.append("\(result.duplicates) here already") }
      if result.versions > 0 { parts.append("\(result.versions) kept as another version") }
      if !result.notDicom.isEmpty { parts.append("\(result.notDicom.count) not DICOM") }
      if !result.failures.isEmpty { parts.append("\(result.failures.count) failed") }
      // What is here already has been read as well, to be compared.
      parts.append("\(Words.bytes(result.bytes)) read")
      try ResultWriter.standard.line(parts.joined(separator: "; "))
    }
    // Where it did not succeed, that names them as well.
    try result.finish()
    for path in result.notDicom { StandardError.say("\(PlainText.visible(path)): not a DICOM file") }
  }
}

struct LocalStatistics: NetworkCommand {
  static let configuration = CommandConfiguration(commandName: "statistics", abstract: "Count what is here.")

  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let statistics = try shared.index().statistics()
    if format.json {
      try ResultWriter.standard.line(
        JSONText.Value.object([
          ("patients", .integer(statistics.patients)), ("studies", .integer(statistics.studies)),
          ("series", .integer(statistics.series)), ("instances", .integer(statistics.instances)),
          ("versions", .integer(statistics.versions)), ("bytes", .integer(statistics.bytes)),
          ("freeBytes", JSONText.Value(statistics.freeBytes)),
        ]).text)
      return
    }
    for (name, value) in [
      ("Patients", Words.grouped(statistics.patients)), ("Studies", Words.grouped(statistics.studies)),
      ("Series", Words.grouped(statistics.series)), ("Instances", Words.grouped(statistics.instances)),
      ("Other versions", Words.grouped(statistics.versions)), ("Size", Words.bytes(Int64(statistics.bytes))),
      ("Free", statistics.freeBytes.map { Words.bytes(Int64($0)) } ?? "unknown"),
    ] {
      try ResultWriter.standard.line(name + String(repeating: " ", count: 16 - name.count) + value)
    }
  }
}

struct LocalReindex: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "reindex", abstract: "Build the index anew from the files.")

  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let result = try await follow(station.reindexStorage())
    await station.shutdown()
    try print(result, format)
  }
}

struct LocalVerify: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read every file of the storage: is it there, whole, and as it was written?",
    discussion: "Exit status 1 when something is wrong; what, is said on standard error.")

  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let result = try await follow(station.verifyStorage())
    await station.shutdown()
    try print(result, format)
  }
}

/// A result on standard output, and what was not as it should be on standard error.
func print(_ result: some OperationResult, _ format: FormatOptions) throws(Ending) {
  let ended: Set<JobState> = [.done, .partial, .failed]
  if format.json {
    try ResultWriter.standard.line(result.json.text)
  } else if ended.contains(result.outcome.state) {
    try ResultWriter.standard.line(result.outcome.words)
  }
  try result.finish()
}
