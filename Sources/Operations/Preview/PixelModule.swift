import Dicom
import NIOCore

/// Which values become which shades (PS3.3 §C.11.2.1.2, linear).
struct Window {
  var center: Double
  var width: Double

  func shade(_ value: Double) -> UInt8 {
    let share = width > 1 ? (value - (center - 0.5)) / (width - 1) + 0.5 : value < center ? 0 : 1
    return UInt8(max(0, min(255, (share * 255).rounded())))
  }

  /// `window 40/400`.
  var words: String { "window \(Self.whole(center))/\(Self.whole(width))" }

  private static func whole(_ value: Double) -> String { abs(value) < 1e15 ? "\(Int(value))" : "\(value)" }
}

/// The samples of a frame: where the bytes of each lie.
struct Samples {
  let bytes: [UInt8]
  /// From a pixel to the next, and from a pixel's sample to its next.
  let pixelStride: Int
  let sampleStride: Int
  /// Where the bytes of a sample lie, the least significant first.
  let places: [Int]

  /// An unsigned sample.
  func callAsFunction(_ pixel: Int, _ sample: Int) -> Int {
    let start = pixel * pixelStride + sample * sampleStride
    var value = 0
    for (index, place) in places.enumerated() { value |= Int(bytes[start + place]) << (8 * index) }
    return value
  }
}

/// What an image says of its pixels (PS3.3 §C.7.6.3).
struct PixelModule {
  /// No image is that large, and a few bytes of RLE may claim to be.
  private static let mostPixels = 100_000_000

  let rows: Int
  let columns: Int
  let bitsStored: Int
  let isInverted: Bool
  private let bitsAllocated: Int
  private let isSigned: Bool
  private let samplesPerPixel: Int
  private let isPlanar: Bool
  private let isRGB: Bool
  private let palette: Palette?
  private let slope: Double
  private let intercept: Double
  private let declared: Window?

