import Dicom
import NIOCore

/// Turns drawings into images: pixels, and the attributes that say how to show them.
struct SampleImage {
  var pixels: ByteBuffer
  var width: Int
  var height: Int
  var bitsAllocated: Int
  var bitsStored: Int
  var isSigned: Bool
  var window: (center: Int, width: Int)

  /// Image `index` of `count` of a series.
  init(_ picture: SamplePicture, index: Int, of count: Int) {
    let level = (Double(index) + 0.5) / Double(count)
    switch picture {
    case .headCT(let lesion):
      let head = HeadPhantom(tissues: .ct, lesion: lesion ? Point(0.3, -0.15) : nil)
      self.init(head.draw(level: level, size: 128), bits: 16, signed: true, window: (35, 110))
    case .abdomenCT:
      self.init(AbdomenPhantom.draw(level: level, size: 160), bits: 16, signed: true, window: (50, 400))
    case .brainT1:
      let head = HeadPhantom(tissues: .t1)
      self.init(head.draw(level: level, size: 128), bits: 12, signed: false, window: (450, 900))
    case .brainT2(let lesion):
      let head = HeadPhantom(tissues: .t2, lesion: lesion ? Point(-0.3, 0.2) : nil, ventricles: 1.3)
      self.init(head.draw(level: level, size: 128), bits: 12, signed: false, window: (550, 1100))
    case .chest:
      self.init(ChestPhantom.draw(width: 256, height: 288), bits: 12, signed: false, window: (1600, 3200))
    case .hand:
      self.init(HandPhantom.draw(width: 224, height: 272), bits: 12, signed: false, window: (1500, 3000))
    case .ultrasound:
      self.init(
        UltrasoundPhantom.draw(frame: index, width: 256, height: 208), bits: 8, signed: false, window: (128, 256))
    }
  }

  private init(_ canvas: GrayCanvas, bits: Int, signed: Bool, window: (center: Int, width: Int)) {
    width = canvas.width
    height = canvas.height
    bitsStored = bits
    bitsAllocated = bits > 8 ? 16 : 8
    isSigned = signed
    self.window = window
    let low: Float = signed ? -32768 : 0
    let high: Float = signed ? 32767 : Float((1 << bits) - 1)
    pixels = ByteBufferAllocator().buffer(capacity: width * height * bitsAllocated / 8)
    if bitsAllocated == 8 {
      pixels.writeBytes(canvas.samples.map { UInt8(min(high, max(low, $0))) })
    } else {
      let words = canvas.samples.map { UInt16(truncatingIfNeeded: Int(min(high, max(low, $0)))).littleEndian }
      _ = words.withUnsafeBytes { pixels.writeBytes($0) }
    }
  }

  /// Fills in the image pixel module (PS3.3 C.7.6.3) and the window to look at it through.
  func describe(in dataSet: inout DataSet) {
    dataSet.set(.samplesPerPixel, integers: [1])
    dataSet.set(.photometricInterpretation, "MONOCHROME2")
    dataSet.set(.rows, integers: [height])
    dataSet.set(.columns, integers: [width])
    dataSet.set(.bitsAllocated, integers: [bitsAllocated])
    dataSet.set(.bitsStored, integers: [bitsStored])
    dataSet.set(.highBit, integers: [bitsStored - 1])
    dataSet.set(.pixelRepresentation, integers: [isSigned ? 1 : 0])
    dataSet.set(.windowCenter, String(window.center))
    dataSet.set(.windowWidth, String(window.width))
    dataSet.set(.pixelData, vr: bitsAllocated == 8 ? .OB : .OW, bytes: pixels)
  }
}
