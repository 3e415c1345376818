import Testing

extension Interop {
  /// Whether the peers themselves are in order: when these fail, look at the machine, not at fluoro.
  @Suite("The peers")
  struct PeerStories {
    @Test("Every peer starts, answers an echo, and ends")
    func everyPeerAnswers() async throws {
      let workshop = try Workshop()
      let storescp = try await StoreSCP(in: workshop)
      let orthanc = try await Orthanc(in: workshop)
      let dcmqrscp = try await QueryRetrieveSCP(in: workshop, hosts: ["scu": ("ECHOSCU", 104)], files: [])
      let pynetdicom = try await PynetdicomPACS(in: workshop)
      for (title, port, process) in [
        (storescp.aeTitle, storescp.port, storescp.process), (orthanc.aeTitle, orthanc.port, orthanc.process),
        (dcmqrscp.aeTitle, dcmqrscp.port, dcmqrscp.process), (pynetdicom.aeTitle, pynetdicom.port, pynetdicom.process),
      ] {
        let echo = try await Toolkit.run("echoscu", ["-aec", title, "127.0.0.1", String(port)], in: workshop)
        #expect(echo.status == 0, "\(title): \(echo.errors)")
        await process.stop()
        #expect(!process.isRunning)
      }
    }

    @Test("Orthanc holds what was uploaded, as pydicom compares it")
    func orthancHoldsTheTestFiles() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      #expect(files.count > 10)
      let orthanc = try await Orthanc(in: workshop)
      try await orthanc.upload(files)
      let folder = try workshop.makeFolder("downloaded")
      try await orthanc.download(into: folder)
      let held = Workshop.files(below: folder)
      #expect(try await Python.differences(between: files, and: held, in: workshop) == [])
      #expect(try await Python.differences(between: files, and: Array(held.dropLast()), in: workshop).count == 1)
    }

    @Test("A shell in tmux is driven by keys")
    func tmux() async throws {
      let workshop = try Workshop()
      let terminal = try await Tmux(in: workshop, columns: 60, rows: 20)
      try await terminal.type("echo $((6 * 7)); stty size")
      try await terminal.wait(for: "42\\s+20 60")
      #expect(try await terminal.state("alternate_on", "cursor_flag") == ["0", "1"])
    }
  }
}
