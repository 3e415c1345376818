import Dicom
import LocalIndex
import Synchronization

/// Counts in the index what another process receives on the same storage.
final class IndexArrivals: Sendable {
  private let index: LocalIndex
  private let query: LocalQuery
  private let count: Mutex<(found: Int, deadline: Bool)>

  init(_ index: LocalIndex, _ item: RetrieveItem) {
    self.index = index
    query = LocalQuery(level: .instance, keys: item.keys.map { LocalQuery.Key($0.tag, $0.value) })
    count = Mutex((0, false))
    look()
  }

  /// How many instances of the item are here.
  var arrived: Int { count.withLock { $0.found } }

  /// Whether there are more than the last time.
  @discardableResult
  func look() -> Bool {
    var found = 0
    try? index.find(query) { _ in
      found += 1
      return true
    }
    let total = found
    return count.withLock { count in
      defer { count.found = total }
      return total > count.found
    }
  }

  /// Returns when `target` instances are here, or when none has come for `response`.
  func wait(for target: Int, _ deadlines: Deadlines) async {
    guard arrived < target else { return }
    deadlines.begin(.receiving) { [weak self] _ in self?.count.withLock { $0.deadline = true } }
    defer { deadlines.end() }
    while arrived < target, !count.withLock({ $0.deadline }), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
