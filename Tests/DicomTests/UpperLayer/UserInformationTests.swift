import NIOCore
import Testing

@testable import Dicom

@Suite("User information")
struct UserInformationTests {
  /// An A-ASSOCIATE-RQ whose user information is these sub-items.
  static func request(_ subItems: [(type: UInt8, bytes: [UInt8])]) -> ByteBuffer {
    var information = UserInformation()
    information.otherItems = subItems.map { RawItem(type: $0.type, bytes: $0.bytes) }
    return PDUEncoder.encode(
      .associateRequest(
        AssociateRequestPDU(
          calledAETitle: "A", callingAETitle: "B", presentationContexts: [], userInformation: information)))
  }

  static func decode(_ bytes: ByteBuffer) throws -> UserInformation? {
    var bytes = bytes
    guard case .associateRequest(let request)? = try PDUDecoder.decode(&bytes) else { return nil }
    return request.userInformation
  }

  @Test(
    "a malformed sub-item is an error that names the field, the length it should have and what there is",
    arguments: [
      (0x51, [0, 0, 1], "the maximum length sub-item", 4, 3),
      (0x53, [0, 1, 0], "the operations performed of the asynchronous operations window", 2, 1),
      (0x53, [], "the operations invoked of the asynchronous operations window", 2, 0),
      (0x54, [0, 9, 0x31], "the role selection's SOP class UID", 9, 1),
      (0x54, [0, 1, 0x31], "the role selection's SCU role", 1, 0),
      (0x54, [0, 1, 0x31, 1], "the role selection's SCP role", 1, 0),
      (0x56, [0, 4, 0x31], "the extended negotiation's SOP class UID", 4, 1),
      (0x57, [0], "the common extended negotiation's SOP class UID", 2, 1),
      (0x57, [0, 1, 0x31, 0, 2, 0x31], "the common extended negotiation's service class UID", 2, 1),
      (
        0x57, [0, 1, 0x31, 0, 1, 0x31, 0, 3],
        "the common extended negotiation's list of general SOP classes", 3, 0
      ),
      (
        0x57, [0, 1, 0x31, 0, 1, 0x31, 0, 3, 0, 5, 0x31],
        "the common extended negotiation's general SOP class UID", 5, 1
      ),
      (0x58, [], "the user identity's type", 1, 0), (0x58, [1], "the user identity's response flag", 1, 0),
      (0x58, [1, 0, 0, 8, 0x61], "the user identity's primary field", 8, 1),
      (0x58, [2, 0, 0, 1, 0x61, 0xFF, 0xFF], "the user identity's secondary field", 65535, 0),
      (0x59, [0, 2, 1], "the user identity response", 2, 1),
    ] as [(UInt8, [UInt8], String, Int, Int)])
  func malformed(_ type: UInt8, _ bytes: [UInt8], _ field: String, _ length: Int, _ available: Int) throws {
    let expected = PDUError.lengthOutOfBounds(field: field, length: length, available: available)
    #expect(throws: expected) { try Self.decode(Self.request([(type, bytes)])) }
    #expect(expected.description.contains(field) && expected.description.contains("\(length) bytes"))
  }

