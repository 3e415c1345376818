import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory in which data sets that were read once wait until they are sent: for thousands of small files, opening and
/// reading each a second time takes longer than all else that is done with it. In large pages where the system has
/// them: small ones, one by one or many at a time, take a tenth more of the reading.
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

  /// Written through a ``Room`` by the one who holds it, before what is written is kept; read only after that.
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

  /// Room for as many of so many bytes as are left, which nobody else gets; nil when there are too few. Several threads may
  /// ask at once.
  func room(_ count: ClosedRange<Int>) -> Room? {
    let start = used.add(count.upperBound, ordering: .relaxed).oldValue
    let end = min(start + count.upperBound, region.count)
    return end - start >= count.lowerBound ? Room(memory: self, range: start..<end) : nil
  }

  /// Part of this memory, to be filled from its beginning by one thread.
  struct Room: ~Copyable {
    private let memory: StoreMemory
    /// Where in it `free` begins.
    private var start: Int
    /// What is not kept yet.
    private(set) var free: UnsafeMutableRawBufferPointer

    fileprivate init(memory: StoreMemory, range: Range<Int>) {
      (self.memory, start) = (memory, range.lowerBound)
      free = UnsafeMutableRawBufferPointer(rebasing: memory.region[range])
    }

    /// Keeps the first `count` free bytes as they are.
    ///
    /// - Returns: what comes after the first `offset` of them.
    mutating func keep(_ count: Int, from offset: Int) -> Bytes {
      precondition(count <= free.count && 0...count ~= offset)
      defer {
        start += count
        free = UnsafeMutableRawBufferPointer(rebasing: free[count...])
      }
      return Bytes(memory: memory, start: start + offset, count: count - offset)
    }
  }
}
