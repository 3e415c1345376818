#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Wakes a thread that waits for a descriptor: it waits for this one beside it.
final class WakePipe: Sendable {
  /// Readable when the thread is to wake.
  let descriptor: CInt
  private let writing: CInt

  /// - Returns: nil when too many files are open.
  init?() {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (descriptor, writing) = (ends[0], ends[1])
  }

  deinit {
    _ = close(descriptor)
    _ = close(writing)
  }

  func wake() {
    var byte: UInt8 = 0
    _ = write(writing, &byte, 1)
  }

  /// It has been heard.
  func clear() {
    var byte: UInt8 = 0
    _ = read(descriptor, &byte, 1)
  }
}
