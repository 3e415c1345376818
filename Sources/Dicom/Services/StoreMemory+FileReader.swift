#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension StoreMemory {
  /// Reads files that are to be sent one after the other, on one thread: of a small one all, of a large one its beginning
  /// and the headers of its elements.
  public final class FileReader {
    /// What was read of a file.
    public struct Found {
      public let identity: FileIdentity
      /// Of the file.
      public let size: Int
      /// Of a small one for which there is room.
      public let dataSet: Bytes?
      /// The element amid which the file ends; nil: it is whole.
      public let cutOff: DataSetReadError?
    }

    /// Up to this a file costs no more to read than its beginning does.
    private static let smallSize = 16 * 1024
    /// What most files say in it which instance they hold.
    private static let headLength = 2 * 1024
    /// What is taken of the memory at once: one of the system's large pages, which two readers would both clear where they
    /// come to it at the same time.
    private static let roomLength = 2 << 20

    private let memory: StoreMemory
    /// Small ones are read into it: a copy of what was just read takes longer than reading it.
    private var room: Room?
    private let head = UnsafeMutableRawBufferPointer.allocate(byteCount: headLength, alignment: 16)
    private var last: FileIdentity?
    private var wasSmall = true

    public init(into memory: StoreMemory) { self.memory = memory }

    deinit { head.deallocate() }

    /// - Returns: nil when it must be read as a ``DicomFile``, which also tells why one cannot be read.
    public func read(_ path: String) -> Found? {
      let descriptor = FileBytes.openDescriptor(path)
      guard descriptor >= 0 else { return nil }
      defer { _ = FileBytes.closeDescriptor(descriptor) }
      if room?.free.count ?? 0 < Self.smallSize { room = memory.room(Self.smallSize...Self.roomLength) }
      let target = room?.free ?? head
      // As much as the last one had use for: neighbours are alike.
      let wanted = min(wasSmall ? Self.smallSize : Self.headLength, target.count)
      var count = pread(descriptor, target.baseAddress, wanted, 0)
      guard count > 0 else { return nil }
      var size = count
      if count == wanted || !Self.ends(descriptor, at: count) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int(status.st_size)
        let rest = size - count
        if room != nil, size <= Self.smallSize, rest > 0 {
          // Short of that much it is being written, or cannot be read.
          guard pread(descriptor, target.baseAddress! + count, rest, off_t(count)) == rest else { return nil }
          count = size
        }
      }
      wasSmall = size <= Self.smallSize
      let bytes = UnsafeRawBufferPointer(rebasing: target[..<count])
      // Each reader's own: two processors that count the references to one string wait for each other.
      guard let identity = FileIdentity(bytes, neighbour: last) else { return nil }
      last = identity
      let cutOff = CutOff.find(
        descriptor, size: size, beginning: bytes, from: identity.dataSetOffset, identity.encoding)
      let dataSet = size == count && cutOff == nil ? room?.keep(count, from: identity.dataSetOffset) : nil
      return Found(identity: identity, size: size, dataSet: dataSet, cutOff: cutOff)
    }

    /// Asking for its size takes longer.
    private static func ends(_ descriptor: Int32, at position: Int) -> Bool {
      var next: UInt8 = 0
      return pread(descriptor, &next, 1, off_t(position)) == 0
    }
  }
}
