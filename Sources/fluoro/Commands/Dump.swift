import ArgumentParser
import Dicom
import Foundation
import LocalIndex
import Operations

struct Dump: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print the elements of a file, or of a local instance.",
    discussion: "With --json: the DICOM JSON model (PS3.18 Annex F) on one line.")

  @Argument(help: ArgumentHelp("A DICOM file, or the identifier of a local instance.", valueName: "FILE|ID"))
  var source: String
  @Option(
    name: .customLong("tag"), help: ArgumentHelp("Only this element; by keyword or as ggggeeee.", valueName: "tag"))
  var tags: [String] = []
  @Option(
    name: .customLong("width"),
    help: ArgumentHelp("Cut values off at so many columns; 0: never. 64 on a terminal, else never.", valueName: "n"))
  var width: Int?
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    if let width, width < 0 {
      throw Ending.usage("--width \(width): a number of columns was expected, or 0 for whole values")
    }
    let wanted: [Tag]
    do {
      wanted = try tags.map { try QueryKey.tag(parsing: $0) }
    } catch {
      throw Ending.usage("\(error)")
    }
    let file: DicomFile
    do {
      file = try DicomFile(path: try path())
    } catch let error as Ending {
      throw error
    } catch {
      throw Ending.failed("\(error)")
    }
    var problem = file.problem.map { "\(file.path): \($0)" }
    if format.json {
      var dataSet = file.dataSet
      if !wanted.isEmpty {
        for tag in dataSet.elements.map(\.tag) where !wanted.contains(tag) { dataSet.remove(tag) }
      }
      try ResultWriter.standard.line(dataSet.dicomJSON())
    } else {
      let isTerminal = isatty(1) == 1
      let shown = width ?? (isTerminal ? 64 : 0)
      let options = Dicom.Dump.Options(
        valueWidth: shown > 0 ? shown : nil, isColoured: isTerminal && getenv("NO_COLOR") == nil,
        tags: wanted.isEmpty ? nil : Set(wanted))
      var lines = Dicom.Dump.lines(file, options: options)
      if problem == nil {
        do {
          let behind = try file.elementsBehindPixelData()
          lines += Dicom.Dump.lines(behind.dataSet, offset: behind.offset, options: options)
          problem = behind.problem.map { "\(file.path): \($0)" }
        } catch {
          problem = "\(error)"
        }
      }
      for line in Dicom.Dump.text(lines, options: options) { try ResultWriter.standard.line(line) }
    }
    // What could be read has been printed; this is where and why it ends.
    if let problem { throw Ending.partial(problem) }
  }

  private func path() throws -> String {
    if FileManager.default.fileExists(atPath: source) { return source }
    guard OrthancIdentifier.isWellFormed(source.lowercased()) else {
      throw Ending.usage("\(source): there is no such file, and it is not an identifier of a local instance")
    }
    let instances = try shared.index().instances(under: source.lowercased())
    guard let first = instances.first else { throw Ending.failed("\(source): there is no such local instance") }
    guard instances.count == 1 else {
      throw Ending.usage("\(source) stands for \(Words.count(instances.count, .instance)); name one of them")
    }
    return first.path
  }
}
