import Dicom
import Foundation
import NIOCore
import Testing

@testable import Operations

@Suite("Pictures in shades of grey")
struct GrayFrameTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An image of some values a pixel, written in a transfer syntax.
  private struct Image {
    var columns = 4
    var interpretation = "MONOCHROME2"
    var bits = 8
    var samples = 1
    var isPlanar = false
    var values: [UInt32]
    var more: (inout DataSet) -> Void = { _ in }

    var pixels: Int { values.count / samples }

    func bytes(_ value: UInt32) -> [UInt8] {
      (0..<bits / 8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }

    /// A literal run or a repeated byte at a time (PS3.5 §G.3.1).
    func packed() -> [UInt8] {
      var segments: [[UInt8]] = []
      for sample in 0..<samples {
        for byte in (0..<bits / 8).reversed() {
          var segment: [UInt8] = []
          var rest = (0..<pixels).map { bytes(values[$0 * samples + sample])[byte] }[...]
          while let first = rest.first {
            let run = rest.prefix(128).prefix { $0 == first }.count
            segment += run > 1 ? [UInt8(257 - run), first] : [0, first]
            rest = rest.dropFirst(run)
          }
          segments.append(segment.count % 2 == 0 ? segment : segment + [0])
        }
      }
      var header = [UInt32(segments.count)]
      var offset = 64
      for segment in segments {
        header.append(UInt32(offset))
        offset += segment.count
      }
      header += Array(repeating: 0, count: 16 - header.count)
      return header.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) } }
        + segments.joined()
    }

    func plain() -> [UInt8] {
      let order =
        isPlanar
        ? (0..<samples).flatMap { sample in (0..<pixels).map { $0 * samples + sample } } : Array(values.indices)
      return order.flatMap { bytes(values[$0]) }
    }

    func write(to path: String, _ uid: UID) throws {
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, UID.secondaryCaptureImageStorage.rawValue)
      dataSet.set(.sopInstanceUID, "1.2.3")
      dataSet.set(.samplesPerPixel, integers: [samples])
      dataSet.set(.photometricInterpretation, interpretation)
      dataSet.set(.rows, integers: [pixels / columns])
      dataSet.set(.columns, integers: [columns])
      dataSet.set(.bitsAllocated, integers: [bits])
      dataSet.set(.bitsStored, integers: [bits])
      dataSet.set(.highBit, integers: [bits - 1])
      dataSet.set(.pixelRepresentation, integers: [0])
      if samples > 1 { dataSet.set(.planarConfiguration, integers: [isPlanar ? 1 : 0]) }
      more(&dataSet)
      if uid == .rleLossless {
        dataSet.set(.pixelData, fragments: [ByteBuffer(), ByteBuffer(bytes: packed())])
      } else {
        dataSet.set(.pixelData, vr: bits == 8 ? .OB : .OW, bytes: ByteBuffer(bytes: plain()))
      }
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .secondaryCaptureImageStorage, mediaStorageSOPInstanceUID: "1.2.3", transferSyntax: uid
      )
      try DicomFile.write(dataSet, meta: meta, to: path)
    }
  }

  /// The shades of an image that is written uncompressed and once more in RLE Lossless, which must be the same.
  private func shades(_ image: Image) throws -> [UInt8] {
    let (plain, packed) = (folder.path + "/plain.dcm", folder.path + "/packed.dcm")
    try image.write(to: plain, .explicitVRLittleEndian)
    try image.write(to: packed, .rleLossless)
    let frame = try GrayFrame(path: plain, frame: 0)
    #expect(try GrayFrame(path: packed, frame: 0) == frame)
    return frame.pixels
  }

  @Test("Grey values of one, two and four bytes span black to white, in RLE as uncompressed", arguments: [8, 16, 32])
  func grey(bits: Int) throws {
    let most = bits == 32 ? UInt32.max : UInt32(1) << UInt32(bits) - 1
    let image = Image(bits: bits, values: [0, 0, most / 2, most, most, most / 4, 0, 1])
    #expect(try shades(image) == [0, 0, 127, 255, 255, bits == 8 ? 63 : 64, 0, bits == 8 ? 1 : 0])
  }

  @Test("Colours become their luminance, whatever their planes and bits", arguments: [8, 16], [false, true])
  func colors(bits: Int, isPlanar: Bool) throws {
    let most = UInt32(1) << UInt32(bits) - 1
    let image = Image(
      columns: 2, interpretation: "RGB", bits: bits, samples: 3, isPlanar: isPlanar,
      values: [0, 0, 0, most, 0, 0, 0, most, 0, most, most, most])
    #expect(try shades(image) == [0, 76, 150, 255])
  }

  @Test("A palette's colours become their luminance, of words and of bytes", arguments: [false, true])
  func palette(ofBytes: Bool) throws {
    let image = Image(
      interpretation: "PALETTE COLOR", values: [9, 10, 11, 12],
      more: { dataSet in
        let tables: [(Dicom.Tag, Dicom.Tag, [UInt8])] = [
          (.redPaletteColorLookupTableDescriptor, .redPaletteColorLookupTableData, [0, 255, 0, 255]),
          (.greenPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableData, [0, 0, 255, 255]),
          (.bluePaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableData, [0, 0, 0, 255]),
        ]
        for (descriptor, data, values) in tables {
          dataSet.set(descriptor, integers: [4, 9, ofBytes ? 8 : 16])
          dataSet.set(data, vr: .OW, bytes: ByteBuffer(bytes: ofBytes ? values : values.flatMap { [$0, $0] }))
        }
      })
    #expect(try shades(image) == [0, 76, 150, 255])
  }

  @Test("What an image says of itself and does not keep, or no window can be, is an error or no window")
  func hostile() throws {
    let path = folder.path + "/image.dcm"
    for (rows, says) in [(60000, "too large"), (3000, "were expected")] {
      var image = Image(values: [1, 2, 3, 4])
      image.more = {
        $0.set(.rows, integers: [rows])
        $0.set(.columns, integers: [rows])
      }
      try image.write(to: path, .rleLossless)
      let words = #expect(throws: (any Error).self) { try GrayFrame(path: path, frame: 0) }.map { "\($0)" }
      #expect(words?.contains(says) == true, "\(words ?? "")")
    }
    // Of four bytes each, whose product no number holds.
    var vast = Image(values: [1, 2, 3, 4])
    vast.more = { dataSet in
      for tag in [Tag.rows, .columns] { dataSet.set(tag, vr: .UL, bytes: ByteBuffer(repeating: 0xff, count: 4)) }
    }
    try vast.write(to: path, .explicitVRLittleEndian)
    #expect(throws: (any Error).self) { try GrayFrame(path: path, frame: 0) }
    var image = Image(values: [1, 2, 3, 4])
    image.more = {
      $0.set(.windowCenter, "1e300")
      $0.set(.windowWidth, "1e300")
      $0.set(.rescaleSlope, "1e300")
    }
    try image.write(to: path, .explicitVRLittleEndian)
    #expect(try GrayFrame(path: path, frame: 0).words == "4×1, 8 bit, window 3/4")
  }

  @Test("pydicom's test files look the same in RLE Lossless and uncompressed")
  func pydicom() throws {
    let files = try Self.pydicomFolder() + "/test_files/"
    for (packed, plain, frames) in [
      ("MR_small_RLE.dcm", "MR_small.dcm", 1), ("rtdose_rle_1frame.dcm", "rtdose_1frame.dcm", 1),
      ("rtdose_rle.dcm", "rtdose.dcm", 15), ("rtdose_rle.dcm", "rtdose_expb.dcm", 15),
    ] {
      for frame in 0..<frames {
        let picture = try GrayFrame(path: files + plain, frame: frame)
        #expect(try GrayFrame(path: files + packed, frame: frame) == picture, "\(packed) \(frame)")
        #expect(Set(picture.pixels).count > 5, "\(plain)")
      }
    }
    // The same picture with more bits a sample: the lower ones are too small to be seen.
    let color = try GrayFrame(path: files + "SC_rgb_rle.dcm", frame: 0)
    for name in ["SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm", "SC_rgb_rle_2frame.dcm"] {
      #expect(try GrayFrame(path: files + name, frame: 0).pixels == color.pixels, "\(name)")
    }
  }

  private static func pydicomFolder() throws -> String {
    let python =
      ProcessInfo.processInfo.environment["FLUORO_PYTHON"]
      ?? FileManager.default.currentDirectoryPath + "/.build/venv/bin/python"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", "import os, pydicom.data; print(os.path.dirname(pydicom.data.__file__), end='')"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: answer, as: UTF8.self)
  }
}
