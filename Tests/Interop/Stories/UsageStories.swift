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
