import NIOCore

/// Why pixel data does not divide into frames.
public struct FrameError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// There is no pixel data, or it was left in its file.
    case noPixelData
    /// The length is not that of so many frames of this image.
    case wrongLength(bytes: Int, frames: Int, frameLength: Int)
    /// An offset table names a place where no fragment begins.
    case wrongOffset(Int)
    /// The offset table has more or fewer entries than there are frames.
    case wrongTable(entries: Int, frames: Int)
    /// No offset table, and it cannot be seen which fragments belong together.
    case undivided(fragments: Int, frames: Int)
  }

  public let reason: Reason

  public var description: String {
    switch reason {
    case .noPixelData: "There is no pixel data in memory."
    case .wrongLength(let bytes, let frames, let frameLength):
      "The pixel data is \(bytes) bytes long; \(frames) frames of \(frameLength) bytes were expected."
    case .wrongOffset(let offset): "The offset table names byte \(offset), where no fragment begins."
    case .wrongTable(let entries, let frames): "The offset table has \(entries) entries for \(frames) frames."
    case .undivided(let fragments, let frames):
      "There is no offset table to tell which of the \(fragments) fragments make up each of the \(frames) frames."
    }
  }
}

extension DataSet {
  /// The frames of the pixel data, each as the pieces that make it up: one slice of uncompressed pixels, or the
  /// fragments of a compressed frame (PS3.5 §A.4). Nothing is copied.
  ///
  /// Compressed frames are found by the Extended Offset Table (7FE0,0001), else by the Basic Offset Table, else by one
  /// fragment a frame or by the marker that JPEG, JPEG-LS and JPEG 2000 begin each image with.
  ///
  /// - Throws: ``FrameError`` when tables, lengths and Number of Frames (0028,0008) contradict each other.
  public func frames() throws(FrameError) -> [[ByteBuffer]] {
    guard let element = self[.pixelData] ?? self[.floatPixelData] ?? self[.doubleFloatPixelData] else {
      throw FrameError(reason: .noPixelData)
    }
    let count = max(1, integer(.numberOfFrames) ?? 1)
    if let fragments = element.fragments { return try compressedFrames(fragments, count) }
    guard let bytes = element.bytes else { throw FrameError(reason: .noPixelData) }
    return try nativeFrames(bytes, count)
  }

  private func nativeFrames(_ bytes: ByteBuffer, _ count: Int) throws(FrameError) -> [[ByteBuffer]] {
    let length = bytes.readableBytes
    // Chrominance of every second pixel only (PS3.3 §C.7.6.3.1.2).
    let isHalved = string(.photometricInterpretation) == "YBR_FULL_422"
    let samples = isHalved ? 2 : integer(.samplesPerPixel) ?? 1
    let bits = [.rows, .columns, .bitsAllocated].reduce(samples) { $0.multipliedSafely(integer($1) ?? 0) }
    let frameLength = (bits + 7) / 8
    let total = frameLength.multipliedSafely(count)
    // Frames of single bits follow each other without padding: they have no bytes of their own.
    guard frameLength > 0, count == 1 || bits % 8 == 0, total == length || total + 1 == length else {
      throw FrameError(reason: .wrongLength(bytes: length, frames: count, frameLength: frameLength))
    }
    return (0..<count).map { [bytes.getSlice(at: bytes.readerIndex + $0 * frameLength, length: frameLength) ?? bytes] }
  }

  private func compressedFrames(_ all: [ByteBuffer], _ count: Int) throws(FrameError) -> [[ByteBuffer]] {
    let fragments = Array(all.dropFirst())
    if let offsets = numbers64(.extendedOffsetTable), !offsets.isEmpty {
      guard offsets.count == count else {
        throw FrameError(reason: .wrongTable(entries: offsets.count, frames: count))
      }
      return trimmed(try divided(fragments, at: offsets), to: numbers64(.extendedOffsetTableLengths) ?? [])
    }
    if let table = all.first, table.readableBytes > 0 {
      let offsets = stride(from: 0, to: table.readableBytes - 3, by: 4).map {
        Int(table.getInteger(at: table.readerIndex + $0, endianness: .little, as: UInt32.self) ?? 0)
      }
      guard offsets.count == count else {
        throw FrameError(reason: .wrongTable(entries: offsets.count, frames: count))
      }
      return try divided(fragments, at: offsets)
    }
    if count == 1 { return [fragments] }
    if count == fragments.count { return fragments.map { [$0] } }
    let starts = fragments.indices.filter { Self.beginsImage(fragments[$0]) }
    guard starts.count == count, starts.first == 0 else {
      throw FrameError(reason: .undivided(fragments: fragments.count, frames: count))
    }
    return zip(starts, starts.dropFirst() + [fragments.count]).map { Array(fragments[$0..<$1]) }
  }

  /// Offsets count from the first byte of the first item behind the offset table (PS3.5 §A.4).
  private func divided(_ fragments: [ByteBuffer], at offsets: [Int]) throws(FrameError) -> [[ByteBuffer]] {
    var starts: [Int: Int] = [:]
    var offset = 0
    for (index, fragment) in fragments.enumerated() {
      starts[offset] = index
      offset += 8 + fragment.readableBytes
    }
    var indices: [Int] = []
    for offset in offsets {
      guard let index = starts[offset], index > indices.last ?? -1 else {
        throw FrameError(reason: .wrongOffset(offset))
      }
      indices.append(index)
    }
    return zip(indices, indices.dropFirst() + [fragments.count]).map { Array(fragments[$0..<$1]) }
  }

  /// Without the padding of each frame, which is one fragment where there is an Extended Offset Table.
  private func trimmed(_ frames: [[ByteBuffer]], to lengths: [Int]) -> [[ByteBuffer]] {
    guard lengths.count == frames.count else { return frames }
    return zip(frames, lengths).map { frame, length in
      guard frame.count == 1, length <= frame[0].readableBytes,
        let slice = frame[0].getSlice(at: frame[0].readerIndex, length: length)
      else { return frame }
      return [slice]
    }
  }

  private static func beginsImage(_ fragment: ByteBuffer) -> Bool {
    let marker = fragment.getInteger(at: fragment.readerIndex, as: UInt16.self)
    return marker == 0xFFD8 || marker == 0xFF4F
  }

  /// The values of an element of VR OV, which is encapsulated and so little endian; nil when it is absent.
  private func numbers64(_ tag: Tag) -> [Int]? {
    position(of: tag).flatMap { withValue(at: $0) { $0.unsigned.map { Int(clamping: $0) } } }
  }
}

extension Int {
  /// Lengths from outside may stand for anything; what does not fit is larger than all there is.
  fileprivate func multipliedSafely(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow || product < 0 || product > Int.max / 2 ? Int.max / 2 : product
  }
}
