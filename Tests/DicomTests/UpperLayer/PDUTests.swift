import NIOCore
import Testing

@testable import Dicom

@Suite("PDUs")
struct PDUTests {
  static let request: AssociateRequestPDU = {
    var information = UserInformation()
    information.maximumPDULength = 16384
    information.implementationClassUID = "1.2.3"
    information.implementationVersionName = "TEST"
    information.asynchronousOperationsWindow = AsynchronousOperationsWindow(invoked: 4, performed: 1)
    information.roleSelections = [RoleSelection(sopClassUID: "1.2.840.10008.5.1.4.1.1.2", isSCU: false, isSCP: true)]
    information.extendedNegotiations = [
      ExtendedNegotiation(sopClassUID: "1.2.840.10008.5.1.4.1.2.2.1", information: [1, 0, 1])
    ]
    information.userIdentity = UserIdentity(
      type: 2, positiveResponseRequested: true, primaryField: Array("jane".utf8), secondaryField: Array("secret".utf8))
    information.commonExtendedNegotiations = [
      CommonExtendedNegotiation(
        sopClassUID: "1.2.3.9", serviceClassUID: "1.2.840.10008.4.2",
        relatedGeneralSOPClassUIDs: ["1.2.840.10008.5.1.4.1.1.2", "1.2.3"]),
      CommonExtendedNegotiation(sopClassUID: "1.2.3.10", serviceClassUID: "1.2.840.10008.4.2"),
    ]
    information.otherItems = [RawItem(type: 0x7E, bytes: [0, 1, 2])]
    return AssociateRequestPDU(
      calledAETitle: "PACS", callingAETitle: "FLUORO",
      presentationContexts: [
        ProposedContext(
          id: 1, abstractSyntax: .verification, transferSyntaxes: [.implicitVRLittleEndian, .explicitVRLittleEndian])
      ],
      userInformation: information)
  }()

  static let accept: AssociateAcceptPDU = {
    var information = UserInformation()
    information.maximumPDULength = 0
    information.asynchronousOperationsWindow = .synchronous
    information.roleSelections = [RoleSelection(sopClassUID: "1.2.840.10008.5.1.4.1.1.2", isSCU: false, isSCP: true)]
    information.userIdentityResponse = [9, 8]
    return AssociateAcceptPDU(
      calledAETitle: "PACS", callingAETitle: "FLUORO",
      presentationContexts: [
        ContextResult(id: 1, result: .acceptance, transferSyntax: .implicitVRLittleEndian),
        ContextResult(id: 3, result: .abstractSyntaxNotSupported, transferSyntax: ""),
      ],
      userInformation: information)
  }()

  static let all: [PDU] = [
    .associateRequest(request), .associateAccept(accept), .associateReject(.calledAETitleNotRecognized),
    .data([
      PresentationDataValue(contextID: 1, isCommand: true, isLast: true, bytes: ByteBuffer(bytes: [1, 2, 3, 4])),
      PresentationDataValue(contextID: 1, isCommand: false, isLast: false, bytes: ByteBuffer(bytes: [5, 6])),
    ]),
    .releaseRequest, .releaseResponse, .abort(.provider(.unexpectedPDU)),
  ]

  @Test("what is encoded is decoded to the same", arguments: all)
  func roundTrip(_ pdu: PDU) throws {
    var bytes = PDUEncoder.encode(pdu)
    #expect(try PDUDecoder.decode(&bytes) == pdu)
    #expect(bytes.readableBytes == 0)
  }

  @Test("a PDU that has not come whole is waited for, at any length", arguments: all)
  func truncated(_ pdu: PDU) throws {
    let whole = PDUEncoder.encode(pdu)
    for length in 0..<whole.readableBytes {
      var part = try #require(whole.getSlice(at: 0, length: length))
      #expect(try PDUDecoder.decode(&part) == nil)
      #expect(part.readableBytes == length)
    }
  }

