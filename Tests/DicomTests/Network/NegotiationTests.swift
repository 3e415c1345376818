import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

/// What is negotiated beyond presentation contexts, between our two sides over a connection.
@Suite("Negotiation")
struct NegotiationTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  private static let plain = AssociationParameters.local(0, [.verification, .studyFind, .ct])

  private static func proposing<Value>(
    _ item: WritableKeyPath<AssociationParameters, Value>, _ value: Value
  ) -> AssociationParameters {
    var parameters = plain
    parameters[keyPath: item] = value
    return parameters
  }

  /// Opens an association with these parameters, to an acceptor that answers so.
  private func negotiate(
    _ proposal: AssociationParameters, roles: [RoleSelection] = [],
    answers: NegotiationAnswers = NegotiationAnswers(),
    _ judge: (Association, UserInformation) async throws -> Void
  ) async throws {
    let heard = NIOLockedValueBox(UserInformation())
    let delegate = SampleDelegate(decide: { request in
      heard.withLockedValue { $0 = request.userInformation }
      return request.accepting(
        abstractSyntax: { _ in true }, transferSyntax: { _, _ in true }, roles: roles, answers: answers)
    })
    try await withAcceptor(delegate) { acceptor in
      var parameters = proposal
      parameters.port = acceptor.port
      let association = try await Association.request(parameters, deadlines: deadlines)
      try await judge(association, heard.withLockedValue { $0 })
      await association.release()
    }
  }

  @Test("roles: agreed to, turned down, not answered, never proposed")
  func roles() async throws {
    let ct = UID.ctImageStorage
    for (proposed, answered, expected) in [
      ((true, true), (true, true), (true, true)), ((true, true), (true, false), (true, false)),
      ((false, true), (true, true), (false, true)), ((true, true), nil, (true, false)),
    ] as [((Bool, Bool), (Bool, Bool)?, (Bool, Bool))] {
      try await negotiate(
        Self.proposing(\.roleSelections, [RoleSelection(sopClassUID: ct, isSCU: proposed.0, isSCP: proposed.1)]),
        roles: (answered.map { [RoleSelection(sopClassUID: ct, isSCU: $0.0, isSCP: $0.1)] } ?? [])
          // Never proposed, so not answered.
          + [RoleSelection(sopClassUID: "1.2.3", isSCU: true, isSCP: true)]
      ) { association, _ in
        #expect(association.role(for: ct) == RoleSelection(sopClassUID: ct, isSCU: expected.0, isSCP: expected.1))
        #expect(association.role(for: .verification).isSCU && !association.role(for: .verification).isSCP)
        #expect(!association.peer.roleSelections.contains { $0.sopClassUID == "1.2.3" })
      }
    }
  }

  @Test("query options: what both sides can")
  func queryCapabilities() async throws {
    let offered = ExtendedNegotiation(.studyRootFind, [.relational, .fuzzyNameMatching])
    try await negotiate(
      Self.proposing(\.extendedNegotiations, [offered]),
      answers: NegotiationAnswers(extendedNegotiations: [
        offered.answered(with: [.relational, .dateTimeMatching]),
        ExtendedNegotiation(sopClassUID: .verification, information: [1]),
      ])
    ) { association, heard in
      #expect(heard.extendedNegotiations == [offered])
      #expect(association.queryCapabilities(for: .studyRootFind) == .relational)
      #expect(association.queryCapabilities(for: .patientRootFind) == [])
      #expect(association.peer.extendedNegotiations.map(\.sopClassUID) == [.studyRootFind])
    }
    try await negotiate(Self.proposing(\.extendedNegotiations, [offered])) { association, _ in
      #expect(association.queryCapabilities(for: .studyRootFind) == [])
    }
  }

  @Test("an unknown SOP class comes with its service class")
  func commonExtended() async throws {
    let negotiation = CommonExtendedNegotiation(
      sopClassUID: "1.2.3", serviceClassUID: "1.2.840.10008.4.2", relatedGeneralSOPClassUIDs: [.ctImageStorage])
    try await negotiate(Self.proposing(\.commonExtendedNegotiations, [negotiation])) { _, heard in
      #expect(heard.commonExtendedNegotiations == [negotiation])
    }
  }

  @Test(
    "the operations window: an acceptor takes at most eight and performs one at a time",
    arguments: [
      (nil, .synchronous), (.init(invoked: 4, performed: 1), .init(invoked: 4, performed: 1)),
      (.init(invoked: 0, performed: 0), .init(invoked: 8, performed: 1)),
      (.init(invoked: 100, performed: 5), .init(invoked: 8, performed: 1)), (.synchronous, .synchronous),
    ] as [(AsynchronousOperationsWindow?, AsynchronousOperationsWindow)])
  func window(_ proposed: AsynchronousOperationsWindow?, _ expected: AsynchronousOperationsWindow) async throws {
    try await negotiate(Self.proposing(\.asynchronousOperationsWindow, proposed)) { association, heard in
      #expect(heard.asynchronousOperationsWindow == proposed)
      #expect(association.operationsWindow == expected)
      #expect((association.peer.asynchronousOperationsWindow == nil) == (proposed == nil))
    }
  }

  @Test(
    "a peer that answers a window with more, with one, or not at all",
    arguments: [
      (nil, .synchronous), (.synchronous, .synchronous),
      (.init(invoked: 0, performed: 0), .init(invoked: 5, performed: 1)),
      (.init(invoked: 99, performed: 99), .init(invoked: 5, performed: 1)),
    ] as [(AsynchronousOperationsWindow?, AsynchronousOperationsWindow)])
  func windowAnswers(_ answer: AsynchronousOperationsWindow?, _ expected: AsynchronousOperationsWindow) async throws {
    let peer = try await ScriptedPeer { pdu, line in
      guard case .associateRequest(let request) = pdu,
        case .associateAccept(var accept) = ScriptedPeer.acceptance(of: request)
      else { return }
      accept.userInformation.asynchronousOperationsWindow = answer
      line.send(.associateAccept(accept))
    }
    var parameters = AssociationParameters.local(peer.port)
    parameters.asynchronousOperationsWindow = AsynchronousOperationsWindow(invoked: 5, performed: 1)
    let association = try await Association.request(parameters, deadlines: deadlines)
    #expect(association.operationsWindow == expected)
    association.abort()
    await peer.stop()
  }

  @Test("a user identity is handed to the acceptor, and its response comes back only where it was asked for")
  func identity() async throws {
    let checked = NegotiationAnswers(userIdentityResponse: [1, 2])
    for isAsked in [true, false] {
      let identity = UserIdentity(username: "jane", passcode: "sesame", positiveResponseRequested: isAsked)
      try await negotiate(Self.proposing(\.userIdentity, identity), answers: checked) { association, heard in
        #expect(heard.userIdentity == identity)
        #expect(heard.userIdentity?.passcode == "sesame")
        #expect(association.peer.userIdentityResponse == (isAsked ? [1, 2] : nil))
      }
    }
    try await negotiate(Self.plain, answers: checked) { association, _ in
      #expect(association.peer.userIdentityResponse == nil)
    }
  }

  @Test("a token that does not fit its length of 16 bits is said before anything is sent; one that does, arrives")
  func longToken() async throws {
    try await negotiate(
      Self.proposing(\.userIdentity, UserIdentity(.jsonWebToken, Array(repeating: 0x41, count: 65_000)))
    ) {
      #expect($1.userIdentity?.primaryField.count == 65_000)
      #expect($0.acceptedContexts.count == 3)
    }
    var parameters = AssociationParameters.local(1)
    parameters.userIdentity = UserIdentity(.saml, Array(repeating: 0x41, count: 65_530))
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(parameters, deadlines: deadlines)
    }
    #expect(error?.description.contains("the user information with a SAML assertion") == true)
    #expect(error?.description.contains("at most 65535") == true)
  }

  @Test("no limit on either side: PDUs go out as large as we make them, and larger ones are taken")
  func noLimit() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, maximumPDULength: 0) { acceptor in
      var parameters = AssociationParameters.local(acceptor.port, [.ct])
      parameters.maximumPDULength = 0
      let association = try await Association.request(parameters, deadlines: deadlines)
      #expect(association.peer.maximumPDULength == 0)
      let bytes = ByteBuffer(repeating: 7, count: 1 << 20)
      let source = StoreSource(
        content: .bytes(bytes), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      #expect(try await association.store(source).isSuccess)
      #expect(delegate.stored.map(\.bytes) == [bytes])
      await association.release()

      // One P-DATA-TF of 4 MB, which nobody may send to a peer with a limit.
      let client = try await RawClient(port: acceptor.port)
      try await client.send(.associateRequest(parameters.request))
      var store = CommandSet(.cStoreRequest)
      store.messageID = 1
      store.affectedSOPClassUID = .ctImageStorage
      store.affectedSOPInstanceUID = "1.2.4"
      store.hasDataSet = true
      var command = ByteBuffer()
      store.encode(into: &command)
      let large = ByteBuffer(repeating: 9, count: 4 << 20)
      try await client.send(
        .data([
          PresentationDataValue(contextID: 1, isCommand: true, isLast: true, bytes: command),
          PresentationDataValue(contextID: 1, isCommand: false, isLast: true, bytes: large),
        ]))
      try await client.send(.releaseRequest)
      await delegate.untilEnded(2)
      #expect(delegate.stored.last?.bytes == large)
    }
  }

  @Test("work for more than 128 contexts is divided, in order, and a context is used again where it can be")
  func dividing() {
    func proposal(_ number: Int) -> PresentationContextProposal {
      PresentationContextProposal(abstractSyntax: UID("1.2.\(number)"), transferSyntaxes: [.implicitVRLittleEndian])
    }
    let work = Array(0..<300) + [299, 0]
    let parts = AssociationParameters.divide(work) { [proposal($0)] }
    #expect(parts.flatMap { $0 } == work)
    #expect(parts.map { Set($0).count } == [128, 128, 45])
    #expect(AssociationParameters.divide([Int]()) { [proposal($0)] }.isEmpty)
    // Pieces that need several contexts are kept whole.
    let pairs = AssociationParameters.divide(Array(0..<100)) { [proposal($0 * 2), proposal($0 * 2 + 1)] }
    #expect(pairs.map(\.count) == [64, 36])
  }
}
