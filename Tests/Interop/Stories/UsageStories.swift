import Foundation
import Testing

extension Interop {
  /// Wrong usage and configuration: exit 2, and a sentence that says where.
  @Suite("Wrong usage")
  struct UsageStories {
    let workshop: Workshop

    init() throws {
      workshop = try Workshop()
    }

    private func echo(configuration: String) async throws -> Subprocess.Finished {
      let path = try workshop.write(configuration, to: "broken.json")
      return try await Subprocess.run(
        Workshop.fluoro, ["--config", path, "--storage", workshop.path("storage"), "echo", "PACS1"], in: workshop)
    }

    @Test("a syntax error is named with line and column")
    func syntax() async throws {
      let result = try await echo(
        configuration: "{\n  // a comment\n  \"DicomAet\": \"FLUORO\"\n  \"DicomPort\": 4242\n}\n")
      #expect(result.status == 2)
      #expect(result.errors.contains("broken.json:4:3"))
      #expect(!FileManager.default.fileExists(atPath: workshop.path("storage")))
    }

    @Test(
      "what is out of range is named with its key",
      arguments: [
        ("DicomAet", "\"SEVENTEEN_LETTERS\""), ("DicomPort", "70000"), ("DicomScuTimeout", "-1"),
        ("DicomModalities", "{ \"PACS1\": [ \"PACS\", \"localhost\" ] }"),
      ])
    func ranges(key: String, value: String) async throws {
      let result = try await echo(configuration: "{ \"\(key)\": \(value) }")
      #expect(result.status == 2)
      #expect(result.errors.contains(key))
    }

    @Test("a configuration that is not there")
    func missing() async throws {
      let result = try await Subprocess.run(
        Workshop.fluoro, ["--config", workshop.path("nowhere.json"), "echo", "PACS1"], in: workshop)
      #expect(result.status == 2)
      #expect(result.errors.contains("nowhere.json"))
    }

    @Test("an unknown modality suggests the nearest names")
    func modality() async throws {
      let fluoro = try Installation(
        in: workshop, modalities: ["PACS1": ("PACS", 1), "PACS2": ("PACS", 2), "WORKSTATION": ("WS", 3)])
      let result = try await fluoro.run("echo", "PCAS1")
      #expect(result.status == 2)
      #expect(result.errors.contains("PACS1"))
      #expect(!result.errors.contains("WORKSTATION"))
    }

    @Test(
      "the argument parser's own errors",
      arguments: [
        ["echo"], ["bogus"], ["find", "PACS1", "--level", "galaxy"], ["find", "P@h:1", "-q", "PatientNaem=X"],
      ])
    func arguments(arguments: [String]) async throws {
      let fluoro = try Installation(in: workshop)
      let result = try await fluoro.start(arguments).finished()
      #expect(result.status == 2)
      #expect(!result.errors.isEmpty)
      #expect(result.output.isEmpty)
    }

    @Test("a date that is none is refused, not asked for", arguments: [["find", "P@localhost:1"], ["local", "find"]])
    func dates(command: [String]) async throws {
      let fluoro = try Installation(in: workshop)
      let result = try await fluoro.start(command + ["-q", "StudyDate=2024-13"]).finished()
      #expect(result.status == 2)
      #expect(
        result.errors.contains("StudyDate: \"2024-13\" is not a date") && result.errors.contains("2024-01..2024-03"))
      #expect(result.output.isEmpty)
    }

    @Test("local find takes dates as the console's form does", arguments: ["2018-03", "2018-01..2018-12", "20180323"])
    func localDates(date: String) async throws {
      let fluoro = try Installation(in: workshop)
      let files = try await Python.series(of: 1, in: workshop)
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      let all = try await fluoro.run("local", "find", "--json")
      let day = try #require(try all.objects().first?["StudyDate"] as? String)
      let dashed = "\(day.prefix(4))-\(day.dropFirst(4).prefix(2))-\(day.suffix(2))"
      #expect(try await fluoro.run("local", "find", "--json", "-q", "StudyDate=\(dashed)").output == all.output)
      #expect(try await fluoro.run("local", "find", "--json", "-q", "StudyDate=\(date)").output.isEmpty)
    }

