import ArgumentParser
import Glibc

/// For stations that are marked as `Production`.
struct ProductionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Confirms sending to a modality marked as Production: its name.", valueName: "name"))
  var confirm: String?

  /// The name as given, else as typed; nil where none is needed.
  func confirmation(of name: String?) throws(Ending) -> String? {
    guard let name else { return nil }
    if let confirm {
      guard confirm == name else { throw Ending.usage("--confirm \(confirm): the name to confirm is \(name)") }
      return confirm
    }
    guard isatty(0) == 1, isatty(2) == 1 else {
      throw Ending.usage("\(name) is marked as Production; say --confirm \(name) where nobody can be asked")
    }
    _ = writeAll(Array("\(name) is marked as Production. Type its name to confirm: ".utf8), to: 2)
    guard readLine() == name else { throw Ending.failed("nothing was sent") }
    return name
  }
}
