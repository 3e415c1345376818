import CFileSystem
import Dispatch
import GRDB
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Hears of what other processes change in the index: the system tells when anybody writes to its log, and SQLite whether
/// it was somebody else. What they changed is not told, so that all of it may look different.
final class OtherProcesses: Sendable {
  /// Notices that come faster are told together, at the latest after this.
  private static let gathering = DispatchTimeInterval.milliseconds(50)

  private let end: @Sendable () -> Void

  /// - Parameters:
  ///   - log: the write-ahead log, which is there as long as the index is open.
  ///   - version: `PRAGMA data_version` of the one connection that writes here: another one when others have written.
  ///   - tell: called on `queue` when others have written.
  init(
    watching log: String, on queue: DispatchQueue, version: @escaping @Sendable () -> Int?,
    tell: @escaping @Sendable () -> Void
  ) {
    #if os(Linux)
      let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
      guard descriptor >= 0, inotify_add_watch(descriptor, log, UInt32(IN_MODIFY)) >= 0 else {
        if descriptor >= 0 { close(descriptor) }
        end = {}
        return
      }
      let known = NIOLockedValueBox(version())
      let isDue = NIOLockedValueBox(false)
      let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      source.setEventHandler {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
          while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
        let isFirst = isDue.withLockedValue { isDue in
          defer { isDue = true }
          return !isDue
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + Self.gathering) {
          isDue.withLockedValue { $0 = false }
          guard let now = version() else { return }
          let isOthers = known.withLockedValue { known in
            defer { known = now }
            return known != now
          }
          if isOthers { tell() }
        }
      }
      source.setCancelHandler { close(descriptor) }
      source.activate()
      // Dispatch objects may be used from any thread; only its Swift types do not say so.
      nonisolated(unsafe) let watched = source
      end = { watched.cancel() }
    #else
      end = {}
    #endif
  }

  deinit { end() }
}
