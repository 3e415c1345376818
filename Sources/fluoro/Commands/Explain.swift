import ArgumentParser
import Dicom
import Operations

struct Explain: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "What a code that a peer sent means, what usually causes it, and what to do.",
    discussion: """
      A status as A801, 0xA801 or A7xx; a rejection as 1/1/7 (result, source, reason); an abort as \"abort 2/6\" (source, \
      reason); the result of a presentation context as \"context 3\".
      """)

  @Argument(help: "The code; several words are one.")
  var code: [String]
  @Option(help: ArgumentHelp("Only what a status means for this service, such as C-MOVE.", valueName: "name"))
  var service: String?
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let explanations: [Explanation]
    do {
      explanations = try Explanation.of(code.joined(separator: " "), service: try service.map(Self.service))
    } catch let error as ExplanationError {
      throw Ending.usage("\(error)")
    }
    for explanation in explanations {
      if format.json {
        try ResultWriter.standard.line(Self.json(explanation).text)
        continue
      }
      let scope = explanation.services.map(\.rawValue).joined(separator: ", ")
      try ResultWriter.standard.line(
        "\(explanation.code) \(explanation.kind): \(explanation.words) "
          + "(\(scope.isEmpty ? "" : "\(scope); ")\(explanation.section))")
      if let cause = explanation.cause { try ResultWriter.standard.line("  usually: \(cause)") }
      if let remedy = explanation.remedy { try ResultWriter.standard.line("  try: \(remedy)") }
    }
  }

  private static func json(_ explanation: Explanation) -> JSONText.Value {
    .object([
      ("code", .string(explanation.code)),
      ("services", .array(explanation.services.map { .string($0.rawValue) })), ("kind", .string(explanation.kind)),
      ("meaning", .string(explanation.words)), ("cause", JSONText.Value(explanation.cause)),
      ("remedy", JSONText.Value(explanation.remedy)), ("section", .string(explanation.section)),
    ])
  }

  /// A service by its name, or by its command: `storage`, `C-STORE`.
  private static func service(_ text: String) throws -> Service {
    let plain = text.lowercased().filter(\.isLetter)
    let commands: [String: Service] = [
      "cecho": .verification, "cstore": .storage, "store": .storage, "cfind": .find, "cmove": .move, "cget": .get,
      "echo": .verification, "commit": .storageCommitment, "naction": .storageCommitment,
      "neventreport": .storageCommitment, "mpps": .procedureStep, "ups": .procedureStep, "print": .printing,
      "ncreate": .procedureStep, "nset": .procedureStep,
    ]
    if let found = commands[plain] { return found }
    if let found = Service.allCases.first(where: { $0.rawValue.lowercased() == plain }) { return found }
    throw Ending.usage(
      "\"\(text)\" is not a service; expected one of \(Service.allCases.map(\.rawValue).joined(separator: ", "))")
  }
}