  init(_ dataSet: DataSet) throws(OperationError) {
    guard let rows = dataSet.integer(.rows), let columns = dataSet.integer(.columns), rows > 0, columns > 0 else {
      throw OperationError("It has no pixels.")
    }
    self.rows = rows
    self.columns = columns
    samplesPerPixel = dataSet.integer(.samplesPerPixel) ?? 1
    bitsAllocated = dataSet.integer(.bitsAllocated) ?? 0
    bitsStored = dataSet.integer(.bitsStored) ?? bitsAllocated
    isSigned = dataSet.integer(.pixelRepresentation) == 1
    isPlanar = dataSet.integer(.planarConfiguration) == 1
    let interpretation = dataSet.string(.photometricInterpretation) ?? ""
    isInverted = interpretation == "MONOCHROME1"
    isRGB = interpretation == "RGB"
    let wanted = ["MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1, "RGB": 3, "YBR_FULL": 3][interpretation]
    guard samplesPerPixel == wanted, [8, 16, 32].contains(bitsAllocated), (1...bitsAllocated).contains(bitsStored)
    else {
      throw OperationError(
        "Its pixels (\(interpretation.isEmpty ? "of no stated kind" : interpretation), \(bitsAllocated) bits) are not "
          + "shown here: only grey ones, RGB, YBR_FULL and palettes, of 8, 16 or 32 bits.")
    }
    guard rows <= Self.mostPixels / columns else { throw OperationError("It is too large to be shown here.") }
    palette = interpretation == "PALETTE COLOR" ? try Palette(dataSet) : nil
    func number(_ tag: Tag) -> Double? { dataSet.decimal(tag).flatMap { abs($0) < 1e15 ? $0 : nil } }
    slope = number(.rescaleSlope) ?? 1
    intercept = number(.rescaleIntercept) ?? 0
    if samplesPerPixel == 1, palette == nil, let center = number(.windowCenter), let width = number(.windowWidth),
      width >= 1
    {
      declared = Window(center: center, width: width)
    } else {
      declared = nil
    }
  }

  private var count: Int { rows * columns }
  private var sampleLength: Int { bitsAllocated / 8 }

  /// Those of an uncompressed frame (PS3.5 §8.1.1, §8.2; PS3.3 §C.7.6.3.1.3).
  func samples(_ bytes: [UInt8], isLittleEndian: Bool) throws(OperationError) -> Samples {
    guard bytes.count >= count * samplesPerPixel * sampleLength else {
      throw OperationError("Its pixel data is shorter than its rows and columns say.")
    }
    let places = Array(0..<sampleLength)
    return Samples(
      bytes: bytes, pixelStride: isPlanar ? sampleLength : sampleLength * samplesPerPixel,
      sampleStride: isPlanar ? count * sampleLength : sampleLength,
      places: isLittleEndian ? places : places.reversed())
  }

  /// Those of a frame in RLE Lossless, whatever the planar configuration says (PS3.5 §G.2).
  func samples(packed bytes: [UInt8]) throws(RLEError) -> Samples {
    let unpacked = try RLELossless.unpack(bytes, segmentCount: samplesPerPixel * sampleLength, segmentLength: count)
    return Samples(
      bytes: unpacked, pixelStride: 1, sampleStride: count * sampleLength,
      places: (0..<sampleLength).map { $0 * count }.reversed())
  }

  /// One value a pixel: rescaled, of colours the luminance from 0 to 255.
  func values(_ samples: Samples) -> [Double] {
    let mask = (1 << bitsStored) - 1
    if let palette { return (0..<count).map { palette.luminance(samples($0, 0) & mask) } }
    if samplesPerPixel == 3 {
      func part(_ pixel: Int, _ sample: Int) -> Double { Double(samples(pixel, sample) & mask) * 255 / Double(mask) }
      guard isRGB else { return (0..<count).map { part($0, 0) } }
      return (0..<count).map { Palette.luminance(part($0, 0), part($0, 1), part($0, 2)) }
    }
    let sign = isSigned ? 1 << (bitsStored - 1) : 0
    return (0..<count).map { pixel in
      var value = samples(pixel, 0) & mask
      if value & sign != 0 { value -= mask + 1 }
      return Double(value) * slope + intercept
    }
  }

  func window(of values: [Double]) -> Window {
    if let declared { return declared }
    if samplesPerPixel == 3 || palette != nil { return Window(center: 128, width: 256) }
    let (low, high) = values.reduce((Double.infinity, -Double.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    return Window(center: (low + high + 1) / 2, width: max(1, high - low + 1))
  }
}

/// The colours that the values of a PALETTE COLOR image stand for, as luminances (PS3.3 §C.7.6.3.1.5, §C.7.6.3.1.6).
struct Palette {
  private let luminances: [Double]
  private let firstValue: Int

  init(_ dataSet: DataSet) throws(OperationError) {
    let tables: [(Tag, Tag)] = [
      (.redPaletteColorLookupTableDescriptor, .redPaletteColorLookupTableData),
      (.greenPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableData),
      (.bluePaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableData),
    ]
    let colors = tables.compactMap { Self.entries(dataSet, $0, $1) }
    guard colors.count == 3, let length = colors.map(\.count).min(), length > 0 else {
      throw OperationError("Its palette is missing, segmented or incomplete: it is not shown here.")
    }
    luminances = (0..<length).map { Self.luminance(colors[0][$0], colors[1][$0], colors[2][$0]) }
    // It is a word, whatever VR it is written in.
    let first = dataSet.integers(.redPaletteColorLookupTableDescriptor).dropFirst().first ?? 0
    firstValue = max(-0x8000, min(0xffff, first))
  }

  /// From 0 to 255. Values before the first and behind the last have the colour of those.
  func luminance(_ value: Int) -> Double { luminances[max(0, min(luminances.count - 1, value - firstValue))] }

  static func luminance(_ red: Double, _ green: Double, _ blue: Double) -> Double {
    0.299 * red + 0.587 * green + 0.114 * blue
  }

  /// One of the three tables, from 0 to 255: of words, or of bytes where it is as long as it has entries.
  private static func entries(_ dataSet: DataSet, _ descriptor: Tag, _ data: Tag) -> [Double]? {
    let numbers = dataSet.integers(descriptor)
    guard numbers.count == 3, let element = dataSet[data], let bytes = element.bytes else { return nil }
    // 65,536 entries are written as 0.
    let count = numbers[0] & 0xffff == 0 ? 65536 : numbers[0] & 0xffff
    if bytes.readableBytes < count * 2 {
      return bytes.readableBytes < count ? nil : bytes.readableBytesView.prefix(count).map(Double.init)
    }
    let words = (0..<count).compactMap {
      bytes.getInteger(
        at: bytes.readerIndex + $0 * 2, endianness: element.isBigEndian ? .big : .little, as: UInt16.self)
    }
    // Some say 16 bits and mean 8, and the other way round.
    let highest = numbers[2] > 8 || words.contains { $0 > 255 } ? 65535.0 : 255
    return words.map { Double($0) * 255 / highest }
  }
}
