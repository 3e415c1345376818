import ArgumentParser
import Operations

/// What is looked for is given by `-q`; whoever tries an option for it is told so, and not of an option spelt alike.
enum KeyHint {
  /// A complaint of the argument parser, with the key in the place of its suggestion.
  static func improved(_ message: String) -> String {
    guard let found = message.firstMatch(of: /Unknown option '--([A-Za-z-]+)'[^\n]*/), takesKeys(message),
      let keyword = keyword(for: String(found.1))
    else { return message }
    return message.replacing(
      found.0, with: "Unknown option '--\(found.1)'. What is looked for is a key: -q \(keyword)=...", maxReplacements: 1
    )
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
