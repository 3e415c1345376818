import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Dicom

#if os(Linux)
  @Suite("Waking for whole answers", .timeLimit(.minutes(1)))
  struct AnswerThresholdTests {
    @Test("it takes whole answers, ends with the last one, and where none comes for a while")
    func raising() async throws {
      let peer = try await ScriptedPeer { _, _ in }
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: peer.port).get()
      let threshold = try await channel.eventLoop.submit {
        NIOLoopBound(AnswerThreshold(channel), eventLoop: channel.eventLoop)
      }.get()
      func perform(_ body: @escaping @Sendable (AnswerThreshold) -> Void) async throws -> Int {
        try await channel.eventLoop.submit {
          body(threshold.value)
          return try channel.syncOptions?.getOption(AnswerThreshold.option) ?? 0
        }.get()
      }
      func answer(wasWhole: Bool, isLast: Bool = false) async throws -> Int {
        try await perform {
          $0.begin()
          $0.answered(wasWhole: wasWhole, isLast: isLast)
        }
      }

      for _ in 0..<20 { #expect(try await answer(wasWhole: false) == 1) }
      for _ in 0..<4 { #expect(try await answer(wasWhole: true) == 1) }
      #expect(try await perform { $0.begin() } > 12, "more than the header of an answer")
      #expect(try await answer(wasWhole: true, isLast: true) == 1)
      #expect(try await perform { $0.begin() } > 12)
      while try await perform({ _ in }) != 1 { try await Task.sleep(for: .milliseconds(5)) }
      for _ in 0..<5 { #expect(try await answer(wasWhole: true) == 1, "not once more") }
      try await channel.close()
      await peer.stop()
    }

    /// Answers so many echoes at once, and the next one as it is told.
    private static func peer(
      answering count: Int, then: @escaping @Sendable (ByteBuffer, ScriptedPeer.Line) -> Void
    ) async throws -> ScriptedPeer {
      let answered = NIOLockedValueBox(0)
      return try await ScriptedPeer.accepting { command, context, line in
        let answer = ScriptedPeer.message(command.response(status: .success), context: context)
        let number = answered.withLockedValue { answered in
          answered += 1
          return answered
        }
        if number == count + 1 { then(answer, line) } else { line.send(answer) }
      }
    }

    @Test("after whole answers one may come in two pieces, the second much later")
    func pieces() async throws {
      let peer = try await Self.peer(answering: 10) { answer, line in
        guard let header = answer.getSlice(at: 0, length: 12),
          let rest = answer.getSlice(at: 12, length: answer.readableBytes - 12)
        else { return }
        line.send(header)
        line.channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { line.send(rest) }
      }
      let association = try await Association.request(.local(peer.port), deadlines: Deadlines(Timeouts(all: nil)))
      let answers = NIOLockedValueBox(0)
      try await association.echo(times: 20) { _, _ in answers.withLockedValue { $0 += 1 } }
      #expect(answers.withLockedValue { $0 } == 20)
      await association.release()
      await peer.stop()
    }

    @Test("after whole answers an abort is heard, though it is short and the connection stays open")
    func abort() async throws {
      let peer = try await Self.peer(answering: 10) { _, line in line.send(.abort(Abort(source: 0, reason: 0))) }
      let association = try await Association.request(.local(peer.port), deadlines: Deadlines(Timeouts(all: nil)))
      let error = await #expect(throws: AssociationError.self) { try await association.echo(times: 20) { _, _ in } }
      #expect(error?.reason == .aborted(Abort(source: 0, reason: 0)))
      await peer.stop()
    }
  }
#endif
