import ArgumentParser
import Foundation
import LocalIndex
import Operations

struct LocalExport: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Copy the files of patients, studies, series or instances into a folder.",
    discussion: "Each file is named for its identifier. A file that is there already is never overwritten.")

  @Argument(help: ArgumentHelp("Identifiers, as `fluoro local find` lists them.", valueName: "ID"))
  var ids: [String]
  @Option(help: ArgumentHelp("Where to; made when missing.", valueName: "folder"))
  var to: String
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let index = try shared.station().index
    let found = try ids.map { id in
      let instances = try index.instances(under: id.lowercased())
      if instances.isEmpty { throw Ending.failed("\(id): there is nothing local with this identifier") }
      return instances
    }
    try FileManager.default.createDirectory(atPath: to, withIntermediateDirectories: true)
    var failures: [String] = []
    var copied = (instances: 0, bytes: Int64(0))
    for instance in found.joined() {
      if Task.isCancelled { throw Ending.interrupted }
      let path = URL(filePath: to).appending(path: instance.id + ".dcm").path
      do {
        try FileManager.default.copyItem(atPath: instance.path, toPath: path)
        copied = (copied.instances + 1, copied.bytes + Int64(instance.bytes))
        if format.json {
          let object = JSONText.Value.object([
            ("sopInstanceUID", .string(instance.sopInstanceUID.rawValue)), ("path", .string(path)),
          ])
          try ResultWriter.standard.line(object.text)
        }
      } catch let error as Ending {
        throw error
      } catch {
        failures.append("\(path): \(error.localizedDescription)")
      }
    }
    if !format.json {
      try ResultWriter.standard.line(
        "\(Words.count(copied.instances, .instance)) copied to \(to), \(Words.bytes(copied.bytes))")
    }
    if !failures.isEmpty {
      let message = failures.joined(separator: "\n  ")
      throw Ending(status: copied.instances > 0 ? .partial : .failed, message: message)
    }
  }
}
