import CNCurses
import Glibc
import Synchronization

/// The only way from other threads into the loop: a queue for what happened, a slot for what only its latest value is
/// worth. However fast a job reports progress, the loop sees it once each time it looks.
final class Mailbox: Sendable {
  private struct State {
    var queue: [Message] = []
    var jobs: [Int: JobView] = [:]
    var jobOrder: [Int] = []
    var station: StationView?
    var activity: [ActivityRow]?
    var matches: [Int: [Record]] = [:]
    var changed: Set<String>?

    var isEmpty: Bool {
      queue.isEmpty && jobs.isEmpty && station == nil && activity == nil && matches.isEmpty && changed == nil
    }
  }

  /// Readable while there is something.
  let descriptor = fluoro_eventfd()
  private let state = Mutex(State())

  deinit { close(descriptor) }

  func post(_ message: Message) {
    let wasEmpty = state.withLock { state in
      let wasEmpty = state.isEmpty
      switch message {
      case .job(let job):
        // Told by two threads at once, the end may come before what went before it.
        if let known = state.jobs[job.id], known.phase.isEnded, !job.phase.isEnded { break }
        if state.jobs.updateValue(job, forKey: job.id) == nil { state.jobOrder.append(job.id) }
      case .station(let station): state.station = station
      case .activity(let rows): state.activity = (state.activity ?? []) + rows
      case .matches(let token, let records): state.matches[token, default: []] += records
      case .indexChanged(let studies): state.changed = (state.changed ?? []).union(studies)
      default: state.queue.append(message)
      }
      return wasEmpty
    }
    if wasEmpty { eventfd_write(descriptor, 1) }
  }

  /// Matches that are handed over at once: a key waits no longer than they take.
  private static let mostMatches = 500

  func drain() -> [Message] {
    var count: UInt64 = 0
    eventfd_read(descriptor, &count)
    let (taken, isMore) = state.withLock { state in
      var taken = state
      state = State()
      for (token, records) in taken.matches where records.count > Self.mostMatches {
        taken.matches[token] = Array(records.prefix(Self.mostMatches))
        state.matches[token] = Array(records.dropFirst(Self.mostMatches))
      }
      // What was found is said before that it has ended.
      let unfinished = Set(state.matches.keys)
      func isEarly(_ message: Message) -> Bool {
        if case .findEnded(let token, _) = message { unfinished.contains(token) } else { false }
      }
      state.queue = taken.queue.filter(isEarly)
      taken.queue.removeAll(where: isEarly)
      return (taken, !state.isEmpty)
    }
    if isMore { eventfd_write(descriptor, 1) }
    var messages: [Message] = []
    if let station = taken.station { messages.append(.station(station)) }
    messages += taken.matches.sorted { $0.key < $1.key }.map { .matches(token: $0.key, $0.value) }
    messages += taken.queue
    messages += taken.jobOrder.compactMap { taken.jobs[$0] }.map { .job($0) }
    if let activity = taken.activity { messages.append(.activity(activity)) }
    if let changed = taken.changed { messages.append(.indexChanged(studies: changed)) }
    return messages
  }
}
