import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open file, or bytes in memory that stand for one.
struct FileBytes {
  let path: String
  let size: Int
  let descriptor: Int32
  private let memory: ByteBuffer

  init(bytes: ByteBuffer) {
    (path, size, descriptor, memory) = ("", bytes.readableBytes, -1, bytes.slice())
  }

  init(path: String) throws(DicomFileError) {
    self.path = path
    memory = ByteBuffer()
    descriptor = Self.openDescriptor(path)
    guard descriptor >= 0 else { throw Self.error("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = Self.error("stat", path)
      _ = Self.closeDescriptor(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      _ = Self.closeDescriptor(descriptor)
      throw DicomFileError(path: path, reason: .notAFile)
    }
    size = Int(status.st_size)
  }

  func close() { if descriptor >= 0 { _ = Self.closeDescriptor(descriptor) } }

  /// For reading. A pipe that nobody writes to is no file, and is not waited for.
  static func openDescriptor(_ path: String) -> Int32 {
    // Handed over as a string it would be copied first.
    path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
  }

  static func closeDescriptor(_ descriptor: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.close(descriptor)
    #else
      Darwin.close(descriptor)
    #endif
  }

  /// The first bytes of the file: so many, or all there are.
  func read(upTo count: Int) throws(DicomFileError) -> ByteBuffer { try read(at: 0, count: count) }

  /// Bytes from the middle of the file: so many, or all there are.
  func read(at start: Int, count: Int) throws(DicomFileError) -> ByteBuffer {
    let count = max(0, min(count, size - start))
    guard count < Int(UInt32.max) else {
      throw DicomFileError(
        path: path, reason: .dataSet(DataSetReadError(reason: .tooLarge(bytes: size), offset: 0, tag: nil)))
    }
    if descriptor < 0 { return memory.getSlice(at: start, length: count) ?? ByteBuffer() }
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    var failure: DicomFileError?
    while buffer.readableBytes < count, failure == nil {
      let offset = buffer.readableBytes
      let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - offset) { target in
        let got = pread(descriptor, target.baseAddress, count - offset, off_t(start + offset))
        if got < 0 && errno != EINTR { failure = Self.error("read", path) }
        return max(0, got)
      }
      if got == 0 && failure == nil { break }  // the file was cut off meanwhile
    }
    if let failure { throw failure }
    return buffer
  }

  static func write(_ bytes: ByteBuffer, to path: String) throws(DicomFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw error("open", path) }
    do {
      try FileOutput(path: path, descriptor: descriptor).write(bytes)
    } catch {
      _ = closeDescriptor(descriptor)
      throw error
    }
    if closeDescriptor(descriptor) != 0 { throw error("close", path) }
  }

  static func error(_ call: String, _ path: String) -> DicomFileError {
    DicomFileError(path: path, reason: .system(call: call, code: errno))
  }
}
