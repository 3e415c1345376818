import NIOCore
import Testing

@testable import Dicom

#if canImport(Glibc)
  import Glibc
#endif

/// Peers that stop talking: each step ends in time, and says which it was. The clock is ours, so nothing is waited for.
@Suite("Silent peers")
struct SilentPeerTests {
  let clock = ManualClock()
  let deadlines: Deadlines

  init() { deadlines = Deadlines(Timeouts(all: .seconds(3)), clock: clock) }

  @Test("a host that does not take the connection")
  func connecting() async throws {
    // A listener whose queue is full drops what else comes.
    let listener = try FullListener()
    let port = listener.port
    let attempt = Task { try await Association.request(.local(port), deadlines: deadlines) }
    await deadlines.untilWaiting(for: .connecting)
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .timeout(.connecting, .seconds(3)))
    #expect(error?.phase == .connect)
    listener.close()
  }

  @Test("no answer to the association request: after 3 s, not before, and the deadline is seen meanwhile")
  func associating() async throws {
    let peer = try await ScriptedPeer { _, _ in }
    let attempt = Task { try await Association.request(.local(peer.port), deadlines: deadlines) }
    await deadlines.untilWaiting(for: .associating)
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(3))
    clock.advance(by: .milliseconds(2900))
    #expect(deadlines.current?.remaining(at: clock.now) == .milliseconds(100))
    clock.advance(by: .milliseconds(100))
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .timeout(.associating, .seconds(3)))
    #expect(error?.description.contains("did not answer the association request within 3 s") == true)
    await peer.stop()
  }

  @Test("half an answer is no answer")
  func halfAnAcceptance() async throws {
    let peer = try await ScriptedPeer { pdu, line in
      guard case .associateRequest(let request) = pdu else { return }
      let bytes = PDUEncoder.encode(ScriptedPeer.acceptance(of: request))
      if let half = bytes.getSlice(at: 0, length: bytes.readableBytes / 2) { line.send(half) }
    }
    let attempt = Task { try await Association.request(.local(peer.port), deadlines: deadlines) }
    await deadlines.untilWaiting(for: .associating)
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .timeout(.associating, .seconds(3)))
    await peer.stop()
  }

  @Test("no response to an echo")
  func echo() async throws {
    let peer = try await ScriptedPeer.accepting { _, _, _ in }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    let echo = Task { try await association.echo() }
    await deadlines.untilWaiting(for: .response("C-ECHO"))
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await echo.value }
    #expect(error?.reason == .timeout(.response("C-ECHO"), .seconds(3)))
    #expect(error?.phase == .echo)
    #expect(deadlines.current == nil)
    await peer.stop()
  }

  @Test("limits changed while an answer is waited for: none and again some, longer, and shorter than what has passed")
  func changed() async throws {
    let peer = try await ScriptedPeer.accepting { _, _, _ in }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    deadlines.set(Timeouts(all: nil))
    let echo = Task { try await association.echo() }
    await deadlines.untilWaiting(for: .response("C-ECHO"))
    clock.advance(by: .seconds(1000))
    deadlines.set(Timeouts(all: .seconds(1010)))
    clock.advance(by: .seconds(9))
    deadlines.set(Timeouts(all: .seconds(5000)))
    clock.advance(by: .seconds(3000))
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(991))
    deadlines.set(Timeouts(all: .seconds(7)))
    clock.advance(by: .zero)
    let error = await #expect(throws: AssociationError.self) { try await echo.value }
    #expect(error?.reason == .timeout(.response("C-ECHO"), .seconds(7)))
    await peer.stop()
  }

  @Test("each match restarts the wait; silence after some of them keeps those")
  func find() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      guard command.field == .cFindRequest else { return }
      for name in ["A", "B"] {
        let match = try? DataSetWriter.write(sampleIdentifier(name), transferSyntax: .explicitVRLittleEndian)
        line.send(ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: match))
      }
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let (matches, match) = AsyncStream.makeStream(of: String.self)
    let query = Task {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) {
        match.yield($0.string(.patientName) ?? "")
      }
    }
    var names: [String] = []
    for await name in matches {
      names.append(name)
      if names.count == 2 { break }
    }
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await query.value }
    #expect(error?.reason == .timeout(.response("C-FIND"), .seconds(3)))
    #expect(names == ["A", "B"])
    await peer.stop()
  }

  @Test("a peer that takes no more of an instance")
  func sending() async throws {
    // It never reads: nothing is taken once the buffers between are full.
    let listener = try DeafPeer()
    let association = Task { try await Association.request(.local(listener.port, [.ct]), deadlines: deadlines) }
    try await listener.accept()
    let source = StoreSource(
      content: .bytes(ByteBuffer(repeating: 7, count: 64 << 20)), sopClassUID: .ctImageStorage,
      sopInstanceUID: "1.2.3", transferSyntax: .explicitVRLittleEndian)
    let opened = try await association.value
    let store = Task { try await opened.store(source) }
    await deadlines.untilWaiting(for: .sending)
    // Each look that finds progress restarts the wait, so time is moved on until there is none.
    let ended = Task {
      await #expect(throws: AssociationError.self) { try await store.value }
    }
    while deadlines.current != nil {
      clock.advance(by: .seconds(3))
      await Task.yield()
    }
    #expect(await ended.value?.reason == .timeout(.sending, .seconds(3)))
    listener.close()
  }

  @Test("no confirmation of a cancel: the association is aborted after the grace")
  func cancelling() async throws {
    let peer = try await ScriptedPeer.accepting { _, _, _ in }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let query = Task { try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in } }
    await deadlines.untilWaiting(for: .response("C-FIND"))
    query.cancel()
    await deadlines.untilWaiting(for: .cancelling)
    clock.advance(by: .seconds(3))
    let error = await #expect(throws: AssociationError.self) { try await query.value }
    #expect(error?.reason == .cancelled)
    await peer.stop()
  }

  @Test("no answer to a release: it is given up, not an error")
  func releasing() async throws {
    let (aborts, abort) = AsyncStream.makeStream(of: PDU.self)
    let peer = try await ScriptedPeer { pdu, line in
      if case .associateRequest(let request) = pdu { line.send(ScriptedPeer.acceptance(of: request)) }
      if case .abort = pdu { abort.yield(pdu) }
    }
    let association = try await Association.request(.local(peer.port), deadlines: deadlines)
    let release = Task { await association.release() }
    await deadlines.untilWaiting(for: .releasing)
    clock.advance(by: .seconds(3))
    await release.value
    var told = aborts.makeAsyncIterator()
    #expect(await told.next() != nil, "the peer hears that nobody waits any more (PS3.8 §9.2, AA-1)")
    #expect(!association.isOpen)
    await peer.stop()
  }

  @Test("a cancelled task does not wait for an association that is opening")
  func cancelOpening() async throws {
    let peer = try await ScriptedPeer { _, _ in }
    let attempt = Task { try await Association.request(.local(peer.port), deadlines: deadlines) }
    await deadlines.untilWaiting(for: .associating)
    attempt.cancel()
    let error = await #expect(throws: AssociationError.self) { try await attempt.value }
    #expect(error?.reason == .cancelled)
    await peer.stop()
  }

  @Test("an acceptor does not wait for ever for the association request")
  func artim() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, clock: clock) { acceptor in
      let client = try await RawClient(port: acceptor.port)
      try await client.send(ByteBuffer(bytes: [1, 0, 0, 0]))
      while clock.pendingCount == 0 { await Task.yield() }
      clock.advance(by: .seconds(30))
      #expect(try await client.untilClosed() == [])
      await delegate.untilEnded(1)
      #expect(delegate.state.withLockedValue { $0.failures } == [.idle(.seconds(30))])
    }
  }
}
