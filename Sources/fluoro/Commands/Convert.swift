import ArgumentParser
import Dicom
import Foundation

/// Writes a file in another transfer syntax.
struct Convert: NetworkCommand {
  static let configuration = CommandConfiguration(
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
      if source.lowercased().hasSuffix(".json") {
        try writeJSON(syntax)
      } else {
        try DicomFile.convert(source, to: target, transferSyntax: syntax)
      }
    } catch let error as DicomJSONError {
      throw Ending.failed("\(source): \(error)")
    } catch {
      throw Ending.failed("\(error)")
    }
  }

  private func writeJSON(_ syntax: TransferSyntax) throws {
    let dataSet = try DataSet(dicomJSON: String(contentsOfFile: source, encoding: .utf8))
    guard let sopClass = dataSet.uid(.sopClassUID), let sopInstance = dataSet.uid(.sopInstanceUID) else {
      throw Ending.failed("\(source): SOPClassUID and SOPInstanceUID are needed to write a file; one is missing")
    }
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: sopClass, mediaStorageSOPInstanceUID: sopInstance, transferSyntax: syntax.uid)
    try DicomFile.write(dataSet, meta: meta, to: target)
  }
}
