import NIOConcurrencyHelpers

/// What changed in the index with one transaction: identifiers of the patients, studies and series that now look
/// different or are gone, and how many instances came or went.
public struct IndexChange: Hashable, Sendable {
  public internal(set) var patients: Set<String> = []
  public internal(set) var studies: Set<String> = []
  public internal(set) var series: Set<String> = []
  public internal(set) var instances = 0
  /// The index was rebuilt: anything may look different.
  public internal(set) var isEverything = false

  public var isEmpty: Bool { !isEverything && instances == 0 && studies.isEmpty }

  mutating func merge(_ other: IndexChange) {
    patients.formUnion(other.patients)
    studies.formUnion(other.studies)
    series.formUnion(other.series)
    instances += other.instances
    isEverything = isEverything || other.isEverything
  }
}

/// Keeps an observer of the index going; it ends with ``cancel()`` or when this is let go of.
public final class Observation: Sendable {
  private let end: @Sendable () -> Void

  init(_ end: @escaping @Sendable () -> Void) { self.end = end }

  public func cancel() { end() }

  deinit { end() }
}

/// Who wants to hear of changes.
final class Observers: Sendable {
  private let state = NIOLockedValueBox<(next: Int, all: [Int: @Sendable (IndexChange) -> Void])>((0, [:]))

  func add(_ observer: @escaping @Sendable (IndexChange) -> Void) -> Observation {
    let id = state.withLockedValue { state in
      state.next += 1
      state.all[state.next] = observer
      return state.next
    }
    return Observation { [weak self] in self?.state.withLockedValue { $0.all[id] = nil } }
  }

  func tell(_ change: IndexChange) {
    for observer in state.withLockedValue({ $0.all.values.map { $0 } }) { observer(change) }
  }
}
