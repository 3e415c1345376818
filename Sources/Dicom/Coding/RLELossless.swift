/// Why a frame in RLE Lossless cannot be unpacked.
public struct RLEError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// It is shorter than the header each frame begins with.
    case noHeader(bytes: Int)
    /// The header counts other segments than the samples of the image have bytes.
    case wrongCount(Int, expected: Int)
    /// The header names a place outside the frame, or before the segment before.
    case wrongOffset(Int, segment: Int)
    /// A segment ends before it has given a byte for each pixel.
    case shortSegment(Int, bytes: Int, expected: Int)
  }

  public let reason: Reason

  public var description: String {
    switch reason {
    case .noHeader(let bytes): "The frame of \(bytes) bytes is shorter than the header of RLE Lossless."
    case .wrongCount(let count, let expected): "The frame has \(count) RLE segments; \(expected) were expected."
    case .wrongOffset(let offset, let segment): "RLE segment \(segment + 1) is said to begin at byte \(offset)."
    case .shortSegment(let segment, let bytes, let expected):
      "RLE segment \(segment + 1) gives \(bytes) bytes; \(expected) were expected."
    }
  }
}

/// RLE Lossless (PS3.5 Annex G): a frame is a header and up to fifteen segments, one for each byte of each sample.
public enum RLELossless {
  private static let headerLength = 64

  /// Unpacks a frame.
  ///
  /// - Parameters:
  ///   - frame: the one fragment that it is (PS3.5 §A.4.2).
  ///   - segmentCount: samples per pixel times bytes per sample.
  ///   - segmentLength: rows times columns.
  /// - Returns: the unpacked segments one behind the other: of the first sample the most significant byte of all
  ///   pixels, then the next one, then those of the second sample (PS3.5 §G.2).
  /// - Throws: ``RLEError``. What a segment gives beyond its length is dropped.
  public static func unpack(
    _ frame: [UInt8], segmentCount: Int, segmentLength: Int
  ) throws(RLEError) -> [UInt8] {
    guard frame.count >= headerLength else { throw RLEError(reason: .noHeader(bytes: frame.count)) }
    func number(_ index: Int) -> Int { (0..<4).reduce(0) { $0 | Int(frame[index * 4 + $1]) << (8 * $1) } }
    guard number(0) == segmentCount, segmentCount < headerLength / 4 else {
      throw RLEError(reason: .wrongCount(number(0), expected: segmentCount))
    }
    var unpacked: [UInt8] = []
    // No run gives more than 64 times its length: what the image says of itself is not reserved on its word alone.
    unpacked.reserveCapacity(min(segmentCount * segmentLength, frame.count * 64))
    for segment in 0..<segmentCount {
      let start = number(1 + segment)
      let end = segment + 1 < segmentCount ? number(2 + segment) : frame.count
      guard start >= headerLength, start <= frame.count else {
        throw RLEError(reason: .wrongOffset(start, segment: segment))
      }
      guard end >= start, end <= frame.count else { throw RLEError(reason: .wrongOffset(end, segment: segment + 1)) }
      let begun = unpacked.count
      unpack(frame[start..<end], to: begun + segmentLength, in: &unpacked)
      guard unpacked.count == begun + segmentLength else {
        throw RLEError(reason: .shortSegment(segment, bytes: unpacked.count - begun, expected: segmentLength))
      }
    }
    return unpacked
  }

  /// PS3.5 §G.3.2: a byte from 0 to 127 announces so many literal bytes and one more, one from 129 the next byte 257 less
  /// so many times; 128 means nothing.
  private static func unpack(_ segment: ArraySlice<UInt8>, to limit: Int, in unpacked: inout [UInt8]) {
    var rest = segment
    while unpacked.count < limit, let head = rest.popFirst() {
      let room = limit - unpacked.count
      if head < 128 {
        unpacked += rest.prefix(min(Int(head) + 1, room))
        rest = rest.dropFirst(Int(head) + 1)
      } else if head > 128, let value = rest.popFirst() {
        unpacked += repeatElement(value, count: min(257 - Int(head), room))
      }
    }
  }
}
