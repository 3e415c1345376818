import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("RLE Lossless")
struct RLELosslessTests {
  private func frame(_ segments: [[UInt8]]) -> [UInt8] {
    var offset = 64
    var header = [segments.count]
    for segment in segments {
      header.append(offset)
      offset += segment.count
    }
    header += Array(repeating: 0, count: 16 - header.count)
    return header.flatMap { number in (0..<4).map { UInt8(number >> (8 * $0) & 0xff) } } + segments.joined()
  }

  @Test("of pydicom's test files unpacks to what pydicom unpacks, every sample and frame")
  func pydicom() throws {
    let names = try Pydicom.testFiles().filter {
      $0.hasSuffix("rle.dcm") || $0.contains("_rle_") || $0.contains("_RLE")
    }
    let folder = try Pydicom.dataFolder()
    let answers = try Pydicom.run(Self.planes, input: names.map { folder + "/" + $0 })
    try #require(answers.count == names.count && names.count >= 8)
    var frames = 0
    for (name, answer) in zip(names, answers) {
      let file = try DicomFile(folder + "/" + name)
      let image = file.dataSet
      let segments = try #require(image.integer(.samplesPerPixel)) * (try #require(image.integer(.bitsAllocated)) / 8)
      let pixels = try #require(image.integer(.rows)) * (try #require(image.integer(.columns)))
      let unpacked = try (0..<image.frameCount).flatMap { index in
        let bytes = try file.frame(index).flatMap { Array($0.readableBytesView) }
        return try RLELossless.unpack(bytes, segmentCount: segments, segmentLength: pixels)
      }
      #expect(Data(unpacked).base64EncodedString() == answer, "\(name)")
      frames += image.frameCount
    }
    #expect(frames >= 24)
  }

  /// The bytes of the samples of each frame as PS3.5 §G.2 orders them.
  private static let planes = """
    import sys, base64, numpy, pydicom
    for line in sys.stdin:
        data = pydicom.dcmread(line.rstrip('\\n'))
        shape = (int(data.get('NumberOfFrames') or 1), data.Rows * data.Columns, data.SamplesPerPixel)
        pixels = data.pixel_array.reshape(shape)
        bytes = numpy.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder('>'))).view('u1').reshape(*shape, pixels.itemsize)
        print(base64.b64encode(numpy.ascontiguousarray(bytes.transpose(0, 2, 3, 1)).tobytes()).decode())
    """

  @Test("knows literal bytes, runs, the byte that means nothing, and padding")
  func runs() throws {
    let packed = frame([[2, 7, 8, 9, 128, 254, 5], [251, 1, 0]])
    #expect(
      try RLELossless.unpack(packed, segmentCount: 2, segmentLength: 6) == [7, 8, 9, 5, 5, 5]
        + Array(repeating: 1, count: 6))
  }

  @Test("that contradicts itself or the image is an error, whatever it announces")
  func contradictions() {
    func reason(_ bytes: [UInt8], _ count: Int, _ length: Int) -> RLEError.Reason? {
      do {
        _ = try RLELossless.unpack(bytes, segmentCount: count, segmentLength: length)
        return nil
      } catch { return error.reason }
    }
    let good = frame([[254, 5]])
    #expect(reason(good, 1, 3) == nil)
    #expect(reason(Array(good.prefix(63)), 1, 3) == .noHeader(bytes: 63))
    #expect(reason(good, 2, 3) == .wrongCount(1, expected: 2))
    #expect(reason(good, 1, 4_000_000_000) == .shortSegment(0, bytes: 3, expected: 4_000_000_000))
    #expect(reason(frame([[127, 1, 2]]), 1, 128) == .shortSegment(0, bytes: 2, expected: 128))
    #expect(reason(frame([[200]]), 1, 57) == .shortSegment(0, bytes: 0, expected: 57))
    var outside = good
    outside[7] = 0xff
    #expect(reason(outside, 1, 3) == .wrongOffset(0xff00_0040, segment: 0))
    var backwards = frame([[254, 5], [254, 5]])
    backwards[8] = 60
    #expect(reason(backwards, 2, 3) == .wrongOffset(60, segment: 1))
    var inHeader = good
    inHeader[4] = 4
    #expect(reason(inHeader, 1, 3) == .wrongOffset(4, segment: 0))
  }
}
