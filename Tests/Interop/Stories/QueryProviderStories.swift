import Dicom
import Testing

extension Interop {
  /// Other programs search what is here, and have it moved.
  @Suite("C-FIND and C-MOVE, as provider")
  struct QueryProviderStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    private func serving(_ files: [String], sink: StoreSCP? = nil) async throws -> (Installation, Subprocess) {
      let fluoro = try Installation(
        in: workshop, modalities: sink.map { ["SINK": ($0.aeTitle, $0.port)] } ?? [:],
        settings: ["DicomAlwaysAllowFind": true, "DicomAlwaysAllowMove": true])
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      return (fluoro, try await fluoro.serve())
    }

    /// Runs a client of DCMTK in study root; what it says.
    private func toolkit(
      _ tool: String, _ fluoro: Installation, _ options: [String], _ keys: [String]
    ) async throws -> String {
      let address = ["-S", "-aec", "FLUORO", "127.0.0.1", "\(fluoro.port)"]
      let result = try await Toolkit.run(tool, options + address + keys.flatMap { ["-k", $0] }, in: workshop)
      return result.output + result.errors
    }

    /// One of the counters in each of the responses that movescu prints with `-d`.
    private static func counters(_ name: String, in said: String) -> [Int] {
      said.split(separator: "\n").filter { $0.hasPrefix("D: \(name) Suboperations") }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    }

    @Test("findscu finds by every kind of key")
    func keys() async throws {
      let (fluoro, server) = try await serving(
        try workshop.studies(4) { number, dataSet in
          dataSet.set(.studyDate, "2018010\(number)")
          dataSet.set(.studyTime, "1\(number)0000")
          dataSet.set(.patientName, number == 1 ? "Doe^Jane" : "Roe^Richard")
          var item = DataSet()
          item.set(.scheduledProcedureStepID, "S\(number)")
          item.set(.requestedProcedureID, "R\(number)")
          dataSet.set(.requestAttributesSequence, items: [item])
        })
      for (keys, numbers) in [
        (["PatientID=P1"], [1]), (["PatientID=p1"], []), (["PatientID="], [1, 2, 3, 4]),
        (["PatientID=P?"], [1, 2, 3, 4]),
        (["PatientName=doe^*"], [1]), (["StudyDate=20180102-20180103"], [2, 3]), (["StudyDate=20180103-"], [3, 4]),
        (["StudyDate=-20180102", "StudyTime=120000-"], [2]), (["StudyInstanceUID=2.25.2\\2.25.4\\2.25.9"], [2, 4]),
        (["ModalitiesInStudy=MR\\CT"], [1, 2, 3, 4]), (["ModalitiesInStudy=MR"], []),
        (["RequestAttributesSequence[0].ScheduledProcedureStepID=S3"], [3]),
        (["RequestAttributesSequence[0].ScheduledProcedureStepID=S*", "PatientID=P4"], [4]),
        (["(0040,0275)[0].RequestedProcedureID=R1", "(0040,0275)[0].ScheduledProcedureStepID=S2"], []),
        (["SOPInstanceUID=2.25.3.1.1"], [3]),
      ] as [([String], [Int])] {
        let asked =
          ["QueryRetrieveLevel=STUDY"] + (keys[0].hasPrefix("StudyInstanceUID=") ? [] : ["StudyInstanceUID"]) + keys
        let said = try await toolkit("findscu", fluoro, ["-v"], asked)
        // The request is printed as well, with no value or a list.
        let answered = said.split(separator: "\n").filter { $0.hasPrefix("I: (0020,000d) UI [") && !$0.contains("\\") }
          .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
        #expect(Set(answered) == Set(numbers.map { "2.25.\($0)" }), "\(keys)")
      }
      await server.stop()
    }

    @Test("findscu hears of keys that are not supported, with every match")
    func unsupported() async throws {
      let (fluoro, server) = try await serving(try workshop.studies(2))
      for (key, status) in [("NumberOfStudyRelatedInstances=77", "FF01"), ("NumberOfStudyRelatedInstances", "FF00")] {
        let said = try await toolkit("findscu", fluoro, ["-d"], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID", key])
        let pending = said.split(separator: "\n").filter { $0.contains("DIMSE Status") && $0.contains("Pending") }
        #expect(
          pending.count == 2 && pending.allSatisfy { $0.lowercased().contains("0x\(status.lowercased())") }, "\(said)")
      }
      await server.stop()
    }

    @Test("a date and time that names no time zone is in the one of who asks, or of this machine")
    func timeZones() async throws {
      let files = try workshop.studies(2) { number, dataSet in
        dataSet.set(.acquisitionDateTime, "20180723101500" + (number == 1 ? "+0200" : ""))
      }
      let (fluoro, server) = try await serving(files)
      for (zone, isFound) in [("+0000", true), ("-0400", false)] {
        let said = try await toolkit(
          "findscu", fluoro, ["-v"],
          [
            "QueryRetrieveLevel=STUDY", "StudyInstanceUID", "AcquisitionDateTime=20180723081500",
            "TimezoneOffsetFromUTC=\(zone)",
          ])
        #expect(said.contains("[2.25.1") == isFound, "\(zone): \(said)")
      }
      await server.stop()
      // The rules of New York's clocks, which need no files to be known.
      for (key, count) in [("20180723101500", 1), ("20180723101500-0400", 1), ("20180723101500-0500", 0)] {
        let found = try await fluoro.start(
          ["local", "find", "--json", "-q", "AcquisitionDateTime=\(key)"],
          under: ["/usr/bin/env", "TZ=EST5EDT,M3.2.0,M11.1.0"]
        ).finished()
        let uids = try found.objects().compactMap { $0["StudyInstanceUID"] as? String }
        #expect(uids == Array(repeating: "2.25.2", count: count), "\(key)")
      }
    }

