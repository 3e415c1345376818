import CZlib
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
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return (output, DataSetReadError(reason: .damagedDeflate, offset: 0, tag: nil))
    }
    defer { inflateEnd(&stream) }
    var problem: DataSetReadError?
    bytes.withUnsafeReadableBytes { input in
      // zlib does not write to its input; its older headers do not say so.
      stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(truncatingIfNeeded: input.count)
      var status = Z_OK
      while status == Z_OK {
        guard output.readableBytes < limit else {
          problem = DataSetReadError(reason: .inflatesTooMuch(limit: limit), offset: input.count, tag: nil)
          return
        }
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: max(4 * input.count, 64 * 1024)) { target in
          let room = min(target.count, limit)
          stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
          stream.avail_out = UInt32(room)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          return room - Int(stream.avail_out)
        }
      }
      if status != Z_STREAM_END {
        problem = DataSetReadError(reason: .damagedDeflate, offset: input.count - Int(stream.avail_in), tag: nil)
      }
    }
    return (output, problem)
  }

  /// Deflates a data set.
  static func deflate(_ bytes: ByteBuffer) throws(DataSetWriteError) -> ByteBuffer {
    var stream = z_stream()
    let memoryLevel: Int32 = 8
    guard
      deflateInit2_(
        &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .deflate }
    defer { deflateEnd(&stream) }
    var output = ByteBuffer()
    var status = Z_OK
    bytes.withUnsafeReadableBytes { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(truncatingIfNeeded: input.count)
      let room = Int(deflateBound(&stream, UInt(input.count)))
      output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(truncatingIfNeeded: target.count)
        status = CZlib.deflate(&stream, Z_FINISH)
        return target.count - Int(stream.avail_out)
      }
    }
    guard status == Z_STREAM_END else { throw .deflate }
    if output.readableBytes % 2 == 1 { output.writeInteger(UInt8(0)) }
    return output
  }
}
