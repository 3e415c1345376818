#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Looks whether a file ends amid an element, as one does that was not copied as a whole. It goes from header to header and
/// passes over the values, so that a large file costs no more than a small one. What ends between two elements, or is
/// encoded as nothing known is, is taken for whole.
struct CutOff {
  /// What is read at once where elements lie that are not at hand.
  private static let windowLength = 4096
  /// Of the longest header.
  private static let headerLength = 12

  private let descriptor: Int32
  private let size: Int
  private let syntax: TransferSyntax
  /// What is at hand of the file, and where in it that begins.
  private var window: UnsafeRawBufferPointer
  private var windowStart = 0
  private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: windowLength, alignment: 16)

  /// - Parameters:
  ///   - descriptor: of the file, of `size` bytes.
  ///   - beginning: what of it was read already.
  ///   - start: where its data set begins.
  /// - Returns: what it ends in, with its place in the file; nil: it is whole.
  static func find(
    _ descriptor: Int32, size: Int, beginning: UnsafeRawBufferPointer, from start: Int, _ syntax: TransferSyntax
  ) -> DataSetReadError? {
    guard !syntax.isDeflated else { return nil }
    var search = CutOff(descriptor: descriptor, size: size, syntax: syntax, window: beginning)
    defer { search.room.deallocate() }
    return search.find(from: start)
  }

  private init(descriptor: Int32, size: Int, syntax: TransferSyntax, window: UnsafeRawBufferPointer) {
    (self.descriptor, self.size, self.syntax, self.window) = (descriptor, size, syntax, window)
  }

  private mutating func find(from start: Int) -> DataSetReadError? {
    var position = start
    while position < size {
      let left = size - position
      guard let header = bytes(at: position, min(left, Self.headerLength)) else { return nil }
      guard left >= 8 else {
        let isPadding = header.allSatisfy { $0 == 0 }
        return isPadding ? nil : DataSetReadError(reason: .headerCutOff(available: left), offset: position, tag: nil)
      }
      let tag = Tag(load(header, 0), load(header, 2))
      var (headerLength, length) = (8, load(header, 4) as UInt32)
      // Items and delimiters have no VR.
      if syntax.isExplicitVR, tag.group != Tag.item.group {
        guard let vr = VR(header[4], header[5]) else { return nil }
        if vr.hasLongLength {
          guard left >= Self.headerLength else {
            return DataSetReadError(reason: .headerCutOff(available: left), offset: position, tag: tag)
          }
          (headerLength, length) = (Self.headerLength, load(header, 8))
          // Its items are in Implicit VR (PS3.5 §6.2.2).
          if vr == .UN, length == .max { return nil }
        } else {
          length = UInt32(load(header, 6) as UInt16)
        }
      }
      position += headerLength
      // Of undefined length: what is in it comes element by element, with its delimiters.
      guard length != .max else { continue }
      guard length <= size - position else {
        return DataSetReadError(
          reason: .valueCutOff(length: Int(length), available: size - position), offset: position - headerLength,
          tag: tag)
      }
      position += Int(length)
    }
    return nil
  }

  /// So many bytes of the file; nil: they cannot be read, which whoever sends them will find out too.
  private mutating func bytes(at position: Int, _ count: Int) -> UnsafeRawBufferPointer? {
    if position < windowStart || position + count > windowStart + window.count {
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

extension DicomFile {
  /// Looks whether the file ends amid an element, be it behind what was read of it.
  ///
  /// - Returns: what it ends in, with its place in the file; nil: nowhere, or it was read from memory.
  public func cutOff() -> DataSetReadError? {
    guard let file = try? FileBytes(path: path) else { return nil }
    defer { file.close() }
    return CutOff.find(
      file.descriptor, size: file.size, beginning: UnsafeRawBufferPointer(start: nil, count: 0), from: dataSetOffset,
      transferSyntax)
  }
}
