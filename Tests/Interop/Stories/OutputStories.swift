import Foundation
import Testing

extension Interop {
  /// What is printed can be read, and what cannot be printed is never lost in silence.
  @Suite("Standard output")
  struct OutputStories {
    let workshop: Workshop
    let fluoro: Installation

    init() throws {
      workshop = try Workshop()
      fluoro = try Installation(in: workshop, settings: ["DicomAlwaysAllowFind": true])
    }

    /// A file of one instance, by way of DICOM JSON.
    private func file(_ number: Int, name: String, description: String, patientID: String) async throws -> String {
      func element(_ vr: String, _ value: Any) -> [String: Any] { ["vr": vr, "Value": [value]] }
      let dataSet: [String: Any] = [
        "00080005": element("CS", "ISO_IR 192"), "00080016": element("UI", "1.2.840.10008.5.1.4.1.1.7"),
        "00080018": element("UI", "1.2.3.\(number).3"), "00080020": element("DA", "20240105"),
        "00080060": element("CS", "OT"), "00081030": element("LO", description),
        "00100010": element("PN", ["Alphabetic": name]), "00100020": element("LO", patientID),
        "0020000D": element("UI", "1.2.3.\(number).1"), "0020000E": element("UI", "1.2.3.\(number).2"),
      ]
      let json = String(decoding: try JSONSerialization.data(withJSONObject: dataSet), as: UTF8.self)
      let path = workshop.path("\(number).dcm")
      let made = try await fluoro.run(
        "convert", try workshop.write(json, to: "\(number).json"), path, "--transfer-syntax", "explicit")
      guard made.status == 0 else { throw PeerProblem(made.errors) }
      return path
    }

