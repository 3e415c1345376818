import Dicom
import Synchronization
import Testing

@testable import Operations

@Suite("Jobs: one modality at a time has so many")
struct JobQueueTests {
  private struct Nothing: OperationResult {
    var outcome = Outcome(.done, "nothing")
    var json: JSONText.Value { .null }
  }

  /// Something that jobs wait at until it is opened.
  private final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    init() { (stream, continuation) = AsyncStream.makeStream() }
    func open() { continuation.finish() }
    func wait() async { for await _ in stream {} }
  }

  private func modality(_ limit: Int) -> Modality {
    var modality = Modality(name: "M", aeTitle: "M", host: "h", port: 1)
    modality.maximumAssociations = limit
    return modality
  }

  private func start(_ queue: JobQueue, _ limit: Int, _ gate: Gate) -> Operations.Operation<Nothing> {
    queue.run(.echo(count: 1), title: "t", modality: modality(limit), timeouts: Timeouts(), clock: ManualClock()) { _ in
      await gate.wait()
      return Nothing()
    }
  }

  @Test("the third waits for one of two places; cancelled in the queue it never runs")
  func lanes() async throws {
    let queue = JobQueue()
    let gates = (0..<4).map { _ in Gate() }
    let first = start(queue, 2, gates[0])
    let second = start(queue, 2, gates[1])
    await queue.state(.waiting, of: first.job)
    await queue.state(.waiting, of: second.job)
    let third = start(queue, 2, gates[2])
    let fourth = start(queue, 2, gates[3])
    #expect(third.job.snapshot.state == .queued)
    fourth.job.cancel()
    await #expect(throws: CancellationError.self) { try await fourth.value() }
    #expect(fourth.job.snapshot.state == .cancelled && fourth.job.snapshot.started == nil)
    gates[0].open()
    _ = try await first.value()
    await queue.state(.waiting, of: third.job)
    #expect(first.job.snapshot.state == .done && first.job.snapshot.outcome?.words == "nothing")
    gates[1].open()
    gates[2].open()
    _ = try await second.value()
    _ = try await third.value()
    #expect(queue.jobs.map(\.id) == [1, 2, 3, 4])
    queue.clearEnded()
    #expect(queue.jobs.isEmpty)
  }

  @Test("a paused job lets the next one pass, and goes on when resumed")
  func pause() async throws {
    let queue = JobQueue()
    let gates = (0..<3).map { _ in Gate() }
    let first = start(queue, 1, gates[0])
    await queue.state(.waiting, of: first.job)
    let second = start(queue, 1, gates[1])
    let third = start(queue, 1, gates[2])
    #expect(queue.pause(second.job) && second.job.snapshot.state == .paused)
    gates[0].open()
    await queue.state(.waiting, of: third.job)
    #expect(second.job.snapshot.state == .paused)
    gates[2].open()
    _ = try await third.value()
    #expect(queue.resume(second.job))
    gates[1].open()
    _ = try await second.value()
  }

  @Test("a queued job goes before its neighbour, and says which one it is")
  func order() async throws {
    let queue = JobQueue()
    let gates = (0..<3).map { _ in Gate() }
    let first = start(queue, 1, gates[0])
    await queue.state(.waiting, of: first.job)
    let second = start(queue, 1, gates[1])
    let third = start(queue, 1, gates[2])
    #expect(queue.place(of: second.job) == 1 && queue.place(of: third.job) == 2 && queue.place(of: first.job) == nil)
    #expect(queue.move(third.job, sooner: true) && !queue.move(third.job, sooner: true))
    #expect(queue.place(of: third.job) == 1)
    gates[0].open()
    await queue.state(.waiting, of: third.job)
    #expect(second.job.snapshot.state == .queued)
    for gate in gates { gate.open() }
    _ = try await second.value()
  }

  @Test("those that are asked for one after the other start in that order")
  func asked() async throws {
    let queue = JobQueue()
    let started = Mutex<[Int]>([])
    let operations = (0..<50).map { number in
      queue.run(.echo(count: 1), title: "t", modality: modality(1), timeouts: Timeouts(), clock: ManualClock()) { _ in
        started.withLock { $0.append(number) }
        return Nothing()
      }
    }
    for operation in operations { _ = try await operation.value() }
    #expect(started.withLock(\.self) == Array(0..<50))
  }

  @Test("an error becomes its words, an exit status and a state")
  func outcomes() {
    let endpoint = AssociationError.Endpoint(host: "h", port: 1, callingAETitle: "A", calledAETitle: "B")
    func state(_ reason: AssociationError.Reason) -> JobState {
      Outcome(AssociationError(reason, phase: .associate, endpoint: endpoint)).state
    }
    #expect(state(.timeout(.associating, .seconds(3))) == .timedOut)
    #expect(state(.rejected(.callingAETitleNotRecognized)) == .rejected)
    #expect(state(.cancelled) == .cancelled)
    #expect(state(.refused) == .failed)
    #expect([JobState.done, .failed, .partial, .cancelled].map { Outcome($0, "").exitStatus } == [0, 1, 3, 130])
  }
}
