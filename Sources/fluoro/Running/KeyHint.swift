import ArgumentParser
import Operations

/// What is looked for is given by `-q`; whoever tries an option for it is told so, and not of an option spelt alike. Who types
/// what DCMTK's tools take is told how it is said here.
enum KeyHint {
  /// A complaint of the argument parser, with the key in the place of its suggestion.
  static func improved(_ message: String) -> String {
    if let hint = toolkitHint(message) { return hint }
    guard let found = message.firstMatch(of: /Unknown option '--([A-Za-z-]+)'[^\n]*/), takesKeys(message),
      let keyword = keyword(for: String(found.1))
    else { return message }
    return message.replacing(
      found.0, with: "Unknown option '--\(found.1)'. What is looked for is a key: -q \(keyword)=...", maxReplacements: 1
    )
  }

  /// `echoscu -aec TITLE HOST PORT`, `findscu -S -k Keyword=value`: the option or the port is named in the first line.
  private static func toolkitHint(_ message: String) -> String? {
    let station = "A station is written AET@host:port, or by its name in the configuration."
    let hint: String
    if let found = message.firstMatch(of: /Unknown option '-{1,2}([A-Za-z]+)'[^\n]*/) {
      switch found.1 {
      case "aec", "call": hint = station
      case "aet": hint = "The AE title to call with is --local-aet TITLE."
      case "aem": hint = "The AE title to send to is --target TITLE."
      case "k" where takesKeys(message): hint = "A key is -q Keyword=value."
      case "S", "P", "O": hint = "The information model follows from --level."
      case "W": hint = "A worklist is asked for by `fluoro worklist`."
      case "to", "ta", "td": hint = "The time to wait is --timeout SECONDS."
      default: return nil
      }
      return message.replacing(found.0, with: "Unknown option '-\(found.1)'. \(hint)", maxReplacements: 1)
    }
    guard let found = message.firstMatch(of: /Unexpected argument '([0-9]{1,5})'/), message.contains("<modality>")
    else {
      return nil
    }
    return message.replacing(found.0, with: "\(found.0). \(station)", maxReplacements: 1)
  }

  /// Whether the command whose usage the message ends with has `-q`.
  private static func takesKeys(_ message: String) -> Bool {
    guard let usage = message.firstMatch(of: /Usage: fluoro ([a-z -]+)/) else { return false }
    var type: any ParsableCommand.Type = Fluoro.self
    for name in usage.1.split(separator: " ") {
      guard let next = type.configuration.subcommands.first(where: { $0.configuration.commandName == String(name) })
      else { break }
      type = next
    }
    return Fluoro.helpMessage(for: type).contains("--query")
  }

  private static func keyword(for option: String) -> String? {
    let word = option.lowercased().filter { $0 != "-" }
    let short = [
      "date": "StudyDate", "time": "StudyTime", "name": "PatientName", "patient": "PatientName", "id": "PatientID",
      "birthdate": "PatientBirthDate", "sex": "PatientSex", "modality": "ModalitiesInStudy",
      "modalities": "ModalitiesInStudy", "accession": "AccessionNumber", "description": "StudyDescription",
      "uid": "StudyInstanceUID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID",
    ]
    return short[word] ?? QueryAttributes.suggested.compactMap(\.keyword).first { $0.lowercased() == word }
  }
}
