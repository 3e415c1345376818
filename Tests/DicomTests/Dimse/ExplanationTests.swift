import Testing

@testable import Dicom

@Suite("The explanation book")
struct ExplanationTests {
  @Test(
    "a code is found however it is written",
    arguments: [
      ("A801", ["0xA801"]), ("0xa801", ["0xA801"]), ("A801H", ["0xA801"]), ("1/1/7", ["rejected 1/1/7"]),
      ("rejected 1/1/7", ["rejected 1/1/7"]), ("Rejected (1, 1, 7)", ["rejected 1/1/7"]), ("2/6", ["abort 2/6"]),
      ("A-ABORT 2/6", nil), ("abort 2-6", ["abort 2/6"]), ("context 3", ["context 3"]), ("0", ["0x0000"]),
      ("A7xx", ["0xA700-0xA7FF", "0xA700", "0xA710", "0xA701", "0xA702"]),
      ("B600-B605", ["0xB600", "0xB601", "0xB602", "0xB603", "0xB604", "0xB605"]), ("A80x", ["0xA801"]),
    ] as [(String, [String]?)])
  func forms(_ text: String, _ codes: [String]?) throws {
    #expect((try? Explanation.of(text))?.map(\.code) == codes)
  }

  @Test(
    "what is no code is said, with what would be",
    arguments: ["", "hello", "A801 A802 A803", "12345", "1/2/3/4", "1/999/1", "rejected 1/1", "context 9", "Axx", "x"])
  func noCode(_ text: String) {
    let error = #expect(throws: ExplanationError.self) { try Explanation.of(text) }
    #expect(error?.description.contains("\"\(text)\" is not a code; expected a status such as A801") == true)
  }

