import Dicom
import NIOCore

/// One frame of an image in 256 shades of grey, for a look at what it is. Uncompressed pixels, and RLE Lossless.
public struct GrayFrame: Sendable, Equatable {
  public private(set) var width: Int
  public private(set) var height: Int
  /// Row by row, 0 black to 255 white.
  public private(set) var pixels: [UInt8]
  public let frame: Int
  public let frames: Int
  /// `512×512, 12 bit, window 40/400`.
  public let words: String

  /// Reads one frame of a file, through its own window (PS3.3 §C.11.2) or the whole range of its values.
  ///
  /// - Parameters:
  ///   - frame: from 0; past the last it is the last.
  ///   - longestSide: larger ones are reduced to that.
  /// - Throws: ``OperationError`` for what cannot be shown: compressed otherwise than by RLE, no pixels at all.
  public init(path: String, frame: Int, longestSide: Int = 512) throws {
    let file = try DicomFile(path: path)
    let isRLE = file.transferSyntax.uid == .rleLossless
    guard isRLE || !file.transferSyntax.isEncapsulated else {
      throw OperationError(
        "It is compressed (\(file.transferSyntax.name)): only uncompressed images and RLE Lossless are shown here.")
    }
    let image = try PixelModule(file.dataSet)
    frames = file.dataSet.frameCount
    self.frame = max(0, min(frame, frames - 1))
    let bytes = try file.frame(self.frame).reduce(into: [UInt8]()) { $0 += $1.readableBytesView }
    let values = try image.values(
      isRLE ? image.samples(packed: bytes) : image.samples(bytes, isLittleEndian: file.transferSyntax.isLittleEndian))
    width = image.columns
    height = image.rows
    let window = image.window(of: values)
    pixels = values.map { window.shade($0) }
    if image.isInverted { pixels = pixels.map { 255 - $0 } }
    words = "\(width)×\(height), \(image.bitsStored) bit, \(window.words)"
    reduce(to: longestSide)
  }

  private mutating func reduce(to longest: Int) {
    let side = max(width, height)
    guard side > longest else { return }
    let (newWidth, newHeight) = (max(1, width * longest / side), max(1, height * longest / side))
    var reduced = [UInt8](repeating: 0, count: newWidth * newHeight)
    for y in 0..<newHeight {
      let (y0, y1) = (y * height / newHeight, max(y * height / newHeight + 1, (y + 1) * height / newHeight))
      for x in 0..<newWidth {
        let (x0, x1) = (x * width / newWidth, max(x * width / newWidth + 1, (x + 1) * width / newWidth))
        var sum = 0
        for line in y0..<y1 { for place in x0..<x1 { sum += Int(pixels[line * width + place]) } }
        reduced[y * newWidth + x] = UInt8(sum / ((x1 - x0) * (y1 - y0)))
      }
    }
    (width, height, pixels) = (newWidth, newHeight, reduced)
  }
}
