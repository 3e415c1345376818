import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Dicom

/// Small instances go past the event loop until something odd happens; what that leads to must not depend on it.
@Suite("Small instances the short way", .timeLimit(.minutes(1)))
struct StoreLaneTests {
  /// What became of instances sent one after the other, as it was told.
  struct Fates {
    var statuses: [Status] = []
    var failures: [any Error] = []
    /// Those told by another thread than the event loop's.
    var short = 0
    /// What ended it.
    var error: AssociationError?
  }

  static let count = 200
  /// The one that is answered oddly, counted from 1.
  static let odd = 101

  /// Sends `count` instances of so many bytes, in turn.
  static func send(
    to port: Int, lengths: [Int] = [1000], deadlines: Deadlines = Deadlines(Timeouts(all: nil))
  ) async throws -> Fates {
    let association = try await Association.request(.local(port, [.ct, .verification]), deadlines: deadlines)
    let fates = try await send(over: association, lengths: lengths)
    if fates.error == nil { await association.release() }
    return fates
  }

  private static func send(over association: Association, lengths: [Int] = [1000]) async throws -> Fates {
    let (sent, fates) = (NIOLockedValueBox(0), NIOLockedValueBox(Fates()))
    let contents = lengths.map { ByteBuffer(repeating: 7, count: $0) }
    do {
      try await association.store(next: {
        let number = sent.withLockedValue { sent in
          sent += 1
          return sent
        }
        guard number <= count else { return nil }
        let source = StoreSource(
          content: .bytes(contents[number % contents.count]), sopClassUID: .ctImageStorage,
          sopInstanceUID: UID("1.2.\(number)"), transferSyntax: .explicitVRLittleEndian)
        return OutgoingStore(source: .memory(source)) { result in
          fates.withLockedValue { fates in
            if MultiThreadedEventLoopGroup.currentEventLoop == nil { fates.short += 1 }
            switch result {
            case .success(let status): fates.statuses.append(status)
            case .failure(let error): fates.failures.append(error)
            }
          }
        }
      })
    } catch let error as AssociationError {
      fates.withLockedValue { $0.error = error }
    }
    return fates.withLockedValue { $0 }
  }

  /// Answers each C-STORE at once, and the odd one as it is told.
  static func peer(
    odd: @escaping @Sendable (CommandSet, _ answer: ByteBuffer, UInt8, ScriptedPeer.Line) -> Void
  ) async throws -> ScriptedPeer {
    try await ScriptedPeer.accepting { command, context, line in
      guard command.field == .cStoreRequest else { return }
      let answer = ScriptedPeer.message(command.response(status: .success), context: context)
      if command.affectedSOPInstanceUID == UID("1.2.\(Self.odd)") {
        odd(command, answer, context, line)
      } else {
        line.send(answer)
      }
    }
  }

