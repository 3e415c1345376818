import Foundation
import LocalIndex
import Synchronization

/// What happened on the network, newest last: associations in and out, their results, rejections.
/// Names stations, never patients.
public struct ActivityEntry: Sendable, Identifiable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A station connected to us.
    case incoming
    /// We connected to a station.
    case outgoing
    /// How an operation ended.
    case result
    /// Something was refused, by us or by them.
    case rejection
    /// A thing of our own to know.
    case note
    /// Something a person should look into, though nothing has failed.
    case warning
  }

  public var id: Int
  public var time: Date
  public var kind: Kind
  /// The other station: its AE title, and its address where known.
  public var peer: String
  /// One line.
  public var words: String
  /// More, a line each.
  public var details: [String]
  /// The AE title that was refused and could be allowed.
  public var refusedAETitle: String?
  /// Its address.
  public var refusedHost: String?
  /// Instances that came, where an association that brought some has ended.
  public var arrived = 0
  /// The connections it is about, as far as they were traced: ``Station/traceLines(of:)``.
  public var connections: [Int] = []
}

/// The last entries, for the screen of activity and the logs. Safe from any thread.
public final class ActivityLog: Sendable {
  private struct State {
    var lastID = 0
    var entries: [ActivityEntry] = []
  }

  private let state = Mutex(State())
  private let observers = Observers<ActivityEntry>()
  private let capacity: Int

  public init(capacity: Int = 2000) { self.capacity = capacity }

  /// Oldest first.
  public var entries: [ActivityEntry] { state.withLock { $0.entries } }

  @discardableResult
  func add(
    _ kind: ActivityEntry.Kind, peer: String, _ words: String, details: [String] = [], refusedAETitle: String? = nil,
    refusedHost: String? = nil, arrived: Int = 0, connections: [Int] = []
  ) -> ActivityEntry {
    let entry = state.withLock { state in
      state.lastID += 1
      let entry = ActivityEntry(
        id: state.lastID, time: Date(), kind: kind, peer: peer, words: words, details: details,
        refusedAETitle: refusedAETitle, refusedHost: refusedHost, arrived: arrived, connections: connections)
      state.entries.append(entry)
      // In one go now and then, since removing from the front moves all the others.
      if state.entries.count > capacity + capacity / 4 { state.entries.removeFirst(state.entries.count - capacity) }
      return entry
    }
    observers.tell(entry)
    return entry
  }

  /// Calls `observer` with every new entry, on any thread, until the result is let go or cancelled.
  public func observe(_ observer: @escaping @Sendable (ActivityEntry) -> Void) -> Observation {
    observers.add(observer)
  }
}
