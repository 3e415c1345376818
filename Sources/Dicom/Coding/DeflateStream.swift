import CZlib

/// A raw stream of RFC 1951 that is inflated, or deflated, piece by piece.
public final class DeflateStream {
  public enum Direction: Sendable {
    case inflating
    /// Levels are zlib's: 1 is quick, 9 is small, -1 is between them.
    case deflating(level: Int32)
  }

  public enum State: Sendable {
    /// It wants more bytes, or more room.
    case going
    case ended
    case damaged
  }

  /// zlib's state points back at it, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let isInflating: Bool

  /// Nil when there is no memory for it.
  public init?(_ direction: Direction) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    let status: Int32
    switch direction {
    case .inflating:
      isInflating = true
      status = inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, size)
    case .deflating(let level):
      isInflating = false
      let memoryLevel: Int32 = 8
      status = deflateInit2_(
        stream, level, Z_DEFLATED, -MAX_WBITS, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    }
    if status != Z_OK { return nil }
  }

  deinit {
    _ = isInflating ? inflateEnd(stream) : deflateEnd(stream)
    stream.deallocate()
  }

  /// Goes on until the input, or the room for the output, is used up.
  ///
  /// - Parameters:
  ///   - input: shortened by what was read of it.
  ///   - output: the room for what comes of it.
  ///   - isLast: nothing comes behind this input; only deflating wants to know.
  /// - Returns: how many bytes were written. With room left, no more comes without more input.
  public func step(
    _ input: inout UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool = false
  ) -> (written: Int, state: State) {
    let given = UInt32(clamping: input.count)
    let room = UInt32(clamping: output.count)
    // zlib does not write to its input; its older headers do not say so.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = given
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = room
    let flush = isLast && given == input.count ? Z_FINISH : Z_NO_FLUSH
    let status = isInflating ? inflate(stream, Z_NO_FLUSH) : deflate(stream, flush)
    input = UnsafeRawBufferPointer(rebasing: input[Int(given - stream.pointee.avail_in)...])
    let state: State = status == Z_STREAM_END ? .ended : status == Z_OK || status == Z_BUF_ERROR ? .going : .damaged
    return (Int(room - stream.pointee.avail_out), state)
  }
}
