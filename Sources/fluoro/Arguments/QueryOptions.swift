import ArgumentParser
import Dicom
import Foundation
import Operations

/// What to look for: the level, and keys.
struct QueryOptions: ParsableArguments, Sendable {
  @Option(
    help: ArgumentHelp("patient, study, series or instance; study unless given.", valueName: "level"),
    transform: { text in
      guard let level = Level(text) else {
        throw ValidationError("\"\(text)\" is not a level; expected patient, study, series or instance")
      }
      return level
    })
  var level = Level.study

  @OptionGroup var query: KeyOptions

  func keys() throws -> [QueryKey] { try query.keys() }
}

/// What a query returns, and how much of it.
struct AnswerOptions: ParsableArguments, Sendable {
  @Option(
    name: .customLong("return"),
    help: ArgumentHelp("An attribute to return, instead of the usual ones.", valueName: "Keyword"))
  var returned: [String] = []
  @Option(help: "Stop after so many matches.")
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected at least 1") }
  }

  /// Nil: the usual ones.
  func returnKeys() throws(Ending) -> [Tag]? {
    do {
      return returned.isEmpty ? nil : try returned.map { try QueryKey.tag(parsing: $0) }
    } catch {
      throw Ending.usage("\(error)")
    }
  }
}

/// Keys, which may come from a file, so that they stay out of the list of processes.
struct KeyOptions: ParsableArguments, Sendable {
  @Option(
    name: [.customShort("q"), .customLong("query")],
    help: ArgumentHelp(
      "A key to match, by keyword or as ggggeeee; dates as 20240115, 2024-01-15, today, -7d, 2024-01..2024-03. @FILE reads keys from a file, one a line; - from standard input.",
      valueName: "Keyword=value"))
  var query: [String] = []

  func keys() throws -> [QueryKey] {
    try query.flatMap { argument -> [String] in
      switch argument {
      case "-": try Self.lines(of: FileHandle.standardInput.readDataToEndOfFile(), "standard input")
      case _ where argument.hasPrefix("@"): try Self.lines(ofFile: String(argument.dropFirst()))
      default: [argument]
      }
    }.map { text in
      do {
        return try QueryKey(parsing: text)
      } catch {
        throw Ending.usage("\(error)")
      }
    }
  }

  private static func lines(ofFile path: String) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Ending.usage("-q @\(path): the file cannot be read")
    }
    return try lines(of: data, path)
  }

  /// Lines that are not empty and do not begin with `#`.
  private static func lines(of data: Data, _ name: String) throws -> [String] {
    guard let text = String(data: data, encoding: .utf8) else { throw Ending.usage("\(name) is not UTF-8 text") }
    return text.split(whereSeparator: \.isNewline).map(String.init).filter {
      !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#")
    }
  }
}