  @Test(
    "all arrive as they are, in their order, and most are told on the short way",
    arguments: [[1], [1000], [60_000], Array(repeating: 1000, count: 49) + [200_000]])
  func usual(_ lengths: [Int]) async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let fates = try await Self.send(to: acceptor.port, lengths: lengths)
      #expect(fates.statuses.map { $0.isSuccess } == Array(repeating: true, count: Self.count))
      #expect(fates.short > Self.count / 2)
      #expect(fates.error == nil && fates.failures.isEmpty)
    }
    #expect(delegate.stored.map { $0.request.sopInstanceUID.rawValue } == (1...Self.count).map { "1.2.\($0)" })
    for (index, stored) in delegate.stored.enumerated() {
      #expect(stored.bytes == ByteBuffer(repeating: 7, count: lengths[(index + 1) % lengths.count]))
    }
  }

  @Test("an association that is used again has been heard when the short way was")
  func again() async throws {
    let count = NIOLockedValueBox(0)
    let peer = try await ScriptedPeer.accepting { command, context, line in
      let number = count.withLockedValue { count in
        count += 1
        return count
      }
      if number == Self.count + Self.odd { return line.close() }
      line.send(ScriptedPeer.message(command.response(status: .success), context: context))
    }
    let deadlines = Deadlines(Timeouts(all: nil))
    let association = try await Association.request(.local(peer.port, [.ct]), deadlines: deadlines)
    #expect(try await Self.send(over: association).statuses.count == Self.count)
    association.use(deadlines)
    let fates = try await Self.send(over: association)
    #expect(fates.short == Self.odd - 1, "from the first one on")
    #expect(fates.statuses.count == Self.odd - 1)
    #expect(association.hasBeenHeard)
    await peer.stop()
  }

  @Test("an operation that is asked for meanwhile has its turn")
  func turns() async throws {
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let stored = NIOLockedValueBox((count: 0, beforeEcho: 0))
    let peer = try await ScriptedPeer.accepting { command, context, line in
      let answer = ScriptedPeer.message(command.response(status: .success), context: context)
      guard command.field == .cStoreRequest else {
        stored.withLockedValue { $0.beforeEcho = $0.count }
        return line.send(answer)
      }
      stored.withLockedValue { $0.count += 1 }
      if command.affectedSOPInstanceUID == UID("1.2.\(Self.odd)") {
        begin.yield()
        // So that there is time to ask for it before the next one goes.
        line.channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { line.send(answer) }
      } else {
        line.send(answer)
      }
    }
    let association = try await Association.request(
      .local(peer.port, [.ct, .verification]), deadlines: Deadlines(Timeouts(all: nil)))
    let sending = Task { try await Self.send(over: association) }
    for await _ in begun { break }
    #expect(try await association.echo().isSuccess)
    #expect(try await sending.value.statuses.count == Self.count)
    #expect(stored.withLockedValue { $0.beforeEcho } == Self.odd)
    await peer.stop()
  }

  /// Odd, and an answer all the same.
  enum Answer: CaseIterable {
    case withRemark, inPieces, inPiecesMuchLater, late, muchLater, warning
  }

  @Test("an odd answer is an answer, and the rest is sent", arguments: Answer.allCases)
  func odd(_ kind: Answer) async throws {
    let peer = try await Self.peer { command, answer, context, line in
      let loop = line.channel.eventLoop.assumeIsolated()
      func sendInPieces(after pause: TimeAmount) {
        for (index, piece) in [
          answer.getSlice(at: 0, length: 12), answer.getSlice(at: 12, length: answer.readableBytes - 12),
        ]
        .enumerated() {
          guard let piece else { return }
          loop.scheduleTask(in: index == 0 ? .zero : pause) { line.send(piece) }
        }
      }
      switch kind {
      case .withRemark:
        let status = Status.success.commented("kept twice")
        line.send(ScriptedPeer.message(command.response(status: status), context: context))
      case .inPieces: sendInPieces(after: .milliseconds(1))
      case .inPiecesMuchLater: sendInPieces(after: .milliseconds(300))
      case .late: loop.scheduleTask(in: .milliseconds(50)) { line.send(answer) }
      case .muchLater: loop.scheduleTask(in: .milliseconds(400)) { line.send(answer) }
      case .warning:
        line.send(ScriptedPeer.message(command.response(status: Status(0xB000)), context: context))
      }
    }
    let fates = try await Self.send(to: peer.port)
    #expect(fates.statuses.count == Self.count)
    #expect(fates.statuses.indices.filter { !fates.statuses[$0].isSuccess } == (kind == .warning ? [Self.odd - 1] : []))
    #expect(fates.statuses[Self.odd - 1].words.contains("kept twice") == (kind == .withRemark))
    #expect(fates.error == nil && fates.failures.isEmpty)
    #expect(fates.short > Self.odd / 2)
    await peer.stop()
  }

  /// The end of the association; what was answered before it counts.
  enum End: CaseIterable {
    case abort, abortAfterAnswer, close, closeAfterAnswer, reset, releaseRequest
    case otherMessage, otherContext, pending, garbage, half
  }

  @Test("an end in between is told with its reason, and what was answered before it counts", arguments: End.allCases)
  func end(_ kind: End) async throws {
    let abort = Abort(source: 2, reason: 1)
    let peer = try await Self.peer { command, answer, context, line in
      var both = answer
      switch kind {
      case .abort: line.send(.abort(abort))
      case .abortAfterAnswer:
        both.writeImmutableBuffer(PDUEncoder.encode(.abort(abort)))
        line.send(both)
      case .close: line.close()
      case .closeAfterAnswer:
        line.send(answer)
        line.close()
      case .reset: line.reset()
      case .releaseRequest: line.send(.releaseRequest)
      case .otherMessage:
        var response = command.response(status: .success)
        response.messageIDBeingRespondedTo = 9999
        line.send(ScriptedPeer.message(response, context: context))
      case .otherContext: line.send(ScriptedPeer.message(command.response(status: .success), context: 99))
      case .pending: line.send(ScriptedPeer.message(command.response(status: .pending), context: context))
      case .garbage: line.send(ByteBuffer(repeating: 0xAA, count: 300))
      case .half:
        if let half = answer.getSlice(at: 0, length: answer.readableBytes - 20) { line.send(half) }
        line.close()
      }
    }
    let fates = try await Self.send(to: peer.port)
    let isAnswered = kind == .abortAfterAnswer || kind == .closeAfterAnswer
    #expect(fates.statuses.count == Self.odd - (isAnswered ? 0 : 1))
    #expect(fates.statuses.allSatisfy { $0.isSuccess })
    // One that had gone, and may have arrived.
    #expect(fates.failures.count == 1)
    #expect(fates.short > Self.odd / 2)
    let reason = try #require(fates.error?.reason)
    switch kind {
    case .abort, .abortAfterAnswer: #expect(reason == .aborted(abort))
    case .close, .closeAfterAnswer, .half, .releaseRequest:
      // What we sent meanwhile may have met a connection that was closed already.
      #expect(reason == .closed || reason == .reset)
    case .reset: #expect(reason == .reset)
    case .otherMessage, .otherContext, .pending, .garbage:
      #expect(fates.error?.description.contains("broke the protocol") == true, "\(reason)")
    }
    await peer.stop()
  }

  @Test("a peer that falls silent is waited for as long as it may take, then gets an A-ABORT")
  func silence() async throws {
    let clock = ManualClock()
    let deadlines = Deadlines(Timeouts(all: .seconds(3)), clock: clock)
    let (aborts, aborted) = AsyncStream.makeStream(of: Void.self)
    let (silences, silent) = AsyncStream.makeStream(of: Void.self)
    let peer = try await ScriptedPeer { pdu, line in
      switch pdu {
      case .associateRequest(let request): line.send(ScriptedPeer.acceptance(of: request))
      case .data(let values):
        for value in values where value.isCommand {
          guard let command = try? CommandSet(decoding: value.bytes) else { continue }
          if command.affectedSOPInstanceUID == UID("1.2.\(Self.odd)") {
            silent.yield()
          } else {
            line.send(ScriptedPeer.message(command.response(status: .success), context: value.contextID))
          }
        }
      case .abort: aborted.yield()
      default: break
      }
    }
    let port = peer.port
    let sending = Task { try await Self.send(to: port, deadlines: deadlines) }
    for await _ in silences { break }
    #expect(deadlines.current?.kind == .response("C-STORE"))
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(3))
    clock.advance(by: .seconds(3))
    let fates = try await sending.value
    #expect(fates.error?.reason == .timeout(.response("C-STORE"), .seconds(3)))
    #expect(fates.statuses.count == Self.odd - 1)
    #expect(fates.failures.count == 1)
    for await _ in aborts { break }
    await peer.stop()
  }

  @Test("who cancels amid it ends it at once, and the one under way is told as cancelled")
  func cancelling() async throws {
    let (reached, reach) = AsyncStream.makeStream(of: Void.self)
    let peer = try await Self.peer { _, _, _, _ in reach.yield() }
    let port = peer.port
    let sending = Task { try await Self.send(to: port) }
    for await _ in reached { break }
    sending.cancel()
    let fates = try await sending.value
    #expect(fates.error?.reason == .cancelled)
    #expect(fates.statuses.count == Self.odd - 1)
    #expect(fates.failures.count == 1)
    await peer.stop()
  }
}