  @Test("a code means what it means for the service, and its class where nobody knows it")
  func services() throws {
    #expect(try Explanation.of("A700", service: .storage).map(\.services) == [[.storage]])
    #expect(try Explanation.of("A700", service: .find).first?.remedy?.contains("narrow the query") == true)
    #expect(
      try Explanation.of("0110", service: .storageCommitment).map(\.section) == ["PS3.3 §C.14.1.1", "PS3.7 §C.5.21"])
    for (code, words) in [
      ("A123", "Failure: refused"), ("B123", "Warning: done"), ("0150", "Failure of the general class"),
      ("1234", "outside all classes"), ("02FF", "general class 02xx"),
    ] {
      let found = try Explanation.of(code)
      #expect(found.count == 1 && found[0].words.contains(words), "\(found)")
      #expect(found[0].remedy != nil)
    }
    #expect(Status(0xA801).words == "Refused: move destination unknown")
    #expect(Status(0xB000).words.hasPrefix("Warning: done"), "two services mean different things by it")
    #expect(Status(0xB000, service: .move).words.hasPrefix("Warning: sub-operations complete"))
  }

  @Test("every status has words, a class and, unless it is good news, something to go by; every row can be reached")
  func everyStatus() {
    for code in UInt16.min...UInt16.max {
      for service in [nil, .storage, .move] as [Service?] {
        let meaning = StatusBook.meaning(code, service: service)
        #expect(!meaning.words.isEmpty && !meaning.section.isEmpty)
      }
    }
    for entry in StatusBook.entries {
      let isFirst = entry.codes.contains { code in
        StatusBook.entries(of: code...code, service: entry.services.first).contains { $0.words == entry.words }
      }
      #expect(isFirst, "\(entry)")
      #expect(entry.section.hasPrefix("PS3."))
    }
    let mute = StatusBook.entries.filter { entry in
      [.storage, .find, .move, .storageCommitment].contains(entry.services.first)
        && StatusMeaning.Kind(code: entry.codes.lowerBound) == .failure && entry.cause == nil
        && !(0xAA00...0xAA04).contains(entry.codes.lowerBound)
    }
    #expect(mute.isEmpty, "failures of the services fluoro speaks have a cause: \(mute)")
  }

  /// PS3.7 Annex C: each status type has a section of its own.
  static let sections: [(UInt16, String)] = [
    (0x0000, "C.1.1"), (0xFF00, "C.2.1"), (0xFE00, "C.3.1"), (0x0107, "C.4.2"), (0x0116, "C.4.3"), (0x0122, "C.5.6"),
    (0x0119, "C.5.7"), (0x0111, "C.5.8"), (0x0210, "C.5.9"), (0x0115, "C.5.10"), (0x0106, "C.5.11"),
    (0x0117, "C.5.12"), (0x0120, "C.5.13"), (0x0121, "C.5.14"), (0x0212, "C.5.15"), (0x0114, "C.5.16"),
    (0x0105, "C.5.17"), (0x0113, "C.5.18"), (0x0112, "C.5.19"), (0x0118, "C.5.20"), (0x0110, "C.5.21"),
    (0x0213, "C.5.22"), (0x0211, "C.5.23"), (0x0123, "C.5.24"), (0x0124, "C.5.25"),
  ]

  @Test("the codes of every service are cited by their section of PS3.7 Annex C, and none of it is left out")
  func annexC() {
    for (code, section) in Self.sections {
      #expect(StatusBook.meaning(code, service: .verification).section == "PS3.7 §\(section)", "\(hexadecimal(code))")
    }
    let general = Set(StatusBook.general.map(\.codes.lowerBound))
    #expect(general.subtracting(Self.sections.map(\.0)) == [0x0001, 0xFF01], "both without a section of their own")
  }

  /// pynetdicom's tables and the service that is ours for each.
  static let tables: [(String, Service)] = [
    ("VERIFICATION_SERVICE_CLASS", .verification), ("STORAGE_SERVICE_CLASS", .storage),
    ("NON_PATIENT_SERVICE_CLASS", .storage), ("QR_FIND_SERVICE_CLASS", .find),
    ("SUBSTANCE_ADMINISTRATION_SERVICE_CLASS", .find), ("QR_MOVE_SERVICE_CLASS", .move),
    ("QR_GET_SERVICE_CLASS", .get), ("MODALITY_WORKLIST_SERVICE_CLASS", .worklist),
    ("STORAGE_COMMITMENT_SERVICE_CLASS", .storageCommitment), ("PROCEDURE_STEP", .procedureStep),
    ("UNIFIED_PROCEDURE_STEP_SERVICE_CLASS", .procedureStep), ("PRINT_JOB_MANAGEMENT_SERVICE_CLASS", .printing),
    ("MEDIA_CREATION_MANAGEMENT_SERVICE_CLASS", .mediaCreation),
    ("APPLICATION_EVENT_LOGGING_SERVICE_CLASS", .eventLogging),
    ("RT_MACHINE_VERIFICATION_SERVICE_CLASS", .machineVerification),
    ("RELEVANT_PATIENT_SERVICE_CLASS", .relevantPatient), ("STORAGE_MANAGEMENT_SERVICE_CLASS", .inventory),
  ]

  @Test("whatever code pynetdicom knows for a service of PS3.4 has a row here, of the same class, that says the same")
  func pynetdicom() throws {
    let script = """
      import sys
      from pynetdicom import status
      for name in sys.argv[1:]:
          for code, (category, words) in sorted(getattr(status, name + "_STATUS").items()):
              print(name, code, category, words, sep=";")
      """
    func stems(_ text: String) -> Set<String> {
      Set(text.lowercased().split { !$0.isLetter }.filter { $0.count > 3 }.map { String($0.prefix(6)) })
    }
    let known = try Pydicom.run(script, Self.tables.map(\.0)).map {
      $0.split(separator: ";", omittingEmptySubsequences: false)
    }
    #expect(known.count > 20_000, "their ranges are written out")
    for row in known {
      let code = try #require(UInt16(row[1]))
      let service = try #require(Self.tables.first { $0.0 == row[0] }?.1)
      let ours = StatusBook.meaning(code, service: service)
      #expect(ours.kind.rawValue == row[2].lowercased(), "\(row)")
      #expect(!StatusBook.classes.contains { $0.words == ours.words }, "\(row) has no row")
      let theirs = stems(String(row[3]))
      #expect(theirs.isEmpty || !theirs.isDisjoint(with: stems(ours.words)), "\(row): \(ours.words)")
    }
  }

  @Test("every rejection and abort of the standard has a cause and a remedy, and a reserved one says that it is")
  func reasons() {
    for (source, reasons) in [(1, [1, 2, 3, 7]), (2, [1, 2]), (3, [1, 2])] as [(UInt8, [UInt8])] {
      for reason in 0...10 as ClosedRange<UInt8> {
        let meaning = Rejection(result: 1, source: source, reason: reason).meaning
        let isKnown = reasons.contains(reason)
        #expect((meaning.cause != nil) == isKnown && (meaning.remedy != nil) == isKnown, "\(source)/\(reason)")
        #expect(meaning.words.hasPrefix("reserved") == !isKnown)
      }
    }
    for reason in Abort.ProviderReason.allCases {
      let meaning = Abort.provider(reason).meaning
      #expect(meaning.cause != nil && meaning.remedy != nil && !meaning.words.hasPrefix("reserved"))
    }
    #expect(Abort(source: 2, reason: 3).meaning.words == "reserved reason 3")
    for result in ContextResult.Result.allCases { #expect(!result.meaning.words.isEmpty) }
  }

  @Test("the same words are in the sentences of errors")
  func sentences() {
    let endpoint = AssociationError.Endpoint(host: "h", port: 104, callingAETitle: "US", calledAETitle: "PACS")
    func words(_ reason: AssociationError.Reason) -> String {
      AssociationError(reason, phase: .associate, endpoint: endpoint).description
    }
    #expect(
      words(.rejected(.localLimitExceeded)).contains("All associations it allows are in use, by us or by others."))
    #expect(words(.rejected(.protocolVersionNotSupported)).contains("Check host and port."))
    #expect(
      words(.rejected(Rejection(result: 1, source: 3, reason: 7))).contains("reserved reason 7. Its log says why."))
    #expect(words(.aborted(.provider(.invalidPDUParameterValue))).contains("a PDU longer than it takes"))
    var error = AssociationError(.rejected(.noReasonGiven), phase: .associate, endpoint: endpoint)
    error.identity = "user jane"
    #expect(error.description.contains("often it does not accept user jane, or does not know our AE title US"))
  }
}