    @Test(
      "a command that does not exist is named, with the nearest",
      arguments: [
        (["fnid"], "\"find\""), (["help", "nonsense"], "fluoro --help"), (["local", "exprot"], "\"export\""),
        (["help", "local", "nonsense"], "fluoro local --help"),
      ])
    func commands(arguments: [String], hint: String) async throws {
      let result = try await Subprocess.run(Workshop.fluoro, arguments, in: workshop)
      #expect(result.status == 2 && result.output.isEmpty)
      #expect(result.errors.contains("has no command") && result.errors.contains(hint), "\(result.errors)")
    }

    @Test("every command that the help lists is found by its name, and helps")
    func everyCommand() async throws {
      for parent in [[], ["local"], ["modalities"]] {
        let help = try await Subprocess.run(Workshop.fluoro, parent + ["--help"], in: workshop)
        let list = try #require(help.output.split(separator: "SUBCOMMANDS:").last)
        let names = list.matches(of: #/\n  ([a-z]+) /#).map { String($0.1) }
        #expect(names.count > 2)
        for name in names {
          let own = try await Subprocess.run(Workshop.fluoro, parent + [name, "--help"], in: workshop)
          #expect(own.status == 0 && own.output.contains("USAGE: fluoro \((parent + [name]).joined(separator: " "))"))
        }
      }
    }

    @Test(
      "help with a command of a group, whichever of the two words comes first",
      arguments: [("modalities", "add"), ("modalities", "list"), ("local", "find")])
    func helpInside(group: String, name: String) async throws {
      let inside = try await Subprocess.run(Workshop.fluoro, [group, "help", name], in: workshop)
      let before = try await Subprocess.run(Workshop.fluoro, ["help", group, name], in: workshop)
      #expect(inside.status == 0 && inside.output.contains("USAGE: fluoro \(group) \(name)"), "\(inside.errors)")
      #expect(inside.output == before.output)
      let all = try await Subprocess.run(Workshop.fluoro, [group, "help"], in: workshop)
      #expect(all.status == 0 && all.output.contains("SUBCOMMANDS:"), "\(all.errors)")
    }

    @Test("the version is the one the change log begins with, in the man page too")
    func version() async throws {
      let log = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../CHANGELOG.md")
      let text = try String(contentsOf: log.standardized, encoding: .utf8)
      let newest = try #require(text.firstMatch(of: #/\n## (\d+\.\d+\.\d+) \(\d{4}-\d{2}-\d{2}\)\n/#)?.1)
      #expect(try await Subprocess.run(Workshop.fluoro, ["--version"], in: workshop).output == "\(newest)\n")
      let page = try await Subprocess.run(Workshop.fluoro, ["manual"], in: workshop)
      #expect(page.output.contains("\"fluoro \(newest)\""))
    }

    @Test(
      "an option for what is a key names the key",
      arguments: [("--date", "-q StudyDate="), ("--patient-name", "-q PatientName="), ("--lmit", "--limit")])
    func keyAsOption(option: String, hint: String) async throws {
      let result = try await Subprocess.run(Workshop.fluoro, ["find", "P@localhost:1", option, "X"], in: workshop)
      #expect(result.status == 2)
      #expect(result.errors.contains(hint) && !result.errors.contains("--rate"), "\(result.errors)")
    }

    @Test(
      "a file of rows that is not there, or has no rows, is said before anything is printed",
      arguments: [("nothing.csv", "there is no such file"), ("other.csv", "found Size"), (".", "it cannot be read")])
    func rows(name: String, reason: String) async throws {
      try workshop.write("Size\n1\n", to: "other.csv")
      let fluoro = try Installation(in: workshop)
      for form in [[], ["--csv"]] {
        let result = try await fluoro.start(["find", "P@localhost:1", "--from", workshop.path(name)] + form).finished()
        #expect(result.status == 2 && result.output.isEmpty, "\(result.output)")
        #expect(result.errors.contains(reason), "\(result.errors)")
      }
    }

    @Test(
      "a timeout below zero is none",
      arguments: [
        "echo P@localhost:1", "watch P@localhost:1", "find P@localhost:1", "compare P@localhost:1 local",
        "store P@localhost:1 x",
      ])
    func timeout(line: String) async throws {
      let result = try await Subprocess.run(
        Workshop.fluoro, line.split(separator: " ").map(String.init) + ["--timeout", "-3"], in: workshop,
        environment: Installation.home(in: workshop))
      #expect(result.status == 2 && result.output.isEmpty)
      #expect(result.errors.contains("--timeout -3.0: expected seconds, 0 for no limit"), "\(result.errors)")
    }

    @Test(
      "what DCMTK's tools take is said as it is taken here",
      arguments: [
        ("echo -aec PACS localhost 104", "AET@host:port"), ("echo localhost 104", "AET@host:port"),
        ("echo P@localhost:1 -aet ME", "--local-aet"), ("find -S -k PatientName=X P@localhost:1", "--level"),
        ("find -k PatientName=X P@localhost:1", "-q Keyword=value"), ("find -W P@localhost:1", "fluoro worklist"),
        ("move -aem THERE P@localhost:1", "--target"), ("store P@localhost:1 -to 5", "--timeout"),
        ("move P@localhost:1 -q PatientID=1", "--level patient"),
        ("echo --call PACS P@localhost:1", "'--call'. A station"),
      ])
    func toolkit(line: String, hint: String) async throws {
      let result = try await Subprocess.run(
        Workshop.fluoro, line.split(separator: " ").map(String.init), in: workshop,
        environment: Installation.home(in: workshop))
      #expect(result.status == 2 && result.output.isEmpty)
      #expect(result.errors.split(separator: "\n").first?.contains(hint) == true, "\(result.errors)")
    }

    @Test(
      "no option is recommended that the command does not take",
      arguments: [
        ("serve -aet ME", "--local-aet TITLE"), ("echo P@localhost:1 -S", "--level"),
        ("store P@localhost:1 -aem THERE", "--target TITLE"), ("local find -to 5", "--timeout SECONDS"),
      ])
    func otherCommand(line: String, hint: String) async throws {
      let result = try await Subprocess.run(
        Workshop.fluoro, line.split(separator: " ").map(String.init), in: workshop,
        environment: Installation.home(in: workshop))
      let complaint = try #require(result.errors.split(separator: "\n").first)
      #expect(result.status == 2 && complaint.contains("Unknown option"), "\(result.errors)")
      #expect(!complaint.contains(hint), "\(complaint)")
    }

    @Test(
      "what is no DICOM file is named once", arguments: [["local", "import"], ["store", "P@localhost:1"], ["dump"]])
    func notDicom(command: [String]) async throws {
      let fluoro = try Installation(in: workshop)
      let path = try workshop.write("hello", to: "notes.txt")
      let result = try await fluoro.start(command + [path]).finished()
      #expect(result.status == 1)
      #expect(result.errors.ranges(of: "notes.txt").count == 1, "\(result.errors)")
      #expect(result.errors.ranges(of: "not a DICOM file").count == 1, "\(result.errors)")
    }

    @Test("a configuration that cannot be reached is not said to be missing")
    func unreachable() async throws {
      let path = try workshop.write("{}", to: "file")
      let result = try await Subprocess.run(
        Workshop.fluoro, ["--config", path + "/fluoro.json", "whoami"], in: workshop)
      #expect(result.status == 2)
      #expect(result.errors.contains("cannot be read: Not a directory"), "\(result.errors)")
    }

    @Test("help and version are asked for: standard output, 0", arguments: ["--help", "--version"])
    func help(option: String) async throws {
      let result = try await Subprocess.run(Workshop.fluoro, [option], in: workshop)
      #expect(result.status == 0)
      #expect(!result.output.isEmpty)
      #expect(result.errors.isEmpty)
    }

    @Test("a storage folder of another program is refused and not touched")
    func foreignStorage() async throws {
      let folder = try workshop.makeFolder("theirs")
      try workshop.write("important", to: "theirs/index")
      let fluoro = try Installation(in: workshop)
      for arguments in [["local", "statistics"], ["serve"]] {
        let result = try await fluoro.start(["--storage", folder] + arguments).finished()
        #expect(result.status == 2)
        #expect(result.errors.contains("--storage"))
      }
      #expect(Workshop.files(below: folder) == [folder + "/index"])
      #expect(try String(contentsOfFile: folder + "/index", encoding: .utf8) == "important")
    }

    @Test("a port that is taken: serve says so and ends with 1")
    func portTaken() async throws {
      let peer = try BadPeer(.silent)
      let fluoro = try Installation(in: workshop, port: peer.port)
      let result = try await fluoro.run("serve")
      #expect(result.status == 1)
      #expect(result.errors.contains("\(peer.port)"))
    }
  }
}
