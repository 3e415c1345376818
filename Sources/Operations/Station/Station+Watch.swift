import Dicom
import Foundation

extension Station {
  /// C-ECHO again and again, each on an association of its own, until it is cancelled or `count` are done. An echo that
  /// fails is counted as lost; when answers stop and when they come back is told to the activity.
  ///
  /// - Parameter interval: from the end of one echo to the beginning of the next.
  /// - Parameter onEcho: each echo, and what all so far amount to.
  public func watch(
    _ modality: Modality, every interval: Duration = .seconds(1), count: Int? = nil,
    timeout: TimeoutChoice = .inherited,
    onEcho: @escaping @Sendable (EchoResult, EchoStatistics) -> Void = { _, _ in }
  ) -> Operation<WatchResult> {
    let retry: @Sendable () -> Job = { [self] in
      watch(modality, every: interval, count: count, timeout: timeout, onEcho: onEcho).job
    }
    return run(.watch, "watch \(modality.name)", modality, timeout, retry: retry) { [self] job in
      var statistics = EchoStatistics()
      while !job.isCancelled, count.map({ statistics.sent < $0 }) ?? true {
        if statistics.sent > 0 {
          // Cancelled while it rests, it ends with what it has.
          do { try await clock.sleep(for: interval) } catch { break }
        }
        let result = try await echoOnce(modality, job, isLogged: false)
        if result.outcome.state == .cancelled { break }
        let turn = statistics.take(
          result.isOK ? result.milliseconds : nil, reason: result.outcome.words, at: Date())
        note(turn, modality)
        let (sent, answered) = (statistics.sent, statistics.answered)
        job.update { progress in
          progress.total = count
          progress.completed = answered
          progress.failed = sent - answered
        }
        onEcho(result, statistics)
      }
      return WatchResult(
        modality: modality.name, statistics: statistics, outcome: Self.outcome(statistics, isCancelled: job.isCancelled)
      )
    }
  }

  private func note(_ turn: EchoStatistics.Turn?, _ modality: Modality) {
    switch turn {
    case .lost(let outage): activity.add(.note, peer: modality.name, "no answer any more: \(outage.reason)")
    case .back(let outage):
      let lasted = Words.elapsed((outage.end ?? outage.start).timeIntervalSince(outage.start))
      activity.add(
        .note, peer: modality.name,
        "answers again after \(lasted) and \(Words.count(outage.lost, "lost echo", "lost echoes"))"
      )
    case nil: break
    }
  }

  private static func outcome(_ statistics: EchoStatistics, isCancelled: Bool) -> Outcome {
    let words = statistics.words
    if isCancelled { return Outcome(.cancelled, statistics.sent > 0 ? words : "cancelled before the first answer") }
    if statistics.answered == 0 {
      return Outcome(.failed, statistics.outages.last.map { "\(words): \($0.reason)" } ?? words)
    }
    return Outcome(statistics.lost > 0 ? .partial : .done, words)
  }
}

extension EchoStatistics {
  /// `20 of 20 answered, 1.2 / 1.6 / 3.4 ms, jitter 0.3 ms`: least, mean and most.
  public var words: String {
    var words = "\(Words.grouped(answered)) of \(Words.grouped(sent)) answered"
    if let minimum, let mean, let maximum {
      let times = [minimum, mean, maximum].map { Words.milliseconds($0).dropLast(3) }
      words += ", \(times.joined(separator: " / ")) ms"
    }
    if let jitter { words += ", jitter \(Words.milliseconds(jitter))" }
    return words
  }
}

extension DeadlineClock {
  /// Waits by this clock.
  ///
  /// - Throws: `CancellationError`, at once, when the task is cancelled.
  func sleep(for duration: Duration) async throws {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let work = schedule(at: now.advanced(by: duration)) { continuation.finish() }
    await withTaskCancellationHandler {
      for await _ in stream {}
    } onCancel: {
      continuation.finish()
    }
    work.cancel()
    try Task.checkCancellation()
  }
}
