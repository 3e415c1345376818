import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

/// Keeps every event.
final class EventLog: TraceObserver {
  let wantsBytes: Bool
  private let state = NIOLockedValueBox<[TraceEvent]>([])

  init(wantsBytes: Bool = false) { self.wantsBytes = wantsBytes }

  func observe(_ event: TraceEvent) { state.withLockedValue { $0.append(event) } }
  var events: [TraceEvent] { state.withLockedValue { $0 } }

  /// The PDUs of one direction.
  func pdus(_ direction: TraceEvent.Direction) -> [TracedPDU] {
    events.compactMap { event in
      if case .pdu(let pdu) = event.content, event.direction == direction { return pdu }
      return nil
    }
  }

  func bytes(_ direction: TraceEvent.Direction) -> ByteBuffer {
    var all = ByteBuffer()
    for event in events where event.direction == direction {
      if case .bytes(let bytes) = event.content { all.writeImmutableBuffer(bytes) }
    }
    return all
  }

  func text(showsValues: Bool = false) -> String {
    let text = TraceText(showsValues: showsValues)
    return events.flatMap(text.lines).joined(separator: "\n")
  }
}

@Suite("Traces")
struct TraceTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  /// Lets `body` use an association that both sides trace.
  private func traced(
    _ contexts: [PresentationContextProposal], identity: UserIdentity? = nil, maximumPDULength: UInt32 = 131_072,
    delegate: SampleDelegate = SampleDelegate(), wantsBytes: Bool = false,
    _ body: (Association) async throws -> Void
  ) async throws -> (ours: EventLog, theirs: EventLog) {
    let (ours, theirs) = (EventLog(wantsBytes: wantsBytes), EventLog(wantsBytes: wantsBytes))
    let acceptor = try await Acceptor.listen(
      host: "127.0.0.1", port: 0, maximumPDULength: maximumPDULength, delegate: delegate, trace: theirs)
    var parameters = AssociationParameters.local(acceptor.port, contexts)
    parameters.userIdentity = identity
    let association = try await Association.request(parameters, deadlines: deadlines, trace: ours)
    try await body(association)
    await association.release()
    await delegate.untilEnded(1)
    await acceptor.close(grace: .zero)
    return (ours, theirs)
  }

  @Test("a query is told PDU by PDU, its command decoded, without the patient's data unless asked for")
  func query() async throws {
    let delegate = SampleDelegate(matches: [sampleIdentifier("DOE^JANE", study: "1.2.840.99")])
    let (ours, theirs) = try await traced([.studyFind], delegate: delegate) { association in
      _ = try await association.find(sampleIdentifier("DOE*"), model: .studyRootFind) { _ in }
    }
    for log in [ours, theirs] {
      let text = log.text()
      for words in [
        "A-ASSOCIATE-RQ, ", "FLUORO calls ANY-SCP, 1 presentation context\n", "A-ASSOCIATE-AC, ",
        "presentation context 1: accepted in Explicit VR Little Endian", "context 1 C-FIND-RQ, message 1",
        "(0000,0100) US 2 CommandField 0x0020", "context 1 C-FIND-RSP, to message 1, 0xFF00 Pending",
        "(0000,0900) US 2 Status 0xFF00", "QueryRetrieveLevel [STUDY]", "StudyInstanceUID [1.2.840.99]",
        "(0010,0010) PN 8 PatientName\n", "0x0000 Success", "A-RELEASE-RQ, 10 bytes", "A-RELEASE-RP, 10 bytes",
      ] {
        #expect(text.contains(words), "\(words) in\n\(text)")
      }
      #expect(!text.contains("DOE"))
      #expect(log.text(showsValues: true).contains("PatientName [DOE^JANE]"))
      #expect(log.text(showsValues: true).contains("PatientName [DOE*]"))
    }
  }

  @Test("what one side sends is what the other receives, PDU for PDU, however the bytes are cut")
  func mirrored() async throws {
    let instance = ByteBuffer(repeating: 0, count: 100_000)
    let (ours, theirs) = try await traced([.ct, .verification], maximumPDULength: 4096, wantsBytes: true) {
      association in
      let source = StoreSource(
        content: .bytes(instance), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      let stored = try await association.store(source)
      #expect(stored.isSuccess)
      _ = try await association.echo()
    }
    for (sent, received) in [(ours, theirs), (theirs, ours)] {
      let (out, into) = (sent.pdus(.sent), received.pdus(.received))
      #expect(out.map(\.size) == into.map(\.size) && out.map(\.type) == into.map(\.type))
      #expect(sent.bytes(.sent) == received.bytes(.received))
      #expect(sent.bytes(.sent).readableBytes == out.reduce(0) { $0 + $1.size })
    }
    let fragments = ours.pdus(.sent).flatMap { pdu -> [TracedValue] in
      if case .data(let values) = pdu.content { return values.filter { !$0.isCommand } }
      return []
    }
    #expect(fragments.reduce(0) { $0 + $1.length } == instance.readableBytes)
    #expect(fragments.map(\.isLast) == fragments.indices.map { $0 == fragments.count - 1 })
    #expect(fragments.allSatisfy { $0.length <= 4096 - 6 })
  }

  static let identities: [(UserIdentity, shown: String)] = [
    (UserIdentity(username: "jane", passcode: "sesame"), "user identity: user jane"),
    (UserIdentity(.jsonWebToken, Array("sesame".utf8)), "user identity: a JSON Web Token"),
    (UserIdentity(.kerberos, Array("sesame".utf8)), "user identity: a Kerberos service ticket"),
  ]

  @Test("credentials are in no trace, not even among its bytes", arguments: identities)
  func credentials(_ identity: UserIdentity, shown: String) async throws {
    let (ours, theirs) = try await traced([.verification], identity: identity, wantsBytes: true) { association in
      _ = try await association.echo()
    }
    for (log, direction) in [(ours, TraceEvent.Direction.sent), (theirs, .received)] {
      let text = log.text(showsValues: true)
      #expect(text.contains(shown) && !text.contains("sesame"))
      let bytes = String(decoding: log.bytes(direction).readableBytesView, as: UTF8.self)
      #expect(bytes.contains("******") && !bytes.contains("sesame"))
      #expect(bytes.contains("jane") == (identity.username != nil))
      // Masked, it is as long as it was: what follows is where it was.
      var all = log.bytes(direction)
      guard case .associateRequest(let request)? = try PDUDecoder.decode(&all) else {
        Issue.record("no request")
        return
      }
      #expect(request.userInformation.userIdentity?.type == identity.type)
    }
  }

  @Test("what is no DICOM, and what breaks the protocol, ends the trace with the reason")
  func endings() async throws {
    let log = EventLog()
    let peer = try await ScriptedPeer { pdu, line in
      if case .associateRequest = pdu { line.send(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")) }
    }
    await #expect(throws: AssociationError.self) {
      try await Association.request(.local(peer.port), deadlines: deadlines, trace: log)
    }
    #expect(log.text().contains("the association ended: not DICOM but HTTP"))
    await peer.stop()
  }

  @Test("the ring keeps the last events, within its bounds, and gives those of a connection")
  func ring() async throws {
    let ring = TraceRing(capacity: 10)
    try await withAcceptor(SampleDelegate()) { acceptor in
      for _ in 0..<3 {
        let association = try await Association.request(.local(acceptor.port), deadlines: deadlines, trace: ring)
        let connection = try #require(association.peer.connection)
        for _ in 0..<5 { #expect(try await association.echo().isSuccess) }
        #expect(ring.events.count == 10)
        #expect(ring.events(of: [connection]).count == 10)
        await association.release()
      }
    }
    let small = TraceRing(maximumBytes: 20_000)
    let event = TraceEvent(
      connection: 1, time: .now, direction: .sent, peer: "",
      content: .pdu(
        TracedPDU(
          size: 9000,
          content: .data([
            TracedValue(
              contextID: 1, isCommand: false, isLast: true, beginning: ByteBuffer(repeating: 0, count: 8000))
          ]))))
    for _ in 0..<100 { small.observe(event) }
    #expect(small.events.count == 2)
  }
}
