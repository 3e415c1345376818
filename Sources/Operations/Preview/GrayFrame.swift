import Dicom
import NIOCore

/// One frame of an image in 256 shades of grey, for a look at what it is. Uncompressed pixels only.
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
  /// - Throws: ``OperationError`` for what cannot be shown: compressed or palette colours, no pixels at all.
  public init(path: String, frame: Int, longestSide: Int = 512) throws {
    let file = try DicomFile(path: path)
    guard !file.transferSyntax.isEncapsulated else {
      throw OperationError("It is compressed (\(file.transferSyntax.name)): only uncompressed images are shown here.")
    }
    let image = try PixelModule(file.dataSet)
    frames = max(1, file.dataSet.integer(.numberOfFrames) ?? 1)
    self.frame = max(0, min(frame, frames - 1))
    let bytes = try file.frame(self.frame).reduce(into: [UInt8]()) { $0 += $1.readableBytesView }
    let values = try image.values(bytes, isLittleEndian: file.transferSyntax.isLittleEndian)
    width = image.columns
    height = image.rows
    let window = image.window(of: values)
    pixels = values.map { window.shade($0) }
    if image.isInverted { pixels = pixels.map { 255 - $0 } }
    words = "\(width)×\(height), \(image.bitsStored) bit, window \(Int(window.center))/\(Int(window.width))"
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

/// What an image says of its pixels (PS3.3 §C.7.6.3).
private struct PixelModule {
  struct Window {
    var center: Double
    var width: Double

    /// PS3.3 §C.11.2.1.2, linear.
    func shade(_ value: Double) -> UInt8 {
      let share = width > 1 ? (value - (center - 0.5)) / (width - 1) + 0.5 : value < center ? 0 : 1
      return UInt8(max(0, min(255, share * 255)))
    }
  }

  let rows: Int
  let columns: Int
  let bitsStored: Int
  let isInverted: Bool
  private let bitsAllocated: Int
  private let isSigned: Bool
  private let samples: Int
  private let isPlanar: Bool
  private let isColor: Bool
  private let slope: Double
  private let intercept: Double
  private let declared: Window?

  init(_ dataSet: DataSet) throws(OperationError) {
    guard let rows = dataSet.integer(.rows), let columns = dataSet.integer(.columns), rows > 0, columns > 0 else {
      throw OperationError("It has no pixels.")
    }
    self.rows = rows
    self.columns = columns
    samples = dataSet.integer(.samplesPerPixel) ?? 1
    bitsAllocated = dataSet.integer(.bitsAllocated) ?? 0
    bitsStored = dataSet.integer(.bitsStored) ?? bitsAllocated
    isSigned = dataSet.integer(.pixelRepresentation) == 1
    isPlanar = dataSet.integer(.planarConfiguration) == 1
    let interpretation = dataSet.string(.photometricInterpretation) ?? ""
    isInverted = interpretation == "MONOCHROME1"
    isColor = interpretation == "RGB"
    let isKnown = ["MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL"].contains(interpretation)
    guard isKnown, samples == 1 || samples == 3, bitsAllocated == 8 || bitsAllocated == 16,
      samples == 1 || bitsAllocated == 8, (1...bitsAllocated).contains(bitsStored)
    else {
      throw OperationError(
        "Its pixels (\(interpretation.isEmpty ? "of no stated kind" : interpretation), \(bitsAllocated) bits) are not "
          + "shown here: only grey ones of 8 or 16 bits, RGB and YBR_FULL.")
    }
    func number(_ tag: Tag) -> Double? { dataSet.strings(tag).first.flatMap(Double.init) }
    slope = number(.rescaleSlope) ?? 1
    intercept = number(.rescaleIntercept) ?? 0
    if samples == 1, let center = number(.windowCenter), let width = number(.windowWidth), width >= 1 {
      declared = Window(center: center, width: width)
    } else {
      declared = nil
    }
  }

  /// One value a pixel: rescaled, of colours the luminance.
  func values(_ bytes: [UInt8], isLittleEndian: Bool) throws(OperationError) -> [Double] {
    let count = rows * columns
    guard bytes.count >= count * samples * bitsAllocated / 8 else {
      throw OperationError("Its pixel data is shorter than its rows and columns say.")
    }
    if samples == 3 {
      return (0..<count).map { index in
        func sample(_ number: Int) -> Double { Double(bytes[isPlanar ? number * count + index : index * 3 + number]) }
        return isColor ? 0.299 * sample(0) + 0.587 * sample(1) + 0.114 * sample(2) : sample(0)
      }
    }
    let mask = (1 << bitsStored) - 1
    let sign = 1 << (bitsStored - 1)
    return (0..<count).map { index in
      var value: Int
      if bitsAllocated == 8 {
        value = Int(bytes[index])
      } else {
        let (first, second) = (Int(bytes[index * 2]), Int(bytes[index * 2 + 1]))
        value = isLittleEndian ? second << 8 | first : first << 8 | second
      }
      value &= mask
      if isSigned, value & sign != 0 { value -= mask + 1 }
      return Double(value) * slope + intercept
    }
  }

  func window(of values: [Double]) -> Window {
    if let declared { return declared }
    if samples == 3 { return Window(center: 128, width: 256) }
    let (low, high) = values.reduce((Double.infinity, -Double.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    return Window(center: (low + high + 1) / 2, width: max(1, high - low + 1))
  }
}
