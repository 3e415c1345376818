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
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
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

  /// It has been heard, however often it was said.
  func clear() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { memory in
      _ = read(descriptor, memory.baseAddress, memory.count)
    }
  }
}
