import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory in which data sets that were read once wait until they are sent: for thousands of small files, opening and
/// reading each a second time takes longer than all else that is done with it. In large pages where the system has
/// them: touching a new small page would take about as long as the second reading.
public final class StoreMemory: Sendable {
  /// A data set in this memory.
  public struct Bytes: Sendable {
    fileprivate let memory: StoreMemory
    fileprivate let start: Int
    public let count: Int

    /// Appends so many of its bytes, from one of them on.
    func write(at offset: Int, count: Int, into buffer: inout ByteBuffer) {
      precondition(offset >= 0 && count >= 0 && offset + count <= self.count)
      buffer.writeBytes(UnsafeRawBufferPointer(rebasing: memory.region[start + offset..<start + offset + count]))
    }
  }

  /// Written once, by whoever took the place; read only by who holds that place.
  nonisolated(unsafe) private let region: UnsafeMutableRawBufferPointer
  private let used = Atomic(0)

  /// - Parameter capacity: bytes at most; memory is taken as it is used.
  /// - Returns: nil when the system has no such room.
  public init?(capacity: Int) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard capacity > 0, let base = mmap(nil, capacity, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      return nil
    }
    #if os(Linux)
      _ = madvise(base, capacity, Int32(MADV_HUGEPAGE))
    #endif
    region = UnsafeMutableRawBufferPointer(start: base, count: capacity)
  }

  deinit { munmap(region.baseAddress, region.count) }

  /// A copy of these bytes; nil when there is no room left. Several threads may ask at once.
  func keep(_ bytes: UnsafeRawBufferPointer) -> Bytes? {
    let start = used.add(bytes.count, ordering: .relaxed).oldValue
    guard start + bytes.count <= region.count else { return nil }
    UnsafeMutableRawBufferPointer(rebasing: region[start..<start + bytes.count]).copyMemory(from: bytes)
    return Bytes(memory: self, start: start, count: bytes.count)
  }
}
