import ArgumentParser
import Dicom
import Operations

struct Explain: NetworkCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a DIMSE status code means.",
    discussion: "The code as `A801` or `0xA801`.")

  @Argument var code: String
  @Option(help: ArgumentHelp("Only what it means for this service, such as C-MOVE.", valueName: "name"))
  var service: String?
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func perform() async throws {
    let digits = code.lowercased().hasPrefix("0x") ? code.dropFirst(2) : code[...]
    guard digits.count <= 4, let number = UInt16(digits, radix: 16) else {
      throw Ending.usage("\"\(code)\" is not a status code; expected up to four hex digits, such as A801")
    }
    let wanted = try service.map(Self.service)
    let meanings = StatusBook.meanings(of: number).filter { entry in
      wanted.map { entry.services.isEmpty || entry.services.contains($0) } ?? true
    }
    let hex = Status(number).hex
    guard !meanings.isEmpty else {
      throw Ending.failed(
        "\(hex) is in no table of the standard\(service.map { " for \($0)" } ?? ""); ask the maker of the peer")
    }
    for (services, meaning) in meanings {
      let names = services.map(\.rawValue)
      if format.json {
        try ResultWriter.standard.line(
          JSONText.Value.object([
            ("code", .string(hex)), ("services", .array(names.map(JSONText.Value.string))),
            ("kind", .string(meaning.kind.rawValue)), ("meaning", .string(meaning.words)),
            ("cause", JSONText.Value(meaning.cause)), ("section", .string(meaning.section)),
          ]).text)
      } else {
        let scope = names.isEmpty ? "any service" : names.joined(separator: ", ")
        try ResultWriter.standard.line(
          "\(hex) \(meaning.kind.rawValue): \(meaning.words) (\(scope); \(meaning.section))")
        if let cause = meaning.cause { try ResultWriter.standard.line("  \(cause)") }
      }
    }
  }

  /// A service by its name, or by its command: `storage`, `C-STORE`.
  private static func service(_ text: String) throws -> Service {
    let plain = text.lowercased().filter(\.isLetter)
    let commands: [String: Service] = [
      "cecho": .verification, "cstore": .storage, "cfind": .find, "cmove": .move, "cget": .get,
    ]
    if let found = commands[plain] { return found }
    if let found = Service.allCases.first(where: { $0.rawValue.lowercased() == plain }) { return found }
    throw Ending.usage(
      "\"\(text)\" is not a service; expected one of \(Service.allCases.map(\.rawValue).joined(separator: ", "))")
  }
}
