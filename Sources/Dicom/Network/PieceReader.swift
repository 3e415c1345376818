import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Bytes as they go over the wire.
struct StorePiece: Sendable {
  var bytes: ByteBuffer
  /// How many of them are the data set's.
  var length: Int
  var isLast: Bool
}

/// Reads a file's data set in large pieces, each cut into the P-DATA-TF PDUs it is sent as: the bytes are read to where they
/// belong between the headers, so that a piece is one read and one write. It blocks, so it belongs on a thread that may; one
/// piece at a time.
final class PieceReader: Sendable {
  /// Data bytes of a piece, about.
  static let pieceLength = 1 << 20
  /// What the system takes in one call (IOV_MAX).
  private static let maximumVectors = 1024
  private static let headerLength = PDUDecoder.headerLength + pdvHeaderLength

  private let path: String
  private let descriptor: CInt
  private let state: NIOLockedValueBox<(position: Int, isOpen: Bool)>
  private let end: Int
  private let contextID: UInt8
  private let maximumFragment: Int
  /// Bytes of the data set.
  let length: Int

  /// - Parameter offset: where the data set begins; it goes to the file's end.
  init(path: String, offset: Int, contextID: UInt8, maximumFragment: Int) throws(PieceReaderError) {
    self.contextID = contextID
    self.maximumFragment = maximumFragment
    self.path = path
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
    state = NIOLockedValueBox((offset, true))
  }

  /// The first piece of an instance that is to be sent, its command in front.
  ///
  /// - Parameter buffer: gives memory for so many bytes.
  /// - Returns: also who reads the other pieces; nil: there are none.
  static func begin(
    _ command: CommandSet, _ content: StoreSource.Content, contextID: UInt8, _ encoder: MessageEncoder,
    in buffer: (Int) -> ByteBuffer = { _ in ByteBuffer() }
  ) throws(PieceReaderError) -> (first: StorePiece, rest: PieceReader?) {
    switch content {
    case .memory(let memory):
      var bytes = buffer(memory.count)
      encoder.encode(command, memory, contextID: contextID, into: &bytes)
      return (StorePiece(bytes: bytes, length: memory.count, isLast: true), nil)
    case .file(let path, let offset):
      let reader = try PieceReader(
        path: path, offset: offset, contextID: contextID, maximumFragment: encoder.maximumFragment)
      var bytes = buffer(reader.length)
      let continuesPDU = encoder.encode(command, dataLength: reader.length, contextID: contextID, into: &bytes)
      let first = try reader.next(behind: &bytes, continuesPDU: continuesPDU)
      return (first, first.isLast ? nil : reader)
    }
  }

  /// The next piece; what is in the buffer goes in front of it. With the last one, or an error, the file is closed.
  ///
  /// - Parameter continuesPDU: whether its only fragment goes in a PDU that has begun.
  /// - Throws: also when the file has become shorter meanwhile.
  func next(
    behind buffer: inout ByteBuffer, continuesPDU: Bool = false
  ) throws(PieceReaderError) -> StorePiece {
    do throws(PieceReaderError) {
      let (length, isLast) = try write(into: &buffer, continuesPDU: continuesPDU)
      if isLast { close() }
      return StorePiece(bytes: buffer, length: length, isLast: isLast)
    } catch {
      close()
      throw error
    }
  }

  /// Appends the PDUs of the next piece.
  /// - Returns: how many bytes of the data set they hold, and whether they are the last.
  private func write(
    into buffer: inout ByteBuffer, continuesPDU: Bool
  ) throws(PieceReaderError) -> (length: Int, isLast: Bool) {
    let start = state.withLockedValue { $0.position }
    let fragments = min(max(1, Self.pieceLength / maximumFragment), Self.maximumVectors)
    let count = min(fragments * maximumFragment, max(0, end - start))
    let isLast = start + count >= end
    // In the buffer's readable bytes: where each fragment goes.
    var places: [Range<Int>] = []
    buffer.reserveCapacity(minimumWritableBytes: count + (count / maximumFragment + 1) * Self.headerLength)
    var done = 0
    repeat {
      let length = min(maximumFragment, count - done)
      PDUEncoder.writeDataHeader(
        contextID: contextID, isCommand: false, isLast: isLast && done + length == count, length: length,
        continuesPDU: continuesPDU, into: &buffer)
      places.append(buffer.readableBytes..<buffer.readableBytes + length)
      buffer.moveWriterIndex(forwardBy: length)
      done += length
    } while done < count
    if count > 0 { try fill(places, of: &buffer, from: start) }
    state.withLockedValue { $0.position = start + count }
    return (count, isLast)
  }

  /// Reads consecutive bytes of the file into these places.
  private func fill(
    _ places: [Range<Int>], of buffer: inout ByteBuffer, from start: Int
  ) throws(PieceReaderError) {
    let code = buffer.withUnsafeMutableReadableBytes { bytes -> CInt in
      guard let base = bytes.baseAddress else { return 0 }
      var vectors = places.map { iovec(iov_base: base + $0.lowerBound, iov_len: $0.count) }
      var offset = off_t(start)
      while !vectors.isEmpty {
        var got = preadv(descriptor, &vectors, CInt(vectors.count), offset)
        if got < 0, errno == EINTR { continue }
        if got < 0 { return errno }
        if got == 0 { return ENODATA }
        offset += off_t(got)
        // A read that was cut short goes on where it ended; the usual one has filled them all.
        let whole = vectors.prefix { vector in
          guard got >= vector.iov_len else { return false }
          got -= vector.iov_len
          return true
        }
        vectors.removeFirst(whole.count)
        if got > 0, let rest = vectors.first {
          vectors[0] = iovec(iov_base: rest.iov_base.map { $0 + got }, iov_len: rest.iov_len - got)
        }
      }
      return 0
    }
    guard code == 0 else { throw PieceReaderError(path: path, code) }
  }

  /// Once is enough, more often does no harm.
  func close() {
    let wasOpen = state.withLockedValue { state in
      defer { state.isOpen = false }
      return state.isOpen
    }
    if wasOpen { Self.closeDescriptor(descriptor) }
  }

  private static func closeDescriptor(_ descriptor: CInt) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }
}

struct PieceReaderError: Error, CustomStringConvertible {
  let path: String
  let code: CInt

  init(path: String, _ code: CInt) {
    self.path = path
    self.code = code
  }

  var description: String {
    "\(path): " + (code == ENODATA ? "the file became shorter" : String(cString: strerror(code)))
  }
}
