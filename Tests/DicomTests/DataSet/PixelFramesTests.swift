import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("Frames of pixel data")
struct PixelFramesTests {
  private static func fragment(_ bytes: UInt8...) -> ByteBuffer { ByteBuffer(bytes: bytes) }

  private static func offsets(_ values: UInt32...) -> ByteBuffer {
    var buffer = ByteBuffer()
    for value in values { buffer.writeInteger(value, endianness: .little) }
    return buffer
  }

  private func compressed(frames: Int, _ fragments: [ByteBuffer]) throws -> DataSet {
    var dataSet = DataSet()
    dataSet.set(.numberOfFrames, integers: [frames])
    dataSet.set(.pixelData, fragments: fragments)
    let syntax = TransferSyntax(uid: .jpegBaseline8Bit)
    return try DataSetReader.read(DataSetWriter.write(dataSet, transferSyntax: syntax), transferSyntax: syntax)
  }

  @Test("are divided by the basic offset table")
  func basic() throws {
    let pieces = [Self.fragment(1, 2), Self.fragment(3, 4, 5, 6), Self.fragment(7, 8)]
    let dataSet = try compressed(frames: 2, [Self.offsets(0, 22)] + pieces)
    #expect(try dataSet.frames() == [Array(pieces[0...1]), [pieces[2]]])
  }

  @Test("are divided by the extended offset table, and cut to their lengths")
  func extended() throws {
    var dataSet = try compressed(frames: 2, [ByteBuffer(), Self.fragment(1, 2), Self.fragment(3, 4)])
    var table = ByteBuffer()
    for offset: UInt64 in [0, 10] { table.writeInteger(offset, endianness: .little) }
    var lengths = ByteBuffer()
    for length: UInt64 in [1, 2] { lengths.writeInteger(length, endianness: .little) }
    dataSet.set(.extendedOffsetTable, vr: .OV, bytes: table)
    dataSet.set(.extendedOffsetTableLengths, vr: .OV, bytes: lengths)
    #expect(try dataSet.frames() == [[Self.fragment(1)], [Self.fragment(3, 4)]])
  }

  @Test("without a table are one fragment each, or begin where an image begins")
  func withoutTable() throws {
    let pieces = [Self.fragment(0xFF, 0xD8, 1, 2), Self.fragment(3, 4), Self.fragment(0xFF, 0xD8)]
    #expect(try compressed(frames: 3, [ByteBuffer()] + pieces).frames() == pieces.map { [$0] })
    #expect(try compressed(frames: 1, [ByteBuffer()] + pieces).frames() == [pieces])
    #expect(try compressed(frames: 2, [ByteBuffer()] + pieces).frames() == [Array(pieces[0...1]), [pieces[2]]])
  }

  @Test("that tables and lengths contradict are an error")
  func contradictions() throws {
    let pieces = [Self.fragment(1, 2), Self.fragment(3, 4)]
    expect(.wrongOffset(4), try compressed(frames: 2, [Self.offsets(0, 4)] + pieces))
    expect(.wrongOffset(0), try compressed(frames: 2, [Self.offsets(0, 0)] + pieces))
    expect(.wrongTable(entries: 1, frames: 2), try compressed(frames: 2, [Self.offsets(0)] + pieces))
    expect(.undivided(fragments: 2, frames: 7), try compressed(frames: 7, [ByteBuffer()] + pieces))
    expect(.noPixelData, DataSet())
  }

  @Test("that are not compressed are slices")
  func native() throws {
    var dataSet = DataSet()
    for (tag, value) in [
      (Tag.numberOfFrames, 2), (.rows, 1), (.columns, 3), (.bitsAllocated, 8), (.samplesPerPixel, 1),
    ] {
      dataSet.set(tag, integers: [value])
    }
    dataSet.set(.pixelData, vr: .OB, bytes: ByteBuffer(bytes: [1, 2, 3, 4, 5, 6]))
    #expect(try dataSet.frames() == [[Self.fragment(1, 2, 3)], [Self.fragment(4, 5, 6)]])
    dataSet.set(.numberOfFrames, integers: [Int(Int32.max)])
    dataSet.set(.rows, integers: [0xFFFF])
    #expect(throws: FrameError.self) { try dataSet.frames() }
  }

  @Test("of a file are read one by one, and nothing else of it")
  func ofFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let pieces = [Self.fragment(0xFF, 0xD8, 1, 2), Self.fragment(3, 4), Self.fragment(0xFF, 0xD8)]
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2", transferSyntax: .jpegBaseline8Bit)
    let path = folder.path + "/frames.dcm"
    try DicomFile.write(try compressed(frames: 2, [Self.offsets(0, 22)] + pieces), meta: meta, to: path)
    let file = try DicomFile(path)
    #expect(file.pixelData != nil)
    #expect(try file.frame(0) == Array(pieces[0...1]))
    #expect(try file.frame(1) == [pieces[2]])
    #expect(throws: FrameError(reason: .noSuchFrame(2, frames: 2))) { try file.frame(2) }
    #expect(throws: FrameError(reason: .noSuchFrame(-1, frames: 2))) { try file.frame(-1) }

    // Cut off within the second frame: the first lies in a sequence of fragments whose end is not there.
    let bytes = try ByteBuffer(bytes: Data(contentsOf: URL(fileURLWithPath: path)).dropLast(12))
    try Data(bytes.readableBytesView).write(to: URL(fileURLWithPath: path))
    #expect(throws: DicomFileError.self) { try file.frame(0) }
  }

  private func expect(_ reason: FrameError.Reason, _ dataSet: DataSet) {
    do {
      _ = try dataSet.frames()
      Issue.record("\(reason) was expected")
    } catch {
      #expect(error.reason == reason)
    }
  }
}
