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

extension StoreMemory {
  /// Reads files that are to be sent one after the other, on one thread: of a small one all, of a large one its beginning.
  public final class FileReader {
    /// Up to this a file costs no more to read than its beginning does.
    private static let smallSize = 16 * 1024
    /// What most files say in it which instance they hold.
    private static let headLength = 2 * 1024

    private let memory: StoreMemory
    /// One byte more than a small file has.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: smallSize + 1, alignment: 16)
    private var last: InstanceIdentity?
    private var wasLarge = false

    public init(into memory: StoreMemory) { self.memory = memory }

    deinit { buffer.deallocate() }

    /// - Returns: which instance it is; its length; of a small one for which there is room the data set. Nil when it must be
    ///   read as a ``DicomFile``, which also tells why one cannot be read.
    public func read(_ path: String) -> (identity: InstanceIdentity, size: Int, dataSet: Bytes?)? {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { _ = FileBytes.closeDescriptor(descriptor) }
      // The next file is mostly like the last, and a small one tells its size by where it ends.
      let wanted = wasLarge ? Self.headLength : buffer.count
      var count = pread(descriptor, buffer.baseAddress, wanted, 0)
      var size = count
      if count == wanted {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int(status.st_size)
        if count < size, size <= Self.smallSize { count = pread(descriptor, buffer.baseAddress, size, 0) }
      }
      wasLarge = size > Self.smallSize
      guard count > 0, wasLarge || count == size else { return nil }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      guard let identity = InstanceIdentity(bytes, neighbour: last) else { return nil }
      last = identity
      let dataSet = UnsafeRawBufferPointer(rebasing: bytes[identity.dataSetOffset...])
      return (identity, size, wasLarge ? nil : memory.keep(dataSet))
    }
  }
}
