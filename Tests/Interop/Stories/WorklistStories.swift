import Testing

extension Interop {
  @Suite("Worklist")
  struct WorklistStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("wlmscpfs is asked by keys of the step and of the patient alike")
    func toolkit() async throws {
      let server = try await WorklistSCP(
        in: workshop,
        entries: [
          ("HEAD^EVA", "P1", "CT", "20260104", "Head"), ("KNEE^ADAM", "P2", "MR", "20260104", "Knee"),
          ("KNEE^ADAM", "P2", "MR", "20260105", "Knee again"),
        ])
      let fluoro = try Installation(in: workshop, modalities: ["RIS": (server.aeTitle, server.port)])

      let all = try await fluoro.run("worklist", "RIS", "--json")
      #expect(all.status == 0, "\(all.errors)")
      #expect(try all.objects().count == 3)

      let day = try await fluoro.run(
        "worklist", "RIS", "-q", "Modality=MR", "-q", "ScheduledProcedureStepStartDate=20260104", "-q", "PatientID=P2",
        "--json")
      let entry = try #require(try day.objects().first)
      #expect(try day.objects().count == 1)
      #expect(entry["PatientName"] as? String == "KNEE^ADAM")
      let steps = try #require(entry["ScheduledProcedureStepSequence"] as? [[String: Any]])
      #expect(steps.first?["ScheduledProcedureStepDescription"] as? String == "Knee")

      let table = try await fluoro.run("worklist", "RIS", "-q", "Modality=CT")
      let row = table.output.split(separator: "\n").last.map(String.init) ?? ""
      #expect(row.hasPrefix("20260104"), "\(table.output)")
      #expect(row.contains("HEAD^EVA") && row.contains("CT") && row.contains("Head"))
      #expect(table.errors == "1 entry\n")
      let csv = try await fluoro.run("worklist", "RIS", "-q", "PatientID=P1", "--csv").output.split(separator: "\n")
      #expect(csv.first?.hasPrefix("ScheduledProcedureStepStartDate,") == true)
      #expect(csv.last?.contains("SCANNER") == true)
      #expect(try await fluoro.run("worklist", "RIS", "--limit", "1", "--json").objects().count == 1)
    }

    @Test("pynetdicom's entries come with their names whole")
    func pynetdicom() async throws {
      let pacs = try await PynetdicomPACS(in: workshop)
      let fluoro = try Installation(in: workshop, modalities: ["RIS": (pacs.aeTitle, pacs.port)])
      let found = try await fluoro.run("worklist", "RIS", "-q", "PatientName=Früh*", "-q", "Modality=CT", "--json")
      #expect(found.status == 0, "\(found.errors)")
      #expect(try found.objects().map { $0["PatientName"] as? String } == ["Früh^Eva"])
      #expect(pacs.process.output.contains("worklist CT Früh*"))
    }

    @Test("a PACS without worklist says so, and a wrong keyword is wrong usage")
    func notOffered() async throws {
      let storescp = try await StoreSCP(in: workshop)
      let fluoro = try Installation(in: workshop, modalities: ["SINK": (storescp.aeTitle, storescp.port)])
      let asked = try await fluoro.run("worklist", "SINK")
      #expect(asked.status == 1)
      #expect(asked.errors.contains("Worklist"))
      #expect(try await fluoro.run("worklist", "SINK", "-q", "Modalty=CT").status == 2)
    }
  }
}
