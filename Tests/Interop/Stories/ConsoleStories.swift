import Foundation
import Testing

extension Interop {
  /// The console as people use it: the real program in a real terminal, with real peers on the other side.
  @Suite("The console and its peers")
  struct ConsoleStories {
    let workshop: Workshop
    let terminal: Tmux

    init() async throws {
      workshop = try Workshop()
      terminal = try await Tmux(in: workshop, environment: Installation.home(in: workshop))
    }

    /// Opens fluoro, and waits until it receives.
    private func open(_ fluoro: Installation) async throws -> Int32 {
      let identifier = try await terminal.open("\(Workshop.fluoro) --config \(fluoro.configurationPath)")
      try await terminal.wait(for: "● receiving")
      return identifier
    }

    @Test(
      "Orthanc: echo, find a patient by a part of a name, retrieve, see it arrive, send it elsewhere, cancel, and quit after a question"
    )
    func orthanc() async throws {
      let port = try Ports.free()
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      try await orthanc.upload(try await Python.testFiles(in: workshop))
      let archive = try await StoreSCP(in: workshop, ["+xa"])
      let silent = try BadPeer(.silent)
      let fluoro = try Installation(
        in: workshop, port: port,
        modalities: [
          "PACS1": (orthanc.aeTitle, orthanc.port), "ARCHIVE": (archive.aeTitle, archive.port),
          "SILENT": ("SILENT", silent.port),
        ])
      _ = try await open(fluoro)

      try await terminal.keys("j", "e")
      try await terminal.wait(for: "PACS1 +● up")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "modalities › PACS1 › query")
      try await terminal.write("samples")
      try await terminal.wait(for: "asks samples\\*")
      try await terminal.keys("Enter")
      // The part is in the middle of the name, and a DICOM query looks at its beginning.
      try await terminal.wait(for: "R asks for \\*samples\\*")
      try await terminal.keys("R")
      try await terminal.wait(for: "\\d stud(y|ies) (.|\n)*CompressedSamples.* ○ none")
      try await terminal.keys("*", "m")
      let found = try await terminal.wait(for: "CompressedSamples.* ● all")
      try await terminal.wait(for: "✓ C-MOVE ")
      #expect(try await terminal.screen().contains("arrived"), "\(found)")

      try await terminal.keys("3")
      try await terminal.wait(for: "─ local ─(.|\n)*› CompressedSamples")
      try await terminal.keys("s")
      try await terminal.wait(for: "Send CompressedSamples")
      try await terminal.write("arch")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "✓ C-STORE CompressedSamples.* · ARCHIVE")
      #expect(!archive.files.isEmpty)

      try await terminal.keys("1", "G", "e")
      try await terminal.wait(for: "SILENT .* echo")
      try await terminal.keys("c")
      try await terminal.wait(for: "– C-ECHO · SILENT: Cancelled")
      try await terminal.keys("e")
      try await terminal.wait(for: "SILENT .* echo")
      try await terminal.keys("q")
      try await terminal.wait(for: "Quit fluoro\\?(.|\n)*C-ECHO · SILENT")
      try await terminal.keys("n")
      try await terminal.waitUntilGone("Quit fluoro")
      try await terminal.keys("q")
      try await terminal.wait(for: "Quit fluoro\\?")
      try await terminal.keys("y")
      try await terminal.expectClean("0")
    }

    @Test("a query is cancelled at the peer; what had come stays, and r asks for all of it")
    func cancelledQuery() async throws {
      let files = try await Python.testFiles(in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: files, ["--slow-find", "2"])
      _ = try await open(try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)]))
      try await terminal.keys("Enter")
      try await terminal.wait(for: "No criteria")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "1 study so far")
      try await terminal.keys("c")
      try await terminal.wait(for: "\\d stud(y|ies), then cancelled; r for all")
      #expect(pacs.process.output.contains("cancelled"), "it has got a C-CANCEL: \(pacs.process.output)")
      try await terminal.keys("r")
      try await terminal.wait(for: "1 study so far")
      try await terminal.keys("C-c")
      try await terminal.wait(for: "then cancelled")
      try await terminal.keys("q", "q", "q")
      try await terminal.expectClean("0")
    }

    // Started by setsid it hears no HUP: the terminal is not the one that controls it.
    @Test(
      "the terminal is lost amid a retrieve: it ends in good order, and the next start has the rest, by p",
      arguments: ["", "setsid -w"])
    func lostTerminal(launcher: String) async throws {
      let files = try await Python.series(of: 20, in: workshop)
      let port = try Ports.free()
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: ["FLUORO": port], ["--slow-move", "0.2"])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let lost = try await Tmux(in: workshop, environment: Installation.home(in: workshop), name: "lost")
      let identifier = try await lost.open(
        "\(Workshop.fluoro) --config \(fluoro.configurationPath)", through: launcher)
      try await lost.wait(for: "● receiving")
      try await lost.keys("Enter")
      try await lost.wait(for: "No criteria")
      try await lost.keys("Enter")
      try await lost.wait(for: "1 study ")
      try await lost.keys("m")
      try await lost.wait(for: "↓ [3-9] arrived")
      try await lost.kill()
      _ = try await eventually("the program has ended") { kill(identifier, 0) == 0 ? nil : true }
      let verified = try await fluoro.run("local", "verify")
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
      #expect((3..<20).contains(fluoro.files.count))

      _ = try await open(fluoro)
      try await terminal.wait(for: "1 job left unfinished before")
      try await terminal.keys("4")
      try await terminal.wait(for: "C-MOVE study 2\\.25\\.[^ ]+ +○ paused .*p goes on")
      try await terminal.keys("Enter")
      try await terminal.wait(for: "Left unfinished(.|\n)*p goes on with it")
      try await terminal.keys("p")
      try await terminal.wait(for: "✓ C-MOVE study 2\\.25\\..* · PACS: ")
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
      try await terminal.keys("q", "q", "q")
      try await terminal.expectClean("0")
    }
  }
}
