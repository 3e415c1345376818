import ArgumentParser
import Dicom
import Operations

struct Modalities: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modalities",
    abstract: "The stations fluoro knows.",
    subcommands: [List.self, Add.self, Remove.self, Import.self], defaultSubcommand: List.self)

  struct List: NetworkCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List them, in the order of the configuration.")

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var shared: SharedOptions

    private static let names = ["name", "aet", "host", "port", "manufacturer"]

    func perform() async throws {
      let modalities = try shared.configuration().modalities
      let width = { (values: [String], title: String) in ([title] + values).map(PlainText.width).max() ?? 0 }
      let table = TextTable(columns: [
        .init(title: "Name", width: width(modalities.map(\.name), "Name")), .init(title: "AE title", width: 16),
        .init(title: "Host", width: width(modalities.map(\.host), "Host")),
        .init(title: "Port", width: 5, alignsRight: true), .init(title: "Manufacturer", width: 12),
      ])
      if format.csv { try ResultWriter.standard.line(CSVRow.text(Self.names)) }
      if !format.csv, !format.json, !modalities.isEmpty { try ResultWriter.standard.line(table.header) }
      for modality in modalities {
        let fields = [
          modality.name, modality.aeTitle, modality.host, String(modality.port), modality.manufacturer.rawValue,
        ]
        let line: String
        if format.json {
          let values = fields.map(JSONText.Value.string)
          line =
            JSONText.Value.object([
              ("name", values[0]), ("aet", values[1]), ("host", values[2]), ("port", .integer(modality.port)),
              ("manufacturer", values[4]),
            ]).text
        } else {
          line = format.csv ? CSVRow.text(fields) : table.row(fields)
        }
        try ResultWriter.standard.line(line)
      }
      if modalities.isEmpty, !format.csv, !format.json {
        StandardError.say("no modality is configured; add one: fluoro modalities add NAME AET HOST PORT", prefix: "")
      }
    }
  }

  struct Add: NetworkCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract: "Add a modality, or replace the one of that name.",
      discussion: "It is kept in modalities.json beside the configuration, which itself is never rewritten.")

    @Argument(help: "What it is called here.")
    var name: String
    @Argument(help: "Its AE title.")
    var aet: String
    @Argument(help: "Its host name or address.")
    var host: String
    @Argument(help: "The port it listens on, 1 to 65535.")
    var port: Int
    @OptionGroup var shared: SharedOptions

    func validate() throws {
      if name.isEmpty { throw ValidationError("the name is empty") }
      if host.isEmpty { throw ValidationError("the host is empty") }
      if let complaint = Modality.complaint(aboutAETitle: aet) { throw ValidationError(complaint) }
      if !(1...65535).contains(port) { throw ValidationError("\(port) is not a port; expected 1 to 65535") }
    }

    func perform() async throws {
      let configuration = try shared.configuration()
      let isKnown = configuration.modalities.contains { $0.name == name }
      var book = try ModalityBook(file: configuration.modalitiesFile)
      book.set(Modality(name: name, aeTitle: aet, host: host, port: port))
      try book.write()
      try ResultWriter.standard.line("\(isKnown ? "changed" : "added") \(name) in \(book.file)")
    }
  }

  struct Remove: NetworkCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a modality.")

    @Argument(help: "What it is called here.")
    var name: String
    @OptionGroup var shared: SharedOptions

    func perform() async throws {
      let configuration = try shared.configuration()
      let modality = try configuration.modality(named: name)
      guard modality.origin != .adHoc else { throw Ending.usage("\(name) is an address; nothing to remove") }
      var book = try ModalityBook(file: configuration.modalitiesFile)
      book.remove(modality.name, isConfigured: modality.origin == .configuration)
      try book.write()
      try ResultWriter.standard.line("removed \(modality.name) in \(book.file)")
    }
  }

  struct Import: NetworkCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Take over the modalities of an orthanc.json or a dcmqrscp.cfg.")

    @Argument(help: "The file to read.")
    var file: String
    @OptionGroup var shared: SharedOptions

    func perform() async throws {
      let found = try ModalityImport.read(file)
      for note in found.notes { StandardError.say(note) }
      var book = try ModalityBook(file: try shared.configuration().modalitiesFile)
      for modality in found.modalities { book.set(modality) }
      try book.write()
      for modality in found.modalities {
        try ResultWriter.standard.line("added \(modality.name) (\(modality.address))")
      }
      if found.modalities.isEmpty { throw Ending.failed("\(file) names no modality") }
    }
  }
}
