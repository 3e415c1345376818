import Dispatch
import NIOConcurrencyHelpers

/// Reads the records of all instance files of a storage on other threads, a few batches ahead of who puts them into the
/// index.
final class FilesAhead: Sendable {
  typealias File = (id: String, version: Int)
  typealias Batch = [(file: File, record: Result<InstanceRecord?, any Error>)]

  private static let batchLength = 512
  private static let ahead = 4

  private struct State {
    var ready: [Result<Batch, any Error>] = []
    var isAtEnd = false
    var isStopped = false
  }

  private let state = NIOLockedValueBox(State())
  private let filled = DispatchSemaphore(value: 0)
  private let room = DispatchSemaphore(value: ahead)

  /// - Parameter read: makes the record of one file.
  init(_ storage: StorageFolder, _ read: @escaping @Sendable (String, Int) -> Result<InstanceRecord?, any Error>) {
    DispatchQueue.global().async { [self] in
      do {
        var files: [File] = []
        try storage.forEachFolder { _, more in
          if state.withLockedValue({ $0.isStopped }) { throw CancellationError() }
          files += more
          while files.count >= Self.batchLength {
            give(Array(files.prefix(Self.batchLength)), read)
            files.removeFirst(Self.batchLength)
          }
        }
        if !files.isEmpty { give(files, read) }
      } catch {
        hand(.failure(error))
      }
      state.withLockedValue { $0.isAtEnd = true }
      filled.signal()
    }
  }

  private func give(_ files: [File], _ read: @Sendable (String, Int) -> Result<InstanceRecord?, any Error>) {
    room.wait()
    let records = LocalIndex.inParallel(files) { read($0.id, $0.version) }
    hand(.success(zip(files, records).map { (file: $0, record: $1) }))
  }

  private func hand(_ batch: Result<Batch, any Error>) {
    state.withLockedValue { $0.ready.append(batch) }
    filled.signal()
  }

  /// The next records, in the order of identifiers' first two digits; nil at the end.
  func next() throws -> Batch? {
    filled.wait()
    let batch = state.withLockedValue { $0.ready.isEmpty ? nil : $0.ready.removeFirst() }
    guard let batch else { return nil }
    room.signal()
    return try batch.get()
  }

  /// No more is wanted; what is read ahead is let go of.
  func stop() {
    state.withLockedValue { $0.isStopped = true }
    for _ in 0..<Self.ahead { room.signal() }
  }
}
