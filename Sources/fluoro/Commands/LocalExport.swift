import ArgumentParser
import Operations

struct LocalExport: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write patients, studies, series or instances as files with a DICOMDIR.",
    discussion: """
      A folder for each patient, study and series, and a DICOMDIR that lists them, as on a DICOM disc. Nothing is \
      overwritten.
      """)

  @Argument(help: ArgumentHelp("Identifiers, as `fluoro local find` lists them.", valueName: "ID"))
  var ids: [String]
  @Option(help: ArgumentHelp("A folder that is new or empty, or a new archive, NAME.zip.", valueName: "path"))
  var to: String
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let station = try shared.station()
    let result = try await follow(station.exportFiles(ids.map { $0.lowercased() }, to: to))
    await station.shutdown()
    try print(result, format)
  }
}