    @Test("findscu cancels a query after some of many answers")
    func cancelledQuery() async throws {
      let (fluoro, server) = try await serving(try workshop.studies(3000))
      let said = try await toolkit(
        "findscu", fluoro, ["-v", "--cancel", "3"], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID", "PatientID"])
      #expect(
        said.contains("Received Final Find Response (Cancel: MatchingTerminatedDueToCancelRequest)"),
        "\(said.suffix(500))")
      #expect(said.components(separatedBy: "Find Response: ").count < 3000)
      let again = try await toolkit(
        "findscu", fluoro, ["-v"], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.77"])
      #expect(again.contains("Received Final Find Response (Success)"), "\(again)")
      await server.stop()
    }

    @Test("movescu has an instance moved after another, and hears how many, and which failed")
    func counters() async throws {
      let files = try await Python.mixedStudy(in: workshop)
      // It takes what is uncompressed; three of the nine are not.
      let sink = try await StoreSCP(in: workshop)
      let (fluoro, server) = try await serving(files, sink: sink)
      let said = try await toolkit(
        "movescu", fluoro, ["-d", "-aem", sink.aeTitle], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.4712"])
      #expect(said.contains("0xb000: Warning"), "\(said.suffix(2000))")
      let completed = Self.counters("Completed", in: said)
      #expect(completed.last == 6 && Self.counters("Failed", in: said).last == 3, "\(said.suffix(2000))")
      #expect(completed == completed.sorted())
      #expect(said.contains("(0008,0058)"), "the failed are named")
      #expect(sink.files.count == 6)
      let nobody = try await toolkit(
        "movescu", fluoro, ["-d", "-aem", "NOBODY"], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.4712"])
      #expect(nobody.contains("0xa801"), "\(nobody.suffix(1000))")
      let nothing = try await toolkit(
        "movescu", fluoro, ["-d", "-aem", sink.aeTitle], ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=9.9"])
      #expect(nothing.contains("0x0000: Success"), "\(nothing.suffix(1000))")
      await server.stop()
    }

    @Test("movescu cancels a move between two instances, and the counters add up")
    func cancelledMove() async throws {
      let sink = try await StoreSCP(in: workshop)
      let (fluoro, server) = try await serving(try await Python.series(of: 300, in: workshop), sink: sink)
      let said = try await toolkit(
        "movescu", fluoro, ["-d", "-aem", sink.aeTitle, "--cancel", "2"],
        ["QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.4711.300.64"])
      #expect(said.contains("0xfe00: Cancel"), "\(said.suffix(2000))")
      let remaining = try #require(Self.counters("Remaining", in: said).last)
      let completed = try #require(Self.counters("Completed", in: said).last)
      #expect(remaining > 0 && remaining + completed == 300)
      #expect(sink.files.count == completed)
      await server.stop()
    }

    @Test("pynetdicom agrees with us on matching empty and multiple values, and moments")
    func negotiated() async throws {
      let (fluoro, server) = try await serving(
        try workshop.studies(4) { number, dataSet in
          if number > 2 { dataSet.set(.institutionName, "Clinic") }
          dataSet.set(.studyDate, "2018010\(number)")
          dataSet.set(.studyTime, "1\(number)0000")
          dataSet.set(.otherPatientIDs, number == 1 ? "A\\B" : "A")
        })
      func found(_ agreed: String, _ keys: [String]) async throws -> [String] {
        let said = try await Python.run(
          "scu.py", ["query", "\(fluoro.port)", "FLUORO", "--negotiate", agreed] + keys, in: workshop)
        #expect(said.status == 0, "\(said.errors)")
        return said.output.split(separator: "\n").map(String.init)
      }
      #expect(try await found("00000000000000", ["InstitutionName=\"\""]) == ["00000000000000", "0x0000"])
      #expect(
        try await found("01010101010101", ["InstitutionName=\"\""])
          == ["01010000000101", "0xFF00 P1", "0xFF00 P2", "0x0000"])
      #expect(try await found("00000000000001", ["OtherPatientIDs=B\\A"]) == ["00000000000001", "0xFF00 P1", "0x0000"])
      #expect(try await found("0001", ["StudyDate=20180102-20180103", "StudyTime=1300-1100"]) == ["0001", "0x0000"])
      #expect(
        try await found("0001", ["StudyDate=20180102-20180104", "StudyTime=1300-1200"])
          == ["0001", "0xFF00 P3", "0x0000"])
      await server.stop()
    }
  }
}

extension Dicom.Tag {
  fileprivate static let otherPatientIDs = Dicom.Tag(0x0010, 0x1000)
}
