import Foundation
import NIOCore
import Testing

@testable import Dicom

/// Clients without manners. The acceptor's side: each gets what it deserves, and others are served meanwhile.
@Suite("Hostile clients, as acceptor")
struct HostileClientTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  static var request: PDU {
    .associateRequest(AssociationParameters.local(1, [.verification, .ct, .studyFind]).request)
  }

  /// Opens an association by hand and then sends `bytes`; what came back is returned when the connection has ended.
  func converse(_ acceptor: Acceptor, _ bytes: ByteBuffer) async throws -> [PDU] {
    let client = try await RawClient(port: acceptor.port)
    try await client.send(Self.request)
    try await client.send(bytes)
    return try await client.untilClosed()
  }

  enum Message: String, CaseIterable, CustomTestStringConvertible {
    case garbage, fourGigabytes, unknownContext, dataWithoutCommand, commandAmidData, aResponse, secondRequest
    case acceptance, truncatedCommand

    var testDescription: String { rawValue }

    var bytes: ByteBuffer {
      func pdv(_ bytes: [UInt8], context: UInt8, isCommand: Bool) -> ByteBuffer {
        PDUEncoder.encode(
          .data([
            PresentationDataValue(
              contextID: context, isCommand: isCommand, isLast: true, bytes: ByteBuffer(bytes: bytes))
          ]))
      }
      var store = CommandSet(.cStoreRequest)
      store.messageID = 1
      store.affectedSOPClassUID = .ctImageStorage
      store.affectedSOPInstanceUID = "1.2.3"
      switch self {
      case .garbage: return ByteBuffer(repeating: 0xAB, count: 300)
      case .fourGigabytes: return ByteBuffer(bytes: [4, 0, 0xFF, 0xFF, 0xFF, 0xFF])
      case .unknownContext: return ScriptedPeer.message(CommandSet(.cEchoRequest), context: 99)
      case .dataWithoutCommand: return pdv([1, 2], context: 3, isCommand: false)
      case .commandAmidData:
        store.hasDataSet = true
        var bytes = ByteBuffer()
        MessageEncoder(maximumPDULength: 0)?.encode(store, contextID: 3, into: &bytes)
        MessageEncoder(maximumPDULength: 0)?.encode(store, contextID: 3, into: &bytes)
        return bytes
      case .aResponse: return ScriptedPeer.message(CommandSet(.cEchoResponse), context: 1)
      case .secondRequest: return PDUEncoder.encode(HostileClientTests.request)
      case .acceptance:
        return PDUEncoder.encode(ScriptedPeer.acceptance(of: AssociationParameters.local(1).request))
      case .truncatedCommand: return pdv([0, 0, 0, 1, 200, 0, 0, 0], context: 1, isCommand: true)
      }
    }
  }

  @Test("what must not come is answered by an abort, and others are served", arguments: Message.allCases)
  func badMessages(_ message: Message) async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let other = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      let answers = try await converse(acceptor, message.bytes)
      #expect(answers.first?.type == .associateAccept)
      guard case .abort(let abort)? = answers.last else {
        Issue.record("no abort: \(answers)")
        return
      }
      #expect(abort.source == 2)
      await delegate.untilEnded(1)
      guard case .violation = delegate.ends[0] else {
        Issue.record("\(delegate.ends)")
        return
      }
      #expect(try await other.echo().isSuccess)
      await other.release()
    }
  }

  @Test(
    "before the association there is nothing to be said but a request",
    arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", "\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}"])
  func notARequest(_ text: String) async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      try await client.send(ByteBuffer(string: text))
      #expect(try await client.untilClosed().map(\.type) == [.abort])
      await delegate.untilEnded(1)
      #expect(delegate.ends.isEmpty)
    }
  }

  @Test("a connection that ends amid a data set leaves nothing stored")
  func cutDataSet() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      try await client.send(Self.request)
      var store = CommandSet(.cStoreRequest)
      store.messageID = 1
      store.affectedSOPClassUID = .ctImageStorage
      store.affectedSOPInstanceUID = "1.2.3"
      let message = ScriptedPeer.message(store, context: 3, dataSet: ByteBuffer(repeating: 1, count: 100_000))
      try await client.send(message.getSlice(at: 0, length: 60_000) ?? ByteBuffer())
      try await client.channel.close().get()
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.closed] || delegate.ends == [.reset])
      #expect(delegate.stored.isEmpty)
      #expect(delegate.state.withLockedValue { $0.abandoned } == 1)
    }
  }

  @Test("one byte at a time is slow, and all right")
  func trickling() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      var store = CommandSet(.cStoreRequest)
      store.messageID = 1
      store.affectedSOPClassUID = .ctImageStorage
      store.affectedSOPInstanceUID = "1.2.3"
      let dataSet = ByteBuffer(bytes: 0..<100)
      var bytes = PDUEncoder.encode(Self.request)
      bytes.writeImmutableBuffer(ScriptedPeer.message(store, context: 3, dataSet: dataSet))
      bytes.writeImmutableBuffer(PDUEncoder.encode(.releaseRequest))
      for byte in bytes.readableBytesView { try await client.send(ByteBuffer(bytes: [byte])) }
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.released])
      #expect(delegate.stored.map(\.bytes) == [dataSet])
      try await client.channel.close().get()
    }
  }

  @Test("a flood of connections: others are served, and every file descriptor is given back")
  func flood() async throws {
    let delegate = SampleDelegate()
    var port = 0
    try await withAcceptor(delegate) { acceptor in
      port = acceptor.port
      var clients: [RawClient] = []
      let served = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      for _ in 0..<1000 { clients.append(try await RawClient(port: acceptor.port)) }
      // Those that asked for nothing made room for those that came later.
      await delegate.untilEnded(900)
      #expect(acceptor.connectionCount < 120)
      #expect(delegate.state.withLockedValue { $0.failures }.allSatisfy { $0 == .crowdedOut })
      let association = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      #expect(try await association.echo().isSuccess)
      #expect(try await served.echo().isSuccess)
      await association.release()
      await served.release()
      for client in clients { try? await client.channel.close().get() }
      await delegate.untilEnded(1002)
    }
    #expect(try Self.socketsHeld(onLocalPort: port) == 0)
  }

  /// Sockets bound to a port that a process holds, from proc(5): a connection that only the system still winds up has
  /// no inode. Other suites run in this process, so its descriptors as a whole tell nothing.
  private static func socketsHeld(onLocalPort port: Int) throws -> Int {
    let table = try #require(FileHandle(forReadingAtPath: "/proc/net/tcp"))
    var text = ""
    while let piece = try table.read(upToCount: 1 << 16), !piece.isEmpty {
      text += String(decoding: piece, as: UTF8.self)
    }
    return text.split(separator: "\n").dropFirst().count { line in
      let fields = line.split(separator: " ")
      guard fields.count > 9, let number = fields[1].split(separator: ":").last else { return false }
      return Int(number, radix: 16) == port && fields[9] != "0"
    }
  }

  @Test("a client that proposes another application, or no version we know, is rejected")
  func oddRequests() async throws {
    try await withAcceptor(SampleDelegate()) { acceptor in
      var request = AssociationParameters.local(1).request
      request.protocolVersion = 2
      let client = try await RawClient(port: acceptor.port)
      try await client.send(.associateRequest(request))
      while client.isEmpty { await Task.yield() }
      try await client.channel.close().get()
      #expect(try await client.untilClosed() == [.associateReject(.protocolVersionNotSupported)])

      request.protocolVersion = 1
      request.applicationContextName = "1.2.3"
      let other = try await RawClient(port: acceptor.port)
      try await other.send(.associateRequest(request))
      while other.isEmpty { await Task.yield() }
      try await other.channel.close().get()
      #expect(try await other.untilClosed() == [.associateReject(.applicationContextNotSupported)])
    }
  }
}
