import Dispatch
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Dicom

/// The slower side sets the pace, and what waits for it is bounded.
@Suite("Back-pressure")
struct BackPressureTests {
  let clock = ManualClock()
  let deadlines: Deadlines
  /// What a connection may hold on its way, in both systems and in our buffers.
  private static let onTheWay = 24 << 20

  init() { deadlines = Deadlines(Timeouts(all: .seconds(10)), clock: clock) }

  private static let match = try? DataSetWriter.write(
    sampleIdentifier(String(repeating: "A", count: 60)), transferSyntax: .explicitVRLittleEndian)

  @Test("whoever takes matches slowly holds the peer back; no deadline runs meanwhile, and none is lost")
  func slowTaker() async throws {
    let peer = try await ScriptedPeer.accepting { command, context, line in
      guard command.field == .cFindRequest else { return }
      let one = ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: Self.match)
      var thousand = ByteBuffer()
      for _ in 0..<1000 { thousand.writeImmutableBuffer(one) }
      for _ in 0..<50 { line.channel.write(thousand, promise: nil) }
      line.send(ScriptedPeer.message(command.response(status: .success), context: context))
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let gate = DispatchSemaphore(value: 0)
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let count = NIOLockedValueBox(0)
    let query = Task {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in
        let number = count.withLockedValue { count in
          count += 1
          return count
        }
        if number == 1 {
          arrived.yield()
          gate.wait()
        }
      }
    }
    for await _ in arrivals { break }
    while deadlines.current != nil { await Task.yield() }
    clock.advance(by: .seconds(3600))
    #expect(count.withLockedValue { $0 } == 1)
    gate.signal()
    #expect(try await query.value.isSuccess)
    #expect(count.withLockedValue { $0 } == 50_000)
    await association.release()
    await peer.stop()
  }

  @Test("a slow taker who has cancelled gets no more, and the query ends")
  func cancelledSlowTaker() async throws {
    let (cancels, cancelled) = AsyncStream.makeStream(of: Void.self)
    let peer = try await ScriptedPeer.accepting { command, context, line in
      let one = ScriptedPeer.message(command.response(status: .pending), context: context, dataSet: Self.match)
      if command.field == .cFindRequest {
        for _ in 0..<20_000 { line.channel.write(one, promise: nil) }
        line.channel.flush()
      } else if command.field == .cCancelRequest {
        var response = CommandSet(.cFindResponse)
        response.messageIDBeingRespondedTo = command.messageIDBeingRespondedTo
        response.status = 0xFE00
        line.send(ScriptedPeer.message(response, context: context))
        cancelled.yield()
      }
    }
    let association = try await Association.request(.local(peer.port, [.studyFind]), deadlines: deadlines)
    let gate = DispatchSemaphore(value: 0)
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let count = NIOLockedValueBox(0)
    let query = Task {
      try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in
        count.withLockedValue { $0 += 1 }
        arrived.yield()
        gate.wait()
      }
    }
    for await _ in arrivals { break }
    while deadlines.current != nil { await Task.yield() }
    query.cancel()
    for await _ in cancels { break }
    gate.signal()
    #expect(try await query.value.isCancel)
    #expect(count.withLockedValue { $0 } == 1)
    await association.release()
    await peer.stop()
  }

  @Test("matches for a peer that reads none are not even looked for, and it is given up after the idle time")
  func unreadMatches() async throws {
    let pulled = NIOLockedValueBox(0)
    let delegate = SampleDelegate(finding: { _ in
      AsyncThrowingStream {
        pulled.withLockedValue { $0 += 1 }
        return sampleIdentifier(String(repeating: "A", count: 4000))
      }
    })
    try await withAcceptor(delegate, clock: clock) { acceptor in
      let peer = try SlowClient(port: acceptor.port)
      try peer.send(.associateRequest(AssociationParameters.local(1, [.studyFind]).request))
      var command = CommandSet(.cFindRequest)
      command.messageID = 1
      command.affectedSOPClassUID = .studyRootFind
      try peer.send(ScriptedPeer.message(command, context: 1, dataSet: Self.match))
      while pulled.withLockedValue({ $0 }) == 0 { await Task.yield() }
      // Each look that finds progress waits anew, until the buffers between are full.
      while delegate.ends.isEmpty {
        clock.advance(by: .seconds(30))
        await Task.yield()
      }
      #expect(delegate.ends == [.idle(.seconds(30))])
      #expect(pulled.withLockedValue { $0 } * 4000 < Self.onTheWay)
      peer.close()
    }
  }

  @Test("an instance on a slow line takes its time: no deadline ends what goes on, though all of it has left us")
  func slowLine() async throws {
    let peer = try DeafPeer()
    let opening = Task { try await Association.request(.local(peer.port, [.ct]), deadlines: deadlines) }
    try await peer.accept()
    let association = try await opening.value
    let length = 12 << 20
    let source = StoreSource(
      content: .bytes(ByteBuffer(repeating: 7, count: length)), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
      transferSyntax: .explicitVRLittleEndian)
    let store = Task { try await association.store(source) }
    await deadlines.untilWaiting(for: .sending)
    // 9 s for each 512 kB: the whole takes minutes.
    var taken = 0
    while taken < length {
      taken += try await peer.take(min(512 << 10, length - taken))
      clock.advance(by: .seconds(9))
    }
    await deadlines.untilWaiting(for: .response("C-STORE"))
    var response = CommandSet(.cStoreResponse)
    response.messageIDBeingRespondedTo = 1
    response.status = 0
    try peer.send(ScriptedPeer.message(response, context: 1))
    #expect(try await store.value.isSuccess)
    association.abort()
    peer.close()
  }

  @Test("our disk blocks while 100 MB come: the peer is held back, others are answered, and no time limit ends it")
  func blockedDisk() async throws {
    let room = NIOLockedValueBox<(isBlocked: Bool, waiting: (@Sendable () -> Void)?)>((true, nil))
    let delegate = SampleDelegate(hasRoom: { onRoom in
      room.withLockedValue { room in
        if room.isBlocked { room.waiting = onRoom }
        return !room.isBlocked
      }
    })
    let (length, written) = (100 << 20, NIOLockedValueBox(0))
    // The acceptor's clock is the test's, the sender's stands still.
    try await withAcceptor(delegate, clock: clock) { acceptor in
      let association = try await Association.request(
        .local(acceptor.port, [.ct]), deadlines: Deadlines(Timeouts(all: .seconds(10)), clock: ManualClock()))
      let source = StoreSource(
        content: .bytes(ByteBuffer(repeating: 7, count: length)), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      let store = Task {
        try await association.store(source) { bytes in written.withLockedValue { $0 = bytes } }
      }
      while room.withLockedValue({ $0.waiting }) == nil { await Task.yield() }
      clock.advance(by: .seconds(3600))
      // More of them than there are event loops, so that one shares that of the sender.
      for _ in 0..<(2 * System.coreCount) {
        let other = try await Association.request(
          .local(acceptor.port), deadlines: Deadlines(Timeouts(all: .seconds(20))))
        #expect(try await other.echo().isSuccess)
        await other.release()
      }
      #expect(written.withLockedValue { $0 } < Self.onTheWay, "what is not taken is not sent")
      #expect(delegate.ends.allSatisfy { $0 == .released })
      let goOn = room.withLockedValue { room in
        room.isBlocked = false
        return room.waiting
      }
      goOn?()
      #expect(try await store.value.isSuccess)
      #expect(delegate.stored.first?.bytes.readableBytes == length)
      await association.release()
    }
  }

  @Test("a peer that goes while our disk blocks leaves nothing behind, once the disk is done")
  func goneMeanwhile() async throws {
    let waiting = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)
    let delegate = SampleDelegate(hasRoom: { onRoom in
      waiting.withLockedValue { $0 = onRoom }
      return false
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.ct]), deadlines: deadlines)
      let source = StoreSource(
        content: .bytes(ByteBuffer(repeating: 7, count: 1 << 20)), sopClassUID: .ctImageStorage,
        sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      let store = Task { try await association.store(source) }
      while waiting.withLockedValue({ $0 }) == nil { await Task.yield() }
      await acceptor.close(grace: .zero)
      #expect(delegate.state.withLockedValue { $0.abandoned } == 0, "whoever writes is not disturbed")
      waiting.withLockedValue { $0 }?()
      while delegate.state.withLockedValue({ $0.abandoned }) == 0 { await Task.yield() }
      await #expect(throws: AssociationError.self) { try await store.value }
    }
  }

  @Test("a byte now and then is no sign of life")
  func trickle() async throws {
    let line = NIOLockedValueBox<ScriptedPeer.Line?>(nil)
    let peer = try await ScriptedPeer.accepting { _, _, from in line.withLockedValue { $0 = from } }
    let (bytes, byte) = AsyncStream.makeStream(of: Void.self)
    let association = try await Association.request(
      .local(peer.port), deadlines: deadlines, trace: ByteCounter { byte.yield() })
    let echo = Task { try await association.echo() }
    await deadlines.untilWaiting(for: .response("C-ECHO"))
    while line.withLockedValue({ $0 }) == nil { await Task.yield() }
    var command = CommandSet(.cEchoResponse)
    command.messageIDBeingRespondedTo = 1
    command.status = 0
    var iterator = bytes.makeAsyncIterator()
    // The header of the PDU is a sign of life, the bytes of its content are not.
    for (number, value) in ScriptedPeer.message(command, context: 1).readableBytesView.enumerated() {
      line.withLockedValue { $0 }?.send(ByteBuffer(bytes: [value]))
      if number < 8 { await iterator.next() }
      clock.advance(by: .seconds(1))
      if deadlines.current == nil { break }
    }
    let error = await #expect(throws: AssociationError.self) { try await echo.value }
    #expect(error?.reason == .timeout(.response("C-ECHO"), .seconds(10)))
    await peer.stop()
  }
}

/// Tells of everything that is received.
private struct ByteCounter: TraceObserver {
  let onBytes: @Sendable () -> Void
  var wantsBytes: Bool { true }

  func observe(_ event: TraceEvent) {
    if case .bytes = event.content, event.direction == .received { onBytes() }
  }
}
