import NIOCore

extension DicomFile {
  /// Reads one frame of the pixel data, as the pieces that make it up (see ``DataSet/frames()``): of pixel data that was
  /// left in the file, nothing else is read.
  ///
  /// - Parameter index: counts from 0; there are ``DataSet/frameCount`` frames.
  /// - Throws: ``FrameError``; ``DicomFileError`` when the file cannot be read again or its fragments make no sense.
  public func frame(_ index: Int) throws -> [ByteBuffer] {
    guard index >= 0, index < dataSet.frameCount else {
      throw FrameError(reason: .noSuchFrame(index, frames: dataSet.frameCount))
    }
    guard let pixelData else { return try dataSet.frames()[index] }
    let file = try FileBytes(path: path)
    defer { file.close() }
    if let length = pixelData.length {
      let frameLength = try dataSet.frameLength(ofPixelBytes: length)
      return [try file.read(at: pixelData.offset + index * frameLength, count: frameLength)]
    }
    let (all, _) = try fragments(in: file, at: pixelData.offset)
    let table = try all.first.map { try file.read(at: $0.offset, count: $0.fragment.length) } ?? ByteBuffer()
    let fragments = all.dropFirst()
    let frame = try FrameDivision(dataSet, basicOffsets: table, fragments: fragments.map(\.fragment)).frames[index]
    return try fragments.dropFirst(frame.fragments.lowerBound).prefix(frame.fragments.count).map {
      try file.read(at: $0.offset, count: frame.length ?? $0.fragment.length)
    }
  }

  /// The items of compressed pixel data, the offset table first, and where what follows them begins.
  func fragments(
    in file: FileBytes, at start: Int
  ) throws(DicomFileError) -> (all: [(offset: Int, fragment: PixelFragment)], end: Int) {
    var all: [(offset: Int, fragment: PixelFragment)] = []
    var position = start
    while true {
      var header = try file.read(at: position, count: 10)
      guard let tag = header.readInteger(endianness: .little, as: UInt32.self),
        let length = header.readInteger(endianness: .little, as: UInt32.self)
      else {
        throw DicomFileError(
          path: path, reason: .dataSet(DataSetReadError(reason: .delimiterMissing, offset: position, tag: .pixelData)))
      }
      position += 8
      guard tag == 0xE000_FFFE else { return (all, position) }
      all.append((position, PixelFragment(length: Int(length), beginning: header)))
      position += Int(length)
    }
  }
}