  @Test("the stream yields the same whatever the pieces", arguments: [1, 2, 3, 5, 7, 11, 64, 1000])
  func pieces(_ size: Int) throws {
    var whole = ByteBuffer()
    for pdu in Self.all { PDUEncoder.encode(pdu, into: &whole) }
    var stream = PDUStream(maximumDataLength: 1000)
    var control: [PDU] = []
    var values: [PresentationDataValue] = []
    var current = ByteBuffer()
    while let piece = whole.readSlice(length: min(size, whole.readableBytes)), piece.readableBytes > 0 {
      stream.append(piece)
      while let frame = try stream.next() {
        switch frame {
        case .pdu(let pdu, _): control.append(pdu)
        case .dataPDU(let length): #expect(length == 6 + 10 + 8)
        case .fragment(let fragment):
          current.writeImmutableBuffer(fragment.bytes)
          if current.readableBytes == (fragment.isCommand ? 4 : 2) {
            values.append(
              PresentationDataValue(
                contextID: fragment.contextID, isCommand: fragment.isCommand, isLast: fragment.isLast, bytes: current))
            current = ByteBuffer()
          }
        }
      }
    }
    #expect(control == Self.all.filter { $0.type != .data })
    #expect(Self.all.contains(.data(values)))
    #expect(!stream.isAmidPDU)
  }

  @Test("a length that lies is said with its field")
  func lyingLengths() throws {
    // A P-DATA-TF of 4 GB.
    var stream = PDUStream(maximumDataLength: 131_072)
    stream.append(ByteBuffer(bytes: [4, 0, 0xFF, 0xFF, 0xFF, 0xFF]))
    #expect(throws: PDUError.lengthOutOfBounds(field: "P-DATA-TF", length: 0xFFFF_FFFF, available: 131_072)) {
      try stream.next()
    }
    // A PDV longer than its PDU.
    var pdv = ByteBuffer(bytes: [4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 3, 0, 0])
    #expect(throws: PDUError.lengthOutOfBounds(field: "presentation data value", length: 9, available: 4)) {
      try PDUDecoder.decode(&pdv)
    }
    var streamed = PDUStream(maximumDataLength: 131_072)
    streamed.append(ByteBuffer(bytes: [4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 3, 0, 0]))
    _ = try streamed.next()
    #expect(throws: PDUError.self) { try streamed.next() }
    // An item longer than the A-ASSOCIATE-RQ.
    var bytes = PDUEncoder.encode(.associateRequest(Self.request))
    bytes.setInteger(0xFFFF as UInt16, at: 6 + 68 + 2)
    #expect(throws: PDUError.self) { try PDUDecoder.decode(&bytes) }
  }

  @Test(
    "what is no DICOM is named",
    arguments: [
      ("HTTP/1.1 400 Bad Request", "HTTP"), ("SSH-2.0-OpenSSH_9.2", "SSH"), ("\u{15}\u{3}\u{3}\u{0}\u{2}", "TLS"),
      ("220 mail ready", "0x32"),
    ])
  func foreign(_ text: String, _ words: String) {
    var stream = PDUStream(maximumDataLength: 1000)
    stream.append(ByteBuffer(string: text))
    let error = #expect(throws: PDUError.self) { try stream.next() }
    #expect(error?.description.contains(words) == true)
  }

  /// As a stream, whole and in pieces, with the promises of ``HostilePDUs``.
  private func stream(_ bytes: ByteBuffer) throws {
    try HostilePDUs.exercise(ByteBuffer(bytes: [0] + bytes.readableBytesView))
  }

  @Test("random bytes are an error or are waited for, and the same in whatever pieces")
  func random() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var bytes = ByteBuffer()
      bytes.writeInteger(UInt8.random(in: 1...7, using: &generator))
      bytes.writeInteger(0 as UInt8)
      let length = Int.random(in: 0...200, using: &generator)
      bytes.writeInteger(UInt32(length))
      for _ in 0..<length { bytes.writeInteger(UInt8.random(in: 0...255, using: &generator)) }
      try stream(bytes)
    }
  }

  @Test("a real request with any byte flipped is refused, or decoded to what is encoded and decoded to the same")
  func flipped() throws {
    let whole = PDUEncoder.encode(.associateRequest(Self.request))
    for index in 0..<whole.readableBytes {
      for value: UInt8 in [0, 1, 0x7F, 0xFF] {
        var bytes = whole
        bytes.setInteger(value, at: index)
        try stream(bytes)
      }
    }
  }

  @Test("AE titles: 1 to 16 plain characters")
  func titles() {
    #expect(throws: Never.self) { try AETitle.validate("A TITLE OF 16 CH") }
    #expect(throws: AETitleError.tooLong("A TITLE OF 17 CHA", 17)) { try AETitle.validate("A TITLE OF 17 CHA") }
    #expect(throws: AETitleError.empty) { try AETitle.validate("  ") }
    #expect(throws: AETitleError.notAllowed("A\\B", "\\")) { try AETitle.validate("A\\B") }
    #expect(throws: AETitleError.notAllowed("TÜV", "Ü")) { try AETitle.validate("TÜV") }
  }
}
