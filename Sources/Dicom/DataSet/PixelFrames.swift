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
    /// There are not so many frames.
    case noSuchFrame(Int, frames: Int)
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
    case .noSuchFrame(let index, let frames): "There is no frame \(index + 1); there are \(frames)."
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
    if let items = element.fragments {
      let fragments = items.dropFirst()
      let division = try FrameDivision(
        self, basicOffsets: items.first ?? ByteBuffer(), fragments: fragments.map(PixelFragment.init))
      return division.frames.map { frame in
        guard let length = frame.length, let first = fragments.dropFirst(frame.fragments.lowerBound).first else {
          return Array(fragments.dropFirst(frame.fragments.lowerBound).prefix(frame.fragments.count))
        }
        return [first.getSlice(at: first.readerIndex, length: length) ?? first]
      }
    }
    guard let bytes = element.bytes else { throw FrameError(reason: .noPixelData) }
    let length = try frameLength(ofPixelBytes: bytes.readableBytes)
    return (0..<frameCount).map { [bytes.getSlice(at: bytes.readerIndex + $0 * length, length: length) ?? bytes] }
  }
}
