import Dicom
import LocalIndex
import Synchronization

/// Counts in the index what another process receives on the same storage: what was not there before. An instance that was,
/// and came once more, leaves no trace there.
final class IndexArrivals: Sendable {
  private struct Found {
    var bytes: Int64 = 0
    var ids: Set<String> = []
  }

  private let index: LocalIndex
  private let query: LocalQuery
  /// Identifiers of the instances of the item that are here already.
  private let before: Set<String>
  private let found = Mutex(Found())
  private let wakes: AsyncStream<Wake>
  private let wake: AsyncStream<Wake>.Continuation
  private let observation = Mutex<Observation?>(nil)

  private enum Wake { case change, deadline }

  /// - Parameter onMore: called when there are more than before.
  init(_ index: LocalIndex, _ item: RetrieveItem, onMore: @escaping @Sendable (Int, Int64) -> Void) {
    self.index = index
    query = LocalQuery(level: .instance, keys: item.keys.map { LocalQuery.Key($0.tag, $0.value) })
    before = Self.ids(query, index)
    (wakes, wake) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(4))
    let changes = index.observe { [weak self] _ in
      guard let self else { return }
      if look() { onMore(arrived.instances, arrived.bytes) }
      wake.yield(.change)
    }
    observation.withLock { $0 = changes }
  }

  /// How many of the item were here before.
  var earlier: Int { before.count }

  /// How many instances of the item have come, and the bytes of their files.
  var arrived: (instances: Int, bytes: Int64) { found.withLock { ($0.ids.count, $0.bytes) } }

  private static func ids(_ query: LocalQuery, _ index: LocalIndex) -> Set<String> {
    var ids: Set<String> = []
    try? index.find(query) { match in
      ids.insert(match.id)
      return true
    }
    return ids
  }

  /// Whether there are more than the last time.
  @discardableResult
  func look() -> Bool {
    let here = Self.ids(query, index)
    let known = found.withLock { $0.ids }
    let new = here.subtracting(before).subtracting(known)
    let sizes = new.map { id in (id, (try? index.instances(under: id))?.first?.bytes ?? 0) }
    return found.withLock { found in
      let count = found.ids.count
      // Another look may have come first.
      for (id, bytes) in sizes where found.ids.insert(id).inserted { found.bytes += Int64(bytes) }
      return found.ids.count > count
    }
  }

  /// Returns when `target` instances have come, those included that were here before and may have come again, or when none
  /// has come for `response`.
  func wait(for target: Int, _ deadlines: Deadlines) async {
    func isEnough() -> Bool { arrived.instances + earlier >= target }
    guard !isEnough() else { return }
    deadlines.begin(.receiving) { [wake] _ in wake.yield(.deadline) }
    defer { deadlines.end() }
    for await reason in wakes where reason == .deadline || isEnough() { break }
  }
}
