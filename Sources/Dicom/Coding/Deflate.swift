import NIOCore

/// The deflated transfer syntax: the data set is one raw stream of RFC 1951, padded to an even length (PS3.5 §A.5).
enum Deflate {
  /// What a stream may grow to: a few bytes can stand for gigabytes.
  static let limit = 1 << 30

  /// Inflates a stream; what comes behind its end is not looked at.
  ///
  /// - Returns: what could be inflated, and where the stream stops making sense.
  static func inflate(_ bytes: ByteBuffer) -> (bytes: ByteBuffer, problem: DataSetReadError?) {
    var output = ByteBuffer()
    guard let stream = DeflateStream(.inflating) else {
      return (output, DataSetReadError(reason: .damagedDeflate, offset: 0, tag: nil))
    }
    let problem = bytes.withUnsafeReadableBytes { input -> DataSetReadError? in
      var rest = input
      var (written, state) = (0, DeflateStream.State.going)
      repeat {
        guard output.readableBytes < limit else {
          return DataSetReadError(reason: .inflatesTooMuch(limit: limit), offset: input.count, tag: nil)
        }
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: max(4 * input.count, 64 * 1024)) { target in
          (written, state) = stream.step(&rest, into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(limit)))
          return written
        }
      } while state == .going && (written > 0 || !rest.isEmpty)
      if state == .ended { return nil }
      return DataSetReadError(reason: .damagedDeflate, offset: input.count - rest.count, tag: nil)
    }
    return (output, problem)
  }

  /// Deflates a data set.
  static func deflate(_ bytes: ByteBuffer) throws(DataSetWriteError) -> ByteBuffer {
    guard let stream = DeflateStream(.deflating(level: -1)) else { throw .deflate }
    var output = ByteBuffer()
    var state = DeflateStream.State.going
    bytes.withUnsafeReadableBytes { input in
      var rest = input
      while state == .going {
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: input.count / 2 + 4096) { target in
          let step = stream.step(&rest, into: target, isLast: true)
          state = step.state
          return step.written
        }
      }
    }
    guard state == .ended else { throw .deflate }
    if output.readableBytes % 2 == 1 { output.writeInteger(UInt8(0)) }
    return output
  }
}