  @Test("a sub-item longer than its item is said with its type")
  func tooLong() throws {
    var bytes = Self.request([(0x51, [0, 0, 64, 0])])
    // Its length is the last but four.
    bytes.setInteger(5 as UInt16, at: bytes.writerIndex - 6)
    #expect(
      throws: PDUError.lengthOutOfBounds(field: "item 0x51 in the user information", length: 5, available: 4)
    ) { try Self.decode(bytes) }
  }

  @Test("items and sub-items nobody knows are skipped, wherever they stand")
  func unknown() throws {
    let information = try Self.decode(Self.request([(0x5A, [1, 2, 3]), (0x51, [0, 0, 64, 0]), (0xFF, [])]))
    #expect(information?.maximumPDULength == 16384)
    #expect(information?.otherItems.map(\.type) == [0x5A, 0xFF])

    // In the PDU itself and in a presentation context.
    var bytes = PDUEncoder.encode(.associateRequest(PDUTests.request))
    let unknown: [UInt8] = [0x99, 0, 0, 2, 7, 7]
    var extended = ByteBuffer(bytes: Array(bytes.readableBytesView.prefix(74)) + unknown)
    extended.writeBytes(bytes.readableBytesView.dropFirst(74))
    extended.setInteger(UInt32(extended.readableBytes - 6), at: 2)
    #expect(try PDUDecoder.decode(&extended) == PDUDecoder.decode(&bytes))

    var context = ByteBuffer()
    let abstractSyntax = Array("1.2".utf8)
    context.writeBytes([0x20, 0, 0, UInt8(4 + unknown.count + 4 + abstractSyntax.count), 3, 0, 0, 0] + unknown)
    context.writeBytes([0x30, 0, 0, UInt8(abstractSyntax.count)] + abstractSyntax)
    var whole = Self.request([])
    whole.writeBuffer(&context)
    whole.setInteger(UInt32(whole.readableBytes - 6), at: 2)
    guard case .associateRequest(let request)? = try PDUDecoder.decode(&whole) else {
      Issue.record("no request")
      return
    }
    #expect(request.presentationContexts == [ProposedContext(id: 3, abstractSyntax: "1.2", transferSyntaxes: [])])
  }

  @Test("all five kinds of user identity come back as they were sent")
  func identities() throws {
    let token: [UInt8] = Array("eyJ.secret".utf8)
    let identities = [
      UserIdentity(username: "jane"), UserIdentity(username: "jane", passcode: "secret"),
      UserIdentity(.kerberos, token), UserIdentity(.saml, token), UserIdentity(.jsonWebToken, token),
    ]
    #expect(identities.map(\.kind) == UserIdentity.Kind.allCases)
    for identity in identities {
      var request = PDUTests.request
      request.userInformation.userIdentity = identity
      var bytes = PDUEncoder.encode(.associateRequest(request))
      #expect(try PDUDecoder.decode(&bytes) == .associateRequest(request))
    }
  }

  @Test("no print, interpolation or dump of an identity, or of what holds it, shows a credential")
  func secrets() {
    var request = PDUTests.request
    for identity in [
      UserIdentity(username: "jane", passcode: "sesame"), UserIdentity(.jsonWebToken, Array("sesame".utf8)),
      UserIdentity(type: 77, positiveResponseRequested: true, primaryField: Array("sesame".utf8)),
    ] {
      request.userInformation.userIdentity = identity
      var dumped = ""
      dump(request, to: &dumped)
      let bytes = "\(Array("sesame".utf8))".dropFirst().dropLast()
      for text in ["\(identity)", "\(PDU.associateRequest(request))", String(reflecting: request), dumped] {
        #expect(!text.contains("sesame") && !text.contains(bytes), "\(text)")
      }
    }
    #expect("\(UserIdentity(username: "jane", passcode: "sesame"))" == "user jane")
  }

  @Test("an answer to extended negotiation is no longer than the proposal, and agrees to no more")
  func queryCapabilities() {
    #expect(QueryCapabilities.relational.information == [1])
    #expect(QueryCapabilities.fuzzyNameMatching.information == [0, 0, 1])
    #expect(QueryCapabilities([.relational, .timezoneAdjustment]).information == [1, 0, 0, 1])
    for raw in 0..<16 as Range<UInt8> {
      let options = QueryCapabilities(rawValue: raw)
      #expect(QueryCapabilities(information: options.information) == options)
    }
    #expect(QueryCapabilities([.emptyValueMatching, .multipleValueMatching]).information == [0, 0, 0, 0, 0, 1, 1])
    // A byte that is none of a query's, one that nobody has defined yet, and values other than 0 and 1.
    #expect(QueryCapabilities(information: [1, 2, 0, 1, 1]) == [.relational, .timezoneAdjustment])
    #expect(QueryCapabilities(information: [0, 0, 0, 0, 1, 1, 0, 1]) == .emptyValueMatching)
    let seven = ExtendedNegotiation(sopClassUID: .studyRootFind, information: [1, 1, 1, 1, 1, 1, 1, 1])
    #expect(seven.answered(with: [.relational, .multipleValueMatching]).information == [1, 0, 0, 0, 0, 0, 1])
    let offered = ExtendedNegotiation(.studyRootFind, [.relational, .fuzzyNameMatching])
    #expect(offered.answered(with: [.relational, .timezoneAdjustment]).information == [1, 0, 0])
    let old = ExtendedNegotiation(.studyRootFind, .relational)
    #expect(old.answered(with: [.relational, .dateTimeMatching]).information == [1])
    #expect(ExtendedNegotiation(.worklistFind, .fuzzyNameMatching).information == [1, 1, 1])
  }
}
