#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Looks whether a file ends amid an element, as one does that was not copied as a whole. It goes from header to header and
/// passes over the values. What ends between two elements, or is encoded as nothing known is, is taken for whole, and so is
/// nonsense behind the pixel data.
struct CutOff {
  /// What is read at once where elements lie that are not at hand.
  private static let windowLength = 1024
  /// Of the longest header.
  private static let headerLength = 12

  private let descriptor: Int32
  private let size: Int
  private let syntax: TransferSyntax
  /// What is at hand of the file, and where in it that begins.
  private var window: UnsafeRawBufferPointer
  private var windowStart = 0
  private let room: UnsafeMutableRawBufferPointer
  /// How many sequences and items of undefined length are around what comes next.
  private var depth = 0
  /// That many were around a value of VR UN and undefined length, whose items are in Implicit VR (PS3.5 §6.2.2); nil: none
  /// is around.
  private var implicitDepth: Int?
  /// Whether the data set's own pixel data has begun.
  private var hasPixelData = false

  /// - Parameters:
  ///   - descriptor: of the file, of `size` bytes.
  ///   - beginning: what of it was read already.
  ///   - start: where its data set begins, which is not deflated.
  /// - Returns: what it ends in, with its place in the file; nil: it is whole.
  static func find(
    _ descriptor: Int32, size: Int, beginning: UnsafeRawBufferPointer, from start: Int, _ syntax: TransferSyntax
  ) -> DataSetReadError? {
    withUnsafeTemporaryAllocation(byteCount: windowLength, alignment: 16) { room in
      var search = CutOff(descriptor: descriptor, size: size, syntax: syntax, window: beginning, room: room)
      return search.find(from: start)
    }
  }

  private init(
    descriptor: Int32, size: Int, syntax: TransferSyntax, window: UnsafeRawBufferPointer,
    room: UnsafeMutableRawBufferPointer
  ) {
    (self.descriptor, self.size, self.syntax, self.window, self.room) = (descriptor, size, syntax, window, room)
  }

  private mutating func find(from start: Int) -> DataSetReadError? {
    var position = start
    while position < size {
      let left = size - position
      guard let header = bytes(at: position, min(left, Self.headerLength)) else { return nil }
      guard left >= 8 else {
        let isPadding = header.allSatisfy { $0 == 0 }
        return hasPassedPixelData || isPadding ? nil : Self.headerCutOff(left, position, nil)
      }
      let tag = Tag(load(header, 0), load(header, 2))
      if tag == Tag(0, 0) || hasPassedPixelData && tag <= .pixelData { return nil }
      let isExplicitVR = syntax.isExplicitVR && implicitDepth == nil && tag.group != Tag.item.group
      var (headerLength, length) = (8, load(header, 4) as UInt32)
      if isExplicitVR {
        guard let vr = VR(header[4], header[5]) else { return nil }
        if vr.hasLongLength {
          guard left >= Self.headerLength else { return Self.headerCutOff(left, position, tag) }
          (headerLength, length) = (Self.headerLength, load(header, 8))
          if vr == .UN, length == .max { implicitDepth = depth }
        } else {
          length = UInt32(load(header, 6) as UInt16)
        }
      }
      if depth == 0, tag == .pixelData {
        hasPixelData = true
        if length == .max, endsWithDelimiter { return nil }
      }
      if tag == .itemDelimitationItem || tag == .sequenceDelimitationItem {
        leave()
        length = 0
      }
      position += headerLength
      if length == .max {
        // Signatures, or nonsense.
        if hasPassedPixelData, tag != .pixelData { return nil }
        depth += 1
      } else if length <= size - position {
        position += Int(length)
      } else {
        // Two letters where a length should be: it has VRs, whatever its meta information says.
        if !isExplicitVR, VR(header[4], header[5]) != nil { return nil }
        return DataSetReadError(
          reason: .valueCutOff(length: Int(length), available: size - position), offset: position - headerLength,
          tag: tag)
      }
    }
    return nil
  }

  private var hasPassedPixelData: Bool { hasPixelData && depth == 0 }

  private mutating func leave() {
    depth = max(0, depth - 1)
    if depth == implicitDepth { implicitDepth = nil }
  }

  private static func headerCutOff(_ available: Int, _ position: Int, _ tag: Tag?) -> DataSetReadError {
    DataSetReadError(reason: .headerCutOff(available: available), offset: position, tag: tag)
  }

  /// Nearly all encapsulated pixel data is the last there is, so that its thousands of fragments need not be looked for.
  private var endsWithDelimiter: Bool {
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 16) { end in
      guard pread(descriptor, end.baseAddress, 8, off_t(size - 8)) == 8 else { return false }
      let bytes = UnsafeRawBufferPointer(end)
      return Tag(load(bytes, 0), load(bytes, 2)) == .sequenceDelimitationItem && load(bytes, 4) as UInt32 == 0
    }
  }

  /// So many bytes of the file; nil: they cannot be read, which whoever sends them will find out too.
  private mutating func bytes(at position: Int, _ count: Int) -> UnsafeRawBufferPointer? {
    if position + count > windowStart + window.count {
      let got = pread(descriptor, room.baseAddress, room.count, off_t(position))
      guard got >= count else { return nil }
      (window, windowStart) = (UnsafeRawBufferPointer(rebasing: room[..<got]), position)
    }
    let start = position - windowStart
    return UnsafeRawBufferPointer(rebasing: window[start..<start + count])
  }

  private func load<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Number {
    let number = bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
    return syntax.isLittleEndian ? Number(littleEndian: number) : Number(bigEndian: number)
  }
}

extension DataSetReadError {
  /// What ``DicomFile/cutOff()`` found, and what to do about it: how a sentence about the file goes on.
  public var asCutOff: String { "it is cut off: \(self) Copy it again from where it came from." }
}

extension DicomFile {
  /// Looks whether the file ends amid an element, be it behind what was read of it, or amid what is deflated.
  ///
  /// - Returns: what it ends in, with its place in the file; nil: nowhere, or it was read from memory.
  public func cutOff() -> DataSetReadError? {
    if transferSyntax.isDeflated { return problem?.reason == .damagedDeflate ? problem : nil }
    guard let file = try? FileBytes(path: path) else { return nil }
    defer { file.close() }
    return CutOff.find(
      file.descriptor, size: file.size, beginning: UnsafeRawBufferPointer(start: nil, count: 0), from: dataSetOffset,
      transferSyntax)
  }
}
