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
