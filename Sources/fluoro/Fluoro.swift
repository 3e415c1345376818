import ArgumentParser
import Dicom
import Glibc
import Operations
import TUI

/// The command. Without a subcommand it opens the terminal interface; each subcommand does one thing and prints it.
@main
struct Fluoro: InterfaceCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluoro",
    abstract: "A keyboard-driven client for DICOM networks.",
    discussion: """
      Without a subcommand fluoro opens its terminal interface, and its own storage SCP listens meanwhile. \
      MODALITY is a name from the configuration, or AET@host:port.

      Exit status: 0 done; 1 the peer or the operation failed; 2 wrong usage or configuration; \
      3 done in part; 130 interrupted.
      """,
    version: Implementation.version,
    // Each says its own name: to find out those of the types took a third of the time to start.
    subcommands: [
      Demo.self, Echo.self, Watch.self, Diagnose.self, Find.self, Worklist.self, Move.self, Get.self, Store.self,
      Commit.self, TestStore.self, Compare.self, Serve.self, Local.self, Dump.self, Convert.self, Explain.self,
      History.self,
      Modalities.self, WhoAmI.self, Manual.self,
    ])

  @OptionGroup var shared: SharedOptions

  func open() throws -> Int32 {
    // It shows the warnings of the configuration itself.
    TUI.run(
      station: try shared.station(
        try shared.configuration(saysWarnings: false), traces: TraceRing(), showsActivity: true))
  }

  /// Synchronous on purpose: the interface waits in `poll` on this thread, and a main thread owned by Swift concurrency
  /// would starve everything that is bound to it.
  static func main() {
    reserveStandardDescriptors()
    signal(SIGPIPE, SIG_IGN)
    // A file beyond the limit of this process is an error like another.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parse(Array(CommandLine.arguments.dropFirst()))
      switch command {
      case let interface as any InterfaceCommand:
        TUI.prepare()
        Glibc.exit(try interface.open())
      case let network as any NetworkCommand:
        Interruption.run(network)
      default:
        // The argument parser's own, such as `help`.
        try command.run()
        Glibc.exit(ExitStatus.done.rawValue)
      }
    } catch {
      Glibc.exit(ExitStatus.report(error).rawValue)
    }
  }

  /// Of 0, 1 and 2 a caller may have closed some (`>&-`). The next file to be opened would get that number, and results would be
  /// written into a database: so they are taken by what can be read and not written, and writing fails as it should.
  private static func reserveStandardDescriptors() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = Glibc.open("/dev/null", O_RDONLY) }
  }

  /// Where a subcommand comes first, it alone reads what follows: the whole tree of commands takes twice as long. What it does
  /// not take is read again by the whole, which words the complaint, or helps.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    var (type, rest) = (Fluoro.self as any ParsableCommand.Type, arguments[...])
    while let name = rest.first,
      let next = type.configuration.subcommands.first(where: { $0.configuration.commandName == name })
    {
      (type, rest) = (next, rest.dropFirst())
    }
    try check(rest.first == "help" ? rest.dropFirst() : rest, below: type)
    if rest.first == "help", !type.configuration.subcommands.isEmpty {
      // `fluoro modalities help add` means `fluoro help modalities add`, which is all that the argument parser knows.
      return try parseAsRoot(["help"] + arguments.dropLast(rest.count) + rest.dropFirst())
    }
    if type != Fluoro.self, type.configuration.subcommands.isEmpty, let command = alone(type, Array(rest)) {
      return command
    }
    return try parseAsRoot(arguments)
  }

  private static func alone<Command: ParsableCommand>(_ type: Command.Type, _ arguments: [String]) -> Command? {
    (try? Alone<Command>.parseAsRoot(arguments) as? Alone<Command>)?.command
  }

  /// A word where the name of a command was expected is named; the argument parser speaks of an unexpected argument, and
  /// helps with everything where help with that is asked for.
  private static func check(_ words: ArraySlice<String>, below type: any ParsableCommand.Type) throws(Ending) {
    guard let word = words.first, !word.hasPrefix("-"), word != "help" else { return }
    let commands = type.configuration.subcommands
    if commands.isEmpty { return }
    if let next = commands.first(where: { $0.configuration.commandName == word }) {
      return try check(words.dropFirst(), below: next)
    }
    let names = commands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }
    let parent = type == Fluoro.self ? "fluoro" : "fluoro \(type.configuration.commandName ?? "")"
    let hint = Nearest.suggestion(for: word, among: names) ?? "`\(parent) --help` lists what there is"
    throw .usage("\(parent) has no command \"\(word)\"; \(hint)")
  }
}

/// A command without those above it. That it is below another keeps the argument parser from looking first whether a script of
/// completions is asked for, in two more commands, which takes as long as to read this one.
private struct Alone<Command: ParsableCommand>: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration(commandName: "", _superCommandName: "fluoro") }

  @OptionGroup var command: Command
}
