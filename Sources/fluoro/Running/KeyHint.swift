import ArgumentParser
import Operations

/// What is looked for is given by `-q`; whoever tries an option for it is told so, and not of an option spelt alike. Who types
/// what DCMTK's tools take is told how it is said here.
enum KeyHint {
  /// A complaint of the argument parser, with the key in the place of its suggestion.
  static func improved(_ message: String) -> String {
    let help = helpText(endingIn: message)
    if let hint = toolkitHint(message, help) { return hint }
    guard let found = message.firstMatch(of: /Unknown option '--([A-Za-z-]+)'[^\n]*/), help.contains("--query <"),
      let keyword = keyword(for: String(found.1))
    else { return message }
    return message.replacing(
      found.0, with: "Unknown option '--\(found.1)'. What is looked for is a key: -q \(keyword)=...", maxReplacements: 1
    )
  }

  private static let station = "A station is written AET@host:port, or by its name in the configuration."
  /// What is typed, what of the help must be there for it, and what is said.
  private static let toolkitOptions: [(typed: [String], here: String, hint: String)] = [
    (["-aec", "--aec", "-call", "--call"], "AET@host:port", station),
    (["-aet", "--aet", "--aetitle"], "--local-aet <", "The AE title to call with is --local-aet TITLE."),
    (["-aem", "--aem", "--move"], "--target <", "The AE title to send to is --target TITLE."),
    (["-k", "--key"], "--query <", "A key is -q Keyword=value."),
    (["-S", "-P", "-O"], "--level <", "The information model follows from --level."),
    (["-W"], "--level <", "A worklist is asked for by `fluoro worklist`."),
    (["-to", "-ta", "-td"], "--timeout <", "The time to wait is --timeout SECONDS."),
  ]

  /// `echoscu -aec TITLE HOST PORT`, `findscu -S -k Keyword=value`: the option or the port is named in the first line. Nothing
  /// is recommended that the command does not take.
  private static func toolkitHint(_ message: String, _ help: String) -> String? {
    if let found = message.firstMatch(of: /Unknown option '(-{1,2}[A-Za-z]+)'[^\n]*/) {
      guard let other = toolkitOptions.first(where: { $0.typed.contains(String(found.1)) && help.contains($0.here) })
      else { return nil }
      return message.replacing(found.0, with: "Unknown option '\(found.1)'. \(other.hint)", maxReplacements: 1)
    }
    guard let found = message.firstMatch(of: /Unexpected argument '([0-9]{1,5})'/), help.contains("<modality>")
    else { return nil }
    return message.replacing(found.0, with: "\(found.0). \(station)", maxReplacements: 1)
  }

  /// The help of the command whose usage the message ends with; of none it is empty.
  private static func helpText(endingIn message: String) -> String {
    guard let usage = message.firstMatch(of: /Usage: fluoro ([a-z -]+)/) else { return "" }
    var type: any ParsableCommand.Type = Fluoro.self
    for name in usage.1.split(separator: " ") {
      guard let next = type.configuration.subcommands.first(where: { $0.configuration.commandName == String(name) })
      else { break }
      type = next
    }
    return Fluoro.helpMessage(for: type)
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
