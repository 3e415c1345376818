import ArgumentParser
import Glibc
import LocalIndex
import Operations

struct LocalDelete: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete patients, studies, series or instances from this machine.",
    discussion: "Asks first; where there is no terminal to ask on, --yes is needed.")

  @Argument(help: ArgumentHelp("Identifiers, as `fluoro local find` lists them.", valueName: "ID"))
  var ids: [String]
  @Flag(help: "Do not ask.")
  var yes = false
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    if station.configuration.readOnly { throw Ending.failed("ReadOnly is set: nothing is deleted") }
    var instances: Set<String> = []
    var studies: Set<String> = []
    var bytes: Int64 = 0
    for id in ids {
      let found = try station.index.instances(under: id.lowercased())
      if found.isEmpty { throw Ending.failed("\(id): there is nothing local with this identifier") }
      for instance in found where instances.insert(instance.id).inserted {
        studies.insert(instance.identity.study)
        bytes += Int64(instance.bytes)
      }
    }
    let what =
      "\(Words.count(instances.count, .instance)) of \(Words.count(studies.count, .study)), \(Words.bytes(bytes))"
    if !yes { try confirm(what) }
    let result = try await follow(station.deleteLocal(ids.map { $0.lowercased() }))
    await station.shutdown()
    try print(result, format)
  }

  private func confirm(_ what: String) throws(Ending) {
    guard isatty(0) == 1, isatty(2) == 1 else {
      throw Ending.usage("would delete \(what); say --yes where nobody can be asked")
    }
    _ = writeAll(Array("Delete \(what)? [y/N] ".utf8), to: 2)
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw Ending.failed("nothing was deleted")
    }
  }
}
