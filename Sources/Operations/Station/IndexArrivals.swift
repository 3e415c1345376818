import Dicom
import LocalIndex
import Synchronization

/// Counts in the index what another process receives on the same storage.
final class IndexArrivals: Sendable {
  private let index: LocalIndex
  private let query: LocalQuery
  private let found = Mutex(0)
  private let wakes: AsyncStream<Wake>
  private let wake: AsyncStream<Wake>.Continuation
  private let observation = Mutex<Observation?>(nil)

  private enum Wake { case change, deadline }

  /// - Parameter onMore: called when there are more than before.
  init(_ index: LocalIndex, _ item: RetrieveItem, onMore: @escaping @Sendable (_ arrived: Int) -> Void) {
    self.index = index
    query = LocalQuery(level: .instance, keys: item.keys.map { LocalQuery.Key($0.tag, $0.value) })
    (wakes, wake) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(4))
    let changes = index.observe { [weak self] _ in
      guard let self else { return }
      if look() { onMore(arrived) }
      wake.yield(.change)
    }
    observation.withLock { $0 = changes }
    look()
  }

  /// How many instances of the item are here.
  var arrived: Int { found.withLock { $0 } }

  /// Whether there are more than the last time.
  @discardableResult
  private func look() -> Bool {
    var count = 0
    try? index.find(query) { _ in
      count += 1
      return true
    }
    let total = count
    return found.withLock { found in
      defer { found = total }
      return total > found
    }
  }

  /// Returns when `target` instances are here, or when none has come for `response`.
  func wait(for target: Int, _ deadlines: Deadlines) async {
    guard arrived < target else { return }
    deadlines.begin(.receiving) { [wake] _ in wake.yield(.deadline) }
    defer { deadlines.end() }
    for await reason in wakes where reason == .deadline || arrived >= target { break }
  }
}
