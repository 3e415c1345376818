import ArgumentParser
import LocalIndex
import Operations

struct LocalProtect: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "protect", abstract: "Keep studies from being recycled, or list those that are.",
    discussion: "With MaximumStorageMode Recycle the oldest studies go when MaximumStorageSize is reached.")

  @Argument(help: ArgumentHelp("Identifiers of studies; none: list the protected ones.", valueName: "ID"))
  var ids: [String] = []
  @OptionGroup var format: ListFormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    guard ids.isEmpty else {
      let count = try station.protect(ids, true)
      StandardError.say("\(Words.count(count, .study)) kept from being recycled", prefix: "")
      return
    }
    let protected = try station.index.protectedStudies()
    let printer = MatchPrinter(format: format, level: .study, asked: [], isDefault: true, hasID: true)
    printer.begin()
    try station.index.find(LocalQuery(level: .study)) { match in
      if protected.contains(match.id) { try printer.print(match.dataSet, id: match.id) }
      return !Task.isCancelled
    }
    try ResultWriter.standard.conclude()
  }
}

struct LocalUnprotect: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "unprotect", abstract: "Let studies be recycled again.")

  @Argument(help: ArgumentHelp("Identifiers of studies.", valueName: "ID"))
  var ids: [String]
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let count = try station.protect(ids, false)
    StandardError.say("\(Words.count(count, .study)) may be recycled again", prefix: "")
  }
}

extension Station {
  /// - Returns: how many they are; one that is named twice is one.
  fileprivate func protect(_ ids: [String], _ isProtected: Bool) throws -> Int {
    let studies = Set(ids.map { $0.lowercased() })
    for study in studies.sorted() { try protect(study, isProtected) }
    return studies.count
  }
}
