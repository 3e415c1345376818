import ArgumentParser
import Dicom

/// Writes a file in another transfer syntax.
struct Convert: NetworkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a file again in another transfer syntax.",
    discussion: """
      Among the uncompressed transfer syntaxes and the deflated one; a compressed file keeps its own. \
      OUT may be IN.
      """)

  @Argument(help: ArgumentHelp("A DICOM file.", valueName: "IN"))
  var source: String
  @Argument(help: ArgumentHelp("The file to write.", valueName: "OUT"))
  var target: String
  @Option(
    name: .customLong("transfer-syntax"),
    help: ArgumentHelp("implicit, explicit, big-endian, deflated, or a UID.", valueName: "name"))
  var transferSyntax: String
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let syntax: TransferSyntax
    switch transferSyntax.lowercased() {
    case "implicit": syntax = .implicitVRLittleEndian
    case "explicit": syntax = .explicitVRLittleEndian
    case "big-endian": syntax = .explicitVRBigEndian
    case "deflated": syntax = .deflatedExplicitVRLittleEndian
    default:
      let uid = UID(transferSyntax)
      guard uid.isWellFormed else {
        throw Ending.usage(
          "\(transferSyntax): not a transfer syntax; implicit, explicit, big-endian, deflated and UIDs are known")
      }
      syntax = TransferSyntax(uid: uid)
    }
    do {
      try DicomFile.convert(source, to: target, transferSyntax: syntax)
    } catch {
      throw Ending.failed("\(error)")
    }
  }
}