    /// The column of a terminal in which `part` begins; what is East Asian takes two.
    private func column(of part: String, in line: Substring) throws -> Int {
      let before = line[..<(try #require(line.range(of: part), "\(line)")).lowerBound]
      return before.unicodeScalars.reduce(0) { $0 + ((0x3000...0xD7A3).contains($1.value) ? 2 : 1) }
    }

    @Test("find: columns stay below each other whatever is in them; JSON and CSV have all of it")
    func columns() async throws {
      let long = "CT abdomen and pelvis with contrast agent, late phase"
      let wide = "東京大学医学部附属病院放射線科の胸部単純撮影の検査"
      let files = [
        try await file(1, name: "Doe^Jane", description: "Chest", patientID: "1"),
        try await file(2, name: "Doe^John", description: long, patientID: "HOSPITAL-2024-000001"),
        try await file(3, name: "山田^太郎東京大学医学部附属病院放射線科", description: wide, patientID: "HOSPITAL-2024-000002"),
      ]
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      let server = try await fluoro.serve()
      for command in [["find", "FLUORO@127.0.0.1:\(fluoro.port)"], ["local", "find"]] {
        let found = try await fluoro.start(command).finished()
        let rows = found.output.split(separator: "\n")
        #expect(rows.count == 4, "\(found.output)\(found.errors)")
        #expect(Set(try rows.dropFirst().map { try column(of: "1.2.3.", in: $0) }).count == 1, "\(found.output)")
        let title = try column(of: "Description", in: rows[0])
        // In whichever order they were imported: several files are at once.
        for part in ["Chest", "CT abdomen and pelvis with …", "東京大学医学部附属病院放射 …"] {
          let row = try #require(rows.first { $0.contains(part) }, "\(part): \(found.output)")
          #expect(try column(of: part, in: row) == title)
        }
        // Identifiers that begin alike can be told apart.
        #expect(found.output.contains("000001 ") && found.output.contains("000002 "), "\(found.output)")
        let descriptions = try await fluoro.start(command + ["--json"]).finished().objects().map {
          $0["StudyDescription"] as? String
        }
        #expect(Set(descriptions) == ["Chest", long, wide])
        #expect(try await fluoro.start(command + ["--csv"]).finished().output.contains(long.split(separator: ",")[0]))
      }
      withExtendedLifetime(server) {}
    }

    @Test("what finds nothing prints the heading, what fails does not", arguments: [[], ["--csv"]])
    func heading(form: [String]) async throws {
      let peer = "FLUORO@127.0.0.1:\(fluoro.port)"
      for command in [["find", peer], ["worklist", peer]] {
        let failed = try await fluoro.start(command + form).finished()
        #expect(failed.status == 1 && failed.output.isEmpty, "\(command): \(failed.output)\(failed.errors)")
      }
      let server = try await fluoro.serve()
      for command in [["find", peer, "-q", "PatientID=nobody"], ["local", "find"], ["local", "protect"]] {
        let found = try await fluoro.start(command + form).finished()
        #expect(found.status == 0, "\(command): \(found.errors)")
        #expect(found.output.split(separator: "\n").count == 1 && found.output.contains("Patient"), "\(found.output)")
      }
      withExtendedLifetime(server) {}
    }

    @Test("of rows that find nothing the heading is printed as soon as one did not fail", arguments: [[], ["--csv"]])
    func headingOfRows(form: [String]) async throws {
      let server = try await fluoro.serve()
      // One that names a patient as well names two.
      for (rows, status, lines) in [("1,\n", 1, 0), ("1,\n,1.2.3\n", 3, 1)] {
        let list = try workshop.write("PatientID,StudyInstanceUID\n\(rows)", to: "list.csv")
        let command = ["find", "FLUORO@127.0.0.1:\(fluoro.port)", "-q", "PatientID=nobody", "--from", list]
        let found = try await fluoro.start(command + form).finished()
        #expect(found.status == status, "\(found.output)\(found.errors)")
        #expect(found.output.split(separator: "\n").count == lines, "\(found.output)")
        #expect(found.output.contains("StudyInstanceUID") == (lines > 0))
      }
      withExtendedLifetime(server) {}
    }

    @Test(
      "what cannot be written is said once, with exit status 1; a reader that has seen enough is no news",
      arguments: [
        "--help", "--version", "help find", "find --help", "whoami", "explain A801", "manual", "local find",
        "local find --json", "local statistics", "history --csv", "find FLUORO@127.0.0.1:PORT",
        "find FLUORO@127.0.0.1:PORT --json", "echo FLUORO@127.0.0.1:PORT",
      ])
    func unwritable(command: String) async throws {
      let file = try await file(1, name: "Doe^Jane", description: "Chest", patientID: "1")
      #expect(try await fluoro.run("local", "import", file).status == 0)
      let server = try await fluoro.serve()
      func shell(_ redirection: String) async throws -> Subprocess.Finished {
        let words = command.replacing("PORT", with: String(fluoro.port))
        let line = "\"$0\" \(words) --config '\(fluoro.configurationPath)' \(redirection)"
        // The argument parser takes nothing beside `help`, and needs no configuration for it.
        let bare = "\"$0\" \(words) \(redirection)"
        let isHelp = words.contains("help") || words == "--version"
        return try await Subprocess.run(
          "/bin/bash", ["-c", isHelp ? bare : line, Workshop.fluoro], in: workshop, environment: fluoro.environment)
      }
      let full = try await shell("> /dev/full")
      #expect(full.status == 1)
      #expect(full.errors == "fluoro: cannot write the results to standard output: No space left on device\n")
      let closed = try await shell(">&-")
      #expect(closed.status == 1)
      #expect(closed.errors == "fluoro: cannot write the results to standard output: Bad file descriptor\n")
      let piped = try await shell("| true")
      #expect(piped.errors.isEmpty, "\(piped.errors)")
      withExtendedLifetime(server) {}
    }

    @Test("results do not go into the files of the storage where standard output is closed")
    func closed() async throws {
      #expect(try await fluoro.run("local", "statistics").status == 0)
      let closed = try await Subprocess.run(
        "/bin/bash", ["-c", "\"$0\" --config '\(fluoro.configurationPath)' local find >&- 2>&- <&-", Workshop.fluoro],
        in: workshop, environment: fluoro.environment)
      #expect(closed.status == 1)
      for file in Workshop.files(below: fluoro.storage) {
        let bytes = try Data(contentsOf: URL(filePath: file))
        #expect(bytes.range(of: Data("StudyInstanceUID\n".utf8)) == nil, "\(file)")
      }
    }
  }
}
