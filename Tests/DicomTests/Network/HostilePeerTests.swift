import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

/// Peers that answer, and badly. The requestor's side.
@Suite("Hostile peers, as requestor")
struct HostilePeerTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  @Test(
    "what answers in another language is named",
    arguments: [
      ("HTTP/1.1 400 Bad Request\r\n\r\n", "web server"), ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{28}", "TLS"),
      ("SSH-2.0-OpenSSH_9.2\r\n", "SSH"), ("hello", "not a DICOM PDU"),
    ])
  func foreign(_ answer: String, _ words: String) async throws {
    let peer = try await ScriptedPeer { _, line in line.send(ByteBuffer(string: answer)) }
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(peer.port), deadlines: deadlines)
    }
    #expect(error?.phase == .associate)
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    await peer.stop()
  }

  @Test("closing and resetting are told apart")
  func closing() async throws {
    let closing = try await ScriptedPeer { _, line in line.close() }
    let closed = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(closing.port), deadlines: deadlines)
    }
    #expect(closed?.reason == .closed)
    await closing.stop()
    let resetting = try await ScriptedPeer { _, line in line.reset() }
    let reset = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(resetting.port), deadlines: deadlines)
    }
    #expect(reset?.reason == .reset)
    await resetting.stop()
  }

  @Test("an abort is told with its source and reason")
  func abort() async throws {
    let peer = try await ScriptedPeer { _, line in line.send(.abort(.provider(.unexpectedPDU))) }
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(peer.port), deadlines: deadlines)
    }
    #expect(error?.reason == .aborted(.provider(.unexpectedPDU)))
    await peer.stop()
  }

  /// What a peer can answer to a C-FIND that it must not.
  enum Answer: String, CaseIterable, CustomTestStringConvertible {
    case wrongMessageID, wrongContext, unknownContext, wrongCommand, noStatus, pendingWithoutIdentifier
    case unreadableIdentifier, dataWithoutCommand, commandAmidData, longPDV, longPDU, fourGigabytes, garbage
    case anotherAssociateAccept, shortPDV, emptyCommand, unaskedResponseFirst

    var testDescription: String { rawValue }

    func bytes(_ command: CommandSet, _ context: UInt8) -> ByteBuffer {
      let identifier = try? DataSetWriter.write(sampleIdentifier("A"), transferSyntax: .explicitVRLittleEndian)
      var response = command.response(status: .pending)
      func message(_ dataSet: ByteBuffer? = identifier, context: UInt8 = context) -> ByteBuffer {
        ScriptedPeer.message(response, context: context, dataSet: dataSet)
      }
      func pdv(_ bytes: [UInt8], context: UInt8 = context, isCommand: Bool = false, isLast: Bool = true) -> ByteBuffer {
        PDUEncoder.encode(
          .data([
            PresentationDataValue(
              contextID: context, isCommand: isCommand, isLast: isLast, bytes: ByteBuffer(bytes: bytes))
          ]))
      }
      switch self {
      case .wrongMessageID:
        response.messageIDBeingRespondedTo = 999
        return message()
      case .wrongContext: return message(context: 3)
      case .unknownContext: return message(context: 201)
      case .wrongCommand:
        response.commandField = CommandField.cMoveResponse.rawValue
        return message()
      case .noStatus:
        response.status = nil
        return message()
      case .pendingWithoutIdentifier: return message(nil)
      case .unreadableIdentifier: return message(ByteBuffer(bytes: [8, 0, 5, 0, 0x43, 0x53, 0xFF, 0xFF, 1]))
      case .dataWithoutCommand: return pdv([1, 2])
      case .commandAmidData:
        var bytes = message()
        let dataStart = bytes.readableBytes - (identifier?.readableBytes ?? 0) - 12
        bytes.moveWriterIndex(to: dataStart)
        bytes.writeImmutableBuffer(message())
        return bytes
      case .longPDV: return ByteBuffer(bytes: [4, 0, 0, 0, 0, 8, 0, 0, 0, 200, 1, 3, 0, 0])
      case .shortPDV: return ByteBuffer(bytes: [4, 0, 0, 0, 0, 8, 0, 0, 0, 1, 1, 3, 0, 0])
      case .longPDU: return ByteBuffer(bytes: [4, 0, 0, 0x10, 0, 0])
      case .fourGigabytes: return ByteBuffer(bytes: [4, 0, 0xFF, 0xFF, 0xFF, 0xFF])
      case .garbage: return ByteBuffer(repeating: 0xEE, count: 1000)
      case .anotherAssociateAccept:
        return PDUEncoder.encode(ScriptedPeer.acceptance(of: AssociationParameters.local(1).request))
      case .emptyCommand: return pdv([], isCommand: true)
      case .unaskedResponseFirst:
        response.commandField = CommandField.cEchoResponse.rawValue
        return message(nil)
      }
    }
  }

  @Test("an answer that must not be is an abort, and a typed error in words", arguments: Answer.allCases)
  func badAnswers(_ answer: Answer) async throws {
    let (aborts, abort) = AsyncStream.makeStream(of: Abort.self)
    let peer = try await ScriptedPeer { pdu, line in
      switch pdu {
      case .associateRequest(let request): line.send(ScriptedPeer.acceptance(of: request))
      case .data(let values):
        guard let value = values.first, value.isCommand, let command = try? CommandSet(decoding: value.bytes) else {
          return
        }
        line.send(answer.bytes(command, value.contextID))
      case .abort(let received): abort.yield(received)
      default: break
      }
    }
    let association = try await Association.request(
      .local(peer.port, [.studyFind, .verification]), deadlines: deadlines)
    let error = await #expect(throws: AssociationError.self) {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in }
    }
    guard case .protocolViolation(let words) = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!words.isEmpty)
    #expect(error?.phase == .find)
    for await abort in aborts {
      #expect(abort.source == 2)
      break
    }
    await peer.stop()
  }

  @Test("a pending status to what has no responses but one breaks the protocol")
  func pendingEcho() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      line.send(ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: nil))
    }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    let error = await #expect(throws: AssociationError.self) { try await association.echo() }
    #expect(error?.description.contains("answered a C-ECHO with 0xFF00") == true, "\(String(describing: error))")
    await peer.stop()
  }

  @Test("a reset amid the matches keeps those that came")
  func resetAmidMatches() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      let match = try? DataSetWriter.write(sampleIdentifier("A"), transferSyntax: .explicitVRLittleEndian)
      let bytes = ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: match)
      line.channel.writeAndFlush(bytes).whenSuccess { line.close() }
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let count = NIOLockedValueBox(0)
    let error = await #expect(throws: AssociationError.self) {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in
        count.withLockedValue { $0 += 1 }
      }
    }
    #expect(error?.reason == .closed || error?.reason == .reset)
    #expect(count.withLockedValue { $0 } == 1)
    await peer.stop()
  }

  @Test("one byte at a time is slow, and all right")
  func trickling() async throws {
    let peer = try await ScriptedPeer { pdu, line in
      switch pdu {
      case .associateRequest(let request): line.trickle(PDUEncoder.encode(ScriptedPeer.acceptance(of: request)))
      case .data(let values):
        guard let value = values.first, let command = try? CommandSet(decoding: value.bytes) else { return }
        line.trickle(ScriptedPeer.message(command.response(status: .success), context: value.contextID))
      case .releaseRequest: line.trickle(PDUEncoder.encode(.releaseResponse))
      default: break
      }
    }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    #expect(try await association.echo().isSuccess)
    await association.release()
    await peer.stop()
  }

  @Test("a maximum PDU length that holds no data is refused")
  func tinyMaximum() async throws {
    let peer = try await ScriptedPeer { pdu, line in
      if case .associateRequest(let request) = pdu {
        line.send(ScriptedPeer.acceptance(of: request, maximumPDULength: 7))
      }
    }
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(peer.port), deadlines: deadlines)
    }
    guard case .protocolViolation = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    await peer.stop()
  }

  @Test("matches that come after a cancel are dropped; the final status ends it")
  func matchesAfterCancel() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      let match = try? DataSetWriter.write(sampleIdentifier("A"), transferSyntax: .explicitVRLittleEndian)
      var response = command.response(status: .pending)
      switch command.field {
      case .cFindRequest: line.send(ScriptedPeer.message(response, context: context, dataSet: match))
      case .cCancelRequest:
        response.commandField = CommandField.cFindResponse.rawValue
        response.messageIDBeingRespondedTo = command.messageIDBeingRespondedTo
        for _ in 0..<10 { line.send(ScriptedPeer.message(response, context: context, dataSet: match)) }
        response.status = 0xFE00
        line.send(ScriptedPeer.message(response, context: context))
      default: break
      }
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let count = NIOLockedValueBox(0)
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let query = Task {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in
        count.withLockedValue { $0 += 1 }
        arrived.yield()
      }
    }
    for await _ in arrivals { break }
    query.cancel()
    #expect(try await query.value.isCancel)
    #expect(count.withLockedValue { $0 } == 1)
    await association.release()
    await peer.stop()
  }

  @Test("100,000 matches at once stream through, and leave no memory behind")
  func manyMatches() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      guard command.field == .cFindRequest else { return }
      let match = try? DataSetWriter.write(sampleIdentifier("A"), transferSyntax: .explicitVRLittleEndian)
      let one = ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: match)
      var thousand = ByteBuffer()
      for _ in 0..<1000 { thousand.writeImmutableBuffer(one) }
      for _ in 0..<100 { line.channel.write(thousand, promise: nil) }
      line.send(ScriptedPeer.message(command.response(status: .success), context: context))
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let count = NIOLockedValueBox(0)
    let status = try await association.find(sampleIdentifier(""), model: .studyRootFind) { match in
      count.withLockedValue { $0 += 1 }
    }
    #expect(status.isSuccess)
    #expect(count.withLockedValue { $0 } == 100_000)
    await association.release()
    await peer.stop()
  }
}
