import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads the rest of a file in large pieces. It blocks, so it belongs on a thread that may; one piece at a time.
final class PieceReader: Sendable {
  static let pieceLength = 1 << 20

  private let descriptor: CInt
  private let position: NIOLockedValueBox<Int>
  private let end: Int
  /// Bytes from the offset to the end of the file.
  let length: Int

  init(path: String, offset: Int) throws(PieceReaderError) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PieceReaderError(path: path, errno) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      let code = errno
      Self.closeDescriptor(descriptor)
      throw PieceReaderError(path: path, code)
    }
    end = Int(information.st_size)
    length = max(0, end - offset)
    position = NIOLockedValueBox(offset)
  }

  /// The next piece; all of it, or an error when the file has become shorter meanwhile.
  func next() throws(PieceReaderError) -> ByteBuffer {
    let start = position.withLockedValue { $0 }
    let count = min(Self.pieceLength, max(0, end - start))
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    var code: CInt = 0
    while buffer.readableBytes < count, code == 0 {
      let at = start + buffer.readableBytes
      let wanted = count - buffer.readableBytes
      let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { target in
        let got = pread(descriptor, target.baseAddress, wanted, off_t(at))
        if got < 0, errno != EINTR { code = errno }
        if got == 0 { code = ENODATA }
        return max(0, got)
      }
      if got == 0, code == 0 { continue }
    }
    guard code == 0 else { throw PieceReaderError(path: nil, code) }
    position.withLockedValue { $0 = start + count }
    return buffer
  }

  func close() { Self.closeDescriptor(descriptor) }

  private static func closeDescriptor(_ descriptor: CInt) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }
}

struct PieceReaderError: Error, CustomStringConvertible {
  let path: String?
  let code: CInt

  init(path: String?, _ code: CInt) {
    self.path = path
    self.code = code
  }

  var description: String {
    let words = code == ENODATA ? "the file became shorter" : String(cString: strerror(code))
    return path.map { "\($0): \(words)" } ?? words
  }
}
