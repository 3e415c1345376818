import NIOCore

/// A fragment of compressed pixel data, without its bytes.
struct PixelFragment {
  let length: Int
  /// It begins with the marker that JPEG, JPEG-LS and JPEG 2000 begin each image with.
  let beginsImage: Bool

  init(length: Int, beginning: ByteBuffer) {
    self.length = length
    let marker = beginning.getInteger(at: beginning.readerIndex, as: UInt16.self)
    beginsImage = length >= 2 && (marker == 0xFFD8 || marker == 0xFF4F)
  }

  init(_ bytes: ByteBuffer) { self.init(length: bytes.readableBytes, beginning: bytes) }
}

/// Which fragments of compressed pixel data make up each frame (PS3.5 §A.4): told from their lengths, so that the
/// fragments may lie in memory or in a file.
struct FrameDivision {
  struct Frame {
    let fragments: Range<Int>
    /// What the frame is without its padding, where an Extended Offset Table says so; it is one fragment then.
    var length: Int?
  }

  let frames: [Frame]

  /// - Parameters:
  ///   - dataSet: the one that the pixel data belongs to: it has Number of Frames and the Extended Offset Table.
  ///   - basicOffsets: the Basic Offset Table, the first item of the pixel data, which may be empty.
  ///   - fragments: the items behind it.
  init(_ dataSet: DataSet, basicOffsets: ByteBuffer, fragments: [PixelFragment]) throws(FrameError) {
    let count = dataSet.frameCount
    if let offsets = dataSet.numbers64(.extendedOffsetTable), !offsets.isEmpty {
      let lengths = dataSet.numbers64(.extendedOffsetTableLengths) ?? []
      let divided = try Self.divided(fragments, at: offsets, count: count)
      frames = lengths.count == count ? zip(divided, lengths).map { Self.trimmed($0, to: $1, fragments) } : divided
    } else if basicOffsets.readableBytes > 0 {
      let offsets = stride(from: 0, to: basicOffsets.readableBytes - 3, by: 4).map {
        Int(basicOffsets.getInteger(at: basicOffsets.readerIndex + $0, endianness: .little, as: UInt32.self) ?? 0)
      }
      frames = try Self.divided(fragments, at: offsets, count: count)
    } else if count == 1 {
      frames = [Frame(fragments: fragments.indices)]
    } else if count == fragments.count {
      frames = fragments.indices.map { Frame(fragments: $0..<($0 + 1)) }
    } else {
      let starts = fragments.indices.filter { fragments[$0].beginsImage }
      guard starts.count == count, starts.first == 0 else {
        throw FrameError(reason: .undivided(fragments: fragments.count, frames: count))
      }
      frames = Self.between(starts, fragments.count)
    }
  }

  /// Offsets count from the first byte of the first item behind the offset table (PS3.5 §A.4).
  private static func divided(
    _ fragments: [PixelFragment], at offsets: [Int], count: Int
  ) throws(FrameError) -> [Frame] {
    guard offsets.count == count else {
      throw FrameError(reason: .wrongTable(entries: offsets.count, frames: count))
    }
    var places: [Int: Int] = [:]
    var place = 0
    for (index, fragment) in fragments.enumerated() {
      places[place] = index
      place += 8 + fragment.length
    }
    var starts: [Int] = []
    for offset in offsets {
      guard let index = places[offset], index > starts.last ?? -1 else {
        throw FrameError(reason: .wrongOffset(offset))
      }
      starts.append(index)
    }
    return between(starts, fragments.count)
  }

  private static func between(_ starts: [Int], _ end: Int) -> [Frame] {
    zip(starts, starts.dropFirst() + [end]).map { Frame(fragments: $0..<$1) }
  }

  private static func trimmed(_ frame: Frame, to length: Int, _ fragments: [PixelFragment]) -> Frame {
    guard frame.fragments.count == 1, length <= fragments[frame.fragments.lowerBound].length else { return frame }
    return Frame(fragments: frame.fragments, length: length)
  }
}

extension DataSet {
  /// Number of Frames (0028,0008); 1 where it is absent or makes no sense.
  public var frameCount: Int { max(1, integer(.numberOfFrames) ?? 1) }

  /// The length of each frame of uncompressed pixel data, in bytes.
  ///
  /// - Throws: ``FrameError`` when so many frames of this image are not `length` bytes long.
  func frameLength(ofPixelBytes length: Int) throws(FrameError) -> Int {
    // Chrominance of every second pixel only (PS3.3 §C.7.6.3.1.2).
    let isHalved = string(.photometricInterpretation) == "YBR_FULL_422"
    let samples = isHalved ? 2 : integer(.samplesPerPixel) ?? 1
    let bits = [.rows, .columns, .bitsAllocated].reduce(samples) { $0.multipliedSafely(integer($1) ?? 0) }
    let frameLength = (bits + 7) / 8
    let total = frameLength.multipliedSafely(frameCount)
    // Frames of single bits follow each other without padding: they have no bytes of their own.
    guard frameLength > 0, frameCount == 1 || bits % 8 == 0, total == length || total + 1 == length else {
      throw FrameError(reason: .wrongLength(bytes: length, frames: frameCount, frameLength: frameLength))
    }
    return frameLength
  }

  /// The values of an element of VR OV, which is encapsulated and so little endian; nil when it is absent.
  fileprivate func numbers64(_ tag: Tag) -> [Int]? {
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
