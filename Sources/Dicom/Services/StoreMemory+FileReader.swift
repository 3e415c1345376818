#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension StoreMemory {
  /// Reads files that are to be sent one after the other, on one thread: of a small one all, of a large one its beginning.
  public final class FileReader {
    /// Up to this a file costs no more to read than its beginning does.
    private static let smallSize = 16 * 1024
    /// What most files say in it which instance they hold.
    private static let headLength = 2 * 1024

    private let memory: StoreMemory
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: smallSize, alignment: 16)
    private var last: FileIdentity?

    public init(into memory: StoreMemory) { self.memory = memory }

    deinit { buffer.deallocate() }

    /// - Returns: which instance it is; its length; of a small one for which there is room the data set. Nil when it must be
    ///   read as a ``DicomFile``, which also tells why one cannot be read.
    public func read(_ path: String) -> (identity: FileIdentity, size: Int, dataSet: Bytes?)? {
      guard let file = try? FileBytes(path: path) else { return nil }
      defer { file.close() }
      let isSmall = file.size <= Self.smallSize
      let count = isSmall ? file.size : Self.headLength
      // Short of that much it is being written, or cannot be read.
      guard pread(file.descriptor, buffer.baseAddress, count, 0) == count else { return nil }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      guard let identity = FileIdentity(bytes, neighbour: last) else { return nil }
      last = identity
      let dataSet = UnsafeRawBufferPointer(rebasing: bytes[identity.dataSetOffset...])
      return (identity, file.size, isSmall ? memory.keep(dataSet) : nil)
    }
  }
}
