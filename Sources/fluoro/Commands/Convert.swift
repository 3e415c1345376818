import ArgumentParser
import Operations

/// Writes a file in another transfer syntax.
struct Convert: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a file again in another transfer syntax, or make one of DICOM JSON.",
    discussion: """
      Among the uncompressed transfer syntaxes and the deflated one; a compressed file keeps its own. \
      OUT may be IN. DICOM JSON (PS3.18 Annex F), as `dump --json` prints it, becomes a file with a meta header.
      """)

  @Argument(help: ArgumentHelp("A DICOM file, or a .json file.", valueName: "IN"))
  var source: String
  @Argument(help: ArgumentHelp("The file to write.", valueName: "OUT"))
  var target: String
  @Option(
    name: .customLong("transfer-syntax"),
    help: ArgumentHelp("implicit, explicit, big-endian, deflated, or a UID.", valueName: "name"))
  var transferSyntax: String
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    guard let syntax = Conversion.transferSyntax(named: transferSyntax) else {
      throw Ending.usage(
        "\(transferSyntax): not a transfer syntax; implicit, explicit, big-endian, deflated and UIDs are known")
    }
    do {
      try Conversion.write(source, to: target, syntax)
    } catch {
      throw Ending.failed("\(error)")
    }
  }
}
